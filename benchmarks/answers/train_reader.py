"""Trains an adapter with which the cross-encoder judges units of evidence.

Needs the folder of SQuAD 2.0 (passages.jsonl, questions.jsonl) and the extras `dev`.

    python -m benchmarks.answers.train_reader DIR --out FILE [--keep FOLDER] [--steps N]
        [--worlds N]

It learns from invented worlds (worlds/README.md), all of the reader's or the first N, and from six
articles of SQuAD 2.0, with the passages that the program itself retrieves. What is shipped is the
mean of the adapters of 18 worlds (two and a half epochs) and of 26 (two): `mean_reader.py`.

The weights are those of the ONNX file, made float again. The lower six layers stay as they are, so
what they give for each pair is computed once; the upper six wear LoRA of rank 16. Units of one
question compete with one another and with "it is not here", whose score is 0: the loss is the
cross-entropy of that choice. An adapter takes about twenty minutes of two free cores. An
interrupted training goes on where it stood if `--keep` names a folder.
"""

import argparse
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.numpy import save_file
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from benchmarks.answers.questions import (
    SEVERAL,
    WORLDS,
    AskedQuestion,
    asked_of_squad,
    asked_of_world,
)
from benchmarks.scaffold import argument_parser
from commonplace.adapters import attach, create
from commonplace.adapters.running.wearing import AdaptedModel
from commonplace.answers.evidence.units import Unit, units
from commonplace.answers.signals import Encoder
from commonplace.foundation.arrays import Float32s
from commonplace.models import (
    CrossEncoder,
    find_model,
    locate,
    open_cross_encoder,
    open_encoder,
)
from commonplace.models.batches import TokenRow
from commonplace.training import TrainingSettings, train

READER_WORLDS: Final = (
    "bakery", "orchestra", "robotics", "consulting", "astronomy", "gamestudio",
    "clinic", "geology", "landlord", "cycling", "opensource", "teaching", "fibre", "biolab",
    "platform", "linguistics", "werkstatt", "gite", "chemistry", "museum", "brewery", "backend",
    "garden", "vision", "choir", "renovation",
)  # fmt: skip
ARTICLES: Final = (  # the other two, Packet switching and Steam engine, are kept to measure on
    "1973 oil crisis", "Computational complexity theory", "European Union law",
    "Harvard University", "Huguenot", "Normans",
)  # fmt: skip
EACH: Final = 55  # questions of an article
FROZEN: Final = 6  # layers that stay as they are
RANK: Final = 16
MOST_TOKENS: Final = 192
NEAREST: Final = 24  # units of a question, by their vectors, that the bare network reads
HARDEST, OTHERS, MOST_EVIDENCE = 7, 2, 5  # units of a question that compete
FASTER: Final = 30.0  # than the factors of the adapter, the two numbers of the line learn
CHUNK: Final = 14  # pairs of one forward pass, of about one length
MODEL: Final = "ms-marco-MiniLM-L-12-v2"


@dataclass(frozen=True)
class Example:
    """A question with some units: what the frozen layers give, and which units have evidence."""

    states: tuple[Tensor, ...]  # float16 [tokens, width] of each unit
    evidence: tuple[tuple[int, ...], ...]  # of each unit, the pieces of evidence that it has
    lists: tuple[bool, ...]
    pieces: int  # of evidence in all; 0: unanswerable
    several: bool


class Scorer(nn.Module):
    """The upper layers of the cross-encoder, and the scale on which "not here" is 0."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.layers: nn.ModuleList = network.bert.encoder.layer[FROZEN:]
        self.pooler, self.classifier = network.bert.pooler, network.classifier
        # About where the bare scores of right and wrong units part; learned by the factor faster.
        self.line = nn.Parameter(torch.tensor([0.5, 0.8]) / FASTER)

    @property
    def scale(self) -> Tensor:
        """What the logits are multiplied by."""
        return self.line[0] * FASTER

    @property
    def shift(self) -> Tensor:
        """What is added to them."""
        return self.line[1] * FASTER

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """One score for each unit [units]."""
        scores: dict[int, Tensor] = {}
        order = sorted(range(len(states)), key=lambda i: len(states[i]))
        for start in range(0, len(order), CHUNK):
            part = order[start : start + CHUNK]
            scores |= dict(zip(part, self._logits([states[i] for i in part]), strict=True))
        return self.scale * torch.stack([scores[i] for i in range(len(states))]) + self.shift

    def _logits(self, states: Sequence[Tensor]) -> Tensor:
        longest, width = max(map(len, states)), states[0].shape[1]
        hidden = torch.zeros(len(states), longest, width)
        mask = torch.full((len(states), 1, 1, longest), -1e9)
        for row, state in enumerate(states):
            hidden[row, : len(state)], mask[row, ..., : len(state)] = state.float(), 0.0
        for layer in self.layers:
            output = layer(hidden, attention_mask=mask)
            hidden = output[0] if isinstance(output, tuple) else output
        logits: Tensor = self.classifier(self.pooler(hidden)).squeeze(-1)
        return logits


def float_network(file: Path) -> Any:
    """The network of an ONNX file of eight-bit weights, in torch."""
    graph = onnx.load(str(file)).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def plain(name: str) -> Float32s:
        zero, scale = tensors[f"{name}_zero_point"], tensors[f"{name}_scale"]
        weight: Float32s = (tensors[f"{name}_quantized"].astype("f4") - zero.astype("f4")) * scale
        return weight

    weights = {name: value for name, value in tensors.items() if name.endswith(("weight", "bias"))}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.name.strip("/").replace("/", ".").removesuffix("_quant")
            module = name.removesuffix(".MatMul").removesuffix(".Gemm_MatMul")
            weights[f"{module}.weight"] = plain(node.input[1].removesuffix("_quantized")).T
    for table in ("word", "position", "token_type"):
        name = f"bert.embeddings.{table}_embeddings.weight"
        weights[name] = plain(name)
    configuration = BertConfig.from_dict(
        {
            "hidden_size": 384,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "intermediate_size": 1536,
            "num_labels": 1,
        }
    )
    network: Any = BertForSequenceClassification(configuration)
    network.load_state_dict(
        {
            name: torch.tensor(weights[name]).reshape(tensor.shape)
            for name, tensor in network.state_dict().items()
        }
    )
    return network.eval()


def examples(
    questions: Sequence[AskedQuestion], network: Any, bare: CrossEncoder, encoder: Encoder
) -> Iterator[Example]:
    """What is learned from; a question whose evidence was not retrieved is left out."""
    chance = random.Random(0)
    vectors: dict[str, Float32s] = {}
    for number, question in enumerate(questions, 1):
        print(f"\r{number}/{len(questions)}", end="", flush=True)
        chosen = _competitors(question, bare, encoder, vectors=vectors, chance=chance)
        touched = [tuple(question.touched(unit)) for unit in chosen]
        if question.answerable and not any(touched):
            continue
        rows = bare.word_pieces.pairs([(question.text, unit.read) for unit in chosen], MOST_TOKENS)
        yield Example(
            states=tuple(_states(network, row) for row in rows),
            evidence=tuple(touched),
            lists=tuple(unit.form == "list" for unit in chosen),
            pieces=len(question.evidence),
            several=question.kind in SEVERAL,
        )


def _competitors(
    question: AskedQuestion,
    bare: CrossEncoder,
    encoder: Encoder,
    *,
    vectors: dict[str, Float32s],
    chance: random.Random,
) -> list[Unit]:
    """The units that the bare network finds best, those with evidence, and a few others.

    The network reads those only that are near the question by their vectors: a unit's vector is
    computed once for all questions.
    """
    pool = [unit for passage in question.passages for unit in units(passage)]
    fresh = list(dict.fromkeys(unit.read for unit in pool if unit.read not in vectors))
    if fresh:
        vectors |= dict(zip(fresh, encoder.encode_passages(fresh), strict=True))
    asked = encoder.encode_queries([question.text])[0]
    near = sorted(pool, key=lambda unit: -float(vectors[unit.read] @ asked))
    evidence = [unit for unit in near if question.touched(unit)][:MOST_EVIDENCE]
    read = list(dict.fromkeys(near[:NEAREST] + evidence))
    logits = bare.score([(question.text, unit.read) for unit in read])
    hardest = [read[i] for i in np.argsort(-logits)[:HARDEST]]
    chosen = list(dict.fromkeys(hardest + evidence))
    rest = [unit for unit in pool if unit not in chosen]
    return chosen + chance.sample(rest, min(OTHERS, len(rest)))


@torch.no_grad()
def _states(network: Any, row: TokenRow) -> Tensor:
    ids = torch.tensor([row.ids])
    types = (torch.arange(len(row.ids)) >= (row.second or 0)).long()[None]
    hidden = network.bert.embeddings(input_ids=ids, token_type_ids=types)
    for layer in network.bert.encoder.layer[:FROZEN]:
        output = layer(hidden)
        hidden = output[0] if isinstance(output, tuple) else output
    states: Tensor = hidden[0].half()
    return states


def choice_loss(model: nn.Module, batch: list[Example]) -> Tensor:
    """Cross-entropy of the choice among the units and "not here", the mean over the questions."""
    scores = model([state for example in batch for state in example.states])
    parts = scores.split([len(example.states) for example in batch])
    return torch.stack([_of_question(*pair) for pair in zip(batch, parts, strict=True)]).mean()


def _of_question(example: Example, scores: Tensor) -> Tensor:
    absent = torch.zeros(1)
    if not example.pieces:
        return torch.logsumexp(torch.cat([scores, absent]), 0)
    has = torch.tensor([bool(pieces) for pieces in example.evidence])
    wrong = torch.cat([scores[~has], absent])
    if example.several and example.pieces > 1:  # each piece against what has none
        masks = [torch.tensor([p in e for e in example.evidence]) for p in range(example.pieces)]
        return torch.stack([_against(scores[m], wrong) for m in masks if m.any()]).mean()
    # The smallest unit is meant: a list around it is neither right nor wrong.
    single = has & ~torch.tensor(example.lists)
    return _against(scores[single if single.any() else has], wrong)


def _against(right: Tensor, wrong: Tensor) -> Tensor:
    return torch.logsumexp(torch.cat([right, wrong]), 0) - torch.logsumexp(right, 0)


def sources() -> dict[str, tuple[str, str]]:
    """Of each module that learns, the bias and the tensor that it reads in the ONNX graph."""
    found = {"pooler.dense": ("bert.pooler.dense.bias", "/bert/pooler/Gather_output_0")}
    for number in range(FROZEN, 12):
        above = f"/bert/encoder/layer.{number}"
        before = f"/bert/encoder/layer.{number - 1}/output/LayerNorm/Add_1_output_0"
        reads = {
            "attention.self.query": before,
            "attention.self.key": before,
            "attention.self.value": before,
            "attention.output.dense": f"{above}/attention/self/Reshape_3_output_0",
            "intermediate.dense": f"{above}/attention/output/LayerNorm/Add_1_output_0",
            "output.dense": f"{above}/intermediate/intermediate_act_fn/Mul_1_output_0",
        }
        for name, tensor in reads.items():
            bias = f"bert.encoder.layer.{number}.{name}.bias"
            found[f"layers.{number - FROZEN}.{name}"] = bias, tensor
    return found


def write(
    scorer: Scorer, factors: Mapping[str, tuple[Tensor, Tensor]], file: Path, about: str
) -> None:
    """The adapter as `models/network_adapter.py` reads it: `factors` are (down, up) by module."""
    places = sources()
    tensors = {}
    for module, (down, up) in factors.items():
        bias, _ = places[module]
        tensors[f"{bias}/down"] = down.T.contiguous().half().numpy()
        tensors[f"{bias}/up"] = up.T.contiguous().half().numpy()
    entry = find_model(MODEL)
    metadata = {
        "base": entry.name,
        "base_sha256": entry.sha256,
        "scale": f"{float(scorer.scale):.6g}",
        "shift": f"{float(scorer.shift):.6g}",
        "sources": json.dumps(dict(places[module] for module in factors)),
        "trained_on": about,
        "licence": "Apache-2.0 (base, worlds); SQuAD 2.0: MIT as chrischute/squad states",
        "made_by": "benchmarks/answers/train_reader.py",
    }
    save_file(tensors, str(file), metadata)
    print(f"{file}: {file.stat().st_size} bytes")


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="folder of the checkpoints, to go on from")
    parser.add_argument("--steps", type=int, help="none given: two and a half epochs")
    parser.add_argument("--worlds", type=int, metavar="N", help="only the first N of the worlds")
    learn(parser.parse_args())


def learn(options: argparse.Namespace) -> None:
    bare = open_cross_encoder(MODEL)
    network = float_network(locate(find_model(MODEL)) / "model.onnx")
    worlds = READER_WORLDS[: options.worlds]
    asked = [question for world in worlds for question in asked_of_world(WORLDS / world)]
    asked += asked_of_squad(options.folder, ARTICLES, EACH)
    items = list(examples(asked, network, bare, open_encoder()))
    scorer = Scorer(network)
    worn = attach(scorer, create(scorer, [*sources()], rank=RANK, alpha=2 * RANK), trainable=True)
    model = AdaptedModel(scorer, worn)
    scorer.line.requires_grad_()
    batch = 6
    settings = TrainingSettings(
        steps=options.steps or math.ceil(2.5 * len(items) / batch),
        batch=batch,
        learning_rate=6e-4,
        warm_up=30,
        decay="linear",
        floor=0.03,
        weight_decay=0.01,
    )
    for record in train(
        model, items, choice_loss, settings, folder=options.keep, resume=options.keep is not None
    ):
        if record.step % 25 == 0:
            print(f"step {record.step} of {settings.steps}: loss {record.loss}")
    factors = {
        name: (layer.factors["down"], layer.factors["up"] * layer.alpha / layer.rank)
        for name, layer in worn.adapter.layers.items()
    }
    about = f"{len(items)} questions of worlds {', '.join(worlds)} and SQuAD 2.0: "
    write(scorer, factors, options.out, about + ", ".join(ARTICLES))


if __name__ == "__main__":
    main()

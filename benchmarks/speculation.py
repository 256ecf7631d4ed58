"""How much sooner is an answer written when words are drafted from its prompt, and is it the same?

Needs a folder of notes, for example $DATA/library/ml, and `pip install 'commonplace[llm]'`.

    python benchmarks/speculation.py DIR [--library KEEP] [--model SPEC] [--questions 16] [--json]

Each prompt is written from by the same model three times in turn, the order turning too: `before`
(no drafts, nothing kept), `plain` (no drafts, the instructions kept evaluated) and `drafts` (what
the program does, with its rule that switches drafts off while they cost). Prompts: questions over
the folder, as `ask` puts them; text that copies nothing; a passage to copy, the best case. Prints
medians over prompts of ratios within a prompt: tokens a second (`drafts` over `plain`), with the
worst; the estimate that an answer carries beside it; the time to the first token and to the first
whole sentence (`before` over `drafts`, `before` over `plain`); and how many texts are the same.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonplace import Library
from commonplace.answers import ExtractiveReader, GenerativeReader, GenerativeSettings
from commonplace.library import sentence_spans
from commonplace.models import (
    DEFAULT_LANGUAGE_MODEL,
    Generation,
    LlamaModel,
    Speculation,
    find_model,
    locate,
    open_cross_encoder,
)
from commonplace.models._onnx import default_threads
from commonplace.models._runtime import Runtime, RuntimeSettings

Messages = Sequence[Mapping[str, str]]
QUESTIONS = (
    "How does dropout prevent overfitting?",
    "What is the vanishing gradient problem in recurrent networks?",
    "How does an LSTM decide what to forget?",
    "How does beam search work?",
    "What is the purpose of the attention mechanism?",
    "Why are residual connections useful in deep networks?",
    "What does the discriminator of a GAN learn?",
    "How do diffusion models generate samples?",
    "How does Q-learning update its values?",
    "What is momentum in optimization?",
    "How are Shapley values computed?",
    "What is a counterfactual explanation?",
    "What is chain-of-thought prompting?",
    "What is non-maximum suppression?",
    "What is word2vec?",
    "What is knowledge distillation?",
    "What is the reparameterization trick?",
    "What is reward hacking?",
    "What does RoI pooling do?",
    "What is a mixture of experts?",
)
COPIES_NOTHING = (
    "Write a short story about a lighthouse keeper.",
    "Describe a market in the morning.",
    "Give advice to somebody who moves to a new city.",
    "Explain how bread is baked.",
    "Write a letter from a sailor to his sister.",
    "Describe a journey by train through mountains.",
)
PASSAGE = (
    "Residual connections add the input of a block to its output, so that the block learns only "
    "the difference. The gradient flows back through the sum unchanged, and networks of more than "
    "a hundred layers can be trained without their training error growing with depth. "
)


@dataclass(frozen=True)
class Run:
    """One text: its words, its account, seconds until the first token and the first sentence."""

    text: str
    made: Generation
    first_token: float
    first_sentence: float

    @property
    def speed(self) -> float:
        """Tokens a second, after the first."""
        return (self.made.tokens - 1) / self.made.seconds


class Listener:
    """Stands in for a model, so that a reader's prompt can be heard."""

    def __init__(self, model: LlamaModel) -> None:
        self.name, self.context_tokens = model.name, model.context_tokens
        self.count_tokens = model.count_tokens
        self.heard: Messages = ()

    def generate(
        self, messages: Messages, *, max_tokens: int, temperature: float = 0.0
    ) -> Iterator[str]:
        """Say nothing."""
        self.heard = list(messages)
        return iter(())


def answer_prompts(library: Library, model: LlamaModel, count: int, context: int) -> list[Messages]:
    """What `ask` would send for each question."""
    extractive, prompts = ExtractiveReader(open_cross_encoder()), list[Messages]()
    for question in QUESTIONS[:count]:
        hits = library.search(question, profile="best", limit=10)
        ranked = extractive.read(question, [hit.passage for hit in hits]).passages
        listener = Listener(model)
        GenerativeReader(listener, settings=GenerativeSettings(most_context=context)).read(
            question, ranked
        )
        prompts.append(listener.heard)
    return prompts


def user(text: str) -> Messages:
    return [{"role": "user", "content": text}]


def copying() -> Messages:
    again = {"role": "user", "content": "Copy it again."}
    copied = {"role": "assistant", "content": PASSAGE * 2}
    return [*user(f"Copy this text again and again.\n{PASSAGE * 2}"), copied, again]


def write(model: LlamaModel, messages: Messages, tokens: int) -> Run:
    took = list[Generation | None]()

    def pieces() -> Iterator[str]:
        took.append((yield from model.generate(messages, max_tokens=tokens)))

    start, text, token, sentence = time.perf_counter(), "", 0.0, 0.0
    for piece in pieces():
        token = token or time.perf_counter() - start
        text += piece
        if not sentence and len(sentence_spans(text)) > 1:
            sentence = time.perf_counter() - start
    assert took[0] is not None, "the runtime tells what a text took"
    return Run(text, took[0], token, sentence or time.perf_counter() - start)


def median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


def summary(rows: Sequence[Mapping[str, Run]]) -> dict[str, Any]:
    """Medians over prompts; a text of a few words tells no speed and is left out of it."""
    long = [row for row in rows if row["drafts"].made.tokens >= 16]
    ratios = [row["drafts"].speed / row["plain"].speed for row in long]
    made = [row["drafts"].made for row in rows]
    estimates = [each.speed_up for each in made if each.speed_up and each.tokens >= 16]
    drafted = sum(each.drafted for each in made)
    return {
        "prompts": len(rows),
        "of 16 tokens and more": len(long),
        "plain tokens a second": median([row["plain"].speed for row in long]),
        "speed-up, median": median(ratios),
        "speed-up, worst and best": [round(f(ratios), 3) for f in (min, max)] if ratios else None,
        "speed-up, whole set": round(
            sum(row["plain"].made.seconds for row in long)
            / sum(row["drafts"].made.seconds for row in long),
            3,
        ),
        "estimated speed-up, median": median(estimates),
        "tokens": sum(each.tokens for each in made),
        "drafted": drafted,
        "accepted": sum(each.accepted for each in made),
        "texts without drafts, as they cost": sum(bool(each.off) for each in made),
        "same text with drafts as without": sum(
            row["drafts"].text == row["plain"].text for row in rows
        ),
        "same text with kept instructions": sum(
            row["plain"].text == row["before"].text for row in rows
        ),
        "prompt tokens": median([each.prompt_tokens for each in made]),
        "of these kept": median([each.cached_tokens for each in made]),
        **{
            f"{what}, {name}, s": median([getattr(row[name], field) for row in rows])
            for what, field in (
                ("first token", "first_token"),
                ("first sentence", "first_sentence"),
            )
            for name in ("before", "plain", "drafts")
        },
        **{
            f"{what}, before / {name}": median(
                [getattr(row["before"], field) / getattr(row[name], field) for row in rows]
            )
            for what, field in (
                ("first token", "first_token"),
                ("first sentence", "first_sentence"),
            )
            for name in ("plain", "drafts")
        },
    }


def compare(models: Mapping[str, LlamaModel], prompts: Sequence[Messages], tokens: int) -> Any:
    names, rows = list(models), list[dict[str, Run]]()
    for number, messages in enumerate(prompts):
        turned = names[number % 3 :] + names[: number % 3]
        rows.append({name: write(models[name], messages, tokens) for name in turned})
    return summary(rows)


def models_of(spec: str, speculation: Speculation) -> dict[str, LlamaModel]:
    if spec == DEFAULT_LANGUAGE_MODEL:
        entry = find_model(spec)
        path = locate(entry) / entry.weights.name
    else:
        path = Path(spec)
    threads = max(1, default_threads() - 1)
    chosen: dict[str, tuple[Speculation | None, bool]] = {
        "before": (None, False),
        "plain": (None, True),
        "drafts": (speculation, True),
    }
    return {
        name: LlamaModel(spec, 4096, Runtime(RuntimeSettings(path, 4096, threads, *settings)))
        for name, settings in chosen.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--library", type=Path, help="keep the library here, and use it again")
    parser.add_argument("--model", default=DEFAULT_LANGUAGE_MODEL)
    parser.add_argument("--questions", type=int, default=16, help=f"at most {len(QUESTIONS)}")
    parser.add_argument("--others", type=int, default=6, help="prompts that copy nothing")
    parser.add_argument("--context", type=int, default=512, help="tokens of passages")
    parser.add_argument("--tokens", type=int, default=128, help="most tokens of an answer")
    chosen = parser.parse_args()
    models = models_of(chosen.model, Speculation())
    with tempfile.TemporaryDirectory() as temporary:
        library = Library.open(chosen.library or Path(temporary) / "library")
        library.add(chosen.folder)
        asked = answer_prompts(library, models["plain"], chosen.questions, chosen.context)
    sets = {
        "answers over the folder": asked,
        "text that copies nothing": [user(text) for text in COPIES_NOTHING[: chosen.others]],
        "a passage to copy": [copying()] * 2,
    }
    found = {name: compare(models, each, chosen.tokens) for name, each in sets.items() if each}
    if chosen.json:
        print(json.dumps(found))
        return
    for name, values in found.items():
        print(f"\n{name}")
        for row, value in values.items():
            print(f"  {row:<40}{value!s:>20}")


if __name__ == "__main__":
    main()

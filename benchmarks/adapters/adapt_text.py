"""What a small language model gains from one source of notes, and how far it drifts: which adapter?

One source below DATA/library/ml is learned. Its documents are divided as `adapt text` does it: text
to learn, text to choose the step by (validation), and text that only the table sees (test). Drift
is measured on the other sources and on the text that the program ships. LoRA and DoRA of rank 8 on
all linear layers of the blocks, and full fine-tuning of the last four blocks; the same order of
items, one learning rate each, set beforehand. Nothing is chosen by the figures in the table:
training ends, and its best step is taken, by validation text and half of the shipped one; test, the
other sources and the other half did not help to choose.

Needs transformers, gguf and accelerate (pip install '.[adapt]'); matplotlib for --picture.

    python -m benchmarks.adapters.adapt_text DATA [--kinds lora,dora,full] [--source NAME]
        [--steps N] [--json FILE] [--picture FILE]
"""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from benchmarks.scaffold import argument_parser, progress, report
from commonplace.adapters import attach, create, save_adapter
from commonplace.recipes import text
from commonplace.training import environment, train

LAST = 4  # blocks that are fine-tuned in full
RATES = {"lora": 5e-4, "dora": 5e-4, "full": 1e-4}
SUFFIXES = {".md", ".txt", ".rst", ".mdx", ".qmd"}


@dataclass(frozen=True)
class BlockSets:
    """Blocks of tokens [n, 256]."""

    learned: Tensor
    validation: Tensor
    test: Tensor
    others: Tensor
    chooses: Tensor  # half of the shipped text
    shipped: Tensor  # the other half


class LanguageScores(nn.Module):
    """A language model from token numbers to scores."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    def forward(self, tokens: Tensor) -> Any:
        """Tokens [n, length] to scores [n, length, vocabulary]."""
        return self.base(input_ids=tokens, use_cache=False).logits


def documents(folder: Path) -> list[text.TrainingText]:
    """The notes below a folder, in the order of their paths."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    return [text.TrainingText(file.read_text("utf-8", "replace"), file.name) for file in files]


def prepare(root: Path, source: str, tokenizer: Any, settings: text.TextSettings) -> BlockSets:
    """Divide the source into three, and sample the others."""
    parts = text.split(documents(root / source), settings.held_out, settings.tested)
    names = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
    others = [
        text.spread(text.blocks(tokenizer, documents(root / name)[:40], settings.block), 3)
        for name in names
        if name != source
    ]
    shipped = text.blocks(tokenizer, [text.TrainingText(text.unrelated_text())], settings.block)
    sets = {
        "learned": text.blocks(tokenizer, parts.learned, settings.block),
        "validation": text.spread(text.blocks(tokenizer, parts.validation, settings.block), 12),
        "test": text.spread(text.blocks(tokenizer, parts.test, settings.block), 32),
        "others": torch.cat(others),
        "chooses": shipped[0::2],
        "shipped": shipped[1::2],
    }
    return BlockSets(**sets)


def prepare_model(
    language: text.Language, kind: str, settings: text.TextSettings
) -> tuple[nn.Module, Callable[[], AbstractContextManager[None]], Callable[[Path], int]]:
    """The model to train, a context in which it is the base, and what measures its file."""
    if kind == "full":
        model = LanguageScores(language.model)
        for name, parameter in language.model.named_parameters():
            layer = name.split("layers.")[-1].partition(".")[0]
            last = layer.isdigit() and int(layer) >= _layers(language) - LAST
            parameter.requires_grad_(last and parameter.ndim == 2)
        tuned = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
        return model, nullcontext, lambda _: len(save(tuned))
    adapter = create(language.model, kind=kind, rank=settings.rank, base=language.name)  # type: ignore[arg-type]
    attached = attach(language.model, adapter, trainable=True)
    words = text.NextTokenModel(language.model, attached)

    def file_size(place: Path) -> int:
        save_adapter(attached.adapter, place / "a.safetensors")
        attached.detach()
        return (place / "a.safetensors").stat().st_size

    return words, words.without_adapter, file_size


def _layers(language: text.Language) -> int:
    config: Any = language.model.config
    return int(config.num_hidden_layers)


def train_kind(
    language: text.Language,
    kind: str,
    texts: BlockSets,
    before: dict[str, Any],
    settings: text.TextSettings,
) -> dict[str, Any]:
    """Train one kind; returns its figures and its curves."""
    model, base_only, file_size = prepare_model(language, kind, settings)
    measure = text.Measure(
        texts.validation,
        texts.chooses,
        weight=settings.drift_weight,
        limit=settings.drift_limit,
        base_only=base_only,
    )
    rate = replace(settings.training, learning_rate=RATES[kind])
    began, curve = perf_counter(), []
    last = None
    for last in train(model, list(texts.learned), text.next_token_loss, rate, validate=measure):
        curve.append(asdict(last))
        if last.validation:
            progress(f"  {kind} step {last.step} {dict(last.validation.figures)}")
    assert last is not None
    seconds = perf_counter() - began
    model.eval()
    with torch.no_grad(), TemporaryDirectory() as place:
        test = text.evaluate(model, texts.test).loss
        others, other_drift = text.compare(model, texts.others, before["others"])
        shipped, drift = text.compare(model, texts.shipped, before["shipped"])
        size = file_size(Path(place))
    row = {"test": test, "others": others, "shipped": shipped}
    return {
        **{name: math.exp(loss) for name, loss in row.items()},
        "others_divergence": other_drift,
        "shipped_divergence": drift,
        "minutes": seconds / 60,
        "megabytes": size / 1e6,
        "trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "best_step": last.best_step,
        "steps": last.step,
        "stopped": last.stopped,
        "curve": curve,
    }


def draw(rows: dict[str, Any], picture: Path) -> None:
    """Loss, held-out perplexity and drift by step."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(11, 3.4))
    titles = ("training loss", "validation perplexity", "drift: KL, nats a token")
    for kind, row in rows.items():
        validated = [at for at in row["curve"] if at["validation"]]
        figures = [at["validation"]["figures"] for at in validated]
        steps = [at["step"] for at in validated]
        losses = [(at["step"], at["loss"]) for at in row["curve"] if at["loss"] is not None]
        panels[0].plot(*zip(*losses, strict=True), label=kind, linewidth=1)
        panels[1].plot(steps, [at["held_out_perplexity"] for at in figures], marker=".", label=kind)
        panels[2].plot(steps, [at["divergence"] for at in figures], marker=".", label=kind)
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("step")
        panel.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


def table(before: dict[str, float], rows: dict[str, Any]) -> Sequence[str]:
    """The table in Markdown."""
    lines = [
        "| | test perplexity | other sources: perplexity | KL | shipped text: perplexity | KL "
        "| minutes | MB | best step |",
        "|---|---|---|---|---|---|---|---|---|",
        f"| base | {before['test']:.2f} | {before['others']:.2f} | 0 | {before['shipped']:.2f} "
        "| 0 | | | |",
    ]
    for kind, row in rows.items():
        name = f"last {LAST} blocks in full" if kind == "full" else kind
        lines.append(
            f"| {name} | {row['test']:.2f} | {row['others']:.2f} | {row['others_divergence']:.4f} "
            f"| {row['shipped']:.2f} | {row['shipped_divergence']:.4f} | {row['minutes']:.1f} "
            f"| {row['megabytes']:.1f} | {row['best_step']} of {row['steps']} |"
        )
    return lines


def main() -> None:
    """Print the table."""
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--source", default="dennybritz_deeplearning-papernotes")
    parser.add_argument("--kinds", default=",".join(RATES))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    settings = text.TextSettings()
    settings = replace(settings, training=replace(settings.training, steps=options.steps))
    language = text.open_language()
    texts = prepare(options.data / "library/ml", options.source, language.tokenizer, settings)
    tokens = {name: len(rows) * settings.block for name, rows in vars(texts).items()}
    progress(f"{tokens} tokens")
    base = LanguageScores(language.model)
    with torch.no_grad():
        before = {
            "test": text.evaluate(base, texts.test),
            "others": text.evaluate(base, texts.others, keep=True),
            "shipped": text.evaluate(base, texts.shipped, keep=True),
        }
    perplexities = {name: scores.perplexity for name, scores in before.items()}
    # Full fine-tuning changes the base itself, so it comes last.
    kinds = [kind for kind in RATES if kind in options.kinds.split(",")]
    rows = {
        kind: train_kind(language, kind, texts=texts, before=before, settings=settings)
        for kind in kinds
    }
    figures = {"before": perplexities, "rows": rows, "environment": environment()}
    report(options, figures, [str(environment()), *table(perplexities, rows)])
    if options.picture:
        draw(rows, options.picture)


if __name__ == "__main__":
    main()

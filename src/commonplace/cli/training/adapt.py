"""`commonplace adapt`: a model learns a part of the library; what it learned is a small file.

Notable: torch is imported when one of these verbs runs, and only then.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.adapters.choices import KINDS
from commonplace.cli.arguments.options import (
    NumberRange,
    default_option,
    json_option,
    library_option,
    open_library,
    require_extra,
)
from commonplace.cli.arguments.verb import VerbGroup, verb
from commonplace.cli.terminal.output import (
    announce,
    bold,
    dim,
    on_terminal,
    print_interrupt,
    print_json,
    say,
)

if TYPE_CHECKING:
    from commonplace.recipes.text import TextReport, TextSettings
    from commonplace.training import StepRecord

WORN_BY_ASK = ("lora", "rslora")


@click.group(
    cls=VerbGroup,
    short_help="Let a model learn a part of the library.",
    examples=("commonplace adapt text --from ~/notes --out notes.safetensors",),
)
def adapt() -> None:
    """Let a model learn a part of the library; what it learned is a small file, an adapter."""


@verb(
    "Let a language model learn notes.",
    "commonplace adapt text --from ~/notes --out notes.safetensors",
    'commonplace adapt text --from "attention in transformers" --out attention.safetensors',
    "commonplace adapt text --from ~/notes --out notes.safetensors --resume",
)
@click.option(
    "--from",
    "sources",
    multiple=True,
    required=True,
    metavar="PATH|QUERY",
    help="What it learns: a file or folder of the library, or what a query finds (repeatable).",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The adapter to write.",
)
@default_option(
    "--model",
    default="SmolLM2-135M-Instruct",
    metavar="NAME",
    help="Of the catalogue or the hub, or the path of a GGUF file or of a model's folder.",
)
@default_option(
    "--kind",
    type=click.Choice(KINDS),
    default="lora",
    help="Of the adapter; `ask --wear` takes lora and rslora.",
)
@default_option("--rank", type=click.IntRange(1), default=8, metavar="N")
@click.option(
    "--steps", type=click.IntRange(1), metavar="N", help="At most; it ends where it pays no more."
)
@click.option("--batch", type=click.IntRange(1), metavar="N", help="Blocks of text a step.")
@click.option(
    "--learning-rate", type=NumberRange(0, min_open=True), metavar="RATE", help="The greatest."
)
@click.option("--seed", type=int, default=0, metavar="N", help="Of all chance [0].")
@click.option(
    "--drift-limit",
    type=NumberRange(0, min_open=True),
    metavar="NATS",
    help="How far it may drift on unrelated text: KL divergence, nats a token.",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@json_option
@library_option
def text(
    sources: tuple[str, ...],
    out: Path,
    model: str,
    resume: bool,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Let a language model learn a part of the library, and write what it learned to FILE.

    A tenth of the text is held out. What is gained on it is weighed against the drift on unrelated
    text; training ends where the one no longer pays for the other. Both are reported, on another
    tenth and on other unrelated text, which chose nothing.
    """
    require_extra("adapt", "torch", "transformers", "gguf", "accelerate")
    from dataclasses import asdict

    from commonplace.recipes.text import TrainingText, adapt_text, check_target, open_language

    check_target(out, resume, overwrite)  # before the model is opened, which takes longest
    settings = _settings(options)
    library = open_library()
    texts = [
        TrainingText(item.text, item.id, item.content_hash, item.path)
        for item in library.select(*sources)
    ]
    language = open_language(model, announce)
    with _TrainingProgress(settings, len(texts), quiet=as_json) as progress:
        report = adapt_text(
            texts,
            language,
            out,
            settings,
            runs=library.runs,
            resume=resume,
            overwrite=overwrite,
            on_begin=progress.begin,
            on_step=progress.step,
        )
    if as_json:
        print_json(asdict(report))
    else:
        _print(report, settings.kind)


class _TrainingProgress:
    """Shows a training: a bar, and a line for each validation."""

    def __init__(self, settings: "TextSettings", items: int, quiet: bool) -> None:
        from commonplace.cli.terminal.progress import Bars

        self._settings, self._items, self._quiet = settings, items, quiet
        self._bars = Bars() if on_terminal() and not quiet else None
        self._step: int | None = None

    def __enter__(self) -> "_TrainingProgress":
        if self._bars:
            self._bars.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._bars:
            self._bars.__exit__()
        if kind is KeyboardInterrupt and self._step is not None:
            print_interrupt("the same command with --resume goes on from the last checkpoint")

    def begin(self, counts: dict[str, int]) -> None:
        """Say what is learned and what is held out."""
        self._step = 0
        repeated = ""
        if left_out := counts["left_out_paragraphs"]:
            repeated = f"; {left_out:,} paragraphs left out, as they repeat held-out text"
        self._line(
            f"{self._items:,} items: {counts['learned_tokens']:,} tokens to learn, "
            f"{counts['held_out_tokens']:,} to choose the step by, {counts['test_tokens']:,} to "
            f"report, {counts['unrelated_tokens']:,} unrelated"
            f"{repeated}"
        )

    def step(self, record: "StepRecord") -> None:
        """Take note of a step."""
        self._step = record.step
        if self._bars:
            self._bars.progress("train", record.step, self._settings.training.steps, "steps")
        if record.validation:
            figures = record.validation.figures
            loss = "" if record.loss is None else f"loss {record.loss:.3f}, "
            self._line(
                f"step {record.step:>4}  {loss}"
                f"held-out perplexity {figures['held_out_perplexity']:.2f}, "
                f"unrelated {figures['unrelated_perplexity']:.2f}, "
                f"drift {figures['divergence']:.4f}"
            )

    def _line(self, text: str) -> None:
        if self._bars:
            self._bars.above(text)
        elif not self._quiet:
            say(text)


def _settings(options: dict[str, Any]) -> "TextSettings":
    from dataclasses import replace

    from commonplace.recipes.text import TextSettings

    choices = {name: value for name, value in options.items() if value is not None}
    recipe_names = {"kind", "rank", "drift_limit"} & {*choices}
    recipe_choices = {name: choices.pop(name) for name in recipe_names}
    settings = TextSettings(**recipe_choices)
    return replace(settings, training=replace(settings.training, **choices))


def _print(report: "TextReport", kind: str) -> None:
    """Print gain and drift, both always, and where the file and the record are."""
    before, after = report.held_out_perplexity
    say(bold("gain   "), f"perplexity of held-out text   {before:.2f} to {after:.2f}")
    before, after = report.unrelated_perplexity
    say(
        bold("drift  "),
        f"perplexity of unrelated text  {before:.2f} to {after:.2f}, ",
        dim(f"KL divergence {report.divergence:.4f} nats a token"),
    )
    say(dim(f"best at step {report.best_step} of {report.steps}: {report.stopped}"))
    size = report.bytes / 1e6
    say(bold(f"wrote {report.out}"), dim(f" · {size:.1f} MB · {report.seconds / 60:.1f} minutes"))
    say(dim(f"`commonplace runs show {report.run}` shows its curves"))
    if kind in WORN_BY_ASK:
        say(dim(f'`commonplace ask "..." --wear {report.out}` answers with it'))


adapt.add_command(text, "text")

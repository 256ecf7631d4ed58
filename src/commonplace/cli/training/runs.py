"""`commonplace runs`: what was trained, when, how far it came, and its curves.

Notable: reads the log alone; neither torch nor weights are needed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments.options import json_option, library_option, open_library
from commonplace.cli.arguments.verb import VerbGroup, verb
from commonplace.cli.terminal.output import bold, dim, print_json, say
from commonplace.cli.terminal.widths import columns, pad
from commonplace.cli.training._chart import Curve, braille, svg

if TYPE_CHECKING:
    from commonplace.foundation import Run

_CURVES = (
    ("loss", "loss (training)"),
    ("held_out_loss", "loss (held out)"),
    ("divergence", "drift (KL, nats a token)"),
)


@click.group(
    cls=VerbGroup,
    invoke_without_command=True,
    short_help="List what was trained, and plot it.",
    examples=("commonplace runs", "commonplace runs show 20260131-1805"),
)
@json_option
@library_option
@click.pass_context
def runs(ctx: click.Context, as_json: bool) -> None:
    """List what was trained, the newest first: when, what, how many steps, what came of it."""
    if ctx.invoked_subcommand is not None:
        return
    from commonplace.foundation import read_runs

    all_runs = read_runs(open_library().runs)
    if as_json:
        print_json({"runs": [_summary(run) for run in all_runs]})
        return
    if not all_runs:
        say("nothing was trained yet; `commonplace adapt text` trains")
    for run in all_runs:
        _print_line(run)


@verb(
    "Show one run with its curves.",
    "commonplace runs show",
    "commonplace runs show 20260131-1805 --svg curves.svg",
)
@click.argument("id", default="", metavar="[ID]")
@click.option(
    "--svg",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the curves into an SVG file too.",
)
@json_option
@library_option
def show(id: str, picture: Path | None, as_json: bool) -> None:
    """Show the run whose ID begins so [the newest] with its curves."""
    from commonplace.foundation import find_run

    run = find_run(open_library().runs, id)
    if picture is not None:
        _draw(run, picture)
    if as_json:
        print_json(asdict(run))
        return
    _print_head(run)
    for key, title in _CURVES:
        curve = _curve(run, key)
        if curve.points:
            say()
            say(bold(title))
            for line in braille(curve, min(columns(), 100) - 12, 6):
                say(line)
    if picture is not None:
        say(bold(f"wrote {picture}"))


def _draw(run: "Run", picture: Path) -> None:
    from commonplace.foundation import file_errors, write_atomically

    curves = {title: _curve(run, key) for key, title in _CURVES}
    with file_errors(f"{picture} could not be written"):
        write_atomically(picture, svg(curves, f"run {run.id}").encode())


def _print_line(run: "Run") -> None:
    model = str(run.configuration.get("base", ""))
    kind = str(run.configuration.get("kind", ""))
    say(
        bold(run.id),
        dim(f"  {_local(run.at)}  "),
        pad(f"{run.recipe} {kind}", 18),
        dim(f"{model}  {_steps(run)} steps  "),
        _losses(run),
        "" if run.state == "done" else bold(f"  {run.state}"),
    )


def _print_head(run: "Run") -> None:
    settings = run.configuration
    names = ("base", "kind", "rank", "learning_rate", "batch", "block", "seed", "drift_limit")
    data = ", ".join(
        f"{run.data[name]:,} {name.replace('_', ' ')}"
        for name in ("items", "learned_tokens", "held_out_tokens")
        if isinstance(run.data.get(name), int)
    )
    where = run.environment
    facts = {
        "began": _local(run.at),
        "state": f"{run.state}{': ' if run.reason else ''}{run.reason}",
        "steps": _steps(run),
        "chosen": ", ".join(f"{name} {settings[name]}" for name in names if name in settings),
        "data": data,
        "result": _losses(run),
        "where": "{device}, {threads} threads, torch {torch}".format(**where) if where else "",
    }
    say(bold(f"{run.id}  {run.recipe}"))
    for name, value in facts.items():
        if value:
            say(dim(pad(name, 8)), value)


def _steps(run: "Run") -> str:
    last_step = run.steps[-1]["step"] if run.steps else 0
    return f"{last_step} of {run.configuration.get('steps', '?')}"


def _losses(run: "Run") -> str:
    """Held-out perplexity from the first validation to the best, and the drift there."""
    validations = [step for step in run.steps if step.get("held_out_perplexity")]
    best = next((step for step in reversed(run.steps) if step.get("best_step") is not None), None)
    best_validations = [step for step in validations if best and step["step"] == best["best_step"]]
    if not best_validations:
        return ""
    first, best = validations[0], best_validations[0]
    return (
        f"held-out perplexity {first['held_out_perplexity']:.2f} to "
        f"{best['held_out_perplexity']:.2f}, drift {best['divergence']:.4f}"
    )


def _summary(run: "Run") -> dict[str, Any]:
    """All but the steps, of which the last stands for how far it came."""
    record = asdict(run)
    steps = record.pop("steps")
    return {**record, "steps": steps[-1]["step"] if steps else 0}


def _curve(run: "Run", key: str) -> Curve:
    """The figure's values by step; the held-out loss is the logarithm of its perplexity."""

    def value(record: Mapping[str, Any]) -> float | None:
        if key == "held_out_loss":
            perplexity = record.get("held_out_perplexity")
            return math.log(perplexity) if perplexity else None
        figure: float | None = record.get(key)
        return figure

    points = ((step["step"], value(step)) for step in run.steps)
    return Curve(tuple((float(step), y) for step, y in points if y is not None))


def _local(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return moment


runs.add_command(show, "show")

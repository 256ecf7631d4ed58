"""`plan make`: place the pool over houses and months, and order what it needs.

Notable: Ctrl-C is no failure: the first asks the search to end, and the best plan so far is shown
and written; a second one ends the program. A plan is written to a folder beside DIR first, which
then takes its name, so that nothing half-written is left there.
"""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import click

from commonplace.cli.arguments.options import NumberRange, json_option
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._check import BREAKS, FOLDER, needed
from commonplace.cli.plan._csv import csv_option, write_csv
from commonplace.cli.plan._printing import count, listed, say_verdict, show_purchases
from commonplace.cli.terminal.output import bold, cut, dim, pad, paint, print_json, say, stopped
from commonplace.foundation import InputError, display_path

if TYPE_CHECKING:
    from commonplace.capacity import Made, Plan

_SHOWN: Final = 40  # lines of a table; --json has all
_ENDED: Final = {
    "optimal": "optimal",
    "time": "the best found in the time",
    "stopped": "stopped: the best so far",
}


@verb(
    "Place the pool and order for it, at least cost.",
    "commonplace plan make region --out made",
    "commonplace plan make region --seconds 300 --json",
)
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--seconds",
    type=NumberRange(0.1, 86400),
    default=60.0,
    show_default=True,
    help="How long to search; the reasons come on top.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the search.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write the plan there.")
@click.option("--overwrite", is_flag=True, help="Replace a plan that is there.")
@csv_option
@json_option
def make(
    folder: Path,
    seconds: float,
    seed: int,
    out: Path | None,
    overwrite: bool,
    tables: Path | None,
    as_json: bool,
) -> None:
    """Place the projects of the plan in DIR that have no place, and order what all need.

    At least cost: orders, lateness, refusals. Prints the bound, the gap, and the reason of each
    project that is refused or not where it was wanted. Ctrl-C: the best plan so far.

    Exit code 0: the plan holds. 1: something that was decided before breaks it.
    """
    needed()
    from commonplace.capacity import make as made
    from commonplace.capacity import read_plan
    from commonplace.capacity.plan.writing import may_write

    plan = read_plan(folder)
    if out is not None:
        may_write(out, overwrite=overwrite)
    with _interruptible() as asked:
        found = made(plan, seconds, seed, _Line(), lambda: bool(asked))
    try:
        print_json(found.record()) if as_json else show_made(found)
    finally:  # what took a minute is not lost to a reader that goes (`| head`)
        if out is not None:
            _write(found.plan, out)
    if out is not None and not as_json:
        say(bold(f"wrote {out}"))
    write_csv(found.record(), tables, as_json)
    if not found.verdict.feasible:
        click.get_current_context().exit(BREAKS)


class _Line:
    """How it stands, on one line of the standard error that is written over; terminals only."""

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        if sys.stderr.isatty():
            end = "\r" if total is None or done < total else "\r\x1b[K"
            click.echo(f"\r\x1b[K{done}/{total} {unit}  {stage}{end}", nl=False, err=True)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """The list is empty until Ctrl-C; a second one interrupts as ever."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        stopped("stopping after this step; once more to give up")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _write(plan: "Plan", out: Path) -> None:
    """A new folder is there whole or not at all; over an older plan, each file is."""
    from commonplace.capacity import write_plan

    if out.exists():
        write_plan(plan, out, overwrite=True)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
            write_plan(plan, Path(beside) / "plan")
            (Path(beside) / "plan").rename(out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot write a plan to {display_path(out)}: {reason}") from error


def show_made(found: "Made") -> None:
    """The verdict, cost and bound, places, orders, and reasons."""
    say_verdict(found.verdict)
    if found.before:
        listed(
            "decided before, and broken still with these orders", [b.sentence for b in found.before]
        )
    say("")
    _costs(found)
    _places(found)
    _bought(found)
    said = [one.sentence for one in found.reasons]
    head = f"refused, late, or not where it was wanted: {count(len(said), 'project')}"
    listed(head if said else "", said, _SHOWN)


def _costs(found: "Made") -> None:
    placed, refused = len(found.placements), len(found.refused)
    colour = "green" if found.ended == "optimal" else "yellow"
    say(
        bold(f"placed {placed} of {count(placed + refused, 'project')}, cost {found.cost:,.0f}"),
        " · ",
        paint(_ENDED[found.ended], fg=colour),
    )
    say(
        f"  orders {found.order_cost:,.0f} · late {found.late_cost:,.0f} · "
        f"refused {found.refused_cost:,.0f}"
    )
    if found.bound > float("-inf"):
        bound = f"no plan costs less than {found.bound:,.0f}: gap {found.gap:.1%}"
    else:
        bound = "no bound was found in the time"
    say(f"  {bound}", dim(f" · {found.seconds:.1f} s, reasons {found.explained:.1f} s"))


def _places(found: "Made") -> None:
    if not found.placements:
        return
    say("")
    say(dim(f"  {'project':14} {'house':14} {'month':7} {'need':7}"))
    for one in found.placements[:_SHOWN]:
        need = found.plan.project[one.project].need
        late = f"{one.month - need} late" if one.month > need else ""
        say(
            f"  {pad(cut(one.project, 14), 14)} {pad(cut(one.house, 14), 14)} "
            f"{one.month:<7} {need:<7} ",
            paint(late, fg="yellow"),
        )
    _more(len(found.placements))


def _bought(found: "Made") -> None:
    if not found.purchases:
        return
    say("")
    say(bold(f"order: {count(len(found.purchases), 'line')}, cost {found.order_cost:,.0f}"))
    show_purchases(found.plan, found.purchases[:_SHOWN])
    _more(len(found.purchases))


def _more(of: int) -> None:
    if of > _SHOWN:
        say(dim(f"  and {of - _SHOWN} more; --json lists all"))

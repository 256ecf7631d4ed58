"""`plan make` and `plan order`: place the pool over houses and months, and order what is needed.

Notable: Ctrl-C is no failure. The first asks the search to end, and the best plan so far is shown
and written; a second one ends the program. A plan is written to a folder beside the one of --out,
which then takes its name, so that nothing half-written remains.
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

from commonplace.cli.arguments.options import NumberRange, default_option, json_option
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._check import (
    BREAKS,
    FOLDER,
    csv_option,
    overwrite_option,
    require_plan_extra,
    write_csv,
)
from commonplace.cli.plan._printing import (
    listed,
    say_more,
    say_verdict,
    show_orders,
    show_purchases,
)
from commonplace.cli.terminal.output import bold, dim, paint, print_interrupt, print_json, say
from commonplace.cli.terminal.widths import cut, pad
from commonplace.foundation import count_of, display_path, file_errors

if TYPE_CHECKING:
    from commonplace.capacity import Plan, Proposal

_LINES: Final = 40  # lines of a table; --json has all
_ENDED: Final = {
    "optimal": "optimal",
    "time": "the best found in the time",
    "stopped": "stopped: the best so far",
}


@verb(
    "Say what to order, where, how many, and by when.",
    "commonplace plan order region",
    "commonplace plan order region --out ordered",
)
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write the plan with these orders there.")
@overwrite_option
@csv_option
@json_option
def order(
    folder: Path, out: Path | None, overwrite: bool, tables: Path | None, as_json: bool
) -> None:
    """Say what to order for the projects of the plan in DIR where they are, at least cost.

    Exit code 0: with these orders the plan holds. 1: something is late, or cannot be had.
    """
    require_plan_extra()
    from commonplace import capacity

    orders = capacity.order(capacity.read_plan(folder))
    if out is not None:
        capacity.write_plan(orders.plan, out, overwrite=overwrite)
    if as_json:
        print_json(orders.record())
    else:
        show_orders(orders)
        if out is not None:
            say(bold(f"wrote {out}"))
    write_csv(orders.record(), tables, as_json)
    if not orders.verdict.feasible:
        click.get_current_context().exit(BREAKS)


@verb(
    "Place the pool and order for it, at least cost.",
    "commonplace plan make region --out made",
    "commonplace plan make region --seconds 300 --json",
)
@click.argument("folder", type=FOLDER, metavar="DIR")
@default_option(
    "--seconds",
    type=NumberRange(0.1, 86400),
    default=60.0,
    help="How long to search; the reasons come on top.",
)
@default_option("--seed", type=click.IntRange(0), default=1, help="Seed of the search.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write the plan there.")
@overwrite_option
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

    The cost of orders, lateness and refusals is the least that is found. Prints the bound, the gap,
    and the reason of each project that is refused or not where it was wanted. Ctrl-C ends the
    search with the best plan so far.

    Exit code 0: the plan holds. 1: something that was decided before breaks it.
    """
    require_plan_extra()
    from commonplace import capacity
    from commonplace.capacity.plan.writing import may_write

    plan = capacity.read_plan(folder)
    if out is not None:
        may_write(out, overwrite=overwrite)
    with _interruptible() as interrupts:
        proposal = capacity.make(
            plan, seconds, seed, progress=_Line(), stopped=lambda: bool(interrupts)
        )
    try:
        print_json(proposal.record()) if as_json else show_proposal(proposal)
    finally:  # a plan that took a minute is written even if the output's reader ends (`| head`)
        if out is not None:
            _write(proposal.plan, out)
    if out is not None and not as_json:
        say(bold(f"wrote {out}"))
    write_csv(proposal.record(), tables, as_json)
    if not proposal.verdict.feasible:
        click.get_current_context().exit(BREAKS)


class _Line:
    """Progress on one line of the standard error that is written over; on terminals only."""

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        if sys.stderr.isatty():
            end = "\r" if total is None or done < total else "\r\x1b[K"
            click.echo(f"\r\x1b[K{done}/{total} {unit}  {stage}{end}", nl=False, err=True)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """The signals so far: the first Ctrl-C is noted there, a second one interrupts as ever."""
    interrupts: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)
        print_interrupt("stopping after this step; once more to give up")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def _write(plan: "Plan", out: Path) -> None:
    """Write a new folder at once or not at all; over an older plan, each file so."""
    from commonplace.capacity import write_plan

    if out.exists():
        write_plan(plan, out, overwrite=True)
        return
    with file_errors(f"cannot write a plan to {display_path(out)}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        # a rename works within one file system only
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
            write_plan(plan, Path(beside) / "plan")
            (Path(beside) / "plan").rename(out)


def show_proposal(proposal: "Proposal") -> None:
    """The verdict, cost and bound, places, orders, and reasons."""
    say_verdict(proposal.verdict)
    if proposal.before:
        broken = [each.sentence for each in proposal.before]
        listed("decided before, and broken still with these orders", broken)
    say("")
    _costs(proposal)
    _places(proposal)
    _orders(proposal)
    if sentences := [reason.sentence for reason in proposal.reasons]:
        projects = count_of(len(sentences), "project")
        listed(f"refused, late, or not where it was wanted: {projects}", sentences, _LINES)


def _costs(proposal: "Proposal") -> None:
    placed = len(proposal.placements)
    projects = count_of(placed + len(proposal.refused), "project")
    colour = "green" if proposal.ended == "optimal" else "yellow"
    say(
        bold(f"placed {placed} of {projects}, cost {proposal.cost:,.0f}"),
        " · ",
        paint(_ENDED[proposal.ended], fg=colour),
    )
    say(
        f"  orders {proposal.order_cost:,.0f} · late {proposal.late_cost:,.0f} · "
        f"refused {proposal.refused_cost:,.0f}"
    )
    bound = "no bound was found in the time"
    if proposal.bound > float("-inf"):
        bound = f"no plan costs less than {proposal.bound:,.0f}: gap {proposal.gap:.1%}"
    say(f"  {bound}", dim(f" · {proposal.seconds:.1f} s, reasons {proposal.explained:.1f} s"))


def _places(proposal: "Proposal") -> None:
    if not proposal.placements:
        return
    say("")
    say(dim(f"  {'project':14} {'house':14} {'month':7} {'need':7}"))
    for placement in proposal.placements[:_LINES]:
        need, month = proposal.plan.project[placement.project].need, placement.month
        say(
            f"  {pad(cut(placement.project, 14), 14)} {pad(cut(placement.house, 14), 14)} "
            f"{month:<7} {need:<7} ",
            paint(f"{month - need} late" if month > need else "", fg="yellow"),
        )
    say_more(len(proposal.placements), _LINES)


def _orders(proposal: "Proposal") -> None:
    if not proposal.purchases:
        return
    lines = count_of(len(proposal.purchases), "line")
    say("")
    say(bold(f"order: {lines}, cost {proposal.order_cost:,.0f}"))
    show_purchases(proposal.plan, proposal.purchases[:_LINES])
    say_more(len(proposal.purchases), _LINES)

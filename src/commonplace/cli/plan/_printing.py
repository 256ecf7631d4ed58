"""What `plan check`, `plan order` and `plan diff` print: the verdict first, then its reasons.

Notable: the heat map is read without colour too: each cell is a letter for the resource that is
used most, its per cent, and `!` where that is more than there is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from commonplace.capacity.plan.words import LEGEND, LETTERS, binding_said, first_day, per_cent
from commonplace.cli.terminal.output import (
    Painted,
    bold,
    cells,
    columns,
    cut,
    dim,
    joined,
    pad,
    paint,
    say,
    wrap,
)

if TYPE_CHECKING:
    from commonplace.capacity import Difference, Orders, Plan, Verdict
    from commonplace.capacity.feasibility.check import BackboneMonth, Use
    from commonplace.capacity.procurement.purchases import Purchase

_LISTED: Final = 12
_HOUSES: Final = 60  # lines of the heat map; the fullest come first
_CELL: Final = 6  # columns of a month


def show_verdict(found: "Verdict") -> None:
    """Everything that `check` found."""
    say_verdict(found)
    if found.waiting:
        say(f"{found.waiting_said}; commonplace plan make finds places")
    listed("", [one.sentence for one in found.breaks])
    say("")
    _heat_map(found)
    _backbone(found)
    _run_outs(found)
    cost = sum(one.cost for one in found.strandings)
    head = f"stranded: {count(len(found.strandings), 'project')}, cost {cost:,.0f}"
    listed(head if found.strandings else "", [str(one) for one in found.strandings])
    head = f"idle network gear: {count(len(found.idle), 'place')}"
    listed(head if found.idle else "", [str(one) for one in found.idle], 6)


def count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def say_verdict(found: "Verdict", so: str = "") -> None:
    """Whether it holds; `so`: how it is meant."""
    months = count(found.plan.horizon, "month")
    if found.feasible:
        say(so, paint("holds", fg="green", bold=True), f" in all {months}: {found.plan.name}")
        return
    first = found.breaks[0].month
    say(
        so,
        paint("does not hold", fg="red", bold=True),
        f": {found.plan.name}; {count(len(found.breaks), 'resource')} of {len(found.uses) + 1} "
        f"break within {months}, the first in month {first}",
    )


def listed(head: str, sentences: list[str], most: int = _LISTED) -> None:
    """Sentences, each with what follows its first line set in; the rest is a count."""
    if head:
        say("")
        say(bold(head))
    for sentence in sentences[:most]:
        for n, line in enumerate(wrap(sentence, max(columns() - 4, 40))):
            say("  " + "  " * (n > 0) + line)
    if len(sentences) > most:
        say(dim(f"  and {len(sentences) - most} more; --json lists all"))


def _heat_map(found: "Verdict") -> None:
    """House by month: what is used most, and how much of it."""
    houses = sorted(found.plan.houses, key=lambda h: -_peak(found, h))[:_HOUSES]
    width = min(max([cells(h) for h in houses] + [8]), 24)
    fits = max((columns() - width) // _CELL, 1)
    for first in range(1, found.plan.horizon + 1, fits):
        months = range(first, min(first + fits, found.plan.horizon + 1))
        say(dim(joined([pad("house", width), *(f"{m:>{_CELL}}" for m in months)])))
        for house in houses:
            row = [_cell(found.binding(house, month), month) for month in months]
            say(joined([pad(cut(house, width), width), *row]))
        if found.backbone:
            factors = [found.backbone[month - 1].factor for month in months]
            shown = [_heat(1 / factor if factor > 0 else 99.0, " ") for factor in factors]
            say(joined([pad("backbone", width), *shown]))
    if len(found.plan.houses) > len(houses):
        say(dim(f"and {len(found.plan.houses) - len(houses)} houses that are used less"))
    for line in wrap(f"{LEGEND}; per cent used, ! breaks", columns()):
        say(dim(line))


def _peak(found: "Verdict", house: str) -> float:
    return max(float(use.utilisation.max()) for use in found.uses if use.site == house)


def _cell(use: "Use", month: int) -> Painted:
    return _heat(float(use.utilisation[month - 1]), LETTERS[use.resource])


def _heat(part: float, letter: str) -> Painted:
    """Six columns: letter, per cent, and whether it is too much."""
    over = part > 1 + 1e-6
    text = f"{letter}{min(per_cent(min(part, 99.0)), 999)}{'!' if over else ' '}"
    colour = "red" if over else "yellow" if part > 0.9 else "green" if part > 0 else None
    return joined([" " * (6 - cells(text)), paint(text, fg=colour, bold=over)])


def _backbone(found: "Verdict") -> None:
    """The factors under the worst failure; months in which the same binds are one line."""
    if not found.backbone:
        return
    say("")
    say(bold("campus and backbone"), dim(": the part of all flows that is carried, worst failure"))
    runs: list[tuple[str, list[BackboneMonth]]] = []
    for b in found.backbone:
        lost = f"{b.failure} lost" if b.failure else "nothing lost"
        text = f"{lost}; {binding_said(b.links, 3)}"
        if runs and runs[-1][0] == text and (runs[-1][1][-1].factor < 1) == (b.factor < 1):
            runs[-1][1].append(b)
        else:
            runs.append((text, [b]))
    for text, run in runs:
        months = f"{run[0].month}-{run[-1].month}" if len(run) > 1 else f"{run[0].month}"
        factors = sorted(b.factor for b in run)
        least, most = f"{factors[0]:.3f}", f"{factors[-1]:.3f}"
        carried = least if least == most else f"{least} to {most}"
        say(f"  {months:>5}  {pad(carried, 14)}  ", cut(text, columns() - 25))


def _run_outs(found: "Verdict") -> None:
    """What runs out soonest."""
    from commonplace.capacity.feasibility.check import run_out_said

    soon = sorted((u for u in found.uses if u.run_out), key=lambda u: (u.run_out, u.site))
    say("")
    say(
        bold(f"run out: {len(soon)} of {len(found.uses)} resources within the horizon"),
    )
    for use in soon[:_LISTED]:
        left = float(use.headroom[-1])
        end = f"headroom at the end {left:,.0f} {use.unit}"
        say(f"  {run_out_said(found, use)}  {pad(use.site, 12)} {pad(use.resource, 14)} ", dim(end))
    if len(soon) > _LISTED:
        say(dim(f"  and {len(soon) - _LISTED} more; --json lists all"))


def show_month(found: "Verdict", month: int) -> None:
    """Load, capacity and headroom of every resource in a month, the fullest first."""
    say_verdict(found)
    say(dim(f"{'site':14} {'resource':14} {'load':>12} {'capacity':>12} {'headroom':>12}  used"))
    for use in sorted(found.uses, key=lambda u: -float(u.utilisation[month - 1])):
        at = month - 1
        numbers = (use.load[at], use.capacity[at], use.headroom[at])
        shown = " ".join(f"{float(n):12,.0f}" for n in numbers)
        say(
            f"{pad(cut(use.site, 14), 14)} {pad(use.resource, 14)} {shown}",
            _heat(float(use.utilisation[at]), " "),
            dim(f" {use.unit}"),
        )
    for b in found.backbone[month - 1 : month]:
        say(f"backbone: {b.factor:.3f} of all flows with {b.failure or 'nothing'} lost")


def show_orders(found: "Orders") -> None:
    """What to order by when, what is late, and machines beside bits."""
    if not found.purchases:
        say("nothing is to be ordered")
    say_verdict(found.verdict, "with these orders it " if found.purchases else "")
    if found.purchases:
        say("")
        _purchases(found)
    listed("", [found.backbone_said] * bool(found.backbone_said))
    late = [one.sentence for one in found.late]
    listed(f"late, or not to be had: {len(late)}" if late else "", late)
    rows = [one.sentence for one in found.reconciled]
    head = "machines beside bits: " + count(len(rows), "project")
    listed(head + " without network as it is ordered now" if rows else "", rows)


def _purchases(found: "Orders") -> None:
    """Each line with the day by which it is to be ordered."""
    say(
        bold(f"order: {count(len(found.purchases), 'line')}, cost {found.cost:,.0f}"),
        dim(f" · links {found.backbone_cost:,.0f}, at least {found.backbone_bound:,.0f}"),
    )
    show_purchases(found.plan, found.purchases)


def show_purchases(plan: "Plan", purchases: Sequence["Purchase"]) -> None:
    """By when to order what, where, and from when it can be used."""
    say(dim(f"  {'by':10}  {'where':14} {'item':18} {'units':>5}  {'usable':7} {'cost':>10}"))
    for one in purchases:
        was = one.instead_of
        say(
            f"  {first_day(plan, one.month):%Y-%m-%d}  {pad(cut(one.place, 14), 14)} "
            f"{pad(cut(one.item, 18), 18)} {one.units:5}  "
            f"{first_day(plan, one.usable):%Y-%m} {one.cost:10,.0f}",
            dim(f"  instead of {first_day(plan, was):%Y-%m-%d}" if was else ""),
        )


def show_difference(found: "Difference") -> None:
    """Verdicts first, then places, orders and rows."""
    if not found:
        say("nothing differs")
        return
    orders = [f"{one.kind} for {one.row}: {one.what}" for one in found.orders]
    rows = [f"{c.table}: {c.kind} {c.row}{': ' * bool(c.what)}{c.what}" for c in found.changes]
    for head, sentences in (
        ("verdicts", [one.sentence for one in found.verdicts]),
        ("places", [one.sentence for one in found.moves]),
        ("orders", orders),
        ("tables", rows),
    ):
        listed(f"{head}: {len(sentences)}" if sentences else "", sentences, 40)

"""What `plan check`, `plan order` and `plan diff` print: the verdict first, then its reasons.

Notable: the heat map can be read without colour. Each cell has a letter for the resource that is
used most, the per cent of it, and `!` if that is more than there is.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from commonplace.capacity.plan.words import LEGEND, LETTERS, binding_text, first_day, per_cent
from commonplace.cli.terminal.output import StyledText, bold, dim, join, paint, say
from commonplace.cli.terminal.widths import cells, columns, cut, pad, wrap
from commonplace.foundation import count_of

if TYPE_CHECKING:
    from commonplace.capacity import Difference, Orders, Plan, Verdict
    from commonplace.capacity.feasibility.check import BackboneMonth
    from commonplace.capacity.feasibility.resources import Row
    from commonplace.capacity.procurement.purchases import Purchase

_LISTED: Final = 12  # lines of a list
_HOUSES: Final = 60  # lines of the heat map; the fullest come first
_CELL: Final = 6  # columns of a month


def show_verdict(verdict: "Verdict") -> None:
    """Print all results of `check`."""
    say_verdict(verdict)
    if verdict.waiting:
        say(f"{verdict.waiting_sentence}; commonplace plan make finds places")
    listed("", [broken.sentence for broken in verdict.breaks])
    say("")
    _heat_map(verdict)
    _backbone(verdict)
    _run_outs(verdict)
    if stranded := verdict.strandings:
        cost = sum(stranding.cost for stranding in stranded)
        head = f"stranded: {count_of(len(stranded), 'project')}, cost {cost:,.0f}"
        listed(head, [str(stranding) for stranding in stranded])
    if verdict.idle:
        head = f"idle network gear: {count_of(len(verdict.idle), 'place')}"
        listed(head, [str(gear) for gear in verdict.idle], 6)


def say_verdict(verdict: "Verdict", opening: str = "") -> None:
    """Say whether the plan holds, after the `opening` of the sentence."""
    months, name = count_of(verdict.plan.horizon, "month"), verdict.plan.name
    if verdict.feasible:
        say(opening, paint("holds", fg="green", bold=True), f" in all {months}: {name}")
        return
    first = verdict.breaks[0].month
    resources = count_of(len(verdict.breaks), "resource")
    say(
        opening,
        paint("does not hold", fg="red", bold=True),
        f": {name}; {resources} of {len(verdict.uses) + 1} break within {months}, "
        f"the first in month {first}",
    )


def listed(head: str, sentences: list[str], most: int = _LISTED) -> None:
    """Print sentences, their further lines indented, and the count of those beyond `most`."""
    if head:
        say("")
        say(bold(head))
    for sentence in sentences[:most]:
        first, *rest = wrap(sentence, max(columns() - 4, 40))
        say(f"  {first}")
        for line in rest:
            say(f"    {line}")
    say_more(len(sentences), most)


def say_more(total: int, shown: int) -> None:
    """Say how many of `total` lines are not shown, if some are not."""
    if total > shown:
        say(dim(f"  and {total - shown} more; --json lists all"))


def _heat_map(verdict: "Verdict") -> None:
    """Print for each house and month the resource that is used most, and how much of it."""
    plan = verdict.plan
    houses = sorted(plan.houses, key=lambda h: -_peak(verdict, h))[:_HOUSES]
    width = min(max([cells(h) for h in houses] + [8]), 24)
    fits = max((columns() - width) // _CELL, 1)
    for first in range(1, plan.horizon + 1, fits):
        months = range(first, min(first + fits, plan.horizon + 1))
        say(dim(join([pad("house", width), *(f"{m:>{_CELL}}" for m in months)])))
        for house in houses:
            row = [_cell(verdict.binding(house, month), month) for month in months]
            say(join([pad(cut(house, width), width), *row]))
        if verdict.backbone:
            factors = [verdict.backbone[month - 1].factor for month in months]
            row = [_heat(1 / factor if factor > 0 else 99.0, " ") for factor in factors]
            say(join([pad("backbone", width), *row]))
    if len(plan.houses) > len(houses):
        say(dim(f"and {len(plan.houses) - len(houses)} houses that are used less"))
    for line in wrap(f"{LEGEND}; per cent used, ! breaks", columns()):
        say(dim(line))


def _peak(verdict: "Verdict", house: str) -> float:
    return max(float(use.utilisation.max()) for use in verdict.uses if use.site == house)


def _cell(use: "Row", month: int) -> StyledText:
    return _heat(float(use.utilisation[month - 1]), LETTERS[use.resource])


def _heat(part: float, letter: str) -> StyledText:
    """A cell of six columns: the letter, the per cent, and `!` if it is too much."""
    over = part > 1 + 1e-6
    # 99.0 because a load without capacity is infinite, 999 because a cell has room for no more
    text = f"{letter}{min(per_cent(min(part, 99.0)), 999)}{'!' if over else ' '}"
    colour = "red" if over else "yellow" if part > 0.9 else "green" if part > 0 else None
    return join([" " * (_CELL - cells(text)), paint(text, fg=colour, bold=over)])


def _backbone(verdict: "Verdict") -> None:
    """Print the factors under the worst failure, in one line where the same links bind."""
    if not verdict.backbone:
        return
    say("")
    say(bold("campus and backbone"), dim(": the part of all flows that is carried, worst failure"))

    def binding(month: "BackboneMonth") -> tuple[str, bool]:
        lost = f"{month.failure} lost" if month.failure else "nothing lost"
        return f"{lost}; {binding_text(month.links, 3)}", month.factor < 1

    for (text, _), alike in groupby(verdict.backbone, binding):
        run = list(alike)
        months = f"{run[0].month}-{run[-1].month}" if len(run) > 1 else f"{run[0].month}"
        factors = sorted(month.factor for month in run)
        least, most = f"{factors[0]:.3f}", f"{factors[-1]:.3f}"
        carried = least if least == most else f"{least} to {most}"
        say(f"  {months:>5}  {pad(carried, 14)}  ", cut(text, columns() - 25))


def _run_outs(verdict: "Verdict") -> None:
    """Print what runs out soonest."""
    from commonplace.capacity.feasibility.check import run_out_month

    soon = sorted((u for u in verdict.uses if u.run_out), key=lambda u: (u.run_out, u.site))
    say("")
    say(bold(f"run out: {len(soon)} of {len(verdict.uses)} resources within the horizon"))
    for use in soon[:_LISTED]:
        month = run_out_month(verdict, use)
        end = f"headroom at the end {float(use.headroom[-1]):,.0f} {use.unit}"
        say(f"  {month}  {pad(use.site, 12)} {pad(use.resource, 14)} ", dim(end))
    say_more(len(soon), _LISTED)


def show_month(verdict: "Verdict", month: int) -> None:
    """Print load, capacity and headroom of every resource in a month, the fullest first."""
    say_verdict(verdict)
    say(dim(f"{'site':14} {'resource':14} {'load':>12} {'capacity':>12} {'headroom':>12}  used"))
    at = month - 1
    for use in sorted(verdict.uses, key=lambda u: -float(u.utilisation[at])):
        amounts = (use.load[at], use.capacity[at], use.headroom[at])
        numbers = " ".join(f"{float(amount):12,.0f}" for amount in amounts)
        say(
            f"{pad(cut(use.site, 14), 14)} {pad(use.resource, 14)} {numbers}",
            _heat(float(use.utilisation[at]), " "),
            dim(f" {use.unit}"),
        )
    for backbone in verdict.backbone[at:month]:
        failure = backbone.failure or "nothing"
        say(f"backbone: {backbone.factor:.3f} of all flows with {failure} lost")


def show_orders(orders: "Orders") -> None:
    """Print what to order by when, what is late, and machines beside bits."""
    if not orders.purchases:
        say("nothing is to be ordered")
    say_verdict(orders.verdict, "with these orders it " if orders.purchases else "")
    if orders.purchases:
        say("")
        _purchases(orders)
    if orders.backbone_remark:
        listed("", [orders.backbone_remark])
    if late := [each.sentence for each in orders.late]:
        listed(f"late, or not to be had: {len(late)}", late)
    if rows := [row.sentence for row in orders.reconciled]:
        projects = count_of(len(rows), "project")
        listed(f"machines beside bits: {projects} without network as it is ordered now", rows)


def _purchases(orders: "Orders") -> None:
    """Print each purchase with the day by which it is to be ordered."""
    lines = count_of(len(orders.purchases), "line")
    say(
        bold(f"order: {lines}, cost {orders.cost:,.0f}"),
        dim(f" · links {orders.backbone_cost:,.0f}, at least {orders.backbone_bound:,.0f}"),
    )
    show_purchases(orders.plan, orders.purchases)


def show_purchases(plan: "Plan", purchases: Sequence["Purchase"]) -> None:
    """Print by when to order what, where, and from when it can be used."""
    say(dim(f"  {'by':10}  {'where':14} {'item':18} {'units':>5}  {'usable':7} {'cost':>10}"))
    for purchase in purchases:
        was = purchase.instead_of
        say(
            f"  {first_day(plan, purchase.month):%Y-%m-%d}  {pad(cut(purchase.place, 14), 14)} "
            f"{pad(cut(purchase.item, 18), 18)} {purchase.units:5}  "
            f"{first_day(plan, purchase.usable):%Y-%m} {purchase.cost:10,.0f}",
            dim(f"  instead of {first_day(plan, was):%Y-%m-%d}" if was else ""),
        )


def show_difference(difference: "Difference") -> None:
    """Print changed verdicts first, then places, orders and rows."""
    if not difference:
        say("nothing differs")
        return
    rows = [f"{each.table}: {each.kind} {each.row}" for each in difference.changes]
    details = [f": {each.what}" if each.what else "" for each in difference.changes]
    for head, sentences in (
        ("verdicts", [each.sentence for each in difference.verdicts]),
        ("places", [move.sentence for move in difference.moves]),
        ("orders", [f"{each.kind} for {each.row}: {each.what}" for each in difference.orders]),
        ("tables", [row + detail for row, detail in zip(rows, details, strict=True)]),
    ):
        if sentences:
            listed(f"{head}: {len(sentences)}", sentences, 40)

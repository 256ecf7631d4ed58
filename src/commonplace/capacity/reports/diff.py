"""`diff`: what changed between two plans, and why: rows of the tables, places, orders, verdicts.

    commonplace plan diff region planned

Notable: a reason is tried, not guessed. A project that moved is put back to its old place in the
new plan, and what breaks there then is the reason; if nothing does, that is what is said. Months
of plans that start apart are compared by the calendar.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from commonplace.capacity.feasibility.check import Verdict, check
from commonplace.capacity.feasibility.resources import Row, site_rows
from commonplace.capacity.plan.model import Placement, Plan
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.plan.words import SAID, UNITS, amount, first_day
from commonplace.capacity.reports._diff_rows import Change, changed_orders, changed_rows


@dataclass(frozen=True)
class Move:
    """A project that stands elsewhere or at another time; None: it stood, or stands, nowhere."""

    project: str
    before: Placement | None
    after: Placement | None
    resource: str | None  # what stands against its old place in the new plan
    sentence: str


@dataclass(frozen=True)
class VerdictChange:
    """A resource that breaks in one plan and not in the other, or in another month."""

    site: str
    resource: str
    before: str | None  # the month, YYYY-MM, in which it broke first
    after: str | None
    sentence: str


@dataclass(frozen=True)
class Difference:
    """The answer of `diff`."""

    changes: tuple[Change, ...]
    moves: tuple[Move, ...]
    orders: tuple[Change, ...]
    verdicts: tuple[VerdictChange, ...]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes or self.moves or self.orders or self.verdicts)

    def record(self) -> dict[str, Any]:
        """As documented in docs/json.md."""
        return {
            "changes": [vars(one) for one in self.changes],
            "moves": [
                vars(one) | {end: vars(place) if place else None for end, place in _ends(one)}
                for one in self.moves
            ],
            "orders": [vars(one) for one in self.orders],
            "verdicts": [vars(one) for one in self.verdicts],
        }


def _ends(move: Move) -> tuple[tuple[str, Placement | None], ...]:
    return ("before", move.before), ("after", move.after)


def diff(a: Plan, b: Plan) -> Difference:
    """What changed from plan `a` to plan `b`, and why.

    Raises:
        InputError: HiGHS is not installed and something flows over a backbone.
    """
    then = _as_of(a, b)
    return Difference(
        tuple(changed_rows(a, then, b)),
        tuple(_moves(a, then, b)),
        tuple(changed_orders(a, b)),
        tuple(_verdicts(check(a), check(b))),
    )


def _as_of(a: Plan, b: Plan) -> Plan:
    """Plan `a` with its months counted from the start of `b`; what lies before is in month 1."""
    months = _months(a.start, b.start)
    if not months:
        return a

    def at(month: int) -> int:
        return max(1, month - months)

    return replace(
        a,
        start=b.start,
        supplies=tuple(replace(s, month=at(s.month)) for s in a.supplies),
        projects=tuple(replace(p, earliest=at(p.earliest), need=at(p.need)) for p in a.projects),
        placements=tuple(replace(p, month=at(p.month)) for p in a.placements),
        inventory=tuple(
            replace(i, arrival=at(i.arrival)) if i.arrival is not None else i for i in a.inventory
        ),
    )


def _months(start: date, day: date) -> int:
    """From one first day of a month to another."""
    return (day.year - start.year) * 12 + day.month - start.month


def _moves(a: Plan, then: Plan, b: Plan) -> Iterable[Move]:
    """Projects whose place or month differs; why, tried in the new plan. `then`: as of `_as_of`."""
    short = _shortage(b)
    for project in dict.fromkeys([*a.placed, *b.placed]):
        old, new = then.placed.get(project), b.placed.get(project)
        if old == new:
            continue
        if project not in b.project:
            yield Move(project, old, new, None, f"{project} is no longer in the pool")
        elif old is None:
            assert new is not None
            yield Move(project, old, new, None, f"{project} is placed now: {_place(b, new)}")
        else:
            resource, reason = short(old)
            was = _place(a, a.placed[project])
            moved = (
                f"moved from {was} to {_place(b, new)}"
                if new
                else f"was at {was} and is placed nowhere now"
            )
            yield Move(project, old, new, resource, f"{project} {moved}: {reason}")


def _place(plan: Plan, at: Placement) -> str:
    return f"{at.house} {first_day(plan, at.month):%Y-%m}"


def _shortage(plan: Plan) -> Callable[[Placement], tuple[str | None, str]]:
    """Asks what would break if a project stood at a place of before; the worst, in words."""
    stock = stocks(plan)
    now = {(r.site, r.resource): r for r in site_rows(plan, stock)}

    def ask(old: Placement) -> tuple[str | None, str]:
        if old.house not in plan.houses:
            return None, f"{old.house} is gone"
        others = tuple(p for p in plan.placements if p.project != old.project)
        tried = site_rows(replace(plan, placements=(*others, old)), stock)
        new = [row for row in tried if _worse(row, now.get((row.site, row.resource)))]
        if not new:
            return None, f"{old.house} would have room for it; it moved for cost, or for flows"
        row = min(new, key=lambda r: float((r.headroom / (r.load + 1e-9)).min()))
        at = int(row.headroom.argmin())
        unit = UNITS[row.resource]
        has, load = amount(float(row.capacity[at]), unit), amount(float(row.load[at]), unit)
        when = f"{first_day(plan, at + 1):%Y-%m}"
        said = f"{row.site} would be short of {SAID[row.resource]}"
        return row.resource, f"{said}: {load} against {has} in {when}"

    return ask


def _worse(row: Row, now: Row | None) -> bool:
    """Short, and shorter than it is in the plan as it stands."""
    short = row.headroom < -1e-6
    return bool((short & ((now is None) or (row.headroom < now.headroom - 1e-6))).any())


def _verdicts(a: Verdict, b: Verdict) -> Iterable[VerdictChange]:
    """Resources whose first break differs, and what moved: the load, the capacity, or both."""
    before = {(k.site, k.resource): k for k in a.breaks}
    after = {(k.site, k.resource): k for k in b.breaks}
    for site, resource in sorted({*before, *after}):
        old, new = before.get((site, resource)), after.get((site, resource))
        was = f"{first_day(a.plan, old.month):%Y-%m}" if old else None
        now = f"{first_day(b.plan, new.month):%Y-%m}" if new else None
        if was != now:
            where = "the backbone" if site == "backbone" else site
            state = "too narrow" if site == "backbone" else f"short of {SAID[resource]}"
            change = (
                f"{where} is {state} from {now} on rather than {was}"
                if was and now
                else f"{where} is {state} from {now} on, and was not"
                if now
                else f"{where} is no longer {state} (it was from {was} on)"
            )
            at = next(first_day(v.plan, k.month) for v, k in ((a, old), (b, new)) if k)
            why = _why(a, b, site, resource, at)
            yield VerdictChange(site, resource, was, now, f"{change}{why}")


def _why(a: Verdict, b: Verdict, site: str, resource: str, at: date) -> str:
    """Load and capacity of both plans in the month of the break; nothing, where one has it not."""
    if (site, resource) not in a.use or (site, resource) not in b.use:
        return ""
    old, new = a.use[site, resource], b.use[site, resource]
    then, here = (_months(one.plan.start, at) for one in (a, b))
    if not (0 <= then < a.plan.horizon and 0 <= here < b.plan.horizon):
        return ""
    parts = [
        f"{name} {amount(float(was[then]), '')}-> {amount(float(now[here]), old.unit)}"
        for name, was, now in (
            ("load", old.load, new.load),
            ("capacity", old.capacity, new.capacity),
        )
        if abs(was[then] - now[here]) > 1e-9
    ]
    return f": {', '.join(parts)}" if parts else ""

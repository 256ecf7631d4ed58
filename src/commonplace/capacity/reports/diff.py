"""`diff`: what changed between two plans, and why: rows of tables, places, orders, verdicts.

    commonplace plan diff region planned

Notable: a reason is tried, not guessed. A project that moved is put back to its old place in the
new plan; what breaks there is the reason, and if nothing breaks, the sentence says so. Months of
plans with different starts are compared by the calendar.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from commonplace.capacity.feasibility.check import Verdict, check
from commonplace.capacity.feasibility.resources import Row, site_rows
from commonplace.capacity.plan.model import Placement, Plan
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.plan.words import RESOURCE_NAMES, amount, first_day
from commonplace.capacity.reports._diff_rows import Change, changed_orders, changed_rows


@dataclass(frozen=True)
class Move:
    """A project that stands elsewhere or from another month on; None: it stands nowhere."""

    project: str
    before: Placement | None
    after: Placement | None
    resource: str | None  # that breaks at its old place in the new plan
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
        """The difference as JSON (docs/json.md)."""
        return {
            "changes": [vars(change) for change in self.changes],
            "moves": [_move_record(move) for move in self.moves],
            "orders": [vars(change) for change in self.orders],
            "verdicts": [vars(change) for change in self.verdicts],
        }


def _move_record(move: Move) -> dict[str, Any]:
    ends = {"before": move.before, "after": move.after}
    return vars(move) | {end: vars(place) if place else None for end, place in ends.items()}


def diff(a: Plan, b: Plan) -> Difference:
    """What changed from plan `a` to plan `b`, and why.

    Raises:
        InputError: HiGHS is not installed and something flows over a backbone.
    """
    then = _as_of(a, b)
    return Difference(
        changes=tuple(changed_rows(a, then, b)),
        moves=tuple(_moves(a, then, b)),
        orders=tuple(changed_orders(a, b)),
        verdicts=tuple(_verdicts(check(a), check(b))),
    )


def _as_of(a: Plan, b: Plan) -> Plan:
    """Plan `a` with its months counted from the start of `b`; earlier months become month 1."""
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
    """Projects whose place or month differs, and why; `then` is plan `a` as of the start of `b`."""
    short = _shortage(b)
    for project in dict.fromkeys([*a.placed, *b.placed]):
        old, new = then.placed.get(project), b.placed.get(project)
        if old == new:
            continue
        resource = None
        if project not in b.project:
            sentence = f"{project} is no longer in the pool"
        elif old is None:
            assert new is not None  # it is placed in one of the two plans
            sentence = f"{project} is placed now: {_place(b, new)}"
        else:
            resource, reason = short(old)
            was = _place(a, a.placed[project])
            moved = f"was at {was} and is placed nowhere now"
            if new:
                moved = f"moved from {was} to {_place(b, new)}"
            sentence = f"{project} {moved}: {reason}"
        yield Move(project, before=old, after=new, resource=resource, sentence=sentence)


def _place(plan: Plan, at: Placement) -> str:
    return f"{at.house} {first_day(plan, at.month):%Y-%m}"


def _shortage(plan: Plan) -> Callable[[Placement], tuple[str | None, str]]:
    """A function that says what would break most if a project stood at its old place."""
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
        # 1e-9: a load may be 0
        row = min(new, key=lambda r: float((r.headroom / (r.load + 1e-9)).min()))
        at = int(row.headroom.argmin())
        has, load = (amount(float(level[at]), row.unit) for level in (row.capacity, row.load))
        when = f"{first_day(plan, at + 1):%Y-%m}"
        reason = f"{row.site} would be short of {RESOURCE_NAMES[row.resource]}"
        return row.resource, f"{reason}: {load} against {has} in {when}"

    return ask


def _worse(row: Row, now: Row | None) -> bool:
    """Whether a row is short, and shorter than it is in the plan as it stands."""
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
            state = "too narrow" if site == "backbone" else f"short of {RESOURCE_NAMES[resource]}"
            change = f"{where} is no longer {state} (it was from {was} on)"
            if now:
                earlier = f" rather than {was}" if was else ", and was not"
                change = f"{where} is {state} from {now} on{earlier}"
            at = next(first_day(v.plan, k.month) for v, k in ((a, old), (b, new)) if k)
            why = _why(a, b, (site, resource), at)
            yield VerdictChange(site, resource, before=was, after=now, sentence=f"{change}{why}")


def _why(a: Verdict, b: Verdict, of: tuple[str, str], at: date) -> str:
    """Load and capacity in both plans in the month of the break, if both have the resource."""
    if of not in a.use or of not in b.use:
        return ""
    old, new = a.use[of], b.use[of]
    then, here = _months(a.plan.start, at), _months(b.plan.start, at)
    if not (0 <= then < a.plan.horizon and 0 <= here < b.plan.horizon):
        return ""
    parts = [
        f"{name} {amount(float(was[then]), '')}-> {amount(float(now[here]), old.unit)}"
        for name in ("load", "capacity")
        for was, now in [(getattr(old, name), getattr(new, name))]
        if abs(was[then] - now[here]) > 1e-9
    ]
    return f": {', '.join(parts)}" if parts else ""

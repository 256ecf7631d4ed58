"""What `order` says of what it found: what is late and why, and machines beside bits.

Notable: every sentence names a constraint or an order; what can never be had names the limit that
stands against it. Machines and bits, ordered apart, are set side by side.
"""

from dataclasses import dataclass

from commonplace.capacity.feasibility.check import Verdict
from commonplace.capacity.feasibility.stranding import Stranding
from commonplace.capacity.plan.model import Plan, Role
from commonplace.capacity.plan.stock import ordered_by
from commonplace.capacity.plan.words import (
    SAID,
    UNITS,
    amount,
    binding_said,
    first_day,
    many,
    month_said,
)
from commonplace.capacity.procurement._backbone import BackboneOrders
from commonplace.capacity.procurement._house import HouseOrders
from commonplace.capacity.procurement.purchases import Purchase

_BRINGS: dict[str, tuple[Role, ...]] = {
    "ports": ("superblock",),
    "south": ("superblock", "optics"),
    "north": ("fbr",),
    "skeleton": ("skeleton",),
    "backbone": ("line",),
}


@dataclass(frozen=True)
class Late:
    """What is missing from `need` on and cannot be there before `earliest`."""

    site: str  # a house, or `backbone`
    resource: str
    need: int
    earliest: int | None  # None: not within the horizon
    slips: int  # months without it, of the horizon
    cause: str  # `lead`, or the limit that stands against it: a resource of the site, `max_units`
    sentence: str


@dataclass(frozen=True)
class Reconciled:
    """One project's machines beside its bits: months, as it is and with these orders."""

    project: str
    house: str
    resource: str
    machines: int  # the month in which they stand
    network: int | None  # from which month on nothing is missing, as ordered now; None: never
    ordered: int | None  # the same with these orders
    stranded: int  # months, as ordered now
    stranded_then: int  # months, with these orders
    saved: float  # cost of stranding that these orders save
    sentence: str


def late_at_house(
    plan: Plan, house: str, found: HouseOrders, bought: tuple[Purchase, ...], before: Verdict
) -> list[Late]:
    """A house's needs that are met late or not at all."""
    late = []
    for need, months in found.unmet.items():
        first, earliest = months[0], months[-1] + 1
        use = before.use[house, need]
        of = amount(float(use.load[first - 1]), UNITS[need])
        said = f"{house} needs {SAID[need]} ({of}) in {month_said(plan, first)}"
        if need not in found.causes:
            gear = _bringing(plan, bought, house, need, earliest)
            sentence = f"{said}; {_slip(plan, first, earliest, months, gear)}"
            late.append(Late(house, need, first, earliest, len(months), "lead", sentence))
        else:
            cause = found.causes[need]
            sentence = f"{said}, and cannot have it within the horizon: {_because(house, cause)}"
            late.append(Late(house, need, first, None, len(months), cause, sentence))
    return late


def _because(house: str, cause: str) -> str:
    """Why no order helps."""
    if cause == "lead":
        return "no item of the plan that brings it arrives in time"
    if cause == "several":
        return "the gray box and the power of the house stand against it together"
    return (
        f"power of {house}, its campus or region is full"
        if cause == "power"
        else f"{SAID[cause]} is full"
    )


def _slip(
    plan: Plan, first: int, earliest: int, months: tuple[int, ...], gear: list[Purchase]
) -> str:
    """How many months it slips, what brings it, and when that ought to have been ordered."""
    slip = (
        f"it slips by {len(months)} month{'s' * (len(months) > 1)}, to {month_said(plan, earliest)}"
    )
    if not gear:
        return slip
    by = first_day(plan, ordered_by(plan, plan.item[gear[0].item], first))
    return f"{slip}: order {_what(plan, gear)} (in time would have been {by:%Y-%m-%d})"


def _what(plan: Plan, gear: list[Purchase]) -> str:
    """The first three that are ordered, each by which day, and instead of which."""
    said = []
    for one in gear[:3]:
        at = f" for {one.place}" if one.place in plan.link else ""
        day = f"{many(one.units, one.item)}{at} by {first_day(plan, one.month):%Y-%m-%d}"
        was = f" instead of {first_day(plan, one.instead_of):%Y-%m-%d}" if one.instead_of else ""
        said.append(day + was)
    return ", ".join(said) + (" and more" if len(gear) > 3 else "")


def _bringing(
    plan: Plan, bought: tuple[Purchase, ...], house: str, need: str, month: int
) -> list[Purchase]:
    """What is bought for a house, or for links, that brings a need by a month."""
    return [
        one
        for one in bought
        if (one.place == house or (need == "backbone" and one.place in plan.link))
        and plan.item[one.item].role in _BRINGS.get(need, ())
        and one.usable <= month
    ]


def late_on_backbone(plan: Plan, found: BackboneOrders, bought: tuple[Purchase, ...]) -> list[Late]:
    late = []
    if found.late:
        first, earliest = found.late[0], found.late[-1] + 1
        inside = earliest if earliest <= plan.horizon else None
        gear = _bringing(plan, bought, "backbone", "backbone", earliest)
        sentence = f"the backbone needs more links in {month_said(plan, first)}; "
        sentence += _slip(plan, first, earliest, found.late, gear)
        late.append(Late("backbone", "backbone", first, inside, len(found.late), "lead", sentence))
    if found.never:
        first = found.never[0]
        sentence = f"the backbone cannot carry all flows from {month_said(plan, first)} on: "
        sentence += binding_said(found.links, 4) + (", at max_units" if found.links else "")
        late.append(
            Late("backbone", "backbone", first, None, len(found.never), "max_units", sentence)
        )
    return late


def reconciled(
    plan: Plan, before: Verdict, after: Verdict, bought: tuple[Purchase, ...]
) -> tuple[Reconciled, ...]:
    """Every project that is stranded as ordered now, or still with these orders."""
    now = {one.project: one for one in before.strandings}
    then = {one.project: one for one in after.strandings}
    rows = []
    for project in sorted({*now, *then}, key=list(plan.project).index):
        one = now.get(project) or then[project]
        machines = plan.placed[project].month
        ready, ordered = (_ready(plan, of.get(project), machines) for of in (now, then))
        months, left = (len(s.months) if s else 0 for s in (now.get(project), then.get(project)))
        saved = plan.policies.stranded_cost * one.racks * (months - left)
        by = one.months[0] if ordered == machines else ordered or plan.horizon
        gear = _bringing(plan, bought, one.house, one.resource, by)
        sentence = _sentence(plan, one, machines, ready, ordered, left, gear)
        rows.append(
            Reconciled(
                project,
                one.house,
                one.resource,
                machines,
                ready,
                ordered,
                months,
                left,
                saved,
                sentence,
            )
        )
    return tuple(rows)


def _ready(plan: Plan, stranded: Stranding | None, machines: int) -> int | None:
    """From which month on nothing is missing: with the machines, or after the last stranded."""
    if stranded is None:
        return machines
    last = stranded.months[-1]
    return last + 1 if last < plan.horizon else None


def _sentence(
    plan: Plan,
    one: Stranding,
    machines: int,
    ready: int | None,
    ordered: int | None,
    left: int,
    gear: list[Purchase],
) -> str:
    """Machines here, bits there, and what to order instead."""
    bits = f"in month {ready}" if ready else "not within the horizon"
    many_of = f"{len(one.months)} month{'s' * (len(one.months) > 1)}"
    said = (
        f"{one.project} in {one.house}: machines arrive in month {machines}, "
        f"{SAID[one.resource]} {bits}: stranded {many_of}"
    )
    if not gear:
        return f"{said}; no order mends that" if left else said
    rest = f", then {left} months are left" if left else ""
    when = "" if not ordered or ordered <= machines else f" (there in month {ordered})"
    return f"{said}; order {_what(plan, gear)}{when}{rest}"

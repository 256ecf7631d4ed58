"""The sentences of `order`: what is late and why, and machines beside bits.

Notable: every sentence names a constraint or an order.
"""

from dataclasses import dataclass, replace

from commonplace.capacity.feasibility.check import Verdict
from commonplace.capacity.feasibility.stranding import Stranding
from commonplace.capacity.plan.model import Plan, Role
from commonplace.capacity.plan.stock import ordered_by
from commonplace.capacity.plan.words import (
    RESOURCE_NAMES,
    UNITS,
    amount,
    binding_text,
    first_day,
    month_text,
)
from commonplace.capacity.procurement._house import HouseOrders
from commonplace.capacity.procurement.backbone import BackboneOrders
from commonplace.capacity.procurement.purchases import Purchase, purchase_phrase
from commonplace.foundation import count_of

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
    plan: Plan, house: str, orders: HouseOrders, bought: tuple[Purchase, ...], before: Verdict
) -> list[Late]:
    """A house's needs that are met late or not at all."""
    late = []
    for need, months in orders.unmet.items():
        first, earliest = months[0], months[-1] + 1
        load = float(before.use[house, need].load[first - 1])
        sentence = f"{house} needs {RESOURCE_NAMES[need]} ({amount(load, UNITS[need])}) in "
        sentence += month_text(plan, first)
        cause = orders.causes.get(need)
        if cause is None:
            gear = _bringing(plan, bought, house, need, earliest)
            sentence += f"; {_slip(plan, months, gear)}"
        else:
            sentence += f", and cannot have it within the horizon: {_because(house, cause)}"
        within = earliest if cause is None else None
        where = {"site": house, "resource": need}
        late.append(_late(months, within, cause or "lead", sentence, **where))
    return late


def _late(
    months: tuple[int, ...],
    earliest: int | None,
    cause: str,
    sentence: str,
    *,
    site: str = "backbone",
    resource: str = "backbone",
) -> Late:
    return Late(
        site=site,
        resource=resource,
        need=months[0],
        earliest=earliest,
        slips=len(months),
        cause=cause,
        sentence=sentence,
    )


def _because(house: str, cause: str) -> str:
    """The clause that says why no order helps."""
    if cause == "lead":
        return "no item of the plan that brings it arrives in time"
    if cause == "several":
        return "the gray box and the power of the house stand against it together"
    if cause == "power":
        return f"power of {house}, its campus or region is full"
    return f"{RESOURCE_NAMES[cause]} is full"


def _slip(plan: Plan, months: tuple[int, ...], gear: list[Purchase]) -> str:
    """How many months it slips, what brings it, and when that ought to have been ordered."""
    slip = f"it slips by {count_of(len(months), 'month')}, to {month_text(plan, months[-1] + 1)}"
    if not gear:
        return slip
    by = first_day(plan, ordered_by(plan, plan.item[gear[0].item], months[0]))
    return f"{slip}: order {_phrases(plan, gear)} (in time would have been {by:%Y-%m-%d})"


def _phrases(plan: Plan, gear: list[Purchase]) -> str:
    """The first three that are ordered, each by which day, and instead of which."""
    phrases = ", ".join(purchase_phrase(plan, purchase) for purchase in gear[:3])
    return phrases + (" and more" if len(gear) > 3 else "")


def _bringing(
    plan: Plan, bought: tuple[Purchase, ...], house: str, need: str, month: int
) -> list[Purchase]:
    """What is bought for a house, or for links, that brings a need by a month."""
    return [
        purchase
        for purchase in bought
        if (purchase.place == house or (need == "backbone" and purchase.place in plan.link))
        and plan.item[purchase.item].role in _BRINGS.get(need, ())
        and purchase.usable <= month
    ]


def late_on_backbone(
    plan: Plan, orders: BackboneOrders, bought: tuple[Purchase, ...]
) -> list[Late]:
    """The months in which flows do not fit: until links arrive, and with every link full."""
    late = []
    if orders.late:
        earliest = orders.late[-1] + 1
        gear = _bringing(plan, bought, "backbone", "backbone", earliest)
        sentence = f"the backbone needs more links in {month_text(plan, orders.late[0])}; "
        sentence += _slip(plan, orders.late, gear)
        within = earliest if earliest <= plan.horizon else None
        late.append(_late(orders.late, within, "lead", sentence))
    if orders.never:
        first = month_text(plan, orders.never[0])
        sentence = f"the backbone cannot carry all flows from {first} on: "
        sentence += binding_text(orders.links, 4) + (", at max_units" if orders.links else "")
        late.append(_late(orders.never, None, "max_units", sentence))
    return late


def reconciled(
    plan: Plan, before: Verdict, after: Verdict, bought: tuple[Purchase, ...]
) -> tuple[Reconciled, ...]:
    """Every project that is stranded as ordered now, or still with these orders."""
    now = {stranding.project: stranding for stranding in before.strandings}
    then = {stranding.project: stranding for stranding in after.strandings}
    return tuple(
        _reconciled(plan, now.get(project), then.get(project), bought)
        for project in sorted({*now, *then}, key=list(plan.project).index)
    )


def _reconciled(
    plan: Plan, now: Stranding | None, then: Stranding | None, bought: tuple[Purchase, ...]
) -> Reconciled:
    stranding = now or then
    assert stranding is not None
    machines = plan.placed[stranding.project].month
    months, months_then = (len(s.months) if s else 0 for s in (now, then))
    row = Reconciled(
        project=stranding.project,
        house=stranding.house,
        resource=stranding.resource,
        machines=machines,
        network=_ready(plan, now, machines),
        ordered=_ready(plan, then, machines),
        stranded=months,
        stranded_then=months_then,
        saved=plan.policies.stranded_cost * stranding.racks * (months - months_then),
        sentence="",
    )
    by = stranding.months[0] if row.ordered == machines else row.ordered or plan.horizon
    gear = _bringing(plan, bought, row.house, row.resource, by)
    return replace(row, sentence=_sentence(plan, row, len(stranding.months), gear))


def _ready(plan: Plan, stranded: Stranding | None, machines: int) -> int | None:
    """From which month on nothing is missing: with the machines, or after the last stranded."""
    if stranded is None:
        return machines
    last = stranded.months[-1]
    return last + 1 if last < plan.horizon else None


def _sentence(plan: Plan, row: Reconciled, stranded: int, gear: list[Purchase]) -> str:
    """The sentence of a row: machines here, bits there, and what to order instead."""
    bits = f"in month {row.network}" if row.network else "not within the horizon"
    sentence = (
        f"{row.project} in {row.house}: machines arrive in month {row.machines}, "
        f"{RESOURCE_NAMES[row.resource]} {bits}: stranded {count_of(stranded, 'month')}"
    )
    if not gear:
        return f"{sentence}; no order mends that" if row.stranded_then else sentence
    rest = f", then {row.stranded_then} months are left" if row.stranded_then else ""
    arrives = row.ordered if row.ordered and row.ordered > row.machines else None
    when = f" (there in month {arrives})" if arrives else ""
    return f"{sentence}; order {_phrases(plan, gear)}{when}{rest}"

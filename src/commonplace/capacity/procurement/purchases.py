"""What may be ordered: stock that is given, orders that may come earlier, months that are too soon.

Orders that stand in orders.csv are kept, but may be made earlier; what is on hand, on its way, or
brought by a network project is given. So of each item at each place a cumulative integer by month
is chosen, at least what the present orders bring, and at first the same, since nothing ordered in
month 1 can be used before lead, installation and qualification are over.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonplace.capacity.feasibility.resources import Stock, fbr_gbps
from commonplace.capacity.plan.model import Item, Order, Plan, Role
from commonplace.capacity.plan.stock import Months, ready_after, stocks, usable
from commonplace.capacity.plan.words import first_day, many


@dataclass(frozen=True, eq=False)
class OrderedUnits:
    """Usable units by month, [horizon], that orders bring of an item at a place."""

    place: str
    item: Item
    units: Months


def given_stock(plan: Plan) -> Stock:
    """Usable units without any order."""
    return stocks(replace(plan, orders=()))


def present_units(plan: Plan, place: str, item: Item) -> Months:
    """Usable units that the present orders bring."""
    units = np.zeros(plan.horizon)
    for order in plan.orders:
        if (order.place, order.item) == (place, item.id) and usable(plan, order) <= plan.horizon:
            units[max(usable(plan, order), 1) - 1 :] += order.units
    return units


def too_soon(plan: Plan, item: Item) -> int:
    """How many months at the beginning an order of month 1 cannot reach."""
    return min(plan.horizon, ready_after(plan, item))


def facing_ports(item: Item) -> int:
    """Ports of a skeleton that a unit may take."""
    return item.ports_south if item.role == "fbr" else item.ports_north


def south_ports(items: Iterable[Item], role: Role) -> dict[str, float]:
    """South ports of a unit of each item of a role."""
    return {item.id: float(item.ports_south) for item in items if item.role == role}


def router_gbps(items: Iterable[Item]) -> dict[str, float]:
    """Gb/s north of a unit of each border router."""
    return {item.id: fbr_gbps(item) for item in items if item.role == "fbr"}


def uplinks(items: list[Item], part: float, optics: float, *, gbps: bool) -> dict[str, float]:
    """`part` of the superblocks' uplinks and `optics` of the optics', in ports or Gb/s."""
    return {
        item.id: weight * item.ports_north * (item.gbps if gbps else 1.0)
        for role, weight in (("superblock", part), ("optics", optics))
        for item in items
        if item.role == role
    }


def units_for(plan: Plan, item: Item, load: Mapping[str, float], facing: float) -> float:
    """Units of an item that these loads of a house need of it alone.

    `facing`: ports of a skeleton that the other gear takes.
    """
    policies, wide = plan.policies, item.ports_north * item.gbps
    lit = load["south"] / max(policies.residual, 1e-9)
    if item.role == "superblock":
        units = _whole_units(load["ports"], item.ports_south)
        # At 0 superblocks come dark, and optics light all of their uplinks.
        return units + _whole_units(lit, wide * (policies.first_optics or 1.0))
    if item.role == "optics":
        return _whole_units(lit, wide)
    if item.role == "fbr":
        return _whole_units(load["north"], fbr_gbps(item)) + policies.lost_fbrs
    return _whole_units(facing, item.ports_south)


def _whole_units(load: float, per_unit: float) -> float:
    return float(np.ceil(load / per_unit)) if per_unit > 0 else 0.0


def as_orders(plan: Plan, ordered: list[OrderedUnits]) -> tuple[Order, ...]:
    """The orders that bring these units; those of other items and places stay as they are."""
    places = {(units.place, units.item.id) for units in ordered}
    orders = [
        order
        for order in plan.orders
        if (order.place, order.item) not in places or usable(plan, order) > plan.horizon
    ]
    for units in ordered:
        new = np.diff(units.units, prepend=0.0)
        for at in np.flatnonzero(new > 0.5):  # whole units, but for the solver's rounding
            month = int(at) + 1 - ready_after(plan, units.item)
            orders.append(Order(units.place, units.item.id, round(float(new[at])), month))
    return tuple(sorted(orders, key=lambda o: (o.month, o.place, o.item)))


@dataclass(frozen=True)
class Purchase:
    """Units that are ordered in a month; `instead_of`: the later month in which they were."""

    place: str
    item: str
    units: int
    month: int
    usable: int  # the first month in which they can be used
    cost: float  # of what was not ordered yet; 0 if it only comes earlier
    instead_of: int | None = None


def purchase_record(plan: Plan, purchase: Purchase) -> dict[str, Any]:
    """As documented in docs/json.md."""
    return vars(purchase) | {"by": f"{first_day(plan, purchase.month):%Y-%m-%d}"}


def purchase_phrase(plan: Plan, purchase: Purchase, verb: str = "") -> str:
    """As `2 x wave for first by 2027-03-01`; `verb` stands before the day."""
    link = f" for {purchase.place}" if purchase.place in plan.link else ""
    phrase = f"{many(purchase.units, purchase.item)}{link}{verb}"
    phrase += f" by {first_day(plan, purchase.month):%Y-%m-%d}"
    if purchase.instead_of:
        phrase += f" instead of {first_day(plan, purchase.instead_of):%Y-%m-%d}"
    return phrase


def purchases(plan: Plan, orders: tuple[Order, ...]) -> tuple[Purchase, ...]:
    """What differs between the present orders and these: new ones, and those that come earlier."""
    before, after = _counted(plan.orders), _counted(orders)
    new, old = sorted((after - before).elements()), sorted((before - after).elements())
    differences = []
    for place, item in sorted({(place, item) for place, item, _ in after}):
        months = [month for *where, month in new if where == [place, item]]
        later = [month for *where, month in old if where == [place, item]]
        moved = Counter(zip(months, later, strict=False))  # sorted: the first comes for the first
        added = Counter((month, None) for month in months[len(later) :])
        pairs: list[tuple[tuple[int, int | None], int]] = [*moved.items(), *added.items()]
        differences += [
            Purchase(
                place=place,
                item=item,
                units=units,
                month=month,
                usable=month + ready_after(plan, plan.item[item]),
                cost=units * plan.item[item].cost if was is None else 0.0,
                instead_of=was,
            )
            for (month, was), units in pairs
        ]
    return tuple(sorted(differences, key=lambda p: (p.month, p.place, p.item)))


def _counted(orders: tuple[Order, ...]) -> Counter[tuple[str, str, int]]:
    counted: Counter[tuple[str, str, int]] = Counter()
    for order in orders:
        counted[order.place, order.item, order.month] += order.units
    return counted

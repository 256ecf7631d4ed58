"""What may be ordered: stock that is given, orders that may come earlier, months that are too soon.

Orders that stand in orders.csv are kept, but may be made earlier; what is on hand, on its way, or
brought by a network project is given. So of each item at each place a cumulative integer by month
is chosen, at least what the present orders bring, and at first the same, since nothing ordered in
month 1 can be used before lead, installation and qualification are over.
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.feasibility.resources import Stock
from commonplace.capacity.plan.model import Item, Order, Plan
from commonplace.capacity.plan.stock import Months, ready_after, stocks, usable
from commonplace.capacity.plan.words import first_day, many


@dataclass(frozen=True, eq=False)
class Ordered:
    """Usable units by month, [horizon], that orders bring of an item at a place."""

    place: str
    item: Item
    units: Months


def given_stock(plan: Plan) -> Stock:
    """Usable units without any order."""
    return stocks(replace(plan, orders=()))


def present(plan: Plan, place: str, item: Item) -> Months:
    """Usable units that the present orders bring."""
    units = np.zeros(plan.horizon)
    for order in plan.orders:
        if (order.place, order.item) == (place, item.id) and usable(plan, order) <= plan.horizon:
            units[max(usable(plan, order), 1) - 1 :] += order.units
    return units


def too_soon(plan: Plan, item: Item) -> int:
    """How many months at the beginning an order of month 1 cannot reach."""
    return min(plan.horizon, ready_after(plan, item))


def as_orders(plan: Plan, chosen: list[Ordered]) -> tuple[Order, ...]:
    """The orders that bring what was chosen; those that nothing was chosen for stay as they are."""
    places = {(one.place, one.item.id) for one in chosen}
    found = [
        order
        for order in plan.orders
        if (order.place, order.item) not in places or usable(plan, order) > plan.horizon
    ]
    for one in chosen:
        new = np.diff(one.units, prepend=0.0)
        for at in np.flatnonzero(new > 0.5):
            month = int(at) + 1 - ready_after(plan, one.item)
            found.append(Order(one.place, one.item.id, round(float(new[at])), month))
    return tuple(sorted(found, key=lambda o: (o.month, o.place, o.item)))


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
    found = []
    for place, item in sorted({(p, i) for p, i, _ in after}):
        new = sorted((after - before).elements())
        old = sorted((before - after).elements())
        mine = [month for p, i, month in new if (p, i) == (place, item)]
        later = [month for p, i, month in old if (p, i) == (place, item)]
        moved = Counter(zip(mine, later, strict=False))
        found += [_purchase(plan, place, item, n, m, was) for (m, was), n in moved.items()]
        added = Counter(mine[len(later) :])
        found += [_purchase(plan, place, item, n, m, None) for m, n in added.items()]
    return tuple(sorted(found, key=lambda p: (p.month, p.place, p.item)))


def _counted(orders: tuple[Order, ...]) -> Counter[tuple[str, str, int]]:
    counted: Counter[tuple[str, str, int]] = Counter()
    for order in orders:
        counted[order.place, order.item, order.month] += order.units
    return counted


def _purchase(
    plan: Plan, place: str, item: str, units: int, month: int, was: int | None
) -> Purchase:
    ready = month + ready_after(plan, plan.item[item])
    cost = units * plan.item[item].cost if was is None else 0.0
    return Purchase(place, item, units, month, ready, cost, was)

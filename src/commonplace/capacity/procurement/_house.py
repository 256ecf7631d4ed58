"""The gear of one house at least cost: a small integer programme over cumulative stocks by month.

First the fewest months in which anything is missing, then the least cost, and of that the latest
orders. Notable: a requirement that stays unmet is asked again without each limit of the house; the
limit without which it is met is the named cause, so the cause is true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from commonplace.capacity.feasibility.resources import Row, Stock, house_rows
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.stock import Months
from commonplace.capacity.procurement._house_programme import (
    LIMITS,
    NEEDS,
    House,
    HouseProgramme,
    Missing,
)
from commonplace.capacity.procurement.purchases import OrderedUnits, present_units
from commonplace.capacity.solver.programme import minimise
from commonplace.foundation.arrays import Bools

_SECONDS = 20.0  # of one programme
_GAP = 1e-6  # of the cost; a month of holding a unit is only 1e-3 of that unit's


@dataclass(frozen=True, eq=False)
class HouseOrders:
    """What is ordered for a house; `unmet`: resource -> months in which it is missing still."""

    units: list[OrderedUnits]
    unmet: dict[str, tuple[int, ...]]
    causes: dict[str, str]  # of what is missing in the last month: the limit that stands against it


def order_house(plan: Plan, stock: Stock, name: str, shared: Mapping[str, Months]) -> HouseOrders:
    """The cheapest gear beside `stock` (which has no orders in it) for the projects as placed.

    `shared`: what campus and region leave of a limit for more gear than is ordered now, [horizon].
    """
    items = [item for item in plan.items if item.role != "line"]
    present = [OrderedUnits(name, item, present_units(plan, name, item)) for item in items]
    none = np.zeros(plan.horizon)
    with_orders = {(name, o.item.id): stock.get((name, o.item.id), none) + o.units for o in present}
    ordered_rows = list(house_rows(plan, with_orders, name))
    if all(_holds(row).all() for row in ordered_rows if row.resource in NEEDS):
        return HouseOrders([], {}, {})
    house = House(
        plan=plan,
        items=items,
        rows={row.resource: row for row in house_rows(plan, stock, name)},
        present=present,
        in_stock={item.id: stock.get((name, item.id), none) for item in items},
        shared=shared,
        skeleton_holds=next(_holds(row) for row in ordered_rows if row.resource == "skeleton"),
    )
    units, unmet = _solve(house, LIMITS)
    # What is met in the last month comes late: for that the lead time is the cause.
    lasting = [need for need, months in unmet.items() if plan.horizon in months]
    return HouseOrders(units, unmet, {need: _cause(house, need) for need in lasting})


def _holds(row: Row) -> Bools:
    """The months in which nothing is missing."""
    return np.asarray(row.headroom >= -1e-6)  # less than that is rounding


def _solve(
    house: House, limits: Iterable[str]
) -> tuple[list[OrderedUnits], dict[str, tuple[int, ...]]]:
    """The fewest missing months, then the least cost."""
    if (units := _cheapest(house, limits, frozenset())) is not None:
        return units, {}  # mostly nothing is missing, and one programme is enough
    first = HouseProgramme(house, limits, None, priced=False)
    solution = minimise(first.programme.matrix(), _SECONDS, gap=_GAP)
    assert solution.values is not None  # nothing ordered and everything missing is a solution
    missing = frozenset(k for k, c in first.missing.items() if solution.values[c] > 0.5)
    units = _cheapest(house, limits, missing) or first.units_of(solution.values)
    months = {need: sorted(month + 1 for n, month in missing if n == need) for need in NEEDS}
    return units, {need: tuple(months[need]) for need in NEEDS if months[need]}


def _cheapest(house: House, limits: Iterable[str], missing: Missing) -> list[OrderedUnits] | None:
    """The cheapest with exactly these left out; None where there is none."""
    priced = HouseProgramme(house, limits, missing, priced=True)
    solution = minimise(priced.programme.matrix(), _SECONDS, gap=_GAP)
    return None if solution.values is None else priced.units_of(solution.values)


def _cause(house: House, need: str) -> str:
    """The limit without which the need is met in the last month; else the plan's items."""
    last = house.plan.horizon
    for limit in LIMITS:
        if limit in house.rows or limit in house.shared:
            _, unmet = _solve(house, [other for other in LIMITS if other != limit])
            if last not in unmet.get(need, ()):
                return limit
    _, unmet = _solve(house, ())
    return "several" if last not in unmet.get(need, ()) else "lead"

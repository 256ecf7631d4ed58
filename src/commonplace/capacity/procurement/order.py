"""`order`: with the projects where they are, what to order, where, how many, and by when.

    commonplace plan order DIR --out ordered

Notable: a house is a small integer programme (`_order_house`), the backbone one with cuts
(`_order_backbone`); both are held against `check` in the end. What cannot be there in time is
ordered in month 1 and said to be late, by how many months; what can never be there is said with
the limit that stands against it. Machines and bits, ordered apart, are set side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonplace.capacity.feasibility.check import Verdict, check
from commonplace.capacity.feasibility.resources import Stock, site_rows
from commonplace.capacity.plan.model import Order, Plan
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.plan.words import first_day
from commonplace.capacity.procurement._backbone import order_backbone
from commonplace.capacity.procurement._house import LIMITS, HouseOrders, order_house
from commonplace.capacity.procurement._sentences import (
    Late,
    Reconciled,
    late_at_house,
    late_on_backbone,
    reconciled,
)
from commonplace.capacity.procurement.purchases import (
    Purchase,
    as_orders,
    given_stock,
    present,
    purchases,
)


@dataclass(frozen=True, eq=False)
class Orders:
    """The answer of `order`; `plan` is the plan with `orders` in it, `verdict` its check."""

    plan: Plan
    orders: tuple[Order, ...]
    purchases: tuple[Purchase, ...]  # what differs from the orders that the plan had
    late: tuple[Late, ...]
    reconciled: tuple[Reconciled, ...]
    cost: float
    verdict: Verdict
    backbone_bound: float  # no orders for links that carry the same months cost less
    backbone_cost: float
    backbone_said: str = ""  # what the time did not suffice for

    def record(self) -> dict[str, Any]:
        """As documented in docs/json.md."""
        return {
            "plan": self.plan.name,
            "feasible": self.verdict.feasible,
            "cost": self.cost,
            "backbone": {
                "cost": self.backbone_cost,
                "bound": self.backbone_bound,
                "said": self.backbone_said,
            },
            "purchases": [
                vars(one) | {"by": f"{first_day(self.plan, one.month):%Y-%m-%d}"}
                for one in self.purchases
            ],
            "orders": [vars(one) for one in self.orders],
            "late": [vars(one) for one in self.late],
            "reconciled": [vars(one) for one in self.reconciled],
            "breaks": [vars(one) for one in self.verdict.breaks],
        }


def order(plan: Plan) -> Orders:
    """What to order for the projects as they are placed, at least cost.

    Raises:
        InputError: HiGHS is not installed.
    """
    stock = given_stock(plan)
    houses = _houses(plan, stock)
    backbone = order_backbone(plan, stock)
    chosen = [one for found in houses.values() for one in found.chosen] + backbone.chosen
    orders = as_orders(plan, chosen)
    ordered = replace(plan, orders=orders)
    before, after = check(plan), check(ordered)
    bought = purchases(plan, orders)
    late = [
        one
        for house, found in houses.items()
        for one in late_at_house(plan, house, found, bought, before)
    ]
    late += late_on_backbone(plan, backbone, bought)
    late += [
        Late(b.site, b.resource, b.month, None, 0, b.resource, b.sentence)
        for b in after.breaks
        if b.resource in ("space", "power", "network_space", "network_power")
    ]
    return Orders(
        ordered,
        orders,
        bought,
        tuple(late),
        reconciled(plan, before, after, bought),
        sum(one.cost for one in bought),
        after,
        backbone.bound,
        backbone.cost,
        backbone.said,
    )


def _houses(plan: Plan, stock: Stock) -> dict[str, HouseOrders]:
    """Each house; those that a limit stands against take first of what campus and region share."""
    found = _in_turn(plan, stock, plan.houses)
    first = [house for house in plan.houses if found[house].causes]
    if first and len(first) < len(plan.houses):
        rest = [house for house in plan.houses if house not in first]
        again = _in_turn(plan, stock, (*first, *rest))
        if _missing(again) < _missing(found):
            found = again
    return {house: found[house] for house in plan.houses}


def _missing(found: Mapping[str, HouseOrders]) -> int:
    """Months in which something is missing, of all houses and needs."""
    return sum(len(months) for one in found.values() for months in one.unmet.values())


def _in_turn(plan: Plan, stock: Stock, houses: tuple[str, ...]) -> dict[str, HouseOrders]:
    """One house after the other, each within what campus and region have left for more gear."""
    left = {
        (row.site, row.resource): np.maximum(row.headroom, 0.0)
        for row in site_rows(plan, stocks(plan))
        if plan.site[row.site].kind != "house"
    }
    found = {}
    for house in houses:
        above = plan.above(house)[1:]
        shared = {
            limit: np.min([left[site, limit] for site in above if (site, limit) in left], axis=0)
            for limit in LIMITS
            if any((site, limit) in left for site in above)
        }
        found[house] = order_house(plan, stock, house, shared)
        for one in found[house].chosen:
            more = one.units - present(plan, house, one.item)
            for site in above:
                for limit in LIMITS:
                    if (site, limit) in left:
                        takes = one.item.positions if limit == "network_space" else one.item.kw
                        left[site, limit] = np.maximum(left[site, limit] - takes * more, 0.0)
    return found

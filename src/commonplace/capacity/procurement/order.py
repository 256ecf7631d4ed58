"""`order`: with the projects where they are, what to order, where, how many, and by when.

    commonplace plan order DIR --out ordered

Notable: a house is a small integer programme (`_house`), the backbone one with cuts
(`backbone`); both are held against `check` in the end. What cannot be there in time is
ordered in month 1 and reported as late; what can never be there, with the limit against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonplace.capacity.feasibility.check import Verdict, check
from commonplace.capacity.feasibility.resources import Stock, site_rows
from commonplace.capacity.plan.model import Order, Plan
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.procurement._house import HouseOrders, order_house
from commonplace.capacity.procurement._house_programme import LIMITS
from commonplace.capacity.procurement._sentences import (
    Late,
    Reconciled,
    late_at_house,
    late_on_backbone,
    reconciled,
)
from commonplace.capacity.procurement.backbone import order_backbone
from commonplace.capacity.procurement.purchases import (
    Purchase,
    as_orders,
    given_stock,
    present_units,
    purchase_record,
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
    backbone_remark: str = ""  # what the time did not suffice for

    def record(self) -> dict[str, Any]:
        """As documented in docs/json.md."""
        return {
            "plan": self.plan.name,
            "feasible": self.verdict.feasible,
            "cost": self.cost,
            "backbone": {
                "cost": self.backbone_cost,
                "bound": self.backbone_bound,
                "said": self.backbone_remark,
            },
            "purchases": [purchase_record(self.plan, purchase) for purchase in self.purchases],
            "orders": [vars(order) for order in self.orders],
            "late": [vars(late) for late in self.late],
            "reconciled": [vars(row) for row in self.reconciled],
            "breaks": [vars(broken) for broken in self.verdict.breaks],
        }


def order(plan: Plan) -> Orders:
    """What to order for the projects as they are placed, at least cost.

    Raises:
        InputError: HiGHS is not installed.
    """
    stock = given_stock(plan)
    houses, backbone = _houses(plan, stock), order_backbone(plan, stock)
    units = [units for house in houses.values() for units in house.units]
    orders = as_orders(plan, units + backbone.units)
    ordered = replace(plan, orders=orders)
    before, after = check(plan), check(ordered)
    bought = purchases(plan, orders)
    late = [
        late
        for house, house_orders in houses.items()
        for late in late_at_house(plan, house, house_orders, bought, before)
    ]
    late += late_on_backbone(plan, backbone, bought)
    late += [
        Late(
            site=broken.site,
            resource=broken.resource,
            need=broken.month,
            earliest=None,
            slips=0,
            cause=broken.resource,
            sentence=broken.sentence,
        )
        for broken in after.breaks
        if broken.resource in ("space", "power", "network_space", "network_power")
    ]
    return Orders(
        plan=ordered,
        orders=orders,
        purchases=bought,
        late=tuple(late),
        reconciled=reconciled(plan, before, after, bought),
        cost=sum(purchase.cost for purchase in bought),
        verdict=after,
        backbone_bound=backbone.bound,
        backbone_cost=backbone.cost,
        backbone_remark=backbone.remark,
    )


def _houses(plan: Plan, stock: Stock) -> dict[str, HouseOrders]:
    """Each house; those that a limit stands against take first of what campus and region share."""
    orders = _in_turn(plan, stock, plan.houses)
    first = [house for house in plan.houses if orders[house].causes]
    if first and len(first) < len(plan.houses):
        rest = [house for house in plan.houses if house not in first]
        again = _in_turn(plan, stock, (*first, *rest))
        if _missing(again) < _missing(orders):  # taking first may only have moved what is missing
            orders = again
    return {house: orders[house] for house in plan.houses}


def _missing(orders: Mapping[str, HouseOrders]) -> int:
    """Months in which something is missing, of all houses and needs."""
    return sum(len(months) for house in orders.values() for months in house.unmet.values())


def _in_turn(plan: Plan, stock: Stock, houses: tuple[str, ...]) -> dict[str, HouseOrders]:
    """One house after the other, each within what campus and region have left for more gear."""
    room = {
        (row.site, row.resource): np.maximum(row.headroom, 0.0)
        for row in site_rows(plan, stocks(plan))
        if plan.site[row.site].kind != "house"
    }
    orders = {}
    for house in houses:
        limits = [
            (site, limit)
            for site in plan.above(house)[1:]
            for limit in LIMITS
            if (site, limit) in room
        ]
        shared = {
            limit: np.min([room[pair] for pair in limits if pair[1] == limit], axis=0)
            for limit in {limit for _, limit in limits}
        }
        orders[house] = order_house(plan, stock, house, shared)
        for units in orders[house].units:
            more = units.units - present_units(plan, house, units.item)
            for site, limit in limits:
                per_unit = units.item.positions if limit == "network_space" else units.item.kw
                # Below 0 by rounding only: a house's limit has some slack.
                room[site, limit] = np.maximum(room[site, limit] - per_unit * more, 0.0)
    return orders

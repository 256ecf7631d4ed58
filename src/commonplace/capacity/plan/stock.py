"""What stands where and when: units of items that can be used, by place, item and month.

`check` and `order` both count inventory, orders and network projects by it (docs/capacity.md,
"Stock"). In an array by month, index 0 is month 1.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from commonplace.capacity.plan.model import Item, Order, Plan

Months = NDArray[np.float64]  # [horizon]


def ready_after(plan: Plan, item: Item) -> int:
    """Months from the month of an order to the first month in which it can be used."""
    return item.lead_months + item.install_months + plan.policies.qualification_months


def ordered_by(plan: Plan, item: Item, need: int) -> int:
    """The last month to order in for use in month `need`; below 1 is too late."""
    return need - ready_after(plan, item)


def arrivals(plan: Plan) -> Iterator[tuple[str, str, int, int]]:
    """Each (place, item, units, first month of use); for what is there already, month 1."""
    for row in plan.inventory:
        item = plan.item[row.item]
        if row.on_hand:
            yield row.place, row.item, row.on_hand, 1
        if row.on_order and row.arrival is not None and (row.firm or plan.policies.count_unfirm):
            installed = item.install_months + plan.policies.qualification_months
            yield row.place, row.item, row.on_order, row.arrival + installed
    for project in plan.projects:
        placement = plan.placed.get(project.id)
        if project.side == "network" and project.item and placement:
            yield placement.house, project.item, project.units, placement.month
    for order in plan.orders:
        yield order.place, order.item, order.units, usable(plan, order)


def usable(plan: Plan, order: Order) -> int:
    """The first month in which the ordered units can be used."""
    return order.month + ready_after(plan, plan.item[order.item])


def stocks(plan: Plan) -> Mapping[tuple[str, str], Months]:
    """Usable units of each item at each place, by month; a pair that is missing has none."""
    units_by_month: dict[tuple[str, str], Months] = defaultdict(lambda: np.zeros(plan.horizon))
    for place, item, units, month in arrivals(plan):
        if month <= plan.horizon:
            # ready before the start: there in month 1
            units_by_month[place, item][max(month, 1) - 1 :] += units
    return dict(units_by_month)


def supply(plan: Plan, site: str, resource: str) -> Months | None:
    """The level of a site's resource by month; None where the site has no row for it."""
    rows = [row for row in plan.supplies if row.site == site and row.resource == resource]
    if not rows:
        return None
    level = np.zeros(plan.horizon)
    for row in sorted(rows, key=lambda row: row.month):
        level[max(row.month, 1) - 1 :] = row.amount
    return level


def link_gbps(plan: Plan, stock: Mapping[tuple[str, str], Months]) -> Mapping[str, Months]:
    """Gb/s each way of each link, by month."""
    none = np.zeros(plan.horizon)
    return {
        link.id: plan.item[link.item].gbps * stock.get((link.id, link.item), none)
        for link in plan.links
    }


def growth(plan: Plan, rate: float) -> Months:
    """The factor by which a demand has grown in each month: (1 + rate)^((t - 1) / 12)."""
    return (1.0 + rate) ** (np.arange(plan.horizon) / 12.0)

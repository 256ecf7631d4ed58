"""What would mend a shortage: which item, how many of it, and until when it is to be ordered."""

import math

import numpy as np

from commonplace.capacity.feasibility.resources import Row, Stock, fbr_gbps, gear, lit
from commonplace.capacity.plan.model import Item, Plan, Role
from commonplace.capacity.plan.stock import ordered_by, ready_after
from commonplace.capacity.plan.words import SAID, UNITS, amount, first_day, many


def mending(plan: Plan, stock: Stock, rows: list[Row], row: Row, month: int) -> str:
    """What would let the load of a month in, in words, and until when it is to be ordered."""
    at = month - 1
    short = float(row.load[at] - row.capacity[at])
    if row.resource not in ("ports", "south", "skeleton", "north"):
        more = amount(short, UNITS[row.resource])
        return f"{row.site} needs {more} more, which is a supply and cannot be ordered"
    options = [
        (math.ceil(short / per - 1e-9) * item.cost, math.ceil(short / per - 1e-9), item)
        for item, per in _gains(plan, stock, row, at)
        if per > 0
    ]
    if not options:
        return f"no item of this plan brings more of it to {row.site}"
    _, units, item = min(options, key=lambda option: option[0])
    said = f"{many(units, item.id)} more would mend it, {ordering(plan, item, month)}"
    return said + _no_room(rows, row.site, item, units, at)


def _no_room(rows: list[Row], house: str, item: Item, units: int, at: int) -> str:
    """What the house has too little of for these units."""
    takes = {"network_space": item.positions, "network_power": item.kw, "power": item.kw}
    full = [
        SAID[row.resource]
        for row in rows
        if row.site == house
        and units * takes.get(row.resource, 0.0) > max(row.headroom[at], 0.0) + 1e-9
    ]
    return f"; {' and '.join(full)} would not suffice for it" if full else ""


def ordering(plan: Plan, item: Item, need: int) -> str:
    """Until when to order for use in a month, or when it can be there at the earliest."""
    by = ordered_by(plan, item, need)
    if by >= 1:
        return f"ordered by {first_day(plan, by):%Y-%m-%d}"
    ready = 1 + ready_after(plan, item)
    return (
        f"but ordered on {first_day(plan, 1):%Y-%m-%d} it can be used from month {ready} only, "
        f"{ready - need} too late"
    )


def _gains(plan: Plan, stock: Stock, row: Row, at: int) -> list[tuple[Item, float]]:
    """Items that add to the capacity, each with what a unit adds in that month."""
    if row.resource == "ports":
        return [(i, float(i.ports_south)) for i in _items(plan, "superblock")]
    if row.resource == "skeleton":
        return [(i, float(i.ports_south)) for i in _items(plan, "skeleton")]
    if row.resource == "north":
        return [(i, fbr_gbps(i)) for i in _items(plan, "fbr")]
    residual, first = plan.policies.residual, plan.policies.first_optics
    gains = [(i, residual * first * i.ports_north * i.gbps) for i in _items(plan, "superblock")]
    uplinks = sum(
        i.ports_north * i.gbps * n[at] for i, n in gear(plan, stock, row.site, "superblock")
    )
    dark = residual * (uplinks - lit(plan, stock, row.site, gbps=True)[at])
    if dark >= row.load[at] - row.capacity[at] - 1e-9:
        gains += [(i, residual * i.ports_north * i.gbps) for i in _items(plan, "optics")]
    return gains


def _items(plan: Plan, role: Role) -> list[Item]:
    return [item for item in plan.items if item.role == role]


def room(plan: Plan, value: float) -> float:
    """How far a load may exceed a capacity of this size before it counts: rounding, no more."""
    return 1e-6 * max(1.0, float(np.abs(value)))

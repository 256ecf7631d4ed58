"""What would mend a shortage: which item, how many of it, and by when it is to be ordered."""

import math
from collections.abc import Sequence

from commonplace.capacity.feasibility.resources import Row, Stock, fbr_gbps, gear, lit
from commonplace.capacity.plan.model import Item, Plan, Role
from commonplace.capacity.plan.stock import ordered_by, ready_after
from commonplace.capacity.plan.words import RESOURCE_NAMES, amount, first_day, many


def remedy(plan: Plan, stock: Stock, rows: Sequence[Row], *, row: Row, month: int) -> str:
    """What would make room for the load of a month, in words, and by when it is to be ordered."""
    at = month - 1
    short = float(row.load[at] - row.capacity[at])
    if row.resource not in ("ports", "south", "skeleton", "north"):
        more = amount(short, row.unit)
        return f"{row.site} needs {more} more, which is a supply and cannot be ordered"
    options = [
        # 1e-9: rounding shall not ask for a unit more
        (math.ceil(short / per - 1e-9) * item.cost, math.ceil(short / per - 1e-9), item)
        for item, per in _gains(plan, stock, row, at)
        if per > 0
    ]
    if not options:
        return f"no item of this plan brings more of it to {row.site}"
    _, units, item = min(options, key=lambda option: option[0])
    sentence = f"{many(units, item.id)} more would mend it, {ordering(plan, item, month)}"
    return sentence + _no_room(rows, row.site, item, units=units, at=at)


def _no_room(rows: Sequence[Row], house: str, item: Item, *, units: int, at: int) -> str:
    """The resources that the house has too little of for these units, in words."""
    takes = {"network_space": item.positions, "network_power": item.kw, "power": item.kw}
    full = [
        RESOURCE_NAMES[row.resource]
        for row in rows
        if row.site == house
        and units * takes.get(row.resource, 0.0) > max(row.headroom[at], 0.0) + 1e-9
    ]
    return f"; {' and '.join(full)} would not suffice for it" if full else ""


def ordering(plan: Plan, item: Item, need: int) -> str:
    """By when to order for use in a month, or when the item can be there at the earliest."""
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
    if row.resource in ("ports", "skeleton"):
        role: Role = "superblock" if row.resource == "ports" else "skeleton"
        return [(i, float(i.ports_south)) for i in _items(plan, role)]
    if row.resource == "north":
        return [(i, fbr_gbps(i)) for i in _items(plan, "fbr")]
    residual, first = plan.policies.residual, plan.policies.first_optics
    gains = [(i, residual * first * i.ports_north * i.gbps) for i in _items(plan, "superblock")]
    blocks = gear(plan, stock, row.site, "superblock")
    uplinks = sum(i.ports_north * i.gbps * n[at] for i, n in blocks)
    # all that more optics could light
    dark = residual * (uplinks - lit(plan, stock, row.site, gbps=True)[at])
    if dark >= row.load[at] - row.capacity[at] - 1e-9:
        gains += [(i, residual * i.ports_north * i.gbps) for i in _items(plan, "optics")]
    return gains


def _items(plan: Plan, role: Role) -> list[Item]:
    return [item for item in plan.items if item.role == role]

"""What a house must be given for what stands in it: many houses at once, in closed form.

Given the loads, the least gear follows role by role: superblocks by ports and uplinks, optics for
the uplinks that must be lit, border routers with the largest lost, a skeleton for both. One type of
each role is ordered (the cheapest for what it carries); what is there may be of any. Notable: this
is what makes a search over placements quick, and no proof; the programme of `_make_rows` decides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonplace.capacity._house import RESOURCES, fbr_gbps, house_rows
from commonplace.capacity._model import Item, Plan, Role
from commonplace.capacity._programme import Floats, Ints
from commonplace.capacity._stock import ready_after, stocks

_ROUND = 1e-6  # a unit is not bought for less than this part of it
_MOST_ROUTERS = 24
ROLES: tuple[Role, ...] = ("superblock", "optics", "skeleton", "fbr")


@dataclass(frozen=True, eq=False)
class Houses:
    """Constants of all houses at some months, [houses, months] each."""

    months: Ints
    items: tuple[Item | None, ...]  # what is ordered, by `ROLES`
    ready: NDArray[np.bool_]  # [roles, months]: whether an order of month 1 can be used
    room: dict[str, Floats]  # headroom of space, power and the gray box; infinite where no limit
    load: Floats  # [houses, months, ports south north]: what stands there already
    ports: Floats
    uplinks: Floats  # ports
    uplink_gbps: Floats
    optics: Floats
    optics_gbps: Floats
    router_ports: Floats
    skeleton: Floats
    north: Floats  # [houses, months, more routers]: Gb/s with the largest lost
    first_optics: float
    residual: float


def best_item(plan: Plan, role: Role) -> Item | None:
    """The item of a role that carries most for its cost."""
    carries = {
        "superblock": lambda i: min(i.ports_south, i.ports_north),
        "optics": lambda i: i.ports_north * i.gbps,
        "skeleton": lambda i: i.ports_south,
        "fbr": fbr_gbps,
    }[role]
    items = [i for i in plan.items if i.role == role and carries(i) > 0]
    return min(items, key=lambda i: (i.cost / carries(i), i.id), default=None)


def houses(plan: Plan, months: Ints) -> Houses:
    """The constants of a plan's houses with all that is decided, at the given months."""
    stock, at = stocks(plan), months - 1
    rows = [{r.resource: r for r in house_rows(plan, stock, h)} for h in plan.houses]
    items = tuple(best_item(plan, role) for role in ROLES)
    endless = np.full(plan.horizon, np.inf)

    def held(role: Role, north: bool, gbps: bool) -> Floats:
        """Ports, or their Gb/s, of what is there of a role."""
        found = np.zeros((len(plan.houses), plan.horizon))
        for h, house in enumerate(plan.houses):
            for i in plan.items:
                if i.role == role and (house, i.id) in stock:
                    each = (i.ports_north if north else i.ports_south) * (i.gbps if gbps else 1)
                    found[h] += each * stock[house, i.id]
        return found[:, at]

    ready = [[i is not None and m >= 1 + ready_after(plan, i) for m in months] for i in items]
    return Houses(
        months,
        items,
        np.array(ready, bool),
        {
            r: np.array([row[r].headroom if r in row else endless for row in rows])[:, at]
            for r in RESOURCES[:4]
        },
        np.array([[row[r].load[at] for r in ("ports", "south", "north")] for row in rows])
        .reshape(-1, 3, len(months))
        .transpose(0, 2, 1),
        held("superblock", False, False),
        held("superblock", True, False),
        held("superblock", True, True),
        held("optics", True, False),
        held("optics", True, True),
        held("fbr", False, False),
        held("skeleton", False, False),
        _north(plan, items[3])[:, at],
        plan.policies.first_optics,
        plan.policies.residual,
    )


def _north(plan: Plan, router: Item | None) -> Floats:
    """Gb/s north with 0, 1, 2, ... more routers, [houses, horizon, more]."""
    stock, lost = stocks(plan), plan.policies.lost_fbrs
    routers = [i for i in plan.items if i.role == "fbr"]
    found = np.zeros((len(plan.houses), plan.horizon, _MOST_ROUTERS + 1))
    none = np.zeros(plan.horizon)
    for h, house in enumerate(plan.houses):
        for month in range(plan.horizon):
            there = [
                fbr_gbps(i)
                for i in routers
                for _ in range(int(stock.get((house, i.id), none)[month]))
            ]
            for more in range(_MOST_ROUTERS + 1):
                each = sorted(there + [fbr_gbps(router) if router else 0.0] * more)
                found[h, month, more] = sum(each[: max(len(each) - lost, 0)])
    return found


@dataclass(frozen=True, eq=False)
class Equipped:
    """What each of some houses needs: cost (infinite: impossible), units, and what they draw."""

    cost: Floats  # [cases]
    units: Floats  # [roles, cases, months], beyond what is there
    kw: Floats  # [cases, months], of the gear ordered
    positions: Floats  # [cases, months]
    waste: Floats  # [cases]: the cost of the parts of units that serve nothing


def equip(s: Houses, house: Ints, loads: Floats) -> Equipped:
    """The least gear of houses [cases] for loads [cases, months, loads] beyond what is there."""
    sb, op, sk, fbr = s.items
    ports = loads[:, :, 2] + s.load[house, :, 0] - s.ports[house]
    south = (loads[:, :, 3] + s.load[house, :, 1]) / max(s.residual, 1e-12)
    blocks, possible = _units(ports, sb.ports_south if sb else 0)
    by_uplinks, also = _units(
        south - s.uplink_gbps[house], sb.ports_north * sb.gbps if sb else 0.0
    )
    exact = np.maximum(blocks, by_uplinks)
    units_sb, possible = _whole(exact), possible & also
    each = sb.ports_north * sb.gbps if sb else 0.0
    uplink_gbps = s.uplink_gbps[house] + each * units_sb
    unlit = south - s.first_optics * uplink_gbps - s.optics_gbps[house]
    exact_op, also = _units(unlit, op.ports_north * op.gbps if op else 0.0)
    units_op, possible = _whole(exact_op), possible & also
    wanted = loads[:, :, 4] + s.load[house, :, 2]
    short = s.north[house] < wanted[:, :, None] * (1 - 1e-9) - 1e-9
    units_fbr = np.maximum.accumulate(short.sum(2), axis=1).astype(float)
    possible &= (units_fbr <= _MOST_ROUTERS) & ((units_fbr == 0) | (fbr is not None))
    uplinks = s.uplinks[house] + (sb.ports_north if sb else 0) * units_sb
    optics = s.optics[house] + (op.ports_north if op else 0) * units_op
    lit = np.minimum(uplinks, s.first_optics * uplinks + optics)
    used = lit + s.router_ports[house] + (fbr.ports_south if fbr else 0) * units_fbr
    exact_sk, also = _units(used - s.skeleton[house], sk.ports_south if sk else 0)
    units = np.stack([units_sb, units_op, _whole(exact_sk), units_fbr])
    possible &= also & ~((units > 0) & ~s.ready[:, None, :]).any(0)
    return _sums(s, house, loads, units, possible, np.stack([exact, exact_op, exact_sk]))


def _sums(
    s: Houses, house: Ints, loads: Floats, units: Floats, possible: NDArray[np.bool_], exact: Floats
) -> Equipped:
    """Cost, and whether space, power and the gray box hold it."""
    each = np.array([[i.kw, i.positions, i.cost] if i else [0.0] * 3 for i in s.items])
    kw = np.tensordot(each[:, 0], units, 1)
    positions = np.tensordot(each[:, 1], units, 1)
    cost = each[:, 2] @ units[:, :, -1]
    fits = (loads[:, :, 0] <= s.room["space"][house] + 1e-7) | (loads[:, :, 0] == 0)
    held = (
        (loads[:, :, 1] + kw, "power"),
        (positions, "network_space"),
        (kw, "network_power"),
    )
    for load, name in held:
        fits &= (load <= s.room[name][house] + 1e-7) | (load == 0)
    whole = (possible & fits).all(1)
    waste = each[:3, 2] @ (units[:3, :, -1] - np.maximum(exact[:, :, -1], 0.0))
    return Equipped(np.where(whole, cost, np.inf), units, kw, positions, waste)


def _units(lack: Floats, each: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Units (not whole) that make up for a lack, never fewer than before; and whether any can."""
    if each <= 0:
        return np.zeros_like(lack), lack <= 1e-7
    return np.maximum.accumulate(np.maximum(lack / each, 0.0), axis=1), np.ones(lack.shape, bool)


def _whole(units: Floats) -> Floats:
    return np.ceil(units - _ROUND)

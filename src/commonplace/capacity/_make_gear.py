"""The gear of houses as a formula: what is the cheapest for what stands there, and does it fit?

Superblocks for ports and for south, optics for what is dark, border routers, a skeleton for what is
lit: of each the running maximum of what the months need, for many houses and loads at once.
Notable: one item of each role is ordered, the cheapest for what it brings. So this is quick and on
the safe side, not the least cost; the programme has that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from commonplace.capacity._house import fbr_gbps, site_rows
from commonplace.capacity._make_choices import Floats, Ints
from commonplace.capacity._make_rows import LOADS, SHARED, load_of
from commonplace.capacity._make_whole import Bools
from commonplace.capacity._model import Item, Plan, Project, Role
from commonplace.capacity._order_stock import too_soon
from commonplace.capacity._stock import Months, stocks

_GEAR = ("ports_of", "uplinks", "uplinks_gbps", "optics", "optics_gbps", "spine", "border_gbps")
PARTS = (*LOADS, *_GEAR, "border", "border_ports", "positions", "gear_kw")
AT = {name: n for n, name in enumerate(PARTS)}
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class _Roles:
    """The item of each role that is ordered: the cheapest for what it brings; None: none is."""

    superblock: Item | None
    optics: Item | None
    fbr: Item | None
    skeleton: Item | None


class Gear:
    """What each house has of the parts, [houses, parts, horizon], and what it has room for."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.horizon = plan, plan.horizon
        stock = stocks(plan)
        self.base = {(row.site, row.resource): row for row in site_rows(plan, stock)}
        self.given = np.array([self._given(house, stock) for house in plan.houses])
        self.room = np.array([[self._room(house, r) for r in SHARED] for house in plan.houses])
        self.roles = self._roles()
        self.brings = {item.id: _brings(item) for item in plan.items}
        self.soon = {item.id: too_soon(plan, item) for item in plan.items}

    def _room(self, house: str, resource: str) -> Floats:
        row = self.base.get((house, resource))
        return np.full(self.horizon, np.inf) if row is None else np.maximum(row.headroom, 0.0)

    def _given(self, house: str, stock: Mapping[tuple[str, str], Months]) -> Floats:
        """Base loads and gear of a house in the parts, [parts, horizon]."""
        found = np.zeros((len(PARTS), self.horizon))
        for name in ("ports", "south", "north"):
            found[AT[name]] = self.base[house, name].load
        for item in self.plan.items:
            units = stock.get((house, item.id))
            if units is not None:
                found += np.outer(_brings(item), units)
        found[AT["border_gbps"]] = self.base[house, "north"].capacity
        return found

    def _roles(self) -> _Roles:
        def best(role: Role, gain: Callable[[Item], float]) -> Item | None:
            found = [i for i in self.plan.items if i.role == role and gain(i) > 0]
            return min(found, key=lambda i: i.cost / gain(i), default=None)

        return _Roles(
            best("superblock", lambda i: float(min(i.ports_south, i.ports_north))),
            best("optics", lambda i: float(i.ports_north)),
            best("fbr", fbr_gbps),
            best("skeleton", lambda i: float(i.ports_south)),
        )

    def taken(self, project: Project) -> Floats:
        """What a project adds to the parts of its house, [parts]."""
        found = np.zeros(len(PARTS))
        for name in LOADS:
            found[AT[name]] = load_of(project, name)
        if project.side == "network" and project.item:
            found += _brings(self.plan.item[project.item]) * project.units
        return found

    def evaluated(self, load: Floats, houses: Ints) -> tuple[Bools, Floats, Floats]:
        """Of loads [n, parts, horizon] in `houses` [n]: whether they fit, gear's cost, and uses.

        Uses are [n, 4, horizon], in the order of `SHARED`.
        """
        has = self.given[houses] + load
        policies, roles = self.plan.policies, self.roles
        residual, first = max(policies.residual, 1e-9), policies.first_optics
        fits = np.ones(len(houses), bool)
        cost = np.zeros(len(houses))
        gear = np.zeros((len(houses), len(PARTS), self.horizon))

        def order(item: Item | None, short: Floats, per: float) -> None:
            nonlocal fits, cost
            if item is None or per <= 0:
                fits &= ~(short > TOLERANCE).any(1)
                return
            units = np.maximum.accumulate(np.ceil(np.maximum(short / per - 1e-7, 0.0)), axis=1)
            fits &= ~units[:, : self.soon[item.id]].any(1)
            cost += units[:, -1] * item.cost
            gear[:] += self.brings[item.id][None, :, None] * units[:, None, :]

        lit = has[:, AT["south"]] / residual
        block = roles.superblock
        if block is None:
            order(None, has[:, AT["ports"]] - has[:, AT["ports_of"]], 0.0)
            order(None, lit - has[:, AT["uplinks_gbps"]], 0.0)
        else:
            wide = block.ports_north * block.gbps
            ports = (has[:, AT["ports"]] - has[:, AT["ports_of"]]) / max(block.ports_south, 1e-9)
            south = (lit - has[:, AT["uplinks_gbps"]]) / max(wide, 1e-9)
            order(block, np.maximum(ports, south), 1.0)
        dark = lit - first * (has + gear)[:, AT["uplinks_gbps"]] - has[:, AT["optics_gbps"]]
        optics = roles.optics
        order(optics, dark, optics.ports_north * optics.gbps if optics else 0.0)
        north = has[:, AT["north"]] - has[:, AT["border_gbps"]]
        border = roles.fbr
        if border is not None:
            missing = np.maximum(policies.lost_fbrs - has[:, AT["border"]], 0.0)
            north = np.where(north > TOLERANCE, north + missing * fbr_gbps(border), 0.0)
        order(border, north, fbr_gbps(border) if border else 0.0)
        now = has + gear
        ports = now[:, AT["border_ports"]] - now[:, AT["spine"]]
        ports = ports + np.minimum(
            now[:, AT["uplinks"]], first * now[:, AT["uplinks"]] + now[:, AT["optics"]]
        )
        spine = roles.skeleton
        order(spine, ports, float(spine.ports_south) if spine else 0.0)
        more = load + gear
        uses = np.stack(
            [
                more[:, AT["space"]],
                more[:, AT["power"]] + more[:, AT["gear_kw"]],
                more[:, AT["positions"]],
                more[:, AT["gear_kw"]],
            ],
            axis=1,
        )
        over = uses > self.room[houses] + TOLERANCE
        return fits & ~over.any((1, 2)), cost, uses


def _brings(item: Item) -> Floats:
    """What one unit of an item adds to the parts."""
    found = np.zeros(len(PARTS))
    found[AT["positions"]], found[AT["gear_kw"]] = item.positions, item.kw
    wide = item.ports_north * item.gbps
    if item.role == "superblock":
        found[AT["ports_of"]] = item.ports_south
        found[AT["uplinks"]], found[AT["uplinks_gbps"]] = item.ports_north, wide
    elif item.role == "optics":
        found[AT["optics"]], found[AT["optics_gbps"]] = item.ports_north, wide
    elif item.role == "skeleton":
        found[AT["spine"]] = item.ports_south
    elif item.role == "fbr":
        found[AT["border_gbps"]], found[AT["border"]] = fbr_gbps(item), 1.0
        found[AT["border_ports"]] = item.ports_south
    return found

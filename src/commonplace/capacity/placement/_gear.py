"""The gear of houses as a formula: what is the cheapest for what stands there, and does it fit?

Superblocks for ports and for south, optics for what is dark, border routers, a skeleton for what is
lit: of each the running maximum of what the months need, for many houses and loads at once.
Notable: one item of each role is ordered, the cheapest for what it brings. So this is quick and on
the safe side, not the least cost; the programme has that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonplace.capacity.feasibility.resources import NEEDS, Stock, fbr_gbps, site_rows
from commonplace.capacity.placement._rows import SHARED, load_of
from commonplace.capacity.plan.model import Item, Plan, Project, Role
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.procurement.purchases import too_soon
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_GEAR = ("ports_of", "uplinks", "uplinks_gbps", "optics", "optics_gbps", "spine", "border_gbps")
PARTS = (*NEEDS, *_GEAR, "border", "border_ports", "positions", "gear_kw")
AT = {name: n for n, name in enumerate(PARTS)}
TOLERANCE = 1e-6
ItemUnits = tuple[Item | None, Float64s]  # an item with its cumulative units, [n, horizon]


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
        self.decided = np.array([self._decided(house, stock) for house in plan.houses])
        self.room = np.array([[self._room(house, r) for r in SHARED] for house in plan.houses])
        self.roles = self._roles()
        self.soon = {item.id: too_soon(plan, item) for item in plan.items}

    def _room(self, house: str, resource: str) -> Float64s:
        row = self.base.get((house, resource))
        return np.full(self.horizon, np.inf) if row is None else np.maximum(row.headroom, 0.0)

    def _decided(self, house: str, stock: Stock) -> Float64s:
        """Loads and gear of a house by what is decided, [parts, horizon]."""
        parts = np.zeros((len(PARTS), self.horizon))
        for name in ("ports", "south", "north"):
            parts[AT[name]] = self.base[house, name].load
        for item in self.plan.items:
            units = stock.get((house, item.id))
            if units is not None:
                parts += np.outer(_brings(item), units)
        parts[AT["border_gbps"]] = self.base[house, "north"].capacity
        return parts

    def _roles(self) -> _Roles:
        def best(role: Role, gain: Callable[[Item], float]) -> Item | None:
            items = [i for i in self.plan.items if i.role == role and gain(i) > 0]
            return min(items, key=lambda i: i.cost / gain(i), default=None)

        return _Roles(
            best("superblock", lambda i: float(min(i.ports_south, i.ports_north))),
            best("optics", lambda i: float(i.ports_north)),
            best("fbr", fbr_gbps),
            best("skeleton", lambda i: float(i.ports_south)),
        )

    def needs(self, project: Project) -> Float64s:
        """What a project adds to the parts of its house, [parts]."""
        needs = np.zeros(len(PARTS))
        for name in NEEDS:
            needs[AT[name]] = load_of(project, name)
        if project.side == "network" and project.item:
            needs += _brings(self.plan.item[project.item]) * project.units
        return needs

    def evaluate(self, load: Float64s, houses: Int64s) -> tuple[Bools, Float64s, Float64s]:
        """Whether loads [n, parts, horizon] fit in `houses` [n], what their gear costs, and uses.

        Uses are [n, 4, horizon], in the order of `SHARED`.
        """
        return self._placed(load, houses, self.units_for(load, houses))

    def units_for(self, load: Float64s, houses: Int64s) -> tuple[ItemUnits, ...]:
        """The item of each role with its cumulative units, [n, horizon]: what loads ask for."""
        has = self.decided[houses] + load
        policies, roles = self.plan.policies, self.roles
        first = policies.first_optics
        lit = has[:, AT["south"]] / max(policies.residual, 1e-9)
        ports = has[:, AT["ports"]] - has[:, AT["ports_of"]]
        up, up_gbps = has[:, AT["uplinks"]], has[:, AT["uplinks_gbps"]]
        block = roles.superblock
        blocks = self._units(block, ports, lit - up_gbps)
        if block is not None:
            up = up + block.ports_north * blocks
            up_gbps = up_gbps + block.ports_north * block.gbps * blocks
        dark = lit - first * up_gbps - has[:, AT["optics_gbps"]]
        optics = self._units(roles.optics, None, dark)
        lights = has[:, AT["optics"]]
        if roles.optics is not None:
            lights = lights + roles.optics.ports_north * optics
        borders = self._borders(has)
        facing = has[:, AT["border_ports"]] + np.minimum(up, first * up + lights)
        if roles.fbr is not None:
            facing = facing + roles.fbr.ports_south * borders
        spines = self._units(roles.skeleton, facing - has[:, AT["spine"]], None)
        return (
            (block, blocks),
            (roles.optics, optics),
            (roles.fbr, borders),
            (roles.skeleton, spines),
        )

    def _units(self, item: Item | None, ports: Float64s | None, gbps: Float64s | None) -> Float64s:
        """Cumulative units for what is short, [n, horizon]; infinite where no item brings it."""
        short: list[Float64s] = []
        for missing, per in (
            (ports, item.ports_south if item else 0),
            (gbps, item.ports_north * item.gbps if item else 0.0),
        ):
            if missing is not None and per > 0:
                short.append(missing * (1.0 / per))
            elif missing is not None:
                short.append(np.where(missing > TOLERANCE, np.inf, 0.0))
        return _whole_units(np.maximum(short[0], short[1]) if len(short) > 1 else short[0])

    def _borders(self, has: Float64s) -> Float64s:
        """Border routers: those that may be lost are bought too where they are missing."""
        item = self.roles.fbr
        north = has[:, AT["north"]] - has[:, AT["border_gbps"]]
        if item is not None:
            lost = np.maximum(self.plan.policies.lost_fbrs - has[:, AT["border"]], 0.0)
            north = np.where(north > TOLERANCE, north + lost * fbr_gbps(item), 0.0)
        return _whole_units(
            north / fbr_gbps(item) if item else np.where(north > TOLERANCE, np.inf, 0.0)
        )

    def _placed(
        self, load: Float64s, houses: Int64s, gear: tuple[ItemUnits, ...]
    ) -> tuple[Bools, Float64s, Float64s]:
        """Whether that arrives in time and has room, what it costs, and what it uses."""
        fits = np.ones(len(houses), bool)
        cost = np.zeros(len(houses))
        positions, kw = load[:, AT["positions"]], load[:, AT["gear_kw"]]
        for item, units in gear:
            soon = self.soon[item.id] if item else self.horizon
            fits &= ~units[:, :soon].any(1) & np.isfinite(units[:, -1])
            if item is not None:
                # 0 * inf would be nan, and a place that does not fit needs no true cost
                units = np.where(np.isfinite(units), units, 0.0) if not fits.all() else units
                cost += units[:, -1] * item.cost
                positions, kw = positions + item.positions * units, kw + item.kw * units
        uses = np.stack([load[:, AT["space"]], load[:, AT["power"]] + kw, positions, kw], axis=1)
        over = uses > self.room[houses] + TOLERANCE
        return fits & ~over.any((1, 2)), cost, uses


def _whole_units(short: Float64s) -> Float64s:
    """Cumulative units [n, horizon] for what is short; 1e-7 of a unit is rounding."""
    units: Float64s = np.maximum.accumulate(np.ceil(np.maximum(short, 1e-7) - 1e-7), axis=1)
    return units  # a running maximum: gear that was bought stays


def _brings(item: Item) -> Float64s:
    """What one unit of an item adds to the parts."""
    parts = np.zeros(len(PARTS))
    parts[AT["positions"]], parts[AT["gear_kw"]] = item.positions, item.kw
    wide = item.ports_north * item.gbps
    if item.role == "superblock":
        parts[AT["ports_of"]] = item.ports_south
        parts[AT["uplinks"]], parts[AT["uplinks_gbps"]] = item.ports_north, wide
    elif item.role == "optics":
        parts[AT["optics"]], parts[AT["optics_gbps"]] = item.ports_north, wide
    elif item.role == "skeleton":
        parts[AT["spine"]] = item.ports_south
    elif item.role == "fbr":
        parts[AT["border_gbps"]], parts[AT["border"]] = fbr_gbps(item), 1.0
        parts[AT["border_ports"]] = item.ports_south
    return parts

"""What a house must hold: load and capacity of each resource by month.

The formulae are the table "What a house must hold" of docs/capacity.md. `order` states the same
rows as linear constraints, and its answer is checked against these.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np

from commonplace.capacity.plan.model import Item, Plan, Project, Role, SupplyResource
from commonplace.capacity.plan.stock import Months, growth, supply
from commonplace.capacity.plan.words import UNITS
from commonplace.foundation.arrays import Bools

NEEDS = ("space", "power", "ports", "south", "north")  # that machines take of a house
Stock = Mapping[tuple[str, str], Months]


@dataclass(frozen=True, eq=False)
class Row:
    """One resource of one site: load and capacity by month, [horizon], in `unit`."""

    site: str
    resource: str
    load: Months
    capacity: Months

    @property
    def unit(self) -> str:
        """The unit of the load, in words."""
        return UNITS[self.resource]

    @property
    def headroom(self) -> Months:
        """Capacity less load, negative where it breaks."""
        return self.capacity - self.load

    @property
    def utilisation(self) -> Months:
        """Load over capacity: infinite where a load has no capacity, 0 where there is no load."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(self.load > 0, self.load / self.capacity, 0.0))

    @property
    def first_break(self) -> int | None:
        """The first month in which the load exceeds the capacity by more than rounding."""
        return _first(self.load > self.capacity + 1e-6 * np.maximum(1.0, self.capacity))

    @property
    def run_out(self) -> int | None:
        """The first month without headroom; None: not within the horizon."""
        return _first((self.load > 0) & (self.headroom <= 1e-6 * np.maximum(1.0, self.capacity)))


def _first(months: Bools) -> int | None:
    """The number of the first month that is true."""
    return int(months.argmax()) + 1 if months.any() else None


def gear(plan: Plan, stock: Stock, house: str, role: Role) -> list[tuple[Item, Months]]:
    """The house's items of a role, each with its usable units by month."""
    return [
        (item, stock[house, item.id])
        for item in plan.items
        if item.role == role and (house, item.id) in stock
    ]


def total(plan: Plan, pairs: list[tuple[float, Months]]) -> Months:
    """The weighted sum by month."""
    return sum((weight * months for weight, months in pairs), np.zeros(plan.horizon))


def lit(plan: Plan, stock: Stock, house: str, *, gbps: bool) -> Months:
    """Uplinks that have optics: their ports, or their Gb/s."""

    def ports(role: Role) -> Months:
        items = gear(plan, stock, house, role)
        return total(plan, [(i.ports_north * (i.gbps if gbps else 1.0), n) for i, n in items])

    uplinks = ports("superblock")
    return np.minimum(uplinks, plan.policies.first_optics * uplinks + ports("optics"))


def fbr_gbps(item: Item) -> float:
    """Gb/s of one border router: its narrower side."""
    return min(item.ports_south, item.ports_north) * item.gbps


def north_gbps(plan: Plan, stock: Stock, house: str) -> Months:
    """Gb/s out of the fabric with the largest `lost_fbrs` border routers lost."""
    # the largest first: they are lost in the worst case
    routers = sorted(gear(plan, stock, house, "fbr"), key=lambda pair: -fbr_gbps(pair[0]))
    to_lose = np.full(plan.horizon, float(plan.policies.lost_fbrs))
    remaining = np.zeros(plan.horizon)
    for item, units in routers:
        lost = np.minimum(units, to_lose)
        to_lose = to_lose - lost
        remaining += fbr_gbps(item) * (units - lost)
    return remaining


def named_north(plan: Plan, house: str) -> Months:
    """Gb/s of the flows, or of the hose, that name the house: the larger of out and in."""
    out, into = np.zeros(plan.horizon), np.zeros(plan.horizon)
    if plan.policies.demand == "hose":
        for hose in plan.hoses:
            if hose.site == house:
                out = out + hose.out_gbps * growth(plan, hose.growth)
                into = into + hose.in_gbps * growth(plan, hose.growth)
        return np.maximum(out, into)
    for flow in plan.flows:  # the whole row also where the other end is wherever machines stand
        if house in (flow.a, flow.z):
            gbps = flow.gbps * growth(plan, flow.growth)
            out = out + gbps * (flow.a == house)
            into = into + gbps * (flow.z == house)
    return np.maximum(out, into)


def machines(plan: Plan, house: str) -> list[tuple[Project, Months]]:
    """The house's machine projects, each with 1 from its month on."""
    months = np.arange(1, plan.horizon + 1)
    return [
        (plan.project[p.project], (months >= p.month).astype(float))
        for p in plan.placed.values()
        if p.house == house and plan.project[p.project].side == "machine"
    ]


def machine_needs(project: Project) -> dict[str, float]:
    """What the machines of a project take of each resource of their house."""
    return {
        "space": project.racks,
        "power": project.kw,
        "ports": float(project.ports),
        "south": project.south_gbps,
        "north": project.north_gbps,
    }


def house_rows(plan: Plan, stock: Stock, house: str) -> Iterator[Row]:
    """Every resource of a house; `network_power` only where the gray box has a limit of its own."""
    standing = [(machine_needs(project), at) for project, at in machines(plan, house)]
    installed = [(plan.item[item], n) for (place, item), n in stock.items() if place == house]
    none = np.zeros(plan.horizon)

    def level(resource: str) -> Months:
        amount = supply(plan, house, resource)
        return none if amount is None else amount

    network_kw = total(plan, [(i.kw, n) for i, n in installed])
    load = {need: total(plan, [(needs[need], at) for needs, at in standing]) for need in NEEDS}
    yield Row(house, "space", load["space"], level("space"))
    yield Row(house, "power", load["power"] + network_kw, level("power"))
    positions = total(plan, [(i.positions, n) for i, n in installed])
    yield Row(house, "network_space", positions, level("network_space"))
    if (gray_box := supply(plan, house, "network_power")) is not None:
        yield Row(house, "network_power", network_kw, gray_box)
    yield Row(house, "ports", load["ports"], south_ports(plan, stock, house, "superblock"))
    fabric = plan.policies.residual * lit(plan, stock, house, gbps=True)
    yield Row(house, "south", load["south"], fabric)
    to_skeleton = lit(plan, stock, house, gbps=False) + south_ports(plan, stock, house, "fbr")
    yield Row(house, "skeleton", to_skeleton, south_ports(plan, stock, house, "skeleton"))
    north = load["north"] + named_north(plan, house)
    yield Row(house, "north", north, north_gbps(plan, stock, house))


def south_ports(plan: Plan, stock: Stock, house: str, role: Role) -> Months:
    """Ports south of all gear of a role, by month."""
    return total(plan, [(i.ports_south, n) for i, n in gear(plan, stock, house, role)])


def site_rows(plan: Plan, stock: Stock) -> Iterator[Row]:
    """Every resource of every house, then what campuses and regions limit in sum."""
    uses = [use for house in plan.houses for use in house_rows(plan, stock, house)]
    yield from uses
    for site in plan.sites:
        if site.kind == "house":
            continue
        for resource in get_args(SupplyResource):
            capacity = supply(plan, site.id, resource)
            if capacity is not None:
                below = [
                    use.load
                    for use in uses
                    if use.resource == resource and site.id in plan.above(use.site)
                ]
                load = sum(below, np.zeros(plan.horizon))
                yield Row(site.id, resource, load, capacity)

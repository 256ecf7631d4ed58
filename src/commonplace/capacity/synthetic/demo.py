"""`demo`: a synthetic region of any size, the same for the same seed, in which something binds.

Notable: supplies and stock are drawn around what the projects need, so that some of them fit as it
is and some do not: power arrives in steps, few superblocks are there yet, some gray boxes are
tight, and what is needed early cannot be ordered in time. The sizes are in the range of public ones
(a block of 512 uplinks: Jupiter Evolving, SIGCOMM'22).

    commonplace plan demo region --houses 40 --projects 300
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from commonplace.capacity.feasibility.resources import Row, site_rows
from commonplace.capacity.plan.model import Plan, Project, Site
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.synthetic._backbone import backbone, flows_of, line_stock
from commonplace.capacity.synthetic._houses import ITEMS, stocked_houses
from commonplace.foundation import InputError

REGION = "region"
_MACHINE_KW = 40.0  # of a rack
_PORTS = 8  # of a rack, 400 Gb/s each


@dataclass(frozen=True)
class Size:
    """The size of a region; what is None follows from the houses and projects."""

    houses: int = 8
    projects: int = 40
    campuses: int | None = None  # three of ten houses, but three at least
    flows: int | None = None  # two for three projects
    horizon: int = 12


def demo(size: Size | None = None, seed: int = 1, start: date = date(2027, 1, 1)) -> Plan:
    """A synthetic region.

    Raises:
        InputError: no region can have this size.
    """
    size = _checked(size or Size())
    random = Random(seed)
    sites = _sites(size)
    projects = _projects(size, sites, random)
    bare = Plan(f"demo-{seed}", start, size.horizon, sites=sites, items=ITEMS)
    supplies, inventory = stocked_houses(replace(bare, projects=projects), random)
    links = backbone([site.id for site in sites if site.kind == "campus"], random)
    plan = replace(bare, projects=projects, supplies=supplies, links=links)
    plan = replace(plan, flows=flows_of(plan, size.flows or 0, random))
    links, lines = line_stock(plan, random)
    return _settled(replace(plan, links=links, inventory=inventory + lines))


def _checked(size: Size) -> Size:
    """The size without None."""
    campuses = size.campuses
    if campuses is None:
        campuses = min(size.houses, max(3, round(size.houses * 0.3)))
    flows = round(size.projects * 2 / 3) if size.flows is None else size.flows
    if not 1 <= campuses <= size.houses or size.projects < 1 or size.horizon < 1 or flows < 0:
        raise InputError(
            "a region needs a campus or more, at least as many houses, a project and a month"
        )
    if campuses == 1 and size.flows:
        raise InputError("a region with one campus has no flows between campuses; leave out flows")
    return replace(size, campuses=campuses, flows=flows if campuses > 1 else 0)


def _sites(size: Size) -> tuple[Site, ...]:
    """The region, its campuses, and the houses, dealt out among the campuses."""
    count = size.campuses or 1
    campuses = [f"campus-{place + 1}" for place in range(count)]
    houses = [f"house-{place + 1}" for place in range(size.houses)]
    return (
        Site(REGION, "region"),
        *(Site(campus, "campus", REGION) for campus in campuses),
        *(Site(house, "house", campuses[place % count]) for place, house in enumerate(houses)),
    )


def _projects(size: Size, sites: tuple[Site, ...], random: Random) -> tuple[Project, ...]:
    """Projects over the months: machines of some products, and one in twenty of network gear."""
    network = size.projects // 20
    machine = size.projects - network
    products = [f"product-{place + 1}" for place in range(max(1, round(machine / 12)))]
    machines = [
        _machines(f"P{n + 1}", products[n % len(products)], size, sites=sites, random=random)
        for n in range(machine)
    ]
    houses = _houses_of(sites)
    return (*machines, *(_gear(f"N{n + 1}", size, houses, random) for n in range(network)))


def _machines(
    name: str, product: str, size: Size, *, sites: tuple[Site, ...], random: Random
) -> Project:
    """Racks of machines for a few houses or any; one in ten is fixed, and needed early."""
    racks = 8 + random.randrange(57)
    ports = racks * _PORTS
    south = round(ports * 400 * (0.25 + 0.35 * random.random()))
    fixed = random.random() < 0.1
    need = 1 + random.randrange(3) if fixed else 2 + random.randrange(size.horizon)
    need = min(size.horizon, need)
    houses = _candidates(sites, random)
    return Project(  # the order of the draws is part of what a seed means
        name,
        product,
        racks=racks,
        kw=racks * _MACHINE_KW,
        ports=ports,
        south_gbps=south,
        north_gbps=round(south * (0.01 + 0.04 * random.random())),
        earliest=max(1, need - random.randrange(4)),
        need=need,
        priority=float((1, 1, 1, 2, 2, 5)[random.randrange(6)]),
        houses=houses,
        fixed=_pick(houses or _houses_of(sites), random) if fixed else None,
    )


def _candidates(sites: tuple[Site, ...], random: Random) -> tuple[str, ...]:
    """No limit (one in three), or the houses of a few campuses."""
    campuses = [site.id for site in sites if site.kind == "campus"]
    if random.random() < 1 / 3:
        return ()
    some = {_pick(campuses, random) for _ in range(1 + random.randrange(3))}
    return tuple(site.id for site in sites if site.kind == "house" and site.parent in some)


def _houses_of(sites: tuple[Site, ...]) -> tuple[str, ...]:
    return tuple(site.id for site in sites if site.kind == "house")


def _pick(choices: Sequence[str], random: Random) -> str:
    return choices[random.randrange(len(choices))]


def _gear(name: str, size: Size, houses: Sequence[str], random: Random) -> Project:
    """Network gear that comes with a project of its own, not by an order."""
    item = ("skeleton-1024", "fbr-32", "superblock-512")[random.randrange(3)]
    need = 1 + random.randrange(size.horizon)
    earliest = max(1, need - 2)
    gear = Project(name, "network", "network", earliest=earliest, need=need, item=item, units=1)
    return replace(gear, fixed=_pick(houses, random))


def _settled(plan: Plan) -> Plan:
    """The plan, changed until every resource of every site holds what is decided.

    A plan whose decided part breaks by itself has no solution, whatever is ordered. So gray boxes
    are widened and projects are set free until nothing breaks; what is undecided stays as hard as
    it was.
    """
    while broken := [row for row in site_rows(plan, stocks(plan)) if row.headroom.min() < -1e-6]:
        plan = _relieved(plan, broken)
    return plan


def _relieved(plan: Plan, broken: Sequence[Row]) -> Plan:
    """The plan one step on: machines leave where something breaks; else capacity is added there."""
    # machines that leave free neither of these two: gear takes them
    crowded = {row.site for row in broken if row.resource not in ("network_space", "skeleton")}
    freed = tuple(
        replace(project, fixed=None)
        if project.side == "machine" and project.fixed and crowded & set(plan.above(project.fixed))
        else project
        for project in plan.projects
    )
    if freed != plan.projects:
        return replace(plan, projects=freed)
    short = {(row.site, row.resource): math.ceil(-row.headroom.min()) for row in broken}
    supplies = tuple(
        replace(supply, amount=supply.amount + short.get((supply.site, supply.resource), 0))
        for supply in plan.supplies
    )
    inventory = tuple(
        replace(entry, on_hand=entry.on_hand + math.ceil(short[entry.place, "skeleton"] / 1024))
        if entry.item == "skeleton-1024" and (entry.place, "skeleton") in short
        else entry
        for entry in plan.inventory
    )
    return replace(plan, supplies=supplies, inventory=inventory)

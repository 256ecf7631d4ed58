"""The nouns of a plan: sites, supplies, items, stock, links, projects, flows, and decisions.

Each is a plain frozen record for a row of a table in docs/capacity.md; `Plan` holds them all.
Ids are strings as they stand in the tables; months are numbered 1 .. horizon, as they are printed.
Quantities are in the units of the tables: racks, positions, kW, Gb/s, months, and one currency.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

SiteKind = Literal["region", "campus", "house"]
SupplyResource = Literal["space", "power", "network_space", "network_power"]
Role = Literal["superblock", "optics", "skeleton", "fbr", "line"]
Side = Literal["machine", "network"]
ANYWHERE = "*"  # the end of a flow that follows its product's machines


@dataclass(frozen=True)
class Site:
    """A region, a campus in it, or a house of a campus."""

    id: str
    kind: SiteKind
    parent: str | None = None


@dataclass(frozen=True)
class Supply:
    """The `amount` of a resource that a site has from `month` on: a level, not an increment."""

    site: str
    resource: SupplyResource
    month: int
    amount: float


@dataclass(frozen=True)
class Item:
    """Something that is ordered; ports and Gb/s mean what docs/capacity.md says of its role."""

    id: str
    role: Role
    ports_south: int = 0
    ports_north: int = 0
    gbps: float = 0.0  # of one port; of one unit of a line
    positions: float = 0.0  # in the gray box
    kw: float = 0.0
    cost: float = 0.0
    lead_months: int = 0
    install_months: int = 0


@dataclass(frozen=True)
class Inventory:
    """Units of an item at a house or on a link: installed already, and on their way."""

    place: str
    item: str
    on_hand: int = 0
    on_order: int = 0
    arrival: int | None = None
    firm: bool = True


@dataclass(frozen=True)
class Link:
    """A line between two sites that carries `gbps` of its item each way with each unit."""

    id: str
    a: str
    z: str
    item: str
    max_units: int
    group: str


@dataclass(frozen=True)
class Project:
    """Machines that need a place from a month on, or (side `network`) gear to install."""

    id: str
    product: str
    side: Side = "machine"
    racks: float = 0.0
    kw: float = 0.0
    ports: int = 0
    south_gbps: float = 0.0
    north_gbps: float = 0.0
    earliest: int = 1
    need: int = 1
    priority: float = 1.0
    houses: tuple[str, ...] = ()  # candidates; empty: any house
    fixed: str | None = None
    item: str | None = None
    units: int = 0


@dataclass(frozen=True)
class Flow:
    """Gb/s from `a` to `z` in the first month; one end may be `ANYWHERE`."""

    product: str
    traffic_class: str
    a: str
    z: str
    gbps: float
    growth: float = 0.0  # of a year


@dataclass(frozen=True)
class Hose:
    """The most that a site sends and receives, whatever the matrix."""

    site: str
    out_gbps: float
    in_gbps: float
    growth: float = 0.0


@dataclass(frozen=True)
class Placement:
    """The project stands in the house from the month on."""

    project: str
    house: str
    month: int


@dataclass(frozen=True)
class Order:
    """Units of an item for a house or a link, ordered in that month."""

    place: str
    item: str
    units: int
    month: int


@dataclass(frozen=True)
class Policies:
    """What is held, and what it costs not to; the defaults are those of docs/capacity.md."""

    residual: float = 0.75  # of the uplinks, with one failure domain lost
    first_optics: float = 0.5  # of a superblock's uplinks, on delivery
    qualification_months: int = 0
    lost_fbrs: int = 1
    failures: Literal["none", "groups"] | tuple[str, ...] = "groups"
    demand: Literal["pipe", "hose"] = "pipe"
    count_unfirm: bool = False
    late_cost: float = 1000.0  # of a rack and month
    refused_cost: float = 50000.0  # of a rack
    stranded_cost: float = 500.0  # of a rack and month


_Named = TypeVar("_Named", Site, Item, Link, Project)


def _by_id(
    rows: "Callable[[Plan], tuple[_Named, ...]]",
) -> cached_property[Mapping[str, _Named]]:
    """A property of a plan: the rows of one of its tables by their ids."""
    return cached_property(lambda plan: {row.id: row for row in rows(plan)})


@dataclass(frozen=True)
class Plan:
    """Everything that one folder says; `placements` and `orders` are what was decided so far."""

    name: str
    start: date
    horizon: int = 12
    policies: Policies = field(default_factory=Policies)
    sites: tuple[Site, ...] = ()
    supplies: tuple[Supply, ...] = ()
    items: tuple[Item, ...] = ()
    inventory: tuple[Inventory, ...] = ()
    links: tuple[Link, ...] = ()
    projects: tuple[Project, ...] = ()
    flows: tuple[Flow, ...] = ()
    hoses: tuple[Hose, ...] = ()
    placements: tuple[Placement, ...] = ()
    orders: tuple[Order, ...] = ()

    site = _by_id(lambda plan: plan.sites)
    item = _by_id(lambda plan: plan.items)
    link = _by_id(lambda plan: plan.links)
    project = _by_id(lambda plan: plan.projects)

    @cached_property
    def houses(self) -> tuple[str, ...]:
        """The ids of the houses, in the order of their table."""
        return tuple(site.id for site in self.sites if site.kind == "house")

    @cached_property
    def placed(self) -> Mapping[str, Placement]:
        """Where and when each project stands: decided, or fixed and from its need on."""
        fixed = {p.id: Placement(p.id, p.fixed, p.need) for p in self.projects if p.fixed}
        # what was decided stands over `fixed`
        return fixed | {placement.project: placement for placement in self.placements}

    def above(self, site: str) -> tuple[str, ...]:
        """The site itself, its campus, its region."""
        sites = [site]
        while (parent := self.site[sites[-1]].parent) is not None:
            sites.append(parent)
        return tuple(sites)

    def campus(self, site: str) -> str:
        """The campus that a house stands on; any other site is its own."""
        parent = self.site[site].parent
        return parent if self.site[site].kind == "house" and parent else site

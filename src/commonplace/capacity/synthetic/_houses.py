"""The supply and gear of a demo's houses, drawn at random around each one's share of the needs.

Power arrives in steps, few superblocks are there yet, and some gray boxes are tight.
"""

import math
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from commonplace.capacity.plan.model import Inventory, Item, Plan, Role, Supply, SupplyResource


def _item(
    id: str, role: Role, *, ports: tuple[int, int] = (0, 0), gbps: float = 400, **rest: Any
) -> Item:
    """An item; `ports` are those south and north."""
    south, north = ports
    return Item(id, role, ports_south=south, ports_north=north, gbps=gbps, **rest)


ITEMS = (
    _item("superblock-512", "superblock", ports=(512, 512), positions=8, kw=30, cost=900,
          lead_months=5, install_months=1),
    _item("optics-64", "optics", ports=(0, 64), kw=1, cost=70, lead_months=3),
    _item("skeleton-1024", "skeleton", ports=(1024, 0), positions=4, kw=14, cost=400,
          lead_months=6, install_months=1),
    _item("fbr-32", "fbr", ports=(32, 32), positions=1, kw=5, cost=180,
          lead_months=4, install_months=1),
    _item("fibre-25600", "line", gbps=25600, cost=1500, lead_months=7, install_months=1),
    _item("wave-800", "line", gbps=800, cost=60, lead_months=3),
)  # fmt: skip
_ITEM = {item.id: item for item in ITEMS}


@dataclass(frozen=True)
class _Share:
    """What a house would hold if every project were spread over the houses by their size."""

    racks: float
    kw: float
    ports: float
    south_gbps: float
    north_gbps: float


def stocked_houses(plan: Plan, random: Random) -> tuple[tuple[Supply, ...], tuple[Inventory, ...]]:
    """Supply and stock of every house, around its share of the needs, and supply of campuses."""
    sizes = {house: 0.6 + 0.8 * random.random() for house in plan.houses}
    supplies: list[Supply] = []
    inventory: list[Inventory] = []
    for house, size in sizes.items():
        share = _share(plan, size / sum(sizes.values()))
        needed = _needed(share)
        supplies += _supply(plan, house, share, needed=needed, random=random)
        inventory += _stock(plan, house, needed, random)
    return (*supplies, *_campus_power(plan, supplies)), tuple(inventory)


def _share(plan: Plan, part: float) -> _Share:
    machines = [project for project in plan.projects if project.side == "machine"]
    largest = max(machines, key=lambda project: project.racks)

    def share(attribute: str) -> float:
        total = sum(float(getattr(project, attribute)) for project in machines)
        # so that the largest project fits into any house
        return max(total * part, float(getattr(largest, attribute)))

    return _Share(**{field.name: share(field.name) for field in fields(_Share)})


def _needed(share: _Share) -> dict[str, float]:
    """Units of each item for the share, as docs/capacity.md counts them; fractions are kept."""
    block, router = _ITEM["superblock-512"], _ITEM["fbr-32"]
    lit = share.south_gbps / (0.75 * block.gbps)  # ports; .75 is the default of `residual`
    blocks = max(share.ports / block.ports_south, lit / (0.75 * block.ports_north))
    routers = 1 + share.north_gbps / (router.ports_north * router.gbps)
    skeletons = (lit + routers * router.ports_south) / _ITEM["skeleton-1024"].ports_south
    return {"superblock-512": blocks, "skeleton-1024": skeletons, "fbr-32": routers}


def _supply(
    plan: Plan, house: str, share: _Share, *, needed: dict[str, float], random: Random
) -> list[Supply]:
    """Space at once, power in three steps, and a gray box that one house in four finds tight."""
    gear = {_ITEM[name]: math.ceil(units * 1.3) for name, units in needed.items()}
    gear_kw = sum(item.kw * units for item, units in gear.items())
    positions = sum(item.positions * units for item, units in gear.items())
    roomy = 0.8 if random.random() < 0.25 else 1.25
    first = 3 + random.randrange(3)
    months = [m for m in (1, first, first + 3 + random.randrange(3)) if m <= plan.horizon]
    kw = share.kw * (1.05 + 0.2 * random.random()) + gear_kw
    rows: list[tuple[SupplyResource, int, float]] = [
        ("space", 1, math.ceil(share.racks * (1.1 + 0.2 * random.random()))),
        *(("power", m, float(round(kw * f))) for m, f in zip(months, (0.5, 0.8, 1), strict=False)),
        ("network_space", 1, float(math.ceil(positions * roomy))),
    ]
    if random.random() < 0.5:
        rows.append(("network_power", 1, float(round(gear_kw * 1.2))))
    return [Supply(house, *row) for row in rows]


def _stock(plan: Plan, house: str, needed: dict[str, float], random: Random) -> list[Inventory]:
    """The part of the needs that stands there, and more on its way, one in five not firm."""
    rows = []
    for name, part in (("superblock-512", 0.25), ("skeleton-1024", 0.6), ("fbr-32", 0.6)):
        least = 2 if name == "fbr-32" else 1  # of one router nothing remains when it is lost
        on_hand = max(least, round(needed[name] * (part + 0.3 * random.random())))
        on_order = round(max(0.0, needed[name] - on_hand) * random.random())
        arrival = min(plan.horizon, 2 + random.randrange(6)) if on_order else None
        firm = random.random() > 0.2
        rows.append(Inventory(house, name, on_hand, on_order, arrival=arrival, firm=firm))
    if on_hand := random.randrange(4):
        rows.append(Inventory(house, "optics-64", on_hand))
    return rows


def _campus_power(plan: Plan, supplies: list[Supply]) -> list[Supply]:
    """Every second campus has a feed that is a little less than that of its houses together."""
    rows = []
    for number, campus in enumerate(site.id for site in plan.sites if site.kind == "campus"):
        levels = [0.0] * plan.horizon
        for supply in supplies:
            if plan.campus(supply.site) == campus and supply.resource == "power":
                for month in range(supply.month, plan.horizon + 1):
                    before = _level(supplies, supply.site, supply.month)
                    levels[month - 1] += supply.amount - before
        if number % 2 == 0 and levels[0]:
            top = max(levels)
            rows += [Supply(campus, "power", 1, float(round(0.55 * top)))]
            late = min(plan.horizon, 5 + number % 3)
            rows += [Supply(campus, "power", late, float(round(0.93 * top)))] if late > 1 else []
    return rows


def _level(supplies: list[Supply], site: str, month: int) -> float:
    """The site's power before a month."""
    before = [s for s in supplies if (s.site, s.resource) == (site, "power") and s.month < month]
    return max(before, key=lambda s: s.month).amount if before else 0.0

"""Small plans that can be followed by hand, and random regions with every project somewhere."""

from dataclasses import replace
from datetime import date

import numpy as np

from commonplace.capacity import Plan, Size, demo
from commonplace.capacity.plan.model import (
    Inventory,
    Item,
    Link,
    Placement,
    Project,
    Site,
    Supply,
)

BLOCK = Item("block", "superblock", 64, 64, 100.0, 1.0, 10.0, 50.0, 2, 1)
OPTICS = Item("optics", "optics", 0, 16, 100.0, cost=5.0, lead_months=1)
SPINE = Item("spine", "skeleton", 256, 0, 100.0, 1.0, 5.0, 20.0, 3, 0)
BORDER = Item("border", "fbr", 8, 8, 400.0, 1.0, 2.0, 30.0, 3, 0)
WAVE = Item("wave", "line", gbps=400.0, cost=7.0, lead_months=2)


def small(**changes: object) -> Plan:
    """One house on campus A, another campus B, two waves between; what a project needs is there."""
    given = Plan(
        "small",
        date(2027, 1, 1),
        6,
        sites=(Site("A", "campus"), Site("B", "campus"), Site("H", "house", "A")),
        supplies=(
            Supply("H", "space", 1, 100),
            Supply("H", "power", 1, 1000),
            Supply("H", "network_space", 1, 6),
        ),
        items=(BLOCK, OPTICS, SPINE, BORDER, WAVE),
        inventory=(
            Inventory("H", "block", 1),
            Inventory("H", "spine", 1),
            Inventory("H", "border", 2),
            Inventory("first", "wave", 2),
            Inventory("second", "wave", 1),
        ),
        links=(Link("first", "A", "B", "wave", 9, "g1"), Link("second", "A", "B", "wave", 9, "g2")),
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def project(name: str, month: int = 1, **needs: float) -> tuple[Project, Placement]:
    needs = {"racks": 10, "kw": 100, "ports": 32, "south_gbps": 800, "north_gbps": 100} | needs
    return Project(name, "chat", **needs), Placement(name, "H", month)  # type: ignore[arg-type]


def standing(*pairs: tuple[Project, Placement], **changes: object) -> Plan:
    projects, placements = zip(*pairs, strict=True)
    return small(projects=projects, placements=placements, **changes)


def scattered(seed: int, size: Size) -> Plan:
    """A random region with every project somewhere."""
    chance = np.random.default_rng(seed)
    region = demo(size, seed)
    placements = tuple(
        Placement(p.id, str(chance.choice(p.houses or region.houses)), max(p.earliest, p.need))
        for p in region.projects
        if not p.fixed
    )
    return replace(region, placements=placements)

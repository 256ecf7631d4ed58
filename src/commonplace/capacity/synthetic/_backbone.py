"""The demo region's backbone: a ring with chords, ducts that hold two links, and lines that bind.

Notable: the flows are routed over fewest hops in every failure, with `*` spread evenly over the
houses. Most of what a link then needs is there, and it may have more units than it needs.
"""

import math
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import TypeVar

from commonplace.capacity.plan.model import ANYWHERE, Flow, Inventory, Link, Plan

Graph = Mapping[str, list[tuple[str, str]]]  # site -> (link, other end)
_T = TypeVar("_T")
_GROWTH = {"gold": 0.0, "silver": 0.2, "bulk": 0.4}  # of a year
_CLASSES = tuple(_GROWTH)


def backbone(campuses: list[str], random: Random) -> tuple[Link, ...]:
    """A ring of fibres, chords of waves for two of three campuses, two links in some ducts."""
    if len(campuses) == 1:
        return ()
    ring = list(zip(campuses, campuses[1:] + campuses[:1], strict=True))
    neighbours = {frozenset(pair) for pair in ring}
    others = [pair for pair in combinations(campuses, 2) if frozenset(pair) not in neighbours]
    chords = _some(others, round(len(campuses) * 2 / 3), random)
    pairs = [(pair, "fibre-25600") for pair in ring] + [(pair, "wave-800") for pair in chords]
    links = [
        Link(f"link-{n}", a, z, item=item, max_units=1, group=f"duct-{n}")
        for n, ((a, z), item) in enumerate(pairs, 1)
    ]
    return tuple(_shared(links, len(campuses) // 6, random))


def _some(choices: list[_T], count: int, random: Random) -> list[_T]:
    rest = list(choices)
    return [rest.pop(random.randrange(len(rest))) for _ in range(min(count, len(rest)))]


def _shared(links: list[Link], ducts: int, random: Random) -> list[Link]:
    """Let some pairs of links share a duct at a campus; without them all campuses stay joined."""
    for _ in range(ducts * 20):  # most pairs that are drawn do not meet, or would part the ring
        first, second = _some(list(range(len(links))), 2, random)
        a, z = links[first], links[second]
        alone = all(sum(x.group == link.group for x in links) == 1 for link in (a, z))
        meet = {a.a, a.z} & {z.a, z.z}
        if ducts and alone and meet and _connected(links, {a.id, z.id}):
            links[second] = replace(z, group=a.group)
            ducts -= 1
    return links


def _connected(links: Collection[Link], lost: Collection[str]) -> bool:
    graph = _graph(links, lost)
    everywhere = {end for link in links for end in (link.a, link.z)}
    return len(_hops(graph, min(everywhere))) == len(everywhere)


def _graph(links: Collection[Link], lost: Collection[str]) -> Graph:
    graph: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for link in links:
        if link.id not in lost:
            graph[link.a].append((link.id, link.z))
            graph[link.z].append((link.id, link.a))
    return graph


def _hops(graph: Graph, start: str) -> dict[str, tuple[str, str] | None]:
    """Each site that can be reached in fewest hops, with the link and the site before it."""
    came: dict[str, tuple[str, str] | None] = {start: None}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for link, there in graph.get(here, ()):
            if there not in came:
                came[there] = (link, here)
                queue.append(there)
    return came


# --------------------------------------------------------------------------- flows


def flows_of(plan: Plan, count: int, random: Random) -> tuple[Flow, ...]:
    """Flows: four of five follow a product's machines, to and from campuses; the rest are fixed.

    Those that follow machines add up to what the machines send north, each way.
    """
    if not count:
        return ()
    campuses = [site.id for site in plan.sites if site.kind == "campus"]
    north: dict[str, float] = defaultdict(float)
    for project in plan.projects:
        if project.side == "machine":
            north[project.product] += project.north_gbps
    followed = max(1, round(count * 0.8)) if any(north.values()) else 0
    parts = {key: 0.5 + random.random() for key in _followed(list(north), campuses, followed)}
    sums: dict[tuple[str, bool], float] = defaultdict(float)
    for (product, _, a, _), part in parts.items():
        sums[product, a == ANYWHERE] += part
    rows = []
    for (product, name, a, z), part in parts.items():
        gbps = _rounded(north[product] * part / sums[product, a == ANYWHERE])
        rows.append(Flow(product, name, a, z, gbps=gbps, growth=_GROWTH[name]))
    mean = sum(north.values()) / len(campuses) / 20
    return (*rows, *_transit(campuses, mean, count - len(rows), random))


def _followed(
    products: list[str], campuses: list[str], count: int
) -> list[tuple[str, str, str, str]]:
    """(product, class, a, z), dealt out over products, then both ways, campuses and classes."""
    keys = []
    for turn in range(2 * len(campuses) * len(_CLASSES)):
        for number, product in enumerate(products):
            campus = campuses[(number * 5 + turn // 2) % len(campuses)]
            name = _CLASSES[(number + turn // (2 * len(campuses))) % len(_CLASSES)]
            ends = (ANYWHERE, campus) if turn % 2 == 0 else (campus, ANYWHERE)
            keys.append((product, name, *ends))
    return keys[:count]


def _transit(campuses: list[str], mean: float, count: int, random: Random) -> list[Flow]:
    """Flows between campuses that do not come from machines of the plan."""
    ends = [(name, a, z) for name in _CLASSES for a in campuses for z in campuses if a != z]
    flows = []
    for name, a, z in _some(ends, count, random):
        gbps = _rounded(mean * (0.5 + random.random()))
        flows.append(Flow("transit", name, a, z, gbps=gbps, growth=_GROWTH[name]))
    return flows


def _rounded(gbps: float) -> float:
    return float(max(1, round(gbps)))


# --------------------------------------------------------------------------- lines


def line_stock(plan: Plan, random: Random) -> tuple[tuple[Link, ...], tuple[Inventory, ...]]:
    """Links with the most units they may have, and the units there: most of what they need."""
    needed = _needed(plan)
    links, rows = [], []
    for link in plan.links:
        units = needed[link.id] / plan.item[link.item].gbps
        on_hand = max(1, math.ceil(units * (0.55 + 0.4 * random.random())))
        links.append(replace(link, max_units=max(on_hand + 2, math.ceil(units * 1.8) + 1)))
        on_order = int(random.random() < 0.3)
        arrival = min(plan.horizon, 3 + random.randrange(4)) if on_order else None
        rows.append(Inventory(link.id, link.item, on_hand, on_order, arrival=arrival))
    return tuple(links), tuple(rows)


def _needed(plan: Plan) -> dict[str, float]:
    """Gb/s that each link carries in its worst failure, the larger way."""
    groups: dict[str, set[str]] = defaultdict(set)
    for link in plan.links:
        groups[link.group].add(link.id)
    most: dict[str, float] = dict.fromkeys(plan.link, 0.0)
    pairs = _matrix(plan)
    for lost in [set[str](), *groups.values()]:
        for name, gbps in _carried(_graph(plan.links, lost), pairs):
            most[name] = max(most[name], gbps)
    return most


def _matrix(plan: Plan) -> dict[tuple[str, str], float]:
    """Gb/s from campus to campus; an end that follows machines is spread over all houses."""
    pairs: dict[tuple[str, str], float] = defaultdict(float)
    for flow in plan.flows:
        for house in plan.houses:
            a, z = (plan.campus(house if end == ANYWHERE else end) for end in (flow.a, flow.z))
            pairs[a, z] += flow.gbps / len(plan.houses)
    return pairs


def _carried(graph: Graph, pairs: Mapping[tuple[str, str], float]) -> Iterator[tuple[str, float]]:
    """Each link with the Gb/s that pass over it, for each direction in use."""
    load: dict[tuple[str, str], float] = defaultdict(float)
    trees = {a: _hops(graph, a) for a in {a for a, _ in pairs}}
    for (a, z), gbps in pairs.items():
        came = trees[a].get(z)
        while came is not None:
            load[came] += gbps
            came = trees[a][came[1]]
    for (link, _), gbps in load.items():
        yield link, gbps

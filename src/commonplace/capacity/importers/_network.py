"""What every importer of a network makes: nodes, links and demands become a plan, and a list.

Notable: nothing is left out in silence. What a plan has no place for, or what contradicts itself,
is in `left_out` with its reason; what had to be assumed is in `assumed`.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from commonplace.capacity.plan.model import Flow, Inventory, Item, Link, Plan, Policies, Site
from commonplace.capacity.plan.network_references import components

START = date(2027, 1, 1)


@dataclass(frozen=True)
class LeftOut:
    """Something of the file that is not in the plan."""

    what: str
    why: str


@dataclass(frozen=True)
class Imported:
    """A plan made of another program's files, what of them it lacks, and what was assumed."""

    plan: Plan
    left_out: tuple[LeftOut, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A link of a network: `gbps` both ways in each of `units`, of which at most `max_units`."""

    id: str
    a: str
    z: str
    gbps: float
    units: int = 1
    max_units: int = 1
    cost: float = 0.0
    group: str = ""


@dataclass(frozen=True)
class Demand:
    """Gb/s from one node to another."""

    a: str
    z: str
    gbps: float


@dataclass
class Network:
    """A network as it is read: names as they stand in the file."""

    name: str
    nodes: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def leave_out(self, what: str, why: str) -> None:
        """Take note of something that the plan will lack."""
        self.left_out.append(LeftOut(what, why))


def imported(network: Network, scale: float = 1.0) -> Imported:
    """The plan of a network: each node a campus, each link of lines, each demand a flow.

    `scale` multiplies the demands.
    """
    names = unique_ids(network.nodes)
    lines = _distinct([line for line in network.lines if _sound(line, names, network)])
    ids = unique_ids([line.id for line in lines])
    items = {(line.gbps, line.cost): _item(line) for line in lines}
    links = tuple(_link(line, ids[line.id], names, items[line.gbps, line.cost]) for line in lines)
    plan = Plan(
        plain(network.name),
        START,
        policies=Policies(),
        sites=tuple(Site(name, "campus") for name in names.values()),
        items=tuple(items.values()),
        inventory=tuple(
            Inventory(link.id, link.item, line.units)
            for link, line in zip(links, lines, strict=True)
            if line.units
        ),
        links=links,
    )
    plan = replace(plan, flows=_flows(network, names, components(plan), scale))
    return Imported(plan, tuple(network.left_out), tuple(network.assumed))


def _link(line: Line, id: str, names: dict[str, str], item: Item) -> Link:
    group = plain(line.group) if line.group else id
    return Link(id, names[line.a], names[line.z], item.id, line.max_units, group)


def _sound(line: Line, names: dict[str, str], network: Network) -> bool:
    if line.a == line.z:
        why = "is a link from a node to itself"
    elif line.a not in names or line.z not in names:
        why = "names a node that is not there"
    elif not line.gbps > 0:
        why = "has no capacity"
    else:
        return True
    network.leave_out(f"link {line.id}", why)
    return False


def _distinct(lines: list[Line]) -> list[Line]:
    """The lines with names of their own: a second one of a name gets a number."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        seen[line.id] += 1
        number = seen[line.id]
        found.append(line if number == 1 else replace(line, id=f"{line.id} ({number})"))
    return found


def _item(line: Line) -> Item:
    cost = f"-{line.cost:g}" if line.cost else ""
    return Item(f"line-{line.gbps:.12g}{cost}", "line", gbps=line.gbps, cost=line.cost)


def _flows(
    network: Network, names: dict[str, str], joined: Mapping[str, int], scale: float
) -> tuple[Flow, ...]:
    """A flow for each demand that can be one; a second one between two nodes has its own class."""
    seen: Counter[tuple[str, str]] = Counter()
    flows = []
    for demand in network.demands:
        what = f"demand {demand.a} to {demand.z}"
        if demand.a == demand.z:
            network.leave_out(what, "is a demand from a node to itself")
        elif demand.a not in names or demand.z not in names:
            network.leave_out(what, "names a node that is not there")
        elif joined[names[demand.a]] != joined[names[demand.z]]:
            network.leave_out(what, "has no way through the links")
        else:
            a, z = names[demand.a], names[demand.z]
            seen[a, z] += 1
            number = seen[a, z]
            name = "all" if number == 1 else f"all-{number}"
            flows.append(Flow("demand", name, a, z, demand.gbps * scale))
    return tuple(flows)


# --------------------------------------------------------------------------- names


def unique_ids(names: Iterable[str]) -> dict[str, str]:
    """An id that a table can hold for each name, no two alike; a name that repeats has one id."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem, number = plain(name), 1
        while name not in ids and (made := stem if number == 1 else f"{stem}-{number}") in taken:
            number += 1
        if name not in ids:
            ids[name] = made
            taken.add(made)
    return ids


def plain(name: str) -> str:
    """The name as a table's id: printable, short, without what separates."""
    kept = "".join(
        "_" if character in ";*" else character
        for character in " ".join(name.split())
        if unicodedata.category(character)[0] != "C"
    )
    return kept[:90] or "unnamed"

"""What the importers of networks share: nodes, links and demands become a plan.

Notable: nothing is left out in silence. What a plan has no place for, or what contradicts itself,
is in `left_out` with its reason; what had to be assumed is in `assumed`.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from commonplace.capacity.plan.model import Flow, Inventory, Item, Link, Plan, Site
from commonplace.capacity.plan.network_references import components

START = date(2027, 1, 1)


@dataclass(frozen=True)
class Omission:
    """Something of the file that is not in the plan."""

    what: str
    why: str


@dataclass(frozen=True)
class Imported:
    """A plan made of another program's files, what it lacks of them, and what was assumed."""

    plan: Plan
    left_out: tuple[Omission, ...] = ()
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
    """A network as it is read, with the names of the file."""

    name: str
    nodes: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    left_out: list[Omission] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def leave_out(self, what: str, why: str) -> None:
        """Note something that the plan will lack."""
        self.left_out.append(Omission(what, why))


def plan_of(network: Network, scale: float = 1.0) -> Imported:
    """The plan of a network: nodes become campuses, links are made of lines, demands become flows.

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
    a, z = names[line.a], names[line.z]
    return Link(id, a, z, item=item.id, max_units=line.max_units, group=group)


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
    """The lines with unique names: a repeated one gets a number."""
    numbers: Counter[str] = Counter()
    distinct = []
    for line in lines:
        numbers[line.id] += 1
        number = numbers[line.id]
        distinct.append(line if number == 1 else replace(line, id=f"{line.id} ({number})"))
    return distinct


def _item(line: Line) -> Item:
    cost = f"-{line.cost:g}" if line.cost else ""
    return Item(f"line-{line.gbps:.12g}{cost}", "line", gbps=line.gbps, cost=line.cost)


def _flows(
    network: Network, names: dict[str, str], joined: Mapping[str, int], scale: float
) -> tuple[Flow, ...]:
    """A flow for each demand that can be one; a second one between two nodes has its own class."""
    numbers: Counter[tuple[str, str]] = Counter()
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
            numbers[a, z] += 1
            number = numbers[a, z]
            name = "all" if number == 1 else f"all-{number}"
            flows.append(Flow("demand", name, a, z, gbps=demand.gbps * scale))
    return tuple(flows)


# --------------------------------------------------------------------------- names


def unique_ids(names: Iterable[str]) -> dict[str, str]:
    """An id that a table can hold for each name, no two alike; a name that repeats has one id."""
    ids: dict[str, str] = {}
    used: set[str] = set()
    for name in dict.fromkeys(names):
        unique, number = plain(name), 1
        while unique in used:
            number += 1
            unique = f"{plain(name)}-{number}"
        ids[name] = unique
        used.add(unique)
    return ids


def plain(name: str) -> str:
    """The name as a table's id: printable, short, without separators."""
    printable = "".join(
        "_" if character in ";*" else character  # `;` parts ids, `*` is any site
        for character in " ".join(name.split())
        if unicodedata.category(character)[0] != "C"
    )
    return printable[:90] or "unnamed"  # of 100 characters, so that a number fits behind

"""REPETITA instances: a `.graph` and its `.demands` (Gay, Schaus, Vissicchio, arXiv:1710.08665).

Notable: arcs are directed and bandwidths are in kb/s. An arc and the one back become a link, with
the smaller bandwidth if they differ; an arc without one back is left out. Both are reported.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from commonplace.capacity.importers._network import Demand, Imported, Line, Network, plan_of
from commonplace.capacity.importers._text import integer, number, text_of
from commonplace.foundation import InputError, display_path

_GBPS = 1e-6  # of a kb/s
Arc = tuple[str, float]  # name, Gb/s


def import_repetita(graph: Path, demands: Path | None = None, scale: float = 1.0) -> Imported:
    """A plan of a `.graph` file, and of its `.demands`.

    Raises:
        InputError: a file is not of this format.
    """
    network = Network(graph.stem)
    arcs = _read_graph(graph, network)
    network.lines = list(_lines(arcs, network))
    if demands is not None:
        for row, (name, a, z, kbps) in _section(demands, "DEMANDS", 4):
            at = f"{display_path(demands)}, line {row}, {name}"
            ends = _node(network, a, at), _node(network, z, at)
            network.demands.append(Demand(*ends, gbps=number(kbps, at) * _GBPS))
    network.leave_out(f"weights and delays of {len(arcs)} arcs", "flows are split over any paths")
    return plan_of(network, scale)


def _read_graph(path: Path, network: Network) -> list[tuple[str, str, Arc]]:
    """Read the nodes into the network, and return the arcs."""
    network.nodes = [name for _, (name, _, _) in _section(path, "NODES", 3)]
    if len(set(network.nodes)) < len(network.nodes):
        raise InputError(f"{display_path(path)}: two nodes have the same label")
    arcs = []
    for row, (name, a, z, _, kbps, _) in _section(path, "EDGES", 6):
        at = f"{display_path(path)}, line {row}, {name}"
        ends = _node(network, a, at), _node(network, z, at)
        arcs.append((*ends, (name, number(kbps, at) * _GBPS)))
    return arcs


def _section(path: Path, name: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """The records of a section with their lines: `NAME count`, a header, then a record a line."""
    lines = text_of(path).splitlines()
    starts = [n for n, line in enumerate(lines) if line.split()[:1] == [name]]
    if not starts or len(lines[starts[0]].split()) != 2:
        raise InputError(f"{display_path(path)} has no line '{name} count'")
    count = integer(lines[starts[0]].split()[1], f"{display_path(path)}, {name}")
    records = lines[starts[0] + 2 :][:count]  # after the line of column names
    if len(records) < count:
        raise InputError(f"{display_path(path)}: {name} announces {count}, {len(records)} follow")
    for row, line in enumerate(records, starts[0] + 3):
        if len(line.split()) != width:
            what = f"expected {width} words, as in the header of {name}"
            raise InputError(f"{display_path(path)}, line {row}: {what}")
        yield row, line.split()


def _node(network: Network, number_of: str, at: str) -> str:
    place = integer(number_of, at)
    if place >= len(network.nodes):
        raise InputError(f"{at}: there is no node {place}")
    return network.nodes[place]


def _lines(arcs: list[tuple[str, str, Arc]], network: Network) -> Iterator[Line]:
    """Links of arcs paired with those back, the largest first; the others are left out."""
    between: dict[tuple[str, str], list[Arc]] = defaultdict(list)
    for a, z, arc in arcs:
        between[a, z].append(arc)
    for ends in between.values():
        ends.sort(key=lambda arc: -arc[1])
    done: set[tuple[str, str]] = set()
    for a, z, (name, _) in arcs:
        if a == z:
            network.leave_out(f"arc {name}", "is from a node to itself")
        if a == z or (a, z) in done:
            continue
        done |= {(a, z), (z, a)}
        out, back = between[a, z], between.get((z, a), [])
        # those without one back are left out below
        for (first, gbps), (_, other) in zip(out, back, strict=False):
            if gbps != other:
                what = f"{abs(gbps - other):g} Gb/s of link {first}"
                why = f"one way has {gbps:g}, the other {other:g}: the smaller is kept"
                network.leave_out(what, why)
            yield Line(first, a, z, gbps=min(gbps, other))
        for alone, _ in out[len(back) :] + back[len(out) :]:
            network.leave_out(f"arc {alone}", "has none back, and a link carries both ways")

"""`topohub` topologies: JSON in NetworkX's node-link form (Jurkiewicz, SoftwareX 24, 2023).

Notable: a topology has no capacities, so every link gets the same. Positions, distances and the
shares of traffic that `topohub` computed are left out, and that is reported.
"""

from pathlib import Path
from typing import Any

from commonplace.capacity.importers._network import Demand, Imported, Line, Network, plan_of
from commonplace.capacity.importers._text import json_of, number, objects, text_of
from commonplace.foundation import InputError, display_path

LINK_GBPS = 100.0


def import_topohub(path: Path, scale: float = 1.0, link_gbps: float = LINK_GBPS) -> Imported:
    """A plan of a topology, each of its links with `link_gbps`.

    Raises:
        InputError: the file is not of this format.
    """
    topology = json_of(path, text_of(path))
    where = display_path(path)
    nodes, edges = (_list(topology, key, where) for key in ("nodes", "edges"))
    named = {str(node.get("id")): _name(node) for node in nodes}
    network = Network(path.stem, list(named.values()))
    if len(set(named.values())) < len(nodes):
        raise InputError(f"{where}: two nodes have the same name or id")
    for edge in edges:
        ends = [str(edge.get(end)) for end in ("source", "target")]
        a, z = (named.get(end, end) for end in ends)
        network.lines.append(Line(f"{a} - {z}", a, z, gbps=link_gbps))
    network.assumed.append(f"each link carries {link_gbps:g} Gb/s: the file has no capacities")
    network.demands = _demands(topology, named, where)
    if network.demands:
        network.assumed.append("demands are in Gb/s: the file names no unit")
    what = f"positions of {len(nodes)} nodes, distances and traffic shares of {len(edges)} links"
    network.leave_out(what, "a plan has no place for them")
    return plan_of(network, scale)


def _name(node: dict[str, Any]) -> str:
    """The node's name with its id, because names repeat."""
    name = str(node.get("name") or "").strip()
    return f"{node.get('id')}_{name}" if name else str(node.get("id"))


def _list(topology: Any, key: str, where: str) -> list[dict[str, Any]]:
    entries = topology.get(key) if isinstance(topology, dict) else None
    return objects(entries, f"{where} is no topology of topohub: it has no list of {key}")


def _demands(topology: dict[str, Any], named: dict[str, str], where: str) -> list[Demand]:
    graph = topology.get("graph")
    rows = graph.get("demands") if isinstance(graph, dict) else None
    if not rows:
        return []
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise InputError(f"{where}: expected demands as {{from: {{to: value}}}}")
    return [
        Demand(
            named.get(str(a), str(a)),
            named.get(str(z), str(z)),
            number(value, f"{where}, demand {a} to {z}"),
        )
        for a, row in rows.items()
        for z, value in row.items()
    ]

"""Flows on a graph: routings as shares of each demand, what they carry, shortest distances.

Notable: a routing is made of a programme's flows, or of shortest ways, so that it takes every
demand whole by construction. What it carries is then added up, so that no figure is a solver's word
(`concurrent` has the programme).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Float64s, Int64s

TOLERANCE = 1e-6  # how far apart, relatively, the carried factor and its bound may be


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes 0 .. nodes - 1 and arcs from `tail` to `head`, [arcs] each."""

    nodes: int
    tail: Int64s
    head: Int64s

    @property
    def arcs(self) -> int:
        """How many arcs there are."""
        return len(self.tail)

    @cached_property
    def leaving(self) -> tuple[Int64s, ...]:
        """The arcs that leave each node."""
        return tuple(np.flatnonzero(self.tail == node) for node in range(self.nodes))


@dataclass(frozen=True, eq=False)
class Shares:
    """A routing: which part of each demand runs over each arc; it fits any amounts.

    `parts` is [pairs, arcs]; each served row is a unit flow from the pair's first node to its
    second. A pair that is not served has no way in this routing.
    """

    parts: Float64s
    served: NDArray[np.bool_]  # [pairs]

    def loads(self, demand: Float64s) -> Float64s:
        """Load of each arc, [..., arcs], by demands [..., pairs]; infinite where one has no way."""
        loads: Float64s = demand @ self.parts
        lost = (demand * ~self.served).sum(-1) > 0
        return np.where(np.asarray(lost)[..., None], np.inf, loads)


def distances(graph: Graph, lengths: Float64s) -> Float64s:
    """Shortest distances [..., nodes, nodes] by lengths [..., arcs] >= 0 (Floyd and Warshall)."""
    apart = np.full((*lengths.shape[:-1], graph.nodes, graph.nodes), np.inf)
    for node in range(graph.nodes):
        apart[..., node, node] = 0.0
    ends = (..., graph.tail, graph.head)  # parallel arcs share a place
    np.minimum.at(apart, ends, lengths)  # type: ignore[arg-type]  # numpy's stubs know no `...`
    for node in range(graph.nodes):
        through = apart[..., :, node, None] + apart[..., None, node, :]
        np.minimum(apart, through, out=apart)
    return apart


def carried(capacity: Float64s, loads: Float64s) -> Float64s:
    """The factor [...] that loads [..., arcs] leave within capacity; infinite without load."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(loads > 0, capacity / loads, np.inf)
    return np.asarray(room.min(-1, initial=np.inf))


def traced(graph: Graph, flow: Float64s, source: int, ends: Float64s) -> tuple[Float64s, Float64s]:
    """The load of each arc, [arcs, k], and what reaches the source, [k], of `ends` [nodes, k].

    `flow` [arcs] is the source's. What arrives at a node comes over its arcs in proportion to their
    flow, so y = e + M y, where M[u, v] is the part of v's arrivals that comes from u. Whatever is
    demanded at the ends is thus followed back to the source, and is a flow by construction.
    """
    parts = _arrivals(graph, flow, source)
    mixing = np.zeros((graph.nodes, graph.nodes))
    np.add.at(mixing, (graph.tail, graph.head), parts)
    through = np.linalg.solve(np.eye(graph.nodes) - mixing, ends)
    return through[graph.head] * parts[:, None], through[source]


def _arrivals(graph: Graph, flow: Float64s, source: int) -> Float64s:
    """Each arc's part of what arrives at its head; only arcs that the source reaches count."""
    # less than 1e-11 of the largest is the solver's dust; an arc into the source serves no demand
    used = np.where((flow > 1e-11 * flow.max(initial=0.0)) & (graph.head != source), flow, 0.0)
    reached = np.zeros(graph.nodes, bool)
    reached[source], before = True, 0
    while (count := int(reached.sum())) != before:
        before = count
        reached[graph.head[(used > 0) & reached[graph.tail]]] = True
    used[~reached[graph.tail]] = 0.0  # a circle that nothing feeds would make `traced` singular
    arriving = np.bincount(graph.head, used, graph.nodes)
    return np.divide(used, arriving[graph.head], out=np.zeros_like(used), where=used > 0)


def routed(graph: Graph, flow: Float64s, sources: Int64s, pairs: Int64s) -> Shares:
    """The routing in shares by flows [sources, arcs]; served is what leaves its source whole."""
    parts, served = np.zeros((len(pairs), graph.arcs)), np.zeros(len(pairs), bool)
    for row, source in enumerate(sources):
        own = np.flatnonzero(pairs[:, 0] == source)
        ends = np.zeros((graph.nodes, len(own)))
        ends[pairs[own, 1], np.arange(len(own))] = 1.0
        loads, arrived = traced(graph, flow[row], int(source), ends)
        parts[own], served[own] = loads.T, np.abs(arrived - 1.0) < 1e-9
    return Shares(parts, served)


def with_ways(graph: Graph, capacity: Float64s, routing: Shares, pairs: Int64s) -> Shares:
    """Give each pair that is not served a way of fewest arcs with capacity, if it has one.

    Such a pair demands nothing now, or less than the solver's tolerance; in other months it may.
    """
    parts, served = routing.parts.copy(), routing.served.copy()
    for source in np.unique(pairs[~served, 0]):
        into = _tree(graph, capacity > 0, int(source))
        for pair in np.flatnonzero(~served & (pairs[:, 0] == source)):
            parts[pair], at = 0.0, int(pairs[pair, 1])
            while at != source and into[at] >= 0:
                parts[pair, into[at]] = 1.0
                at = int(graph.tail[into[at]])
            served[pair] = at == source
    return Shares(parts, served)


def _tree(graph: Graph, usable: NDArray[np.bool_], source: int) -> Int64s:
    """By which arc each node is reached first from the source; -1: by none."""
    into = np.full(graph.nodes, -1)
    reached = np.zeros(graph.nodes, bool)
    reached[source], before = True, 0
    while (count := int(reached.sum())) != before:
        before = count
        edge = np.flatnonzero(usable & reached[graph.tail] & ~reached[graph.head])
        into[graph.head[edge]] = edge
        reached[graph.head[edge]] = True
    return into


def added_up(
    graph: Graph, flow: Float64s, sources: Int64s, pairs: Int64s, demand: Float64s
) -> Float64s | None:
    """Load of each arc by flows [sources, arcs]; None where a demand has no way.

    As the loads of `routed`, but a system is solved for one right side a source, not for each pair.
    """
    loads = np.zeros(graph.arcs)
    for row, source in enumerate(sources):
        own = pairs[:, 0] == source
        ends: Float64s = np.bincount(pairs[own, 1], demand[own], graph.nodes).astype(np.float64)
        part, arrived = traced(graph, flow[row], int(source), ends[:, None])
        if abs(float(arrived[0]) - ends.sum()) > 1e-9 * ends.sum():  # more than rounding
            return None
        loads += part[:, 0]
    return loads

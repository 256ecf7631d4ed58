"""A routing without a programme: flow deviation (Fratta, Gerla, Kleinrock, Networks 3, 1973).

All demand starts on shortest ways. In each round the lengths of arcs grow with their load, and that
part of the demand moves to the ways that are then shortest which leaves the lowest peak. Notable:
it reaches no optimum and proves no bound. But most questions are whether a network carries as much
under one failure as under the worst, with room to spare; there a few rounds are enough, at a
twentieth of a programme's time. What it returns is a routing in shares like any other.
"""

import numpy as np

from commonplace.capacity.network.flow import Graph, Shares, distances
from commonplace.foundation.arrays import Float64s, Int64s

ROUNDS = 16  # after which a programme is the quicker way (1 ms each at 100 houses)
_STEEP = 12.0  # how much longer an arc is at the peak than one without load, as a power of e
_STEPS = np.linspace(0.0, 1.0, 33)[1:]  # parts of the demand that may move in a round


def deviated(graph: Graph, capacity: Float64s, pairs: Int64s, demand: Float64s) -> Shares | None:
    """A routing that carries demands [pairs] whole in capacities [arcs], or None."""
    usable = capacity > 0
    room = np.where(usable, capacity, 1.0)
    start = shortest_ways(graph, np.where(usable, 1.0 / room, np.inf), pairs)
    if (demand * ~start.served).any():
        return None
    parts, used = start.parts, (demand @ start.parts) / room
    for _ in range(ROUNDS):
        if (peak := float(used.max())) <= 1.0:
            return Shares(parts, start.served)
        lengths = np.where(usable, np.exp(_STEEP * (used / peak - 1.0)) / room, np.inf)
        other = shortest_ways(graph, lengths, pairs).parts
        there = (demand @ other) / room
        peaks = (used + _STEPS[:, None] * (there - used)).max(1)
        step = float(_STEPS[peaks.argmin()])
        if peaks.min() >= peak:
            return None
        parts, used = parts + step * (other - parts), used + step * (there - used)
    return None


def shortest_ways(graph: Graph, lengths: Float64s, pairs: Int64s) -> Shares:
    """Each pair on a shortest way by lengths [arcs] > 0; infinite: the arc is not there."""
    apart = distances(graph, lengths)
    over = lengths[:, None] + apart[graph.head]  # [arcs, nodes]: from the tail to each end over it
    first = np.zeros((graph.nodes, graph.nodes), np.int64)
    for node, leaving in enumerate(graph.leaving):
        if len(leaving):
            first[node] = leaving[over[leaving].argmin(0)]
    served = np.isfinite(apart[pairs[:, 0], pairs[:, 1]])
    parts = np.zeros((len(pairs), graph.arcs))
    going, at = np.flatnonzero(served), pairs[served, 0]
    for _ in range(graph.nodes):  # no shortest way is longer
        underway = at != pairs[going, 1]
        going, at = going[underway], at[underway]
        if not len(going):
            break
        arc = first[at, pairs[going, 1]]
        parts[going, arc] = 1.0
        at = graph.head[arc]
    return Shares(parts, served)

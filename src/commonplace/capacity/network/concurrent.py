"""Maximum concurrent flow: the largest factor by which all demands can be routed at once.

An arc-based linear programme, commodities aggregated by source (Ahuja, Magnanti, Orlin, Network
Flows, section 17.1), solved by HiGHS: simplex from the last basis for small graphs, interior point
for large ones. Notable: nothing that the solver says is taken on trust. Its flows
are turned into shares that route every demand whole by construction, its duals into lengths of the
arcs; plain arithmetic then gives a factor that is carried and one that cannot be exceeded
(the metric inequality of Iri 1971, Onaga and Kakusho 1971). Where the two do not meet, it says so.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.capacity.network.flow import (
    TOLERANCE,
    Graph,
    added_up,
    carried,
    distances,
    routed,
    with_ways,
)
from commonplace.capacity.solver.highs import SolverError, scale, solve_linear
from commonplace.capacity.solver.programme import Matrix, Programme, loaded
from commonplace.foundation.arrays import Float64s, Int64s

_LARGE = 30_000  # columns from which interior point is tried first (benchmarks.capacity.check)


@dataclass(frozen=True, eq=False)
class ConcurrentFlow:
    """A factor that is carried, one that cannot be exceeded, and both certificates."""

    carried: float  # by the routing, whose loads were added up
    bound: float  # by the lengths, whose distances were measured
    loads: Float64s  # [arcs], of the demands themselves (factor 1)
    lengths: Float64s  # [arcs]: the metric; where it is positive the arc binds

    @property
    def utilisation(self) -> float:
        """The least possible maximum of load over capacity: 1 / factor."""
        return 1.0 / self.carried if self.carried > 0 else np.inf


def metric_bound(
    graph: Graph, capacity: Float64s, pairs: Int64s, demand: Float64s, lengths: Float64s
) -> float:
    """No routing carries more than this factor: total length of capacity over that of demand."""
    apart = distances(graph, lengths)[pairs[:, 0], pairs[:, 1]]
    needed = float(np.sum(demand[demand > 0] * apart[demand > 0]))
    return float(lengths @ capacity) / needed if needed > 0 else np.inf


class FlowProgramme:
    """The linear programme of one graph and its pairs, solved again and again from a warm start.

    maximise x with, for each source s and node v other than s, arrivals - departures = x d(s, v),
    and the sum over the sources on each arc at most its capacity.
    """

    def __init__(self, graph: Graph, pairs: Int64s) -> None:
        self.graph, self.pairs = graph, pairs
        self.sources = np.unique(pairs[:, 0])
        self.row = np.searchsorted(self.sources, pairs[:, 0]) * graph.nodes + pairs[:, 1]
        self.large = len(self.sources) * graph.arcs > _LARGE
        self.highs = loaded(self._matrix())

    def _matrix(self) -> Matrix:
        """The part that never changes: the flows of each source, then the factor as last column."""
        graph, count, programme = self.graph, len(self.sources), Programme()
        source, arc = np.divmod(np.arange(count * graph.arcs), graph.arcs)
        tail, head = graph.tail[arc], graph.head[arc]
        into_source = head == self.sources[source]
        flow = programme.add_columns(len(arc), upper=np.where(into_source, 0.0, np.inf))
        factor = programme.add_columns(1, cost=-1.0)
        free = np.zeros(count * graph.nodes)  # a source's own balance is not a row
        free[np.arange(count) * graph.nodes + self.sources] = np.inf
        programme.add_rows(len(free), lower=-free, upper=free)
        capacity = programme.add_rows(graph.arcs, upper=1.0)
        joins = tail != head  # a loop cancels out in its node's balance
        balance = source * graph.nodes
        programme.add_entries((balance + head)[joins], flow[joins], 1.0)
        programme.add_entries((balance + tail)[joins], flow[joins], -1.0)
        programme.add_entries(capacity[arc], flow, 1.0)
        programme.add_entries(self.row, factor, -1.0)
        return programme.matrix()

    def solve(self, capacity: Float64s, demand: Float64s) -> tuple[Float64s, Float64s]:
        """Flows [sources, arcs] and lengths [arcs] for capacities [arcs] and demands [pairs].

        Raises:
            SolverError: neither algorithm came to an end.
        """
        g, last = self.graph, len(self.sources) * self.graph.arcs
        unit = scale(capacity)
        # HiGHS ends in 'Unknown' on numbers of many sizes, so all are brought to about 1
        scaled = demand * (_rough_factor(g, self.pairs, capacity, demand) / unit)
        for row, value in zip(self.row, scaled, strict=True):
            self.highs.changeCoeff(int(row), last, -float(value))
        rows = np.arange(g.arcs, dtype=np.int32) + len(self.sources) * g.nodes
        lowest = np.full(g.arcs, -np.inf)
        self.highs.changeRowsBounds(g.arcs, rows, lowest, capacity / unit)
        solve_linear(self.highs, "flow", interior=self.large)
        solution = self.highs.getSolution()
        flow = np.asarray(solution.col_value)[:last].reshape(len(self.sources), g.arcs)
        flow = flow * (capacity > 0)  # the solver's tolerance leaves dust on an arc that is lost
        duals = np.asarray(solution.row_dual)[len(self.sources) * g.nodes :]
        return np.maximum(flow, 0.0), np.maximum(-duals, 0.0)


def _rough_factor(graph: Graph, pairs: Int64s, capacity: Float64s, demand: Float64s) -> float:
    """A factor that no routing exceeds, by what leaves and enters each node: brings x to 0 .. 1."""
    factor = np.inf
    for arcs, end in ((graph.tail, 0), (graph.head, 1)):
        room = np.bincount(arcs, capacity, graph.nodes)
        needed = np.bincount(pairs[:, end], demand, graph.nodes)
        at = (needed > 0) & (room > 0)
        factor = min(factor, float(np.min(room[at] / needed[at], initial=np.inf)))
    return factor if np.isfinite(factor) else 1.0


def concurrent_flow(
    graph: Graph, capacity: Float64s, pairs: Int64s, demand: Float64s
) -> ConcurrentFlow:
    """The maximum concurrent flow of demands [pairs] between nodes `pairs` [pairs, 2].

    Capacities are [arcs], in the unit of the demands. Infinite where nothing is demanded.

    Raises:
        SolverError: HiGHS came to no end, or its answer does not verify to `TOLERANCE`.
    """
    demanded = demand > 0
    pairs, demand = pairs[demanded], demand[demanded]
    if not len(pairs):
        nothing = np.zeros(graph.arcs)
        return ConcurrentFlow(carried=np.inf, bound=np.inf, loads=nothing, lengths=nothing)
    programme = FlowProgramme(graph, pairs)
    flow = _verified(programme, capacity, demand)
    if programme.large and flow.bound - flow.carried > TOLERANCE * flow.bound:
        programme.large = False  # the interior point was not close enough: ask for a vertex
        flow = _verified(programme, capacity, demand)
    if flow.bound - flow.carried > TOLERANCE * max(flow.bound, 1e-9):
        raise SolverError(f"a flow of {flow.carried:.9g} against a bound of {flow.bound:.9g}")
    return flow


def _verified(programme: FlowProgramme, capacity: Float64s, demand: Float64s) -> ConcurrentFlow:
    """Solve, then add up the loads and measure the distances."""
    graph, pairs = programme.graph, programme.pairs
    flow, lengths = programme.solve(capacity, demand)
    loads = added_up(graph, flow, programme.sources, pairs, demand)
    bound = metric_bound(graph, capacity, pairs, demand, lengths)
    if loads is None:  # a demand is below every tolerance of the solver
        routing = with_ways(graph, capacity, routed(graph, flow, programme.sources, pairs), pairs)
        if not routing.served.all():
            return ConcurrentFlow(0.0, bound, loads=np.zeros(graph.arcs), lengths=lengths)
        loads = routing.loads(demand)
    return ConcurrentFlow(float(carried(capacity, loads)), bound, loads=loads, lengths=lengths)

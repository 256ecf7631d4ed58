"""Maximum concurrent flow: the largest factor by which all demands can be routed at once.

An arc-based linear programme, commodities aggregated by source (Ahuja, Magnanti, Orlin, Network
Flows, section 17.1), solved by HiGHS: simplex, warm from the question before, for small graphs,
interior point for large ones. Notable: nothing that the solver says is taken on trust. Its flows
are turned into shares that route every demand whole by construction, its duals into lengths of the
arcs; plain arithmetic then gives a factor that is carried and one that cannot be exceeded
(the metric inequality of Iri 1971, Onaga and Kakusho 1971). Where the two do not meet, it says so.
"""

from contextlib import suppress
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
from commonplace.capacity.solver.highs import SolverError, scale, solved, solver
from commonplace.foundation.arrays import Float64s, Int64s

_LARGE = 30_000  # columns from which interior point is tried first (benchmarks.capacity.check)


@dataclass(frozen=True, eq=False)
class Concurrent:
    """The answer: a factor that is carried, one that cannot be exceeded, and both certificates."""

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


class Programme:
    """The linear programme of one graph and its pairs, asked again and again, warm.

    maximise x with, for each source s and node v other than s, arrivals - departures = x d(s, v),
    and the sum over the sources on each arc at most its capacity.
    """

    def __init__(self, graph: Graph, pairs: Int64s) -> None:
        self.graph, self.pairs = graph, pairs
        self.sources = np.unique(pairs[:, 0])
        self.row = np.searchsorted(self.sources, pairs[:, 0]) * graph.nodes + pairs[:, 1]
        self.large = len(self.sources) * graph.arcs > _LARGE
        self.highs = solver()
        self._pass()

    def _pass(self) -> None:
        """Hand the constant part to HiGHS: flows, then the factor as the last column."""
        import highspy

        g, inf = self.graph, highspy.kHighsInf
        count, conserved = len(self.sources), len(self.sources) * g.nodes
        of = np.repeat(np.arange(count), g.arcs)
        tails, heads = np.tile(g.tail, count), np.tile(g.head, count)
        arcs = np.tile(np.arange(g.arcs), count)
        rows = np.stack([of * g.nodes + heads, of * g.nodes + tails, conserved + arcs], 1)
        values = np.tile([1.0, -1.0, 1.0], (len(of), 1))
        order = np.argsort(self.row)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(of) + 1, conserved + g.arcs
        lp.col_cost_ = np.append(np.zeros(len(of)), -1.0)
        lp.col_lower_ = np.zeros(len(of) + 1)
        into_source = heads == self.sources[of]
        lp.col_upper_ = np.append(np.where(into_source, 0.0, inf), inf)
        free = np.zeros(conserved)
        free[np.arange(count) * g.nodes + self.sources] = inf
        lp.row_lower_ = np.append(-free, np.full(g.arcs, -inf))
        lp.row_upper_ = np.append(free, np.ones(g.arcs))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        kept = np.stack(
            [tails != heads, tails != heads, np.ones(len(of), bool)], 1
        )  # loops cancel out
        lengths = np.append(kept.sum(1), len(self.row))
        lp.a_matrix_.start_ = np.append(0, np.cumsum(lengths)).astype(np.int32)
        lp.a_matrix_.index_ = np.append(rows[kept], self.row[order]).astype(np.int32)
        lp.a_matrix_.value_ = np.append(values[kept], np.full(len(self.row), -1.0))
        if self.highs.passModel(lp) != highspy.HighsStatus.kOk:
            raise SolverError("HiGHS refused the flow's linear programme")

    def solve(self, capacity: Float64s, demand: Float64s) -> tuple[Float64s, Float64s]:
        """Flows [sources, arcs] and lengths [arcs] for capacities [arcs] and demands [pairs].

        Raises:
            SolverError: neither algorithm came to an end.
        """
        g, last = self.graph, len(self.sources) * self.graph.arcs
        unit = scale(capacity)
        scaled = demand * (_about(g, self.pairs, capacity, demand) / unit)
        for row, value in zip(self.row, scaled, strict=True):
            self.highs.changeCoeff(int(row), last, -float(value))
        rows = np.arange(g.arcs, dtype=np.int32) + len(self.sources) * g.nodes
        lowest = np.full(g.arcs, -np.inf)
        self.highs.changeRowsBounds(g.arcs, rows, lowest, capacity / unit)  # type: ignore[attr-defined]
        self._run()
        found = self.highs.getSolution()
        flow = np.asarray(found.col_value)[:last].reshape(len(self.sources), g.arcs) * (
            capacity > 0
        )
        lengths = np.maximum(-np.asarray(found.row_dual)[len(self.sources) * g.nodes :], 0.0)
        return np.maximum(flow, 0.0), lengths

    def _run(self) -> None:
        """Interior point where it is faster, else simplex; the other one where that fails."""
        if self.large:
            self.highs.setOptionValue("solver", "ipx")
            self.highs.setOptionValue("run_crossover", "off")
            with suppress(SolverError):
                if solved(self.highs) == "optimal":
                    return
        self.highs.setOptionValue("solver", "simplex")
        if (end := solved(self.highs)) != "optimal":
            raise SolverError(f"the flow's linear programme ended {end}")


def _about(graph: Graph, pairs: Int64s, capacity: Float64s, demand: Float64s) -> float:
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
) -> Concurrent:
    """The maximum concurrent flow of demands [pairs] between nodes `pairs` [pairs, 2].

    Capacities are [arcs], in the unit of the demands. Infinite where nothing is demanded.

    Raises:
        SolverError: HiGHS came to no end, or its answer does not verify to `TOLERANCE`.
    """
    kept = demand > 0
    pairs, demand = pairs[kept], demand[kept]
    if not len(pairs):
        return Concurrent(np.inf, np.inf, np.zeros(graph.arcs), np.zeros(graph.arcs))
    programme = Programme(graph, pairs)
    found = _verified(programme, capacity, demand)
    if programme.large and found.bound - found.carried > TOLERANCE * found.bound:
        programme.large = False  # an interior solution that is not close enough: to a vertex
        found = _verified(programme, capacity, demand)
    if found.bound - found.carried > TOLERANCE * max(found.bound, 1e-9):
        raise SolverError(f"a flow of {found.carried:.9g} against a bound of {found.bound:.9g}")
    return found


def _verified(programme: Programme, capacity: Float64s, demand: Float64s) -> Concurrent:
    """Solve, then add up the loads and measure the distances."""
    graph, pairs = programme.graph, programme.pairs
    flow, lengths = programme.solve(capacity, demand)
    loads = added_up(graph, flow, programme.sources, pairs, demand)
    bound = metric_bound(graph, capacity, pairs, demand, lengths)
    if loads is None:
        found = with_ways(graph, capacity, routed(graph, flow, programme.sources, pairs), pairs)
        if not found.served.all():
            return Concurrent(0.0, bound, np.zeros(graph.arcs), lengths)
        loads = found.loads(demand)
    return Concurrent(float(carried(capacity, loads)), bound, loads, lengths)

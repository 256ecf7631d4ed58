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
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from commonplace.capacity._solver import SolverError, scale, solved, solver

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TOLERANCE = 1e-6  # how far apart, relatively, the carried factor and its bound may be
_LARGE = 30_000  # columns from which interior point is tried first (benchmarks/capacity_check.py)


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes 0 .. nodes - 1 and arcs from `tail` to `head`, [arcs] each."""

    nodes: int
    tail: Ints
    head: Ints

    @property
    def arcs(self) -> int:
        """How many arcs there are."""
        return len(self.tail)

    @cached_property
    def leaving(self) -> tuple[Ints, ...]:
        """The arcs that leave each node."""
        return tuple(np.flatnonzero(self.tail == node) for node in range(self.nodes))


@dataclass(frozen=True, eq=False)
class Shares:
    """A routing: which part of each demand runs over each arc; it fits any amounts.

    `parts` is [pairs, arcs]; each served row is a unit flow from the pair's first node to its
    second. A pair that is not served has no way in this routing.
    """

    parts: Floats
    served: NDArray[np.bool_]  # [pairs]

    def loads(self, demand: Floats) -> Floats:
        """Load of each arc, [..., arcs], by demands [..., pairs]; infinite where one has no way."""
        loads: Floats = demand @ self.parts
        lost = (demand * ~self.served).sum(-1) > 0
        return np.where(np.asarray(lost)[..., None], np.inf, loads)


@dataclass(frozen=True, eq=False)
class Concurrent:
    """The answer: a factor that is carried, one that cannot be exceeded, and both certificates."""

    carried: float  # by the routing, whose loads were added up
    bound: float  # by the lengths, whose distances were measured
    loads: Floats  # [arcs], of the demands themselves (factor 1)
    lengths: Floats  # [arcs]: the metric; where it is positive the arc binds

    @property
    def utilisation(self) -> float:
        """The least possible maximum of load over capacity: 1 / factor."""
        return 1.0 / self.carried if self.carried > 0 else np.inf


def distances(graph: Graph, lengths: Floats) -> Floats:
    """Shortest distances [..., nodes, nodes] by lengths [..., arcs] >= 0 (Floyd and Warshall)."""
    found = np.full((*lengths.shape[:-1], graph.nodes, graph.nodes), np.inf)
    for node in range(graph.nodes):
        found[..., node, node] = 0.0
    ends = (..., graph.tail, graph.head)  # parallel arcs share a place
    np.minimum.at(found, ends, lengths)  # type: ignore[arg-type]
    for node in range(graph.nodes):
        through = found[..., :, node, None] + found[..., None, node, :]
        np.minimum(found, through, out=found)
    return found


def metric_bound(
    graph: Graph, capacity: Floats, pairs: Ints, demand: Floats, lengths: Floats
) -> float:
    """No routing carries more than this factor: total length of capacity over that of demand."""
    apart = distances(graph, lengths)[pairs[:, 0], pairs[:, 1]]
    needed = float(np.sum(demand[demand > 0] * apart[demand > 0]))
    return float(lengths @ capacity) / needed if needed > 0 else np.inf


def carried(capacity: Floats, loads: Floats) -> Floats:
    """The factor [...] that loads [..., arcs] leave within capacity; infinite without load."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(loads > 0, capacity / loads, np.inf)
    return np.asarray(room.min(-1, initial=np.inf))


def traced(graph: Graph, flow: Floats, source: int, ends: Floats) -> tuple[Floats, Floats]:
    """What runs over each arc, [arcs, k], and arrives at the source, [k], of `ends` [nodes, k].

    `flow` [arcs] is the source's. What comes to a node comes over its arcs in the proportion of
    their flow; so y = e + M y with M[u, v] the part of v's arrivals that come from u: whatever is
    wanted at the ends is followed back to the source, and is a flow by construction.
    """
    parts = _arrivals(graph, flow, source)
    mixing = np.zeros((graph.nodes, graph.nodes))
    np.add.at(mixing, (graph.tail, graph.head), parts)
    through = np.linalg.solve(np.eye(graph.nodes) - mixing, ends)
    return through[graph.head] * parts[:, None], through[source]


def _arrivals(graph: Graph, flow: Floats, source: int) -> Floats:
    """Each arc's part of what arrives at its head; only arcs that the source reaches count."""
    used = np.where((flow > 1e-11 * flow.max(initial=0.0)) & (graph.head != source), flow, 0.0)
    reached = np.zeros(graph.nodes, bool)
    reached[source], before = True, 0
    while (count := int(reached.sum())) != before:
        before = count
        reached[graph.head[(used > 0) & reached[graph.tail]]] = True
    used[~reached[graph.tail]] = 0.0
    arriving = np.bincount(graph.head, used, graph.nodes)
    return np.divide(used, arriving[graph.head], out=np.zeros_like(used), where=used > 0)


def routed(graph: Graph, flow: Floats, sources: Ints, pairs: Ints) -> Shares:
    """The routing in shares by flows [sources, arcs]; served is what leaves its source whole."""
    parts, served = np.zeros((len(pairs), graph.arcs)), np.zeros(len(pairs), bool)
    for row, source in enumerate(sources):
        wanted = np.flatnonzero(pairs[:, 0] == source)
        ends = np.zeros((graph.nodes, len(wanted)))
        ends[pairs[wanted, 1], np.arange(len(wanted))] = 1.0
        found, whole = traced(graph, flow[row], int(source), ends)
        parts[wanted], served[wanted] = found.T, np.abs(whole - 1.0) < 1e-9
    return Shares(parts, served)


def with_ways(graph: Graph, capacity: Floats, found: Shares, pairs: Ints) -> Shares:
    """Give each pair that is not served a way of fewest arcs with capacity, if it has one.

    Such a pair demands nothing now, or less than the solver's tolerance; in other months it may.
    """
    parts, served = found.parts.copy(), found.served.copy()
    for source in np.unique(pairs[~served, 0]):
        into = _tree(graph, capacity > 0, int(source))
        for pair in np.flatnonzero(~served & (pairs[:, 0] == source)):
            parts[pair], at = 0.0, int(pairs[pair, 1])
            while at != source and into[at] >= 0:
                parts[pair, into[at]] = 1.0
                at = int(graph.tail[into[at]])
            served[pair] = at == source
    return Shares(parts, served)


def _tree(graph: Graph, usable: NDArray[np.bool_], source: int) -> Ints:
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
    graph: Graph, flow: Floats, sources: Ints, pairs: Ints, demand: Floats
) -> Floats | None:
    """Load of each arc by flows [sources, arcs]; None where a demand has no way."""
    loads = np.zeros(graph.arcs)
    for row, source in enumerate(sources):
        of = pairs[:, 0] == source
        ends: Floats = np.bincount(pairs[of, 1], demand[of], graph.nodes).astype(np.float64)
        found, whole = traced(graph, flow[row], int(source), ends[:, None])
        if abs(float(whole[0]) - ends.sum()) > 1e-9 * ends.sum():
            return None
        loads += found[:, 0]
    return loads


class Programme:
    """The linear programme of one graph and its pairs, asked again and again, warm.

    maximise x with, for each source s and node v other than s, arrivals - departures = x d(s, v),
    and the sum over the sources on each arc at most its capacity.
    """

    def __init__(self, graph: Graph, pairs: Ints) -> None:
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

    def solve(self, capacity: Floats, demand: Floats) -> tuple[Floats, Floats]:
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
        flow = np.asarray(found.col_value)[:last].reshape(-1, g.arcs) * (capacity > 0)
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


def _about(graph: Graph, pairs: Ints, capacity: Floats, demand: Floats) -> float:
    """A factor that no routing exceeds, by what leaves and enters each node: brings x to 0 .. 1."""
    factor = np.inf
    for arcs, end in ((graph.tail, 0), (graph.head, 1)):
        room = np.bincount(arcs, capacity, graph.nodes)
        needed = np.bincount(pairs[:, end], demand, graph.nodes)
        at = (needed > 0) & (room > 0)
        factor = min(factor, float(np.min(room[at] / needed[at], initial=np.inf)))
    return factor if np.isfinite(factor) else 1.0


def concurrent_flow(graph: Graph, capacity: Floats, pairs: Ints, demand: Floats) -> Concurrent:
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


def _verified(programme: Programme, capacity: Floats, demand: Floats) -> Concurrent:
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

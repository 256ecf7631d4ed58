"""Hose: one fixed, splittable routing that carries every matrix within the sums out and in.

The largest factor of the sums, by linear duality (Duffield et al., SIGCOMM 1999; Kumar et al.,
STOC 2001; Altin et al., Networks 2007). The worst load of an arc over all matrices D with row sums
at most `out` and column sums at most `into` is a transportation problem; its dual turns "for all
matrices" into a few rows:

    maximise x,  r_p a flow of x from s to z for each pair p = (s, z),
    alpha_as + beta_az >= r_pa,   sum_s out_s alpha_as + sum_z into_z beta_az <= c_a.

The routing may not depend on the matrix, so the verdict is on the safe side. As in `_flow`, the
answer is not trusted: the routing is traced anew, its alpha and beta are mended until they hold,
and the duals give a bound by shortest paths.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from commonplace.capacity.network.concurrent import Programme
from commonplace.capacity.network.flow import TOLERANCE, Graph, carried, distances, routed, traced
from commonplace.capacity.solver.highs import SolverError, scale, solved, solver
from commonplace.foundation.arrays import Float64s, Int64s

if TYPE_CHECKING:
    import highspy

_LARGE = 5000  # columns from which interior point is twice as fast


@dataclass(frozen=True, eq=False)
class HoseFlow:
    """A factor that the routing carries whatever the matrix, and one that no fixed routing can."""

    carried: float
    bound: float
    parts: Float64s  # [pairs, arcs]: the routing
    pairs: Int64s  # [pairs, 2]
    alpha: Float64s  # [nodes, arcs]: the most that a Gb/s out of a node loads an arc, and
    beta: Float64s  # [nodes, arcs]: a Gb/s into one, so that alpha_s + beta_z >= parts
    lengths: Float64s  # [arcs]: no routing for these sums unless lengths . capacity >= needed
    needed: float

    def loads(self, hose: Float64s) -> Float64s:
        """The worst load of each arc [..., arcs] by sums out and in [..., 2, nodes]."""
        loads: Float64s = hose[..., 0, :] @ self.alpha + hose[..., 1, :] @ self.beta
        return loads


def hose_pairs(hose: Float64s) -> Int64s:
    """Every (sender, receiver) by sums [..., 2, nodes] in any of them."""
    any_month = hose.reshape(-1, 2, hose.shape[-1]).max(0)
    found = [
        (s, z)
        for s in np.flatnonzero(any_month[0] > 0)
        for z in np.flatnonzero(any_month[1] > 0)
        if s != z
    ]
    return np.array(found, np.int64).reshape(-1, 2)


def hose_flow(graph: Graph, capacity: Float64s, hose: Float64s, large: int = _LARGE) -> HoseFlow:
    """The largest factor of sums [2, nodes] that a fixed routing carries in capacities [arcs].

    From `large` columns on interior point is tried first; where what it finds does not verify to
    `TOLERANCE`, the vertex is asked for.

    Raises:
        SolverError: HiGHS came to no end.
    """
    pairs = hose_pairs(hose)
    if not len(pairs):
        none, flat = np.zeros((graph.nodes, graph.arcs)), np.zeros((0, graph.arcs))
        return HoseFlow(np.inf, np.inf, flat, pairs, none, none, np.zeros(graph.arcs), 0.0)
    flow, alpha, beta, length, metric = _solve(graph, capacity, hose, pairs, large)
    usable = capacity > 0  # what a tolerance left on a lost arc is dust
    parts, served = _traced(graph, flow * usable, pairs)
    alpha, beta = alpha * usable, beta * usable
    alpha, beta = _mended(parts, pairs, alpha, beta)
    lengths, needed = _certificate(graph, hose, pairs, length, metric)
    bound = float(lengths @ capacity) / needed if needed > 0 else np.inf
    found = HoseFlow(0.0, bound, parts, pairs, alpha, beta, lengths, needed)
    most = float(carried(capacity, found.loads(hose))) if served else 0.0
    if most < bound * (1 - TOLERANCE) and large == _LARGE:
        return hose_flow(graph, capacity, hose, large=1 << 62)
    return HoseFlow(most, bound, parts, pairs, alpha, beta, lengths, needed)


def _solve(
    graph: Graph, capacity: Float64s, hose: Float64s, pairs: Int64s, large: int
) -> tuple[Float64s, Float64s, Float64s, Float64s, Float64s]:
    """Flows [pairs, arcs], alpha and beta [nodes, arcs], duals [arcs] and [pairs, arcs]."""
    import highspy

    n, m, count = graph.nodes, graph.arcs, len(pairs)
    unit = scale(capacity)
    sums = hose / scale(hose)
    rows, columns, values = _entries(graph, sums, pairs)
    flows, ends = count * m, n * m
    last = flows + 2 * ends
    lp, inf = highspy.HighsLp(), highspy.kHighsInf
    conserved, domination = count * n, count * m
    lp.num_col_, lp.num_row_ = last + 1, conserved + domination + m
    lp.col_cost_ = np.append(np.zeros(last), -1.0)
    lp.col_lower_, lp.col_upper_ = np.zeros(last + 1), np.full(last + 1, inf)
    free = np.zeros(conserved)
    free[np.arange(count) * n + pairs[:, 0]] = inf
    lp.row_lower_ = np.concatenate([-free, np.zeros(domination), np.full(m, -inf)])
    lp.row_upper_ = np.concatenate([free, np.full(domination, inf), capacity / unit])
    order = np.lexsort((rows, columns))
    starts = np.searchsorted(columns[order], np.arange(last + 2))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = starts.astype(np.int32)
    lp.a_matrix_.index_ = rows[order].astype(np.int32)
    lp.a_matrix_.value_ = values[order]
    highs = solver()
    if highs.passModel(lp) != highspy.HighsStatus.kOk:
        raise SolverError("HiGHS refused the hose's linear programme")
    _run(highs, large=last > large)
    found = highs.getSolution()
    column, dual = np.maximum(np.asarray(found.col_value), 0.0), np.asarray(found.row_dual)
    factor = column[last] if column[last] > 0 else 1.0
    alpha = column[flows : flows + ends].reshape(n, m) / factor
    beta = column[flows + ends : last].reshape(n, m) / factor
    metric = np.maximum(dual[conserved : conserved + domination], 0.0).reshape(count, m)
    return (
        column[:flows].reshape(count, m),
        alpha,
        beta,
        np.maximum(-dual[conserved + domination :], 0.0),
        metric,
    )


def _run(highs: "highspy.Highs", large: bool) -> None:
    """Interior point where it is faster, else simplex, and where the other one fails."""
    if large:
        highs.setOptionValue("solver", "ipx")
        highs.setOptionValue("run_crossover", "off")
        with suppress(SolverError):
            if solved(highs) == "optimal":
                return
    highs.setOptionValue("solver", "simplex")
    if (end := solved(highs)) != "optimal":
        raise SolverError(f"the hose's linear programme ended {end}")


def gravity_routing(graph: Graph, capacity: Float64s, hose: Float64s) -> HoseFlow:
    """The routing that is best for one matrix, that in proportion to the sums; cheap, often enough.

    Its worst loads over all matrices are as exact as any other's; its bound says nothing.
    """
    pairs = hose_pairs(hose)
    programme = Programme(graph, pairs)
    demand = hose[0][pairs[:, 0]] * hose[1][pairs[:, 1]] / hose[1].sum()
    flow, _ = programme.solve(capacity, demand)
    found = routed(graph, flow, programme.sources, pairs)
    alpha, beta = _worst(graph, found.parts, hose, pairs)
    flat = np.zeros(graph.arcs)
    known = HoseFlow(0.0, np.inf, found.parts, pairs, alpha, beta, flat, 0.0)
    most = float(carried(capacity, known.loads(hose))) if found.served.all() else 0.0
    return HoseFlow(most, np.inf, found.parts, pairs, alpha, beta, flat, 0.0)


def _worst(
    graph: Graph, parts: Float64s, hose: Float64s, pairs: Int64s
) -> tuple[Float64s, Float64s]:
    """The duals of each arc's worst matrix: least out . alpha + into . beta, all arcs at once."""
    import highspy

    n, m = graph.nodes, graph.arcs
    lp, inf = highspy.HighsLp(), highspy.kHighsInf
    pair, arc = np.nonzero(parts > 0)
    lp.num_col_, lp.num_row_ = 2 * n * m, len(pair)
    lp.col_cost_ = (hose / scale(hose))[:, :, None].repeat(m, 2).ravel()
    lp.col_lower_, lp.col_upper_ = np.zeros(2 * n * m), np.full(2 * n * m, inf)
    lp.row_lower_, lp.row_upper_ = parts[pair, arc], np.full(len(pair), inf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = 2 * np.arange(len(pair) + 1, dtype=np.int32)
    columns = np.stack([pairs[pair, 0] * m + arc, (n + pairs[pair, 1]) * m + arc], 1)
    lp.a_matrix_.index_ = columns.ravel().astype(np.int32)
    lp.a_matrix_.value_ = np.ones(2 * len(pair))
    highs = solver()
    if highs.passModel(lp) != highspy.HighsStatus.kOk:
        raise SolverError("HiGHS refused the worst matrices' linear programme")
    _run(highs, large=False)
    found = np.maximum(np.asarray(highs.getSolution().col_value), 0.0).reshape(2, n, m)
    return _mended(parts, pairs, found[0], found[1])


def _entries(graph: Graph, sums: Float64s, pairs: Int64s) -> tuple[Int64s, Int64s, Float64s]:
    """Rows, columns and values of the matrix, in the order of the docstring of this module."""
    n, m, count = graph.nodes, graph.arcs, len(pairs)
    pair, arc = np.repeat(np.arange(count), m), np.tile(np.arange(m), count)
    flow, into, out = pair * m + arc, pair * n + graph.head[arc], pair * n + graph.tail[arc]
    real = graph.tail[arc] != graph.head[arc]
    dominated, last = count * n + flow, count * m + 2 * n * m
    alpha = count * m + pairs[pair, 0] * m + arc
    beta = count * m + n * m + pairs[pair, 1] * m + arc
    node, over = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    within = count * n + count * m + over
    ends = np.arange(count) * n + pairs[:, 1]
    one = np.ones(count * m)
    blocks = [
        (into[real], flow[real], one[real]),
        (out[real], flow[real], -one[real]),
        (ends, np.full(count, last), -np.ones(count)),
        (dominated, flow, -one),
        (dominated, alpha, one),
        (dominated, beta, one),
        (within, count * m + node * m + over, sums[0][node]),
        (within, count * m + n * m + node * m + over, sums[1][node]),
    ]
    rows, columns, values = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return rows, columns, values


def _traced(graph: Graph, flow: Float64s, pairs: Int64s) -> tuple[Float64s, bool]:
    """The unit flow of each pair, and whether all have a way."""
    parts, served = np.zeros(flow.shape), True
    for row, (source, end) in enumerate(pairs):
        ends = np.zeros((graph.nodes, 1))
        ends[end] = 1.0
        found, whole = traced(graph, flow[row], int(source), ends)
        parts[row], served = found[:, 0], served and abs(float(whole[0]) - 1.0) < 1e-9
    return parts, served


def _mended(
    parts: Float64s, pairs: Int64s, alpha: Float64s, beta: Float64s
) -> tuple[Float64s, Float64s]:
    """Raise beta until alpha + beta dominates the routing for every pair."""
    beta = beta.copy()
    np.maximum.at(beta, pairs[:, 1], parts - alpha[pairs[:, 0]])
    return alpha, beta


def _certificate(
    graph: Graph, hose: Float64s, pairs: Int64s, length: Float64s, metric: Float64s
) -> tuple[Float64s, float]:
    """Lengths [arcs] and what they need: valid for any numbers `metric` [pairs, arcs] >= 0.

    For x r_p: x dist_p <= sum_a metric_pa x r_pa <= sum_a metric_pa (alpha_as + beta_az), and with
    sum_z metric <= length_a out_s and sum_s metric <= length_a into_z that is at most
    sum_a length_a c_a. So lengths are raised until both hold.
    """
    lengths = length / scale(hose)
    for end in (0, 1):
        total = np.zeros((graph.nodes, graph.arcs))
        np.add.at(total, pairs[:, end], metric)
        at = hose[end] > 0
        lengths = np.maximum(lengths, (total[at] / hose[end][at, None]).max(0, initial=0.0))
    apart = distances(graph, metric)[np.arange(len(pairs)), pairs[:, 0], pairs[:, 1]]
    return lengths, float(apart.sum())

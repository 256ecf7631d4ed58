"""Hose: one fixed, splittable routing that carries every matrix within the sums out and in.

The largest factor of the sums, by linear duality (Duffield et al., SIGCOMM 1999; Kumar et al.,
STOC 2001; Altin et al., Networks 2007). The worst load of an arc over all matrices D with row sums
at most `out` and column sums at most `into` is a transportation problem; its dual turns "for all
matrices" into a few rows:

    maximise x,  r_p a flow of x from s to z for each pair p = (s, z),
    alpha_as + beta_az >= r_pa,   sum_s out_s alpha_as + sum_z into_z beta_az <= c_a.

The routing may not depend on the matrix, so the verdict is on the safe side. As in `concurrent`,
the answer is not trusted: the routing is traced anew, its beta is raised until the rows hold, and
the duals give a bound by shortest paths.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.capacity.network.concurrent import FlowProgramme
from commonplace.capacity.network.flow import TOLERANCE, Graph, carried, distances, routed
from commonplace.capacity.solver.highs import scale, solve_linear
from commonplace.capacity.solver.programme import Matrix, Programme, loaded
from commonplace.foundation.arrays import Float64s, Int64s

_LARGE = 5000  # columns from which interior point is twice as fast


@dataclass(frozen=True, eq=False)
class HoseFlow:
    """A factor that the routing carries whatever the matrix, and one that no fixed routing can."""

    carried: float
    parts: Float64s  # [pairs, arcs]: the routing
    pairs: Int64s  # [pairs, 2]
    alpha: Float64s  # [nodes, arcs]: the most that a Gb/s out of a node loads an arc, and
    beta: Float64s  # [nodes, arcs]: a Gb/s into one, so that alpha_s + beta_z >= parts
    lengths: Float64s  # [arcs]: no routing for these sums unless lengths . capacity >= needed
    needed: float = 0.0
    bound: float = np.inf

    def loads(self, hose: Float64s) -> Float64s:
        """The worst load of each arc [..., arcs] by sums out and in [..., 2, nodes]."""
        return _loads(hose, self.alpha, self.beta)


def hose_pairs(hose: Float64s) -> Int64s:
    """Every (sender, receiver) of sums [..., 2, nodes], in any month."""
    any_month = hose.reshape(-1, 2, hose.shape[-1]).max(0)
    exchange = np.outer(any_month[0] > 0, any_month[1] > 0)
    np.fill_diagonal(exchange, False)  # nobody sends to itself
    return np.argwhere(exchange)


def hose_flow(graph: Graph, capacity: Float64s, hose: Float64s, large: int = _LARGE) -> HoseFlow:
    """The largest factor of sums [2, nodes] that a fixed routing carries in capacities [arcs].

    From `large` columns on interior point is tried first; where its routing does not verify to
    `TOLERANCE`, simplex solves the programme again.

    Raises:
        SolverError: HiGHS came to no end.
    """
    pairs = hose_pairs(hose)
    if not len(pairs):
        return HoseFlow(
            carried=np.inf,
            parts=np.zeros((0, graph.arcs)),
            pairs=pairs,
            alpha=np.zeros((graph.nodes, graph.arcs)),
            beta=np.zeros((graph.nodes, graph.arcs)),
            lengths=np.zeros(graph.arcs),
        )
    flow, alpha, beta, length, metric = _solve(graph, capacity, hose, pairs, large=large)
    usable = capacity > 0  # the solver's tolerance may leave dust on an arc that is lost
    parts, served = _traced(graph, flow * usable, pairs)
    alpha, beta = alpha * usable, _dominating(parts, pairs, alpha * usable, beta * usable)
    lengths, needed = _certificate(graph, hose, pairs, length=length, metric=metric)
    bound = float(lengths @ capacity) / needed if needed > 0 else np.inf
    most = float(carried(capacity, _loads(hose, alpha, beta))) if served else 0.0
    if most < bound * (1 - TOLERANCE) and large == _LARGE:  # once, and not where a caller set it
        return hose_flow(graph, capacity, hose, large=1 << 62)
    return HoseFlow(
        carried=most,
        bound=bound,
        parts=parts,
        pairs=pairs,
        alpha=alpha,
        beta=beta,
        lengths=lengths,
        needed=needed,
    )


def _loads(hose: Float64s, alpha: Float64s, beta: Float64s) -> Float64s:
    """The worst load of each arc [..., arcs] by sums out and in [..., 2, nodes]."""
    loads: Float64s = hose[..., 0, :] @ alpha + hose[..., 1, :] @ beta
    return loads


def _solve(
    graph: Graph, capacity: Float64s, hose: Float64s, pairs: Int64s, *, large: int
) -> tuple[Float64s, Float64s, Float64s, Float64s, Float64s]:
    """Flows [pairs, arcs], alpha and beta [nodes, arcs], duals [arcs] and [pairs, arcs]."""
    n, m, count = graph.nodes, graph.arcs, len(pairs)
    flows, ends = count * m, n * m
    last, conserved = flows + 2 * ends, count * n
    highs = loaded(_matrix(graph, capacity / scale(capacity), hose / scale(hose), pairs))
    solve_linear(highs, "hose", interior=last > large)
    solution = highs.getSolution()
    column, dual = np.maximum(np.asarray(solution.col_value), 0.0), np.asarray(solution.row_dual)
    factor = column[last] if column[last] > 0 else 1.0  # 0: nothing is carried
    alpha = column[flows : flows + ends].reshape(n, m) / factor
    beta = column[flows + ends : last].reshape(n, m) / factor
    metric = np.maximum(dual[conserved : conserved + flows], 0.0).reshape(count, m)
    length = np.maximum(-dual[conserved + flows :], 0.0)
    return column[:flows].reshape(count, m), alpha, beta, length, metric


def _matrix(graph: Graph, capacity: Float64s, sums: Float64s, pairs: Int64s) -> Matrix:
    """The programme above: columns r, alpha, beta, x; rows of flow, of domination, of capacity."""
    n, m, count = graph.nodes, graph.arcs, len(pairs)
    programme = Programme()
    flow, alpha, beta = (
        programme.add_columns(height * m).reshape(height, m) for height in (count, n, n)
    )
    factor = programme.add_columns(1, cost=-1.0)
    free = np.zeros((count, n))  # the balance of a pair's own source is not a row
    free[np.arange(count), pairs[:, 0]] = np.inf
    balance = programme.add_rows(count * n, lower=-free.ravel(), upper=free.ravel())
    balance = balance.reshape(count, n)
    dominated = programme.add_rows(count * m, lower=0.0).reshape(count, m)
    within = programme.add_rows(m, upper=capacity)
    joins = graph.tail != graph.head  # a loop cancels out in its node's balance
    programme.add_entries(balance[:, graph.head[joins]], flow[:, joins], 1.0)
    programme.add_entries(balance[:, graph.tail[joins]], flow[:, joins], -1.0)
    programme.add_entries(balance[np.arange(count), pairs[:, 1]], factor, -1.0)
    programme.add_entries(dominated, flow, -1.0)
    programme.add_entries(dominated, alpha[pairs[:, 0]], 1.0)
    programme.add_entries(dominated, beta[pairs[:, 1]], 1.0)
    programme.add_entries(within, alpha, sums[0][:, None])
    programme.add_entries(within, beta, sums[1][:, None])
    return programme.matrix()


def gravity_routing(graph: Graph, capacity: Float64s, hose: Float64s) -> HoseFlow:
    """The routing that is best for the matrix in proportion to the sums; cheap, often enough.

    Its worst loads over all matrices are as exact as any other's; its bound says nothing.
    """
    pairs = hose_pairs(hose)
    programme = FlowProgramme(graph, pairs)
    demand = hose[0][pairs[:, 0]] * hose[1][pairs[:, 1]] / hose[1].sum()
    flow, _ = programme.solve(capacity, demand)
    routing = routed(graph, flow, programme.sources, pairs)
    alpha, beta = _worst(graph, routing.parts, hose, pairs)
    most = carried(capacity, _loads(hose, alpha, beta)) if routing.served.all() else 0.0
    return HoseFlow(
        carried=float(most),
        parts=routing.parts,
        pairs=pairs,
        alpha=alpha,
        beta=beta,
        lengths=np.zeros(graph.arcs),
    )


def _worst(
    graph: Graph, parts: Float64s, hose: Float64s, pairs: Int64s
) -> tuple[Float64s, Float64s]:
    """The duals of each arc's worst matrix: least out . alpha + into . beta, all arcs at once."""
    n, m = graph.nodes, graph.arcs
    pair, arc = np.nonzero(parts > 0)
    programme = Programme()
    cost = (hose / scale(hose))[:, :, None].repeat(m, 2).ravel()
    alpha, beta = programme.add_columns(2 * n * m, cost=cost).reshape(2, n, m)
    rows = programme.add_rows(len(pair), lower=parts[pair, arc])
    programme.add_entries(rows, alpha[pairs[pair, 0], arc], 1.0)
    programme.add_entries(rows, beta[pairs[pair, 1], arc], 1.0)
    highs = loaded(programme.matrix())
    solve_linear(highs, "worst matrices", interior=False)
    duals = np.maximum(np.asarray(highs.getSolution().col_value), 0.0).reshape(2, n, m)
    return duals[0], _dominating(parts, pairs, duals[0], duals[1])


def _traced(graph: Graph, flow: Float64s, pairs: Int64s) -> tuple[Float64s, bool]:
    """The unit flow of each pair, and whether all have a way."""
    routings = [routed(graph, flow[[n]], pair[:1], pair[None]) for n, pair in enumerate(pairs)]
    parts = np.concatenate([routing.parts for routing in routings])
    return parts, all(routing.served.all() for routing in routings)


def _dominating(parts: Float64s, pairs: Int64s, alpha: Float64s, beta: Float64s) -> Float64s:
    """Beta, raised until alpha + beta dominates the routing for every pair."""
    beta = beta.copy()
    np.maximum.at(beta, pairs[:, 1], parts - alpha[pairs[:, 0]])
    return beta


def _certificate(
    graph: Graph, hose: Float64s, pairs: Int64s, *, length: Float64s, metric: Float64s
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

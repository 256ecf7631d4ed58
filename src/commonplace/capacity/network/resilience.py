"""For every failure and month: how much of the demand can be routed at once, and what binds.

One factor for each question (failure, month), twelve months and twenty failures being 240 linear
programmes. Notable: nearly all are settled without one. A routing, in shares, found for one
question carries known factors in all others, and lengths bound all others: two matrix products.
Where that leaves open whether a question is a month's worst, a routing is looked for without a
programme (`_deviation`); only where none is found is one solved. Exact in the end (to
`TOLERANCE`), and both sides by arithmetic.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.capacity.network._deviation import deviated
from commonplace.capacity.network._hose import gravity_routing, hose_flow
from commonplace.capacity.network.concurrent import Programme
from commonplace.capacity.network.flow import (
    TOLERANCE,
    Shares,
    carried,
    distances,
    routed,
    with_ways,
)
from commonplace.capacity.network.topology import Failure, Network
from commonplace.capacity.solver.highs import SolverError
from commonplace.foundation.arrays import Float64s


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric inequality: in month t capacities carry the demand only if lengths . c >= needed[t].

    It holds for every capacity vector, so for every failure, and whatever is ordered.
    """

    lengths: Float64s  # [arcs]
    needed: Float64s  # [horizon]


@dataclass(frozen=True, eq=False)
class Factors:
    """Of all questions, [failures, horizon]: factors carried, their bounds, and the metric of each.

    `bound` is exact for each month's worst failure; `metric` is the index of the inequality.
    """

    carried: Float64s
    bound: Float64s
    metric: np.ndarray[tuple[int, ...], np.dtype[np.int64]]

    @property
    def worst(self) -> Float64s:
        """The least factor of each month, [horizon]."""
        return np.asarray(self.bound.min(0))


class Resilience:
    """A network's demands under its failures; routings and metrics are kept between capacities."""

    def __init__(self, net: Network, known: "Resilience | None" = None) -> None:
        self.net = net
        self.hose = bool(net.hose.any())
        self.horizon = len(net.demand)
        self.loads: list[Float64s] = []  # of each routing: [horizon, arcs]
        self.metrics: list[Metric] = []
        self.programmes = 0  # how many linear programmes were solved
        self.routings: list[Shares] = []  # of pipes: they fit any demand
        self._programme: Programme | None = None
        if known is not None and not self.hose:
            self._programme = known._programme
            self._take_over(known)
            return
        if len(net.pairs):
            self._programme = Programme(net.graph, net.pairs)
        self._seed()

    def _take_over(self, known: "Resilience") -> None:
        """Routings and lengths that were found for another demand of the same pairs."""
        self.routings = list(known.routings)
        self.loads = [routing.loads(self.net.demand) for routing in self.routings]
        for metric in known.metrics:
            self._keep(metric.lengths, self._apart(metric.lengths))

    def factors(self, capacity: Float64s, enough: float = np.inf) -> Factors:
        """The factors in capacities [failures, horizon, arcs]; those above `enough` need no proof.

        Raises:
            SolverError: a programme came to no end, or its answer does not verify.
        """
        lower, bound = self._known(capacity)
        if self.hose:
            self._try_gravity(capacity, lower, enough)
        while True:
            worst = np.minimum(bound.min(0), enough)
            still = lower < worst * (1 - TOLERANCE)
            if enough < np.inf:
                still &= bound >= enough
            if not still.any():
                break
            month = int(np.flatnonzero(still.any(0))[-1])
            open_ones = np.flatnonzero(still[:, month])
            failure = int(open_ones[bound[open_ones, month].argmin()])
            if self._deviate(capacity[failure, month], month, float(worst[month])):
                np.maximum(lower, carried(capacity, self.loads[-1]), out=lower)
                if lower[failure, month] >= worst[month] * (1 - TOLERANCE):
                    continue
            self._ask(capacity[failure, month], month)
            self._update(capacity, lower, bound)
            if bound[failure, month] - lower[failure, month] > 1e-5 * bound[failure, month]:
                raise SolverError(
                    f"a flow of {lower[failure, month]:.9g} against {bound[failure, month]:.9g}"
                )
        return Factors(lower, bound, self._binding(capacity))

    def _seed(self) -> None:
        """What leaves and what enters each node: the cuts that bind most often."""
        for ends in (self.net.graph.tail, self.net.graph.head):
            for node in range(self.net.graph.nodes):
                lengths = (ends == node).astype(float)
                self._keep(lengths, self._needed(lengths, node, ends is self.net.graph.tail))

    def _needed(self, lengths: Float64s, node: int, leaving: bool) -> Float64s:
        if not self.hose:
            return self._apart(lengths)
        sums = self.net.hose.copy()
        here, others = (0, 1) if leaving else (1, 0)
        there = sums[:, others].sum(1) - sums[:, others, node]
        return np.asarray(np.minimum(sums[:, here, node], there))

    def _apart(self, lengths: Float64s) -> Float64s:
        """Distance times demand, summed, [horizon]."""
        pairs = self.net.pairs
        apart = distances(self.net.graph, lengths)[pairs[:, 0], pairs[:, 1]]
        needed: Float64s = self.net.demand @ np.where(np.isfinite(apart), apart, 0.0)
        return needed

    def _keep(self, lengths: Float64s, needed: Float64s) -> None:
        """Also where nothing needs it now: it is handed on to other demands."""
        self.metrics.append(Metric(lengths, needed))

    def _ask(self, capacity: Float64s, month: int) -> None:
        """Solve one question and keep its routing and its metric."""
        self.programmes += 1
        if self.hose:
            self._ask_hose(capacity, month)
            return
        assert self._programme is not None
        flow, lengths = self._programme.solve(capacity, self.net.demand[month])
        found = routed(self.net.graph, flow, self._programme.sources, self.net.pairs)
        found = with_ways(self.net.graph, capacity, found, self.net.pairs)
        self.routings.append(found)
        self.loads.append(found.loads(self.net.demand))
        self._keep(lengths, self._apart(lengths))

    def _deviate(self, capacity: Float64s, month: int, factor: float) -> bool:
        """Try to carry so much without a programme, and keep the routing that does."""
        if self.hose or not np.isfinite(factor):
            return False
        wanted = self.net.demand[month] * (factor * (1 - TOLERANCE / 2))
        if (found := deviated(self.net.graph, capacity, self.net.pairs, wanted)) is None:
            return False
        self.routings.append(found)
        self.loads.append(found.loads(self.net.demand))
        return True

    def _ask_hose(self, capacity: Float64s, month: int) -> None:
        """As `_ask`; the metric of these sums holds in the measure in which others reach them."""
        found = hose_flow(self.net.graph, capacity, self.net.hose[month])
        self.loads.append(found.loads(self.net.hose))
        asked = self.net.hose[month] > 0
        reached = (self.net.hose[:, asked] / self.net.hose[month][asked]).min(1, initial=np.inf)
        self._keep(found.lengths, found.needed * reached)

    def _try_gravity(self, capacity: Float64s, lower: Float64s, enough: float) -> None:
        """Before large programmes a small one for each failure that is not known to be carried."""
        hose = self.net.hose.max(0)
        for one in capacity[:, -1]:
            if (lower < enough).any():
                self.loads.append(gravity_routing(self.net.graph, one, hose).loads(self.net.hose))
                np.maximum(lower, carried(capacity, self.loads[-1]), out=lower)

    def _known(self, capacity: Float64s) -> tuple[Float64s, Float64s]:
        """What all routings and metrics so far say, [failures, horizon] each."""
        nothing = ~(self.net.hose.any((1, 2)) if self.hose else self.net.demand.any(1))
        lower = np.where(nothing, np.inf, 0.0) * np.ones((len(capacity), 1))
        bound = np.full(lower.shape, np.inf)
        for loads in self.loads:
            np.maximum(lower, carried(capacity, loads), out=lower)
        for metric in self.metrics:
            np.minimum(bound, _bound(capacity, metric), out=bound)
        return lower, bound

    def _update(self, capacity: Float64s, lower: Float64s, bound: Float64s) -> None:
        """Bring in the last routing and the last metric."""
        np.maximum(lower, carried(capacity, self.loads[-1]), out=lower)
        np.minimum(bound, _bound(capacity, self.metrics[-1]), out=bound)

    def _binding(self, capacity: Float64s) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        bounds = [_bound(capacity, metric) for metric in self.metrics]
        if not bounds:
            return np.zeros(capacity.shape[:2], np.int64)
        return np.array(np.argmin(bounds, axis=0), np.int64)


def _bound(capacity: Float64s, metric: Metric) -> Float64s:
    """No more than this is carried, [failures, horizon]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = capacity @ metric.lengths / metric.needed
    return np.asarray(np.where(metric.needed > 0, found, np.inf))


def binding(net: Network, metric: Metric, failure: Failure) -> tuple[str, ...]:
    """The links of a metric inequality that the failure leaves, the heaviest first.

    A link of length w lets lengths . c grow by w with each Gb/s: the longest mend it soonest.
    """
    weights = net.weights(metric.lengths, failure)
    least = 1e-6 * max(weights.values(), default=0.0)
    return tuple(sorted((k for k, w in weights.items() if w > least), key=lambda k: -weights[k]))

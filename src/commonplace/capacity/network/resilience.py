"""For every failure and month: how much of the demand can be routed at once, and what binds.

Each question (failure, month) has one factor: with twelve months and twenty failures that would be
240 linear programmes. Notable: nearly all are settled without one. A routing in shares that answers
one question has a factor in all others, and its lengths bound all others: two matrix products.
Where it is still open whether a question is a month's worst, a routing is sought without a
programme (`deviation`); only where there is none, a programme is solved. The answer is exact (to
`TOLERANCE`), and both sides are plain arithmetic.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.capacity.network.concurrent import FlowProgramme
from commonplace.capacity.network.deviation import deviated
from commonplace.capacity.network.flow import (
    TOLERANCE,
    Shares,
    carried,
    distances,
    routed,
    with_ways,
)
from commonplace.capacity.network.hose import gravity_routing, hose_flow
from commonplace.capacity.network.topology import Failure, Network
from commonplace.capacity.solver.highs import SolverError
from commonplace.foundation.arrays import Float64s, Int64s


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric inequality: in month t capacities carry the demand only if lengths . c >= needed[t].

    It holds for every capacity vector, so for every failure, and whatever is ordered.
    """

    lengths: Float64s  # [arcs]
    needed: Float64s  # [horizon]


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of all questions, [failures, horizon], their bounds, and the metric of each.

    `bound` is exact for each month's worst failure; `metric` is the index of the inequality.
    """

    carried: Float64s
    bound: Float64s
    metric: Int64s

    @property
    def worst(self) -> Float64s:
        """The least factor of each month, [horizon]."""
        return np.asarray(self.bound.min(0))


class Resilience:
    """A network's demands under its failures; routings and metrics serve again at other capacities.

    `previous` had the same pairs and other demands: its routings and lengths are taken over.
    """

    def __init__(self, net: Network, previous: "Resilience | None" = None) -> None:
        self.net = net
        self.hose = bool(net.hose.any())
        self.horizon = len(net.demand)
        self.loads: list[Float64s] = []  # of each routing: [horizon, arcs]
        self.metrics: list[Metric] = []
        self.programmes = 0  # how many linear programmes were solved
        self.routings: list[Shares] = []  # of pipes: they fit any demand
        self._programme: FlowProgramme | None = None
        if previous is not None and not self.hose:  # loads of a hose are of its own sums
            self._programme = previous._programme
            self._take_over(previous)
            return
        if len(net.pairs):
            self._programme = FlowProgramme(net.graph, net.pairs)
        self._seed()

    def _take_over(self, previous: "Resilience") -> None:
        for routing in previous.routings:
            self._add_routing(routing)
        for metric in previous.metrics:
            self._add_metric(metric.lengths, self._demand_length(metric.lengths))

    def factors(self, capacity: Float64s, enough: float = np.inf) -> Factors:
        """The factors in capacities [failures, horizon, arcs]; those above `enough` need no proof.

        Raises:
            SolverError: a programme came to no end, or its answer does not verify.
        """
        lower, bound = self._limits(capacity)
        if self.hose:
            self._try_gravity(capacity, lower, enough)
        while True:
            worst = np.minimum(bound.min(0), enough)
            unsettled = lower < worst * (1 - TOLERANCE)
            if enough < np.inf:
                unsettled &= bound >= enough  # a bound below it is an answer already
            if not unsettled.any():
                break
            month = int(np.flatnonzero(unsettled.any(0))[-1])
            # among these only: of a settled failure the same would be asked for ever
            failures = np.flatnonzero(unsettled[:, month])
            failure = int(failures[bound[failures, month].argmin()])
            if self._deviate(capacity[failure, month], month, float(worst[month])):
                np.maximum(lower, carried(capacity, self.loads[-1]), out=lower)
                if lower[failure, month] >= worst[month] * (1 - TOLERANCE):
                    continue
            self._solve(capacity[failure, month], month)
            self._update(capacity, lower, bound)
            if bound[failure, month] - lower[failure, month] > 1e-5 * bound[failure, month]:
                least, most = lower[failure, month], bound[failure, month]
                raise SolverError(f"a flow of {least:.9g} against {most:.9g}")
        return Factors(lower, bound, self._binding(capacity))

    def _seed(self) -> None:
        """What leaves and what enters each node: the cuts that bind most often."""
        for ends in (self.net.graph.tail, self.net.graph.head):
            for node in range(self.net.graph.nodes):
                lengths = (ends == node).astype(float)
                self._add_metric(lengths, self._needed(lengths, node, ends is self.net.graph.tail))

    def _needed(self, lengths: Float64s, node: int, leaving: bool) -> Float64s:
        if not self.hose:
            return self._demand_length(lengths)
        sums = self.net.hose.copy()
        here, others = (0, 1) if leaving else (1, 0)
        there = sums[:, others].sum(1) - sums[:, others, node]
        return np.asarray(np.minimum(sums[:, here, node], there))

    def _demand_length(self, lengths: Float64s) -> Float64s:
        """Distance times demand, summed, [horizon]."""
        pairs = self.net.pairs
        apart = distances(self.net.graph, lengths)[pairs[:, 0], pairs[:, 1]]
        needed: Float64s = self.net.demand @ np.where(np.isfinite(apart), apart, 0.0)
        return needed

    def _add_metric(self, lengths: Float64s, needed: Float64s) -> None:
        """Add a metric, also where nothing needs it now: it is handed on to other demands."""
        self.metrics.append(Metric(lengths, needed))

    def _solve(self, capacity: Float64s, month: int) -> None:
        """Solve one question and add its routing and its metric."""
        self.programmes += 1
        if self.hose:
            self._solve_hose(capacity, month)
            return
        assert self._programme is not None
        flow, lengths = self._programme.solve(capacity, self.net.demand[month])
        routing = routed(self.net.graph, flow, self._programme.sources, self.net.pairs)
        routing = with_ways(self.net.graph, capacity, routing, self.net.pairs)
        self._add_routing(routing)
        self._add_metric(lengths, self._demand_length(lengths))

    def _deviate(self, capacity: Float64s, month: int, factor: float) -> bool:
        """Try to carry the factor without a programme, and add the routing that does."""
        if self.hose or not np.isfinite(factor):
            return False
        # half the tolerance is left for rounding, so that what is found settles the question
        demand = self.net.demand[month] * (factor * (1 - TOLERANCE / 2))
        if (routing := deviated(self.net.graph, capacity, self.net.pairs, demand)) is None:
            return False
        self._add_routing(routing)
        return True

    def _add_routing(self, routing: Shares) -> None:
        self.routings.append(routing)
        self.loads.append(routing.loads(self.net.demand))

    def _solve_hose(self, capacity: Float64s, month: int) -> None:
        """As `_solve`; in other months the metric holds as far as they reach its sums."""
        flow = hose_flow(self.net.graph, capacity, self.net.hose[month])
        self.loads.append(flow.loads(self.net.hose))
        active = self.net.hose[month] > 0
        reached = (self.net.hose[:, active] / self.net.hose[month][active]).min(1, initial=np.inf)
        self._add_metric(flow.lengths, flow.needed * reached)

    def _try_gravity(self, capacity: Float64s, lower: Float64s, enough: float) -> None:
        """Before large programmes try a small one for each failure, while any question is open."""
        hose = self.net.hose.max(0)
        for last_month in capacity[:, -1]:
            if (lower < enough).any():
                routing = gravity_routing(self.net.graph, last_month, hose)
                self.loads.append(routing.loads(self.net.hose))
                np.maximum(lower, carried(capacity, self.loads[-1]), out=lower)

    def _limits(self, capacity: Float64s) -> tuple[Float64s, Float64s]:
        """The factors between which all routings and metrics so far leave each question."""
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

    def _binding(self, capacity: Float64s) -> Int64s:
        bounds = [_bound(capacity, metric) for metric in self.metrics]
        if not bounds:
            return np.zeros(capacity.shape[:2], np.int64)
        return np.array(np.argmin(bounds, axis=0), np.int64)


def _bound(capacity: Float64s, metric: Metric) -> Float64s:
    """No more than this is carried, [failures, horizon]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = capacity @ metric.lengths / metric.needed
    return np.asarray(np.where(metric.needed > 0, factors, np.inf))


def binding(net: Network, metric: Metric, failure: Failure) -> tuple[str, ...]:
    """The links of a metric inequality that remain after the failure, the longest first.

    With each Gb/s of a link of length w, lengths . c grows by w: the longest mends it soonest.
    """
    weights = net.weights(metric.lengths, failure)
    least = 1e-6 * max(weights.values(), default=0.0)  # a dual below it is the solver's dust
    return tuple(sorted((k for k, w in weights.items() if w > least), key=lambda k: -weights[k]))

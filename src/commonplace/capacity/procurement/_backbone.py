"""The links' units by month at least cost, so that every failure leaves room for all flows.

Never all failures in one programme: units are chosen against the metric inequalities known so far,
the flows are asked under every failure, and what is violated is added (Benders; Magnanti and Wong).
First with units as real numbers, for cuts are cheap there, then as integers; where the time ends
before those, the real numbers are rounded up, which carries no less. A month that not even
`max_units` of every link carry is left out and said; with what arrives in time or, where lead times
were none, at all. The sum of the last programme's bound is a bound on every plan of orders.
"""

from dataclasses import dataclass, replace
from itertools import count, pairwise
from time import monotonic

import numpy as np

from commonplace.capacity.feasibility.resources import Stock
from commonplace.capacity.network.flow import TOLERANCE
from commonplace.capacity.network.resilience import Metric, Resilience, binding
from commonplace.capacity.network.topology import Network, network
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.procurement.purchases import Ordered, present, too_soon
from commonplace.capacity.solver.highs import scale
from commonplace.capacity.solver.programme import Programme, Solution, minimise
from commonplace.foundation.arrays import Float64s

_HOLDING = 1e-3
_SECONDS = 20.0  # of one programme
_LONGEST = 60.0  # seconds of all with whole units
_MARGIN = 1.0 + 4 * TOLERANCE  # of what a metric asks: the next check is not to fail by rounding


@dataclass(frozen=True, eq=False)
class BackboneOrders:
    """What is ordered for links, in which months flows do not fit, and what stands against it."""

    chosen: list[Ordered]
    late: tuple[int, ...]  # months that no order of month 1 can reach
    never: tuple[int, ...]  # months that not even `max_units` carry
    links: tuple[str, ...]  # that are full where `never` is not empty
    cost: float
    bound: float  # no orders that carry the same months cost less
    said: str = ""  # what the time did not suffice for


def order_backbone(plan: Plan, stock: Stock) -> BackboneOrders:
    """The cheapest units beside `stock` (which has no orders in it) for the flows as placed."""
    net = network(plan)
    now = [
        Ordered(k.id, plan.item[k.item], present(plan, k.id, plan.item[k.item])) for k in plan.links
    ]
    if not (net.demand.any() or net.hose.any()) or not now:
        broken = net.demand.any() or net.hose.any()
        months = tuple(range(1, plan.horizon + 1)) if broken else ()
        return BackboneOrders([], (), months, (), 0.0, 0.0)
    asked = Resilience(net)
    model = _Model(plan, stock, net, now)
    if (asked.factors(model.capacity(now), 1.0).worst >= 1 - TOLERANCE).all():
        return BackboneOrders([], (), (), (), 0.0, 0.0)
    never, links = _unmet(asked, model, model.most(soon=False))
    late, _ = _unmet(asked, model, model.most(soon=True))
    held = [t for t in range(plan.horizon) if t + 1 not in late]
    late = tuple(month for month in late if month not in never)
    return replace(_cheapest(asked, model, held), late=late, never=never, links=links)


def _unmet(
    asked: Resilience, model: "_Model", most: list[Ordered]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The months that even these units do not carry, and the links that bind in the first."""
    capacity = model.capacity(most)
    found = asked.factors(capacity, 1.0)
    months = np.flatnonzero(found.worst < 1 - 2 * TOLERANCE)
    if not len(months):
        return (), ()
    failure = int(found.bound[:, months[0]].argmin())
    metric = asked.metrics[found.metric[failure, months[0]]]
    return tuple(int(t) + 1 for t in months), binding(
        model.net, metric, model.net.failures[failure]
    )


def _cheapest(asked: Resilience, model: "_Model", held: list[int]) -> BackboneOrders:
    """Cuts until nothing that is held is violated; with real units first, then whole ones."""
    relaxed = _within_cuts(asked, model, held, model.now, relaxed=True)
    if relaxed is None:
        said = f"no orders for links were found within {_SECONDS:g} seconds, so none are made"
        return BackboneOrders([], (), (), (), 0.0, 0.0, said)
    found = _within_cuts(asked, model, held, relaxed[0], relaxed=False)
    if found is None:
        up = [replace(one, units=np.ceil(one.units - 1e-6)) for one in relaxed[0]]
        cost = model.cost(up)
        said = (
            f"the cheapest whole units of links were not found within {_SECONDS:g} seconds: those "
            f"of a programme without whole units are rounded up, at {cost:,.0f}; no orders cost "
            f"less than {min(relaxed[1], cost):,.0f}"
        )
        return BackboneOrders(up, (), (), (), cost, min(relaxed[1], cost), said)
    cost = model.cost(found[0])
    return BackboneOrders(found[0], (), (), (), cost, min(found[1], cost))


def _within_cuts(
    asked: Resilience, model: "_Model", held: list[int], chosen: list[Ordered], *, relaxed: bool
) -> tuple[list[Ordered], float] | None:
    """Units that violate nothing, and a bound on their cost; None: not found in time."""
    ends, bound = monotonic() + _LONGEST, 0.0
    for turn in count():
        if not _violated(asked, model, chosen, held) and (relaxed or turn):
            return chosen, bound
        solution = model.solve(relaxed)
        if solution.values is None or monotonic() > ends:
            return None
        chosen, bound = model.read(solution.values, relaxed), solution.bound * model.unit
    return None


def _violated(asked: Resilience, model: "_Model", chosen: list[Ordered], held: list[int]) -> int:
    """Add the metric inequalities that these units violate in months that are held; how many."""
    found = asked.factors(model.capacity(chosen), 1.0)
    new = 0
    for failure, month in np.argwhere(found.bound < 1 - TOLERANCE):
        if month in held:
            metric = asked.metrics[found.metric[failure, month]]
            new += model.cut(metric, int(failure), int(month))
    return new


class _Model:
    """Cumulative units of each link by month, and the cuts found so far."""

    def __init__(self, plan: Plan, stock: Stock, net: Network, now: list[Ordered]) -> None:
        self.plan, self.net, self.now = plan, net, now
        none = np.zeros(plan.horizon)
        self.given = [stock.get((one.place, one.item.id), none) for one in now]
        self.unit = scale(np.array([one.item.cost for one in now]))
        self.programme = Programme()
        self.columns = [
            self._columns(one, given) for one, given in zip(now, self.given, strict=True)
        ]
        self.cuts: set[tuple[int, int, bytes]] = set()

    def _columns(self, one: Ordered, given: Float64s) -> Float64s:
        """At least the present orders', at most what the link holds, and nothing too soon."""
        horizon, soon = self.plan.horizon, too_soon(self.plan, one.item)
        cost = np.full(horizon, _HOLDING * one.item.cost / self.unit) + 1e-7
        cost[-1] += one.item.cost / self.unit
        upper = np.maximum(self.plan.link[one.place].max_units - given.max(), one.units)
        upper[:soon] = one.units[:soon]
        columns = self.programme.add_columns(horizon, cost, one.units, upper, integer=True)
        for before, after in pairwise(columns):
            self.programme.add_row({int(after): 1.0, int(before): -1.0}, lower=0.0)
        return np.asarray(columns)

    def most(self, *, soon: bool) -> list[Ordered]:
        """Every link full; with `soon`, from the month in which an order of month 1 is there."""
        found = []
        for one, given in zip(self.now, self.given, strict=True):
            full = np.maximum(self.plan.link[one.place].max_units - given, one.units)
            if soon:
                first = too_soon(self.plan, one.item)
                full[:first] = one.units[:first]
            found.append(replace(one, units=full))
        return found

    def capacity(self, chosen: list[Ordered]) -> Float64s:
        """Gb/s of each arc, [failures, horizon, arcs]."""
        gbps = {
            one.place: one.item.gbps * (one.units + given)
            for one, given in zip(chosen, self.given, strict=True)
        }
        return self.net.capacities(gbps)

    def cut(self, metric: Metric, failure: int, month: int) -> int:
        """Add a metric inequality for a failure and month; 0 if it is there already."""
        key = (failure, month, metric.lengths.tobytes())
        if key in self.cuts:
            return 0
        self.cuts.add(key)
        weights = self.net.weights(metric.lengths, self.net.failures[failure])
        needed, terms = float(metric.needed[month]) * _MARGIN, {}
        for one, given, columns in zip(self.now, self.given, self.columns, strict=True):
            if weight := weights.get(one.place, 0.0) * one.item.gbps:
                needed -= weight * given[month]
                terms[int(columns[month])] = weight
        self.programme.add_row(terms, lower=needed)
        return 1

    def solve(self, relaxed: bool) -> Solution:
        """The cheapest against all cuts."""
        matrix = self.programme.matrix()
        return minimise(matrix, _SECONDS, gap=1e-4, relaxed=relaxed)

    def read(self, values: Float64s, relaxed: bool) -> list[Ordered]:
        """The units that were chosen."""
        values = values if relaxed else np.round(values)
        return [
            replace(one, units=values[columns])
            for one, columns in zip(self.now, self.columns, strict=True)
        ]

    def cost(self, chosen: list[Ordered]) -> float:
        """Of what is bought beside the present orders."""
        return float(
            sum(
                (new.units[-1] - old.units[-1]) * new.item.cost
                for new, old in zip(chosen, self.now, strict=True)
            )
        )

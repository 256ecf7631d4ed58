"""The links' units by month at least cost, so that every failure leaves room for all flows.

Never all failures in one programme: units are chosen against the metric inequalities known so far,
the flows are asked under every failure, and what is violated is added (Benders; Magnanti and Wong).
First with units as real numbers, for cuts are cheap there, then as integers; where the time ends
before those, the real numbers are rounded up, which carries no less. A month is left out, and
named, if not even `max_units` of every link carry it, or not those that arrive in time. The bound
of the last programme is a bound on every plan of orders.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from time import monotonic

import numpy as np

from commonplace.capacity.feasibility.resources import Stock
from commonplace.capacity.network.flow import TOLERANCE
from commonplace.capacity.network.resilience import Metric, Resilience, binding
from commonplace.capacity.network.topology import Network, network
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.stock import Months
from commonplace.capacity.procurement.purchases import OrderedUnits, present_units, too_soon
from commonplace.capacity.solver.highs import scale
from commonplace.capacity.solver.programme import Programme, minimise
from commonplace.foundation.arrays import Float64s, Int64s

_HOLDING = 1e-3  # of a unit's cost, for each month that it is there before it must be
_SECONDS = 20.0  # of one programme
_LONGEST = 60.0  # seconds of all with real units, and again of all with whole ones
_MARGIN = 1.0 + 4 * TOLERANCE  # of what a metric asks: the next check is not to fail by rounding


@dataclass(frozen=True, eq=False)
class BackboneOrders:
    """What is ordered for links, in which months flows do not fit, and what stands against it."""

    units: list[OrderedUnits]
    late: tuple[int, ...] = ()  # months that no order of month 1 can reach
    never: tuple[int, ...] = ()  # months that not even `max_units` carry
    links: tuple[str, ...] = ()  # that are full where `never` is not empty
    cost: float = 0.0
    bound: float = 0.0  # no orders that carry the same months cost less
    remark: str = ""  # what the time did not suffice for


def order_backbone(plan: Plan, stock: Stock) -> BackboneOrders:
    """The cheapest units beside `stock` (which has no orders in it) for the flows as placed."""
    net = network(plan)
    present = [
        OrderedUnits(link.id, item, present_units(plan, link.id, item))
        for link in plan.links
        for item in [plan.item[link.item]]
    ]
    flows = net.demand.any() or net.hose.any()
    if not flows or not present:
        return BackboneOrders([], never=tuple(range(1, plan.horizon + 1)) if flows else ())
    resilience = Resilience(net)
    model = _Model(plan, stock, net, present)
    if (resilience.factors(model.capacity(present), 1.0).worst >= 1 - TOLERANCE).all():
        return BackboneOrders([])
    never, links = _unmet(resilience, model, model.most(soon=False))
    late, _ = _unmet(resilience, model, model.most(soon=True))
    held = [month for month in range(plan.horizon) if month + 1 not in late]
    late = tuple(month for month in late if month not in never)
    return replace(_cheapest(resilience, model, held), late=late, never=never, links=links)


def _unmet(
    resilience: Resilience, model: "_Model", most: list[OrderedUnits]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The months that even these units do not carry, and the links that bind in the first."""
    factors = resilience.factors(model.capacity(most), 1.0)
    months = np.flatnonzero(factors.worst < 1 - 2 * TOLERANCE)
    if not len(months):
        return (), ()
    failure = int(factors.bound[:, months[0]].argmin())
    metric = resilience.metrics[factors.metric[failure, months[0]]]
    links = binding(model.net, metric, model.net.failures[failure])
    return tuple(int(month) + 1 for month in months), links


def _cheapest(resilience: Resilience, model: "_Model", held: list[int]) -> BackboneOrders:
    """Adds cuts until nothing that is held is violated; with real units first, then whole ones."""
    relaxed = _within_cuts(resilience, model, held, model.present, relaxed=True)
    if relaxed is None:
        remark = f"no orders for links were found within {_SECONDS:g} seconds, so none are made"
        return BackboneOrders([], remark=remark)
    whole = _within_cuts(resilience, model, held, relaxed[0], relaxed=False)
    if whole is not None:
        units, bound = whole
        cost = model.cost(units)
        return BackboneOrders(units, cost=cost, bound=min(bound, cost))
    # Less than 1e-6 above a whole number is the solver's rounding, and buys no unit.
    units = [replace(link, units=np.ceil(link.units - 1e-6)) for link in relaxed[0]]
    cost = model.cost(units)
    bound = min(relaxed[1], cost)
    remark = (
        f"the cheapest whole units of links were not found within {_SECONDS:g} seconds: those "
        f"of a programme without whole units are rounded up, at {cost:,.0f}; no orders cost "
        f"less than {bound:,.0f}"
    )
    return BackboneOrders(units, cost=cost, bound=bound, remark=remark)


def _within_cuts(
    resilience: Resilience,
    model: "_Model",
    held: list[int],
    units: list[OrderedUnits],
    *,
    relaxed: bool,
) -> tuple[list[OrderedUnits], float] | None:
    """Units that violate nothing, and a bound on their cost; None: not found in time."""
    end, bound = monotonic() + _LONGEST, 0.0
    for turn in count():
        # The first whole turn begins with real units: that they violate nothing says nothing.
        if not _add_violated(resilience, model, units, held) and (relaxed or turn):
            return units, bound
        solution = minimise(model.programme.matrix(), _SECONDS, relaxed=relaxed)
        if solution.values is None or monotonic() > end:
            return None
        units, bound = model.units_of(solution.values, relaxed), solution.bound * model.unit
    return None


def _add_violated(
    resilience: Resilience, model: "_Model", units: list[OrderedUnits], held: list[int]
) -> int:
    """Adds the inequalities that these units violate in months that are held; says how many."""
    factors = resilience.factors(model.capacity(units), 1.0)
    new = 0
    for failure, month in np.argwhere(factors.bound < 1 - TOLERANCE):
        if month in held:
            metric = resilience.metrics[factors.metric[failure, month]]
            new += model.cut(metric, int(failure), int(month))
    return new


class _Model:
    """Cumulative units of each link by month, and the cuts found so far."""

    def __init__(self, plan: Plan, stock: Stock, net: Network, present: list[OrderedUnits]) -> None:
        self.plan, self.net, self.present = plan, net, present
        none = np.zeros(plan.horizon)
        self.in_stock = [stock.get((link.place, link.item.id), none) for link in present]
        self.unit = scale(np.array([link.item.cost for link in present]))
        self.programme = Programme()
        self.columns = [self._columns(*pair) for pair in self._with_stock(present)]
        self.cuts: set[tuple[int, int, bytes]] = set()

    def _with_stock(self, links: list[OrderedUnits]) -> Iterator[tuple[OrderedUnits, Months]]:
        """Each link with what it has in stock."""
        return zip(links, self.in_stock, strict=True)

    def _columns(self, link: OrderedUnits, in_stock: Months) -> Int64s:
        """At least the present orders', at most what the link holds, and nothing too soon."""
        horizon, soon = self.plan.horizon, too_soon(self.plan, link.item)
        cost = np.full(horizon, _HOLDING * link.item.cost / self.unit) + 1e-7
        cost[-1] += link.item.cost / self.unit  # cumulative: what is there in the end was paid for
        upper = np.maximum(self.plan.link[link.place].max_units - in_stock.max(), link.units)
        upper[:soon] = link.units[:soon]
        return self.programme.add_stock(cost, link.units, upper)

    def most(self, *, soon: bool) -> list[OrderedUnits]:
        """Every link full; with `soon`, from the month in which an order of month 1 is there."""
        links = []
        for link, in_stock in self._with_stock(self.present):
            full = np.maximum(self.plan.link[link.place].max_units - in_stock, link.units)
            if soon:
                first = too_soon(self.plan, link.item)
                full[:first] = link.units[:first]
            links.append(replace(link, units=full))
        return links

    def capacity(self, units: list[OrderedUnits]) -> Float64s:
        """Gb/s of each arc, [failures, horizon, arcs]."""
        return self.net.capacities(
            {
                link.place: link.item.gbps * (link.units + in_stock)
                for link, in_stock in self._with_stock(units)
            }
        )

    def cut(self, metric: Metric, failure: int, month: int) -> int:
        """Adds a metric inequality for a failure and month; 0 if it is there already."""
        key = (failure, month, metric.lengths.tobytes())
        if key in self.cuts:
            return 0
        self.cuts.add(key)
        weights = self.net.weights(metric.lengths, self.net.failures[failure])
        needed, terms = float(metric.needed[month]) * _MARGIN, {}
        links = zip(self._with_stock(self.present), self.columns, strict=True)
        for (link, in_stock), columns in links:
            if weight := weights.get(link.place, 0.0) * link.item.gbps:
                needed -= weight * in_stock[month]
                terms[int(columns[month])] = weight
        self.programme.add_row(terms, lower=needed)
        return 1

    def units_of(self, values: Float64s, relaxed: bool) -> list[OrderedUnits]:
        """The units of each link in a solution."""
        values = values if relaxed else np.round(values)
        return [
            replace(link, units=values[columns])
            for link, columns in zip(self.present, self.columns, strict=True)
        ]

    def cost(self, units: list[OrderedUnits]) -> float:
        """What is bought beside the present orders costs."""
        pairs = zip(units, self.present, strict=True)
        return float(sum((new.units[-1] - old.units[-1]) * new.item.cost for new, old in pairs))

"""The backbone in the programme of `make`: what products send from where, units of links, cuts.

A product's part that stands at a node by a month is one column, and every flow with `*` a multiple
of it. Failures never enter the programme as such: `separate` asks for the flows of a solution under
every failure and returns the metric inequalities that it violates (Benders). Each holds for every
placement and every order, so what is found once is kept.
"""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np

from commonplace.capacity.network.flow import TOLERANCE, distances
from commonplace.capacity.network.resilience import Resilience
from commonplace.capacity.network.topology import Network, network, node, shares
from commonplace.capacity.placement._rows import Rows
from commonplace.capacity.plan.model import ANYWHERE, Plan
from commonplace.capacity.plan.stock import growth
from commonplace.capacity.procurement.purchases import present, too_soon
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_MARGIN = 1.0 + 4 * TOLERANCE
Cut = tuple[Int64s, Float64s, float, float]  # columns, coefficients, lower and upper side


class Backbone:
    """Columns of what is sent and of links; a question to all failures for every solution."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.plan = rows, rows.plan
        self.horizon = self.plan.horizon
        base = network(self.plan)
        self.net, self.sent = _every_pair(self.plan, rows, base)
        self.given = np.array(
            [rows.stock.get((k.id, k.item), np.zeros(self.horizon)) for k in self.plan.links]
        ).reshape(len(self.plan.links), self.horizon)
        self.gbps = np.array([self.plan.item[k.item].gbps for k in self.plan.links])
        self.units = np.array([self._units(n) for n in range(len(self.plan.links))], np.int64)
        self.parts = self._parts()
        self.asked = Resilience(self.net)
        self.known: set[tuple[int, int, bytes]] = set()
        self.held = np.ones(self.horizon, bool)  # months that are held: the others break already
        self.broken: Bools = np.zeros(self.horizon, bool)  # months that broke when last asked

    def _units(self, number: int) -> Int64s:
        """Cumulative units of a link: the present orders' at least, up to `max_units`."""
        link = self.plan.links[number]
        item = self.plan.item[link.item]
        now = present(self.plan, link.id, item)
        upper = np.maximum(link.max_units - self.given[number].max(initial=0.0), now)
        soon = too_soon(self.plan, item)
        upper[:soon] = now[:soon]
        cost = np.zeros(self.horizon)
        cost[-1] = item.cost / self.rows.unit
        columns = self.rows.programme.add_columns(self.horizon, cost, now, upper, integer=True)
        self.rows.constant -= float(now[-1]) * item.cost
        for before, after in pairwise(columns):
            self.rows.row(link.id, "units", -1, {int(after): 1.0, int(before): -1.0}, lower=0.0)
        return columns

    def _parts(self) -> dict[tuple[str, int], Int64s]:
        """The part of a product that choices bring to a node, by month: [horizon] columns each."""
        choices, net = self.rows.choices, self.net
        index = {site: n for n, site in enumerate(net.nodes)}
        at = np.array([node(self.plan, index, h) for h in self.plan.houses], np.int64)
        where = at[choices.house] if len(choices) else np.zeros(0, np.int64)
        found = {}
        amounts: dict[str, Float64s] = {}
        for product, here in self.sent:
            if product not in amounts:
                part = shares(self.plan, product)
                each = [part.get(p.id, 0.0) for p in choices.pool]
                amounts[product] = np.array(each)[choices.project]
            amount = amounts[product]
            chosen = np.flatnonzero((where == here) & (amount > 0))
            found[product, here] = self.rows.recurrence(
                product, "load", chosen, amount[chosen], 1.0
            )
        return found

    # ------------------------------------------------------------------ questions

    def demand(self, values: Float64s) -> Float64s:
        """What flows with these choices, [horizon, pairs]."""
        found = self.net.demand.copy()
        for key, columns in self.parts.items():
            for pair, gbps in self.sent[key].items():
                found[:, pair] += values[columns] * gbps
        return found

    def capacity(self, values: Float64s) -> Float64s:
        """Gb/s of each arc, [failures, horizon, arcs]."""
        total = self.given + (values[self.units] if len(self.units) else 0.0)
        gbps = {k.id: g * n for k, g, n in zip(self.plan.links, self.gbps, total, strict=True)}
        return self.net.capacities(gbps)

    @property
    def anything(self) -> bool:
        """Whether anything may flow at all, and there is a link for it."""
        flows = self.net.demand.any() or self.net.hose.any() or self.parts
        return bool(self.plan.links and flows)

    def separate(self, values: Float64s) -> list[Cut]:
        """The metric inequalities that a solution violates and that are not known yet."""
        if not self.anything:
            return []
        demand = np.maximum(self.demand(values), 0.0)
        net = replace(
            self.net, demand=np.where(demand > 1e-7 * demand.max(initial=0.0), demand, 0.0)
        )
        self.asked = Resilience(net, self.asked)
        found = self.asked.factors(self.capacity(values), 1.0)
        broken = (found.bound < 1 - TOLERANCE) & self.held
        self.broken = np.asarray(broken.any(0))
        cuts = [
            self._cut(self.asked.metrics[found.metric[failure, month]].lengths, failure, month)
            for failure, month in np.argwhere(broken)
        ]
        return [cut for cut in cuts if cut is not None]

    def _cut(self, lengths: Float64s, failure: int, month: int) -> Cut | None:
        """Of a metric: lengths . capacity >= distance . demand; None: known, or of no link."""
        if not lengths.any():  # no link leads there: nothing that is placed or ordered mends it
            return None
        lengths = lengths / lengths.max()
        key = (int(failure), int(month), np.round(lengths, 9).tobytes())
        if key in self.known:
            return None
        self.known.add(key)
        columns, values, needed = self.inequality(lengths, int(failure), int(month))
        size = float(np.abs(values).max(initial=0.0)) or 1.0
        return columns, values / size, needed * _MARGIN / size, np.inf

    def inequality(
        self, lengths: Float64s, failure: int, month: int
    ) -> tuple[Int64s, Float64s, float]:
        """Columns, coefficients and the side that their sum reaches at least."""
        pairs = self.net.pairs
        apart = distances(self.net.graph, lengths)[pairs[:, 0], pairs[:, 1]]
        apart = np.where(np.isfinite(apart), apart, 0.0)
        needed = float(self.net.demand[month] @ apart)
        if self.asked.hose:
            needed = self._hose_needed(lengths, month)
        weight = self.net.weights(lengths, self.net.failures[failure])
        columns, values = [], []
        for number, link in enumerate(self.plan.links):
            if each := weight.get(link.id, 0.0) * self.gbps[number]:
                needed -= each * float(self.given[number, month])
                columns.append(int(self.units[number, month]))
                values.append(each)
        for key, part in self.parts.items():
            sent = sum(float(gbps[month]) * apart[pair] for pair, gbps in self.sent[key].items())
            if sent:
                columns.append(int(part[month]))
                values.append(-sent)
        return np.array(columns, np.int64), np.array(values), needed

    def _hose_needed(self, lengths: Float64s, month: int) -> float:
        """Of a hose the metric's own side: no placement changes it."""
        for metric in self.asked.metrics:
            longest = float(metric.lengths.max())
            if longest > 0 and np.allclose(metric.lengths / longest, lengths):
                return float(metric.needed[month]) / longest
        raise AssertionError("the inequality of a hose is of no metric")


def _every_pair(
    plan: Plan, rows: Rows, base: Network
) -> tuple[Network, dict[tuple[str, int], dict[int, Float64s]]]:
    """The network with every pair that any choice could use; what a product at a node sends.

    The second is (product, node) -> pair -> Gb/s by month of the whole product.
    """
    index = {site: n for n, site in enumerate(base.nodes)}
    could = _where(plan, rows, index)
    sent: dict[tuple[str, int], dict[tuple[int, int], Float64s]] = defaultdict(dict)
    for flow in plan.flows if plan.policies.demand == "pipe" else ():
        if (flow.a == ANYWHERE) == (flow.z == ANYWHERE):
            continue
        gbps = flow.gbps * growth(plan, flow.growth)
        other = node(plan, index, flow.z if flow.a == ANYWHERE else flow.a)
        for here in could.get(flow.product, ()):
            ends = (here, other) if flow.a == ANYWHERE else (other, here)
            if here != other and gbps.any():
                known = sent[flow.product, here]
                known[ends] = known.get(ends, 0.0) + gbps
    known_pairs = {(int(a), int(z)): n for n, (a, z) in enumerate(base.pairs)}
    pairs = sorted(set(known_pairs) | {pair for ends in sent.values() for pair in ends})
    at = {pair: n for n, pair in enumerate(pairs)}
    demand = np.zeros((plan.horizon, len(pairs)))
    for pair, n in known_pairs.items():
        demand[:, at[pair]] = base.demand[:, n]
    net = replace(base, pairs=np.array(pairs, np.int64).reshape(-1, 2), demand=demand)
    numbered = {
        key: {at[pair]: np.asarray(gbps) for pair, gbps in ends.items()}
        for key, ends in sent.items()
    }
    return net, numbered


def _where(plan: Plan, rows: Rows, index: dict[str, int]) -> dict[str, list[int]]:
    """The nodes at which a product of the pool could stand."""
    at = np.array([node(plan, index, house) for house in plan.houses], np.int64)
    found: dict[str, list[int]] = {}
    product = np.array([p.product if p.side == "machine" else "" for p in rows.choices.pool])
    for name in {p.product for p in rows.choices.pool if p.side == "machine"}:
        mine = product[rows.choices.project] == name
        found[name] = sorted(set(at[rows.choices.house[mine]].tolist()))
    return found

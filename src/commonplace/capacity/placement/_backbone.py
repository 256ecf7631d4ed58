"""The backbone in the programme of `make`: what products send from where, and units of links.

A product's part that stands at a node by a month is one column, and every flow with `*` a multiple
of it. Failures never enter the programme as such: `_cuts` asks for the flows under each of them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.network.topology import Network, network, node, shares
from commonplace.capacity.placement._rows import HouseRows
from commonplace.capacity.placement.choices import Choices
from commonplace.capacity.plan.model import ANYWHERE, Plan
from commonplace.capacity.plan.stock import Months, growth
from commonplace.foundation.arrays import Float64s, Int64s

Source = tuple[str, int]  # a product at a node


@dataclass(frozen=True, eq=False)
class Backbone:
    """The columns of links and of what is sent, and how the network depends on them."""

    plan: Plan
    net: Network  # with every pair that any choice could use
    sent: dict[Source, dict[int, Float64s]]  # pair -> Gb/s by month of the whole product
    in_stock: Float64s  # units of each link, [links, horizon]
    gbps: Float64s  # of a unit of each link
    units: Int64s  # columns of what is ordered, [links, horizon]
    parts: dict[Source, Int64s]  # columns of the part of the product, [horizon]

    def demand(self, values: Float64s) -> Float64s:
        """What flows with these choices, [horizon, pairs]."""
        demand = self.net.demand.copy()
        for source, columns in self.parts.items():
            for pair, gbps in self.sent[source].items():
                demand[:, pair] += values[columns] * gbps
        return demand

    def capacity(self, values: Float64s) -> Float64s:
        """Gb/s of each arc, [failures, horizon, arcs]."""
        total = self.in_stock + (values[self.units] if len(self.units) else 0.0)
        links = zip(self.plan.links, self.gbps, total, strict=True)
        return self.net.capacities({link.id: gbps * units for link, gbps, units in links})

    @property
    def may_carry(self) -> bool:
        """Whether anything may flow at all, and there is a link for it."""
        flows = self.net.demand.any() or self.net.hose.any() or self.parts
        return bool(self.plan.links and flows)


def add_backbone(rows: HouseRows) -> Backbone:
    """Adds the columns of links and of what is sent to the programme."""
    plan, horizon = rows.plan, rows.plan.horizon
    net, sent = _with_every_pair(plan, rows.choices)
    none = np.zeros(horizon)
    in_stock = np.array([rows.stock.get((k.id, k.item), none) for k in plan.links])
    in_stock = in_stock.reshape(len(plan.links), horizon)
    units = [
        rows.add_units(link.id, plan.item[link.item], link.max_units - stock.max(initial=0.0))
        for link, stock in zip(plan.links, in_stock, strict=True)
    ]
    return Backbone(
        plan=plan,
        net=net,
        sent=sent,
        in_stock=in_stock,
        gbps=np.array([plan.item[link.item].gbps for link in plan.links]),
        units=np.array(units, np.int64),
        parts=_add_parts(rows, net, sent),
    )


def nodes_of_houses(plan: Plan, net: Network) -> Int64s:
    """The node of each house."""
    index = {site: n for n, site in enumerate(net.nodes)}
    return np.array([node(plan, index, house) for house in plan.houses], np.int64)


def _add_parts(
    rows: HouseRows, net: Network, sent: dict[Source, dict[int, Float64s]]
) -> dict[Source, Int64s]:
    """The part of a product that choices bring to a node, by month: [horizon] columns each."""
    choices = rows.choices
    where = nodes_of_houses(rows.plan, net)[choices.house]
    amounts: dict[str, Float64s] = {}
    for product in dict.fromkeys(product for product, _ in sent):
        share = shares(rows.plan, product)
        amounts[product] = np.array([share.get(p.id, 0.0) for p in choices.pool])[choices.project]
    parts = {}
    for product, here in sent:
        amount = amounts[product]
        at = np.flatnonzero((where == here) & (amount > 0))
        parts[product, here] = rows.recurrence(product, at, amount[at], 1.0)
    return parts


def _with_every_pair(
    plan: Plan, choices: Choices
) -> tuple[Network, dict[Source, dict[int, Float64s]]]:
    """The network with every pair that any choice could use; what a product at a node sends."""
    base = network(plan)
    sent: dict[Source, dict[tuple[int, int], Float64s]] = defaultdict(dict)
    for source, ends, gbps in _possible_flows(plan, choices, base):
        sent[source][ends] = sent[source].get(ends, 0.0) + gbps
    base_pairs = {(int(a), int(z)): n for n, (a, z) in enumerate(base.pairs)}
    pairs = sorted(set(base_pairs) | {pair for ends in sent.values() for pair in ends})
    number = {pair: n for n, pair in enumerate(pairs)}
    demand = np.zeros((plan.horizon, len(pairs)))
    for pair, n in base_pairs.items():
        demand[:, number[pair]] = base.demand[:, n]
    net = replace(base, pairs=np.array(pairs, np.int64).reshape(-1, 2), demand=demand)
    return net, {
        source: {number[pair]: np.asarray(gbps) for pair, gbps in ends.items()}
        for source, ends in sent.items()
    }


def _possible_flows(
    plan: Plan, choices: Choices, base: Network
) -> Iterator[tuple[Source, tuple[int, int], Months]]:
    """Each flow with `*` from each node at which its product could stand: Gb/s by month."""
    index = {site: n for n, site in enumerate(base.nodes)}
    possible = _possible_nodes(plan, choices, base)
    for flow in plan.flows if plan.policies.demand == "pipe" else ():
        if (flow.a == ANYWHERE) == (flow.z == ANYWHERE):
            continue
        gbps = flow.gbps * growth(plan, flow.growth)
        other = node(plan, index, flow.z if flow.a == ANYWHERE else flow.a)
        for here in possible.get(flow.product, ()):
            if here != other and gbps.any():
                ends = (here, other) if flow.a == ANYWHERE else (other, here)
                yield (flow.product, here), ends, gbps


def _possible_nodes(plan: Plan, choices: Choices, base: Network) -> dict[str, list[int]]:
    """The nodes at which a product of the pool could stand."""
    where = nodes_of_houses(plan, base)[choices.house]
    machines = [p.product if p.side == "machine" else "" for p in choices.pool]
    product = np.array(machines)[choices.project]
    return {name: sorted(set(where[product == name].tolist())) for name in set(machines) - {""}}

"""Campus and backbone as a graph: nodes, links, demand by month, and what a failure takes away.

Nodes are campuses, and houses that a link names; a flow that starts or ends in another house does
so at its campus (docs/capacity.md, "What campus and backbone must hold"). Parallel links are one
pair of arcs, for a routing does not care which of them it takes; their names are kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonplace.capacity.network.flow import Graph
from commonplace.capacity.plan.model import ANYWHERE, Flow, Link, Plan
from commonplace.capacity.plan.stock import Months, growth
from commonplace.foundation.arrays import Float64s

NOTHING_LOST = ""  # the name of the failure that loses nothing


@dataclass(frozen=True)
class Failure:
    """A shared-risk group and the links that it takes away; `NOTHING_LOST` takes none."""

    name: str
    links: frozenset[str]


@dataclass(frozen=True, eq=False)
class Network:
    """The graph of a plan and what it must carry.

    Arc 2e runs along the e-th joined pair of nodes from its first to its second, arc 2e + 1 back.
    """

    nodes: tuple[str, ...]
    links: tuple[Link, ...]
    edge: Mapping[str, int]  # of a link: the joined pair of nodes that it belongs to
    graph: Graph
    pairs: NDArray[np.int64]  # [pairs, 2]: nodes between which anything flows in any month
    demand: Float64s  # [horizon, pairs], Gb/s
    hose: Float64s  # [horizon, 2, nodes]: out and in, Gb/s; all zero unless `demand: hose`
    failures: tuple[Failure, ...]

    def capacities(self, gbps: Mapping[str, Months]) -> Float64s:
        """Gb/s of each arc, [failures, horizon, arcs], from those of each link by month."""
        horizon = len(self.demand)
        capacity = np.zeros((len(self.failures), horizon, self.graph.arcs))
        for f, failure in enumerate(self.failures):
            for link in self.links:
                if link.id not in failure.links:
                    edge = self.edge[link.id]
                    capacity[f, :, 2 * edge] += gbps[link.id]
                    capacity[f, :, 2 * edge + 1] += gbps[link.id]
        return capacity

    def weights(self, lengths: Float64s, failure: Failure) -> dict[str, float]:
        """The length of each link that remains: what one more Gb/s of it adds to a metric sum."""
        both = lengths[0::2] + lengths[1::2]
        return {k.id: float(both[self.edge[k.id]]) for k in self.links if k.id not in failure.links}


def network(plan: Plan) -> Network:
    """The graph of the plan's campuses and links, with demand by month and the failure set."""
    named = {end for link in plan.links for end in (link.a, link.z)}
    nodes = tuple(s.id for s in plan.sites if s.kind == "campus" or s.id in named)
    index = {node: n for n, node in enumerate(nodes)}
    joined = sorted({_ends(index, link) for link in plan.links})
    edge = {link.id: joined.index(_ends(index, link)) for link in plan.links}
    both = [arc for a, z in joined for arc in ((a, z), (z, a))]
    tail, head = np.array(both, np.int64).reshape(-1, 2).T
    pairs, demand = _pairs(plan, index)
    return Network(
        nodes=nodes,
        links=plan.links,
        edge=edge,
        graph=Graph(len(nodes), tail, head),
        pairs=pairs,
        demand=demand,
        hose=_hoses(plan, index),
        failures=failures(plan),
    )


def _ends(index: Mapping[str, int], link: Link) -> tuple[int, int]:
    a, z = index[link.a], index[link.z]
    return (min(a, z), max(a, z))


def node(plan: Plan, index: Mapping[str, int], site: str) -> int:
    """Where a site meets the network: a house that a link names itself, any other its campus."""
    return index[site] if site in index else index[plan.campus(site)]


def failures(plan: Plan) -> tuple[Failure, ...]:
    """Nothing lost, then each shared-risk group of the policy, in the order of the links."""
    groups: dict[str, set[str]] = defaultdict(set)
    for link in plan.links:
        groups[link.group].add(link.id)
    policy = plan.policies.failures
    names = () if policy == "none" else tuple(groups) if policy == "groups" else policy
    lost = [Failure(name, frozenset(groups.get(name, ()))) for name in names]
    return (Failure(NOTHING_LOST, frozenset()), *lost)


def shares(plan: Plan, product: str) -> dict[str, float]:
    """The part of a product's `*` flows that each of its machine projects brings.

    By `north_gbps`; where no project of the product has any, all bring the same.
    """
    projects = [p for p in plan.projects if p.side == "machine" and p.product == product]
    north = sum(p.north_gbps for p in projects)
    return {p.id: p.north_gbps / north if north else 1.0 / len(projects) for p in projects}


def _parts(plan: Plan, flows: Iterable[Flow]) -> dict[str, dict[str, float]]:
    """The shares of every product that flows."""
    return {product: shares(plan, product) for product in {flow.product for flow in flows}}


def _pairs(plan: Plan, index: Mapping[str, int]) -> tuple[NDArray[np.int64], Float64s]:
    """Which nodes send to which, and how much in each month."""
    total: dict[tuple[int, int], Months] = defaultdict(lambda: np.zeros(plan.horizon))
    if plan.policies.demand == "pipe":
        parts = _parts(plan, plan.flows)
        for flow in plan.flows:
            gbps = flow.gbps * growth(plan, flow.growth)
            for a, z, part in _placed_ends(plan, flow, parts[flow.product]):
                ends = node(plan, index, a), node(plan, index, z)
                if ends[0] != ends[1]:
                    total[ends] += gbps * part
    pairs = sorted(pair for pair, months in total.items() if months.any())
    demand = np.array([total[pair] for pair in pairs]).reshape(len(pairs), plan.horizon)
    return np.array(pairs, np.int64).reshape(-1, 2), demand.T


def _placed_ends(
    plan: Plan, flow: Flow, parts: Mapping[str, float]
) -> Iterator[tuple[str, str, Months | float]]:
    """Ends of the flow and its part between them by month; `*` is the house of each project."""
    if ANYWHERE not in (flow.a, flow.z):
        yield flow.a, flow.z, 1.0
        return
    months = np.arange(1, plan.horizon + 1)
    for project, part in parts.items():
        if placement := plan.placed.get(project):
            a = placement.house if flow.a == ANYWHERE else flow.a
            z = placement.house if flow.z == ANYWHERE else flow.z
            yield a, z, part * (months >= placement.month).astype(np.float64)


def project_demand(plan: Plan, net: Network) -> dict[str, Float64s]:
    """What each placed machine project brings to the network's demand, [horizon, pairs]."""
    index = {site: n for n, site in enumerate(net.nodes)}
    column = {(int(a), int(z)): n for n, (a, z) in enumerate(net.pairs)}
    by_project: dict[str, Float64s] = {}
    moving = [f for f in plan.flows if ANYWHERE in (f.a, f.z)]
    products = _parts(plan, moving)
    for flow in moving if plan.policies.demand == "pipe" else []:
        gbps = flow.gbps * growth(plan, flow.growth)
        for project, share in products[flow.product].items():
            for a, z, part in _placed_ends(plan, flow, {project: share}):
                at = column.get((node(plan, index, a), node(plan, index, z)))
                if at is not None:
                    brought = by_project.setdefault(project, np.zeros(net.demand.shape))
                    brought[:, at] += gbps * part
    return by_project


def _hoses(plan: Plan, index: Mapping[str, int]) -> Float64s:
    """Sums out and in of each node by month; houses of one campus add up at its node."""
    sums = np.zeros((plan.horizon, 2, len(index)))
    if plan.policies.demand == "hose":
        for hose in plan.hoses:
            grown = growth(plan, hose.growth)
            at = node(plan, index, hose.site)
            sums[:, 0, at] += hose.out_gbps * grown
            sums[:, 1, at] += hose.in_gbps * grown
    others = (sums > 0).sum(2, keepdims=True) - (sums > 0)  # that send, and that receive
    return np.asarray(np.where(others[:, ::-1] > 0, sums, 0.0))  # nobody sends to itself

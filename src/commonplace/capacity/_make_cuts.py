"""The backbone's rows of the placement programme: metric inequalities, added as plans violate them.

A plan survives every failure if for each failure, stretch and lengths w >= 0 of the links
sum w c >= sum dist_w(a, z) d(a, z) (Iri 1971, Onaga and Kakusho 1971); c is linear in the orders,
d in the choices. Cut-sets (w = 1 across a set of nodes) are tried first, all of them in a small
graph; then the dual of the flow programme gives w. Either way the row is made of w by arithmetic
alone, so it holds whatever the solver said. Where the demand that is given already cannot be
carried by all that may be ordered, the rows ask for the part of everything that can be (`asked`).
"""

from dataclasses import dataclass, field

import numpy as np

from commonplace.capacity._flow import Programme as FlowProgramme
from commonplace.capacity._flow import concurrent_flow, distances
from commonplace.capacity._house import growth
from commonplace.capacity._make_model import Formulation
from commonplace.capacity._model import ANYWHERE
from commonplace.capacity._network import node
from commonplace.capacity._programme import INFINITE, Bools, Floats, Ints
from commonplace.capacity._stock import link_gbps

_ALL_SETS = 13  # nodes up to which every set of them is tried
_SLACK = 1e-7  # relative; a plan is held to lambda >= 1 within this
Row = tuple[Ints, Floats, float, float]


@dataclass(frozen=True, eq=False)
class Cut:
    """sum (weights of links) Gb/s >= sum (loads of shares) + fixed, in a failure and a stretch."""

    failure: str
    stretch: int
    links: dict[str, float]
    row: Row


@dataclass(eq=False)
class Backbone:
    """What the backbone must carry, for any values of the programme's columns."""

    f: Formulation
    given: Floats = field(init=False)  # [stretches, links], Gb/s that is there
    each: Floats = field(init=False)  # [links], Gb/s of a unit
    alive: Bools = field(init=False)  # [failures, links]
    fixed: Floats = field(init=False)  # [stretches, nodes, nodes], Gb/s whatever is placed
    follow: dict[str, Floats] = field(init=False)  # product -> [stretches, 2, nodes], out to, in of
    sets: Bools = field(init=False)  # [sets, nodes]
    asked: Floats = field(init=False)  # [failures, stretches]
    joined: Bools = field(init=False)  # [failures, stretches, nodes, nodes]
    cuts: list[Cut] = field(default_factory=list)
    flows: FlowProgramme | None = None

    def __post_init__(self) -> None:
        f, net = self.f, self.f.net
        ends = np.array(f.backbone.ends) - 1
        gbps = link_gbps(f.plan, f.stock)
        links = net.links
        self.given = np.array([gbps[k.id][ends] for k in links]).reshape(len(links), len(ends)).T
        self.each = np.array([f.plan.item[k.item].gbps for k in links])
        self.alive = np.array([[k.id not in x.links for k in links] for x in net.failures], bool)
        self.fixed = np.zeros((len(ends), len(net.nodes), len(net.nodes)))
        self.fixed[:, net.pairs[:, 0], net.pairs[:, 1]] = net.demand[ends]
        self.follow = _following(f)
        self.sets = _sets(self)
        self.asked = np.ones((len(net.failures), len(ends)))
        self.joined = np.ones((*self.asked.shape, len(net.nodes), len(net.nodes)), bool)
        self._seen: set[tuple[int, int, bytes]] = set()

    @property
    def edge(self) -> Ints:
        """The joined pair of nodes of each link."""
        return np.array([self.f.net.edge[k.id] for k in self.f.net.links], np.int64)

    def capacity(self, values: Floats) -> Floats:
        """Gb/s of each link in each stretch, [stretches, links]."""
        found = self.given.copy()
        for number, link in enumerate(self.f.net.links):
            for k in range(len(found)):
                if (column := self.f.order.get((link.id, link.item, k))) is not None:
                    found[k, number] += self.each[number] * values[column]
        return found

    def demand(self, values: Floats) -> Floats:
        """Gb/s between nodes in each stretch, [stretches, nodes, nodes]."""
        found = self.fixed.copy()
        for (at, product, k), column in self.f.share.items():
            if (part := values[column]) > 0:
                out, into = self.follow[product][k]
                found[k, at, :] += part * out
                found[k, :, at] += part * into
        nodes = np.arange(len(self.f.net.nodes))
        found[:, nodes, nodes] = 0.0
        return found

    def edges(self, links: Floats, failure: int) -> Floats:
        """Gb/s of each joined pair of nodes under a failure, from that of links."""
        return np.bincount(
            self.edge, links * self.alive[failure], minlength=self.f.net.graph.arcs // 2
        )


def _following(f: Formulation) -> dict[str, Floats]:
    """What a product's `*` flows send to, and receive from, each node, if it all stood elsewhere."""
    ends, names = np.array(f.backbone.ends) - 1, {n: i for i, n in enumerate(f.net.nodes)}
    found: dict[str, Floats] = {}
    for flow in f.plan.flows:
        if ANYWHERE in (flow.a, flow.z) and flow.a != flow.z:
            gbps = flow.gbps * growth(f.plan, flow.growth)[ends]
            mine = found.setdefault(flow.product, np.zeros((len(ends), 2, len(names))))
            way, other = (0, flow.z) if flow.a == ANYWHERE else (1, flow.a)
            mine[:, way, node(f.plan, names, other)] += gbps
    return found


def _sets(b: Backbone) -> Bools:
    """Sets of nodes to try: all up to `_ALL_SETS` nodes, else those around each node by distance."""
    nodes = len(b.f.net.nodes)
    if nodes <= _ALL_SETS:
        numbers = np.arange(1, 2 ** max(nodes - 1, 0))
        return (numbers[:, None] >> np.arange(nodes)) & 1 == 1
    graph = b.f.net.graph
    apart = distances(graph, np.ones(graph.arcs))
    random = np.random.default_rng(0)
    found = [apart[node] <= radius for node in range(nodes) for radius in range(4)]
    for length in random.exponential(size=(400, graph.arcs // 2)):
        apart = distances(graph, np.repeat(length, 2))
        middle = int(random.integers(nodes))
        found.append(apart[middle] <= np.quantile(apart[middle], random.uniform(0.1, 0.6)))
    return np.unique(np.array(found), axis=0)


def separate(b: Backbone, values: Floats, *, exact: bool, each: int = 2) -> list[Cut]:
    """Rows that the values violate; `exact` asks the flow programme where no cut-set is violated."""
    capacity, demand = b.capacity(values), b.demand(values)
    found: list[Cut] = []
    for k in range(len(demand)):
        for failure in range(len(b.f.net.failures)):
            asked = b.asked[failure, k] * b.joined[failure, k] * demand[k]
            if not (asked > 0).any():
                continue
            new = _by_sets(b, failure, k, capacity[k], asked, each)
            if exact and not new:
                new = _by_flow(b, failure, k, capacity[k], asked)
            found += new
    b.cuts += found
    return found


def _by_sets(
    b: Backbone, failure: int, k: int, capacity: Floats, demand: Floats, most: int
) -> list[Cut]:
    """The cut-sets that lack most, in proportion."""
    edges = b.edges(capacity, failure)
    graph = b.f.net.graph
    tail, head = graph.tail[::2], graph.head[::2]
    across = b.sets[:, tail] != b.sets[:, head]
    room, inside = across @ edges, b.sets.astype(float)
    leaving = ((inside @ demand) * (1 - inside)).sum(1)
    entering = ((inside @ demand.T) * (1 - inside)).sum(1)
    lack = np.stack([leaving, entering], 1) - room[:, None] * (1 + _SLACK)
    with np.errstate(divide="ignore"):
        share = np.where(lack > 1e-6, lack / np.maximum(room[:, None], 1e-9), 0.0)
    worst = np.argsort(-share, axis=None)[:most]
    found = []
    for place in worst:
        s, way = np.unravel_index(place, share.shape)
        if share[s, way] > 0:
            inside_tail, inside_head = b.sets[s][graph.tail], b.sets[s][graph.head]
            crossing = inside_tail & ~inside_head if way == 0 else inside_head & ~inside_tail
            found += cut(b, failure, k, crossing.astype(float))
    return found


def _by_flow(b: Backbone, failure: int, k: int, capacity: Floats, demand: Floats) -> list[Cut]:
    """The lengths that the dual of the concurrent flow gives, if they show that it is below 1."""
    if b.flows is None:
        nodes = len(b.f.net.nodes)
        wanted = b.fixed.max(0) > 0
        for (at, product, _), _ in b.f.share.items():
            out, into = b.follow[product].max(0)
            wanted[at] |= out > 0
            wanted[:, at] |= into > 0
        wanted[np.arange(nodes), np.arange(nodes)] = False
        b.flows = FlowProgramme(b.f.net.graph, np.argwhere(wanted))
    arcs = np.repeat(b.edges(capacity, failure), 2)
    pairs = b.flows.pairs
    _, lengths = b.flows.solve(arcs, demand[pairs[:, 0], pairs[:, 1]])
    needed = _total(distances(b.f.net.graph, lengths), demand)
    if needed <= float(lengths @ arcs) * (1 + _SLACK):
        return []
    return cut(b, failure, k, lengths)


def cut(b: Backbone, failure: int, k: int, lengths: Floats) -> list[Cut]:
    """The metric inequality of lengths of the arcs; nothing if it is there already."""
    f, net = b.f, b.f.net
    lengths = np.where(lengths > 1e-9 * lengths.max(initial=0.0), lengths, 0.0)
    key = (failure, k, np.round(lengths / (lengths.max() or 1.0), 9).tobytes())
    if key in b._seen:
        return []
    b._seen.add(key)
    apart = distances(net.graph, lengths)
    weights = (lengths[0::2] + lengths[1::2])[b.edge] * b.alive[failure]
    columns, values = [], []
    for number, link in enumerate(net.links):
        column = f.order.get((link.id, link.item, k))
        if weights[number] > 0 and column is not None:
            columns.append(column)
            values.append(float(weights[number] * b.each[number]))
    asked = float(b.asked[failure, k])
    right = asked * _total(apart, b.fixed[k] * b.joined[failure, k]) - float(weights @ b.given[k])
    for (at, product, stretch), column in f.share.items():
        if stretch == k:
            out, into = b.follow[product][k]
            joined = b.joined[failure, k]
            load = _total(apart[at], out * joined[at]) + _total(apart[:, at], into * joined[:, at])
            if load > 0:
                columns.append(column)
                values.append(-asked * load)
    largest = max((abs(value) for value in values), default=1.0)
    row = (np.array(columns, np.int64), np.array(values) / largest, right / largest, INFINITE)
    names = {link.id: float(w) for link, w in zip(net.links, weights, strict=True) if w > 0}
    return [Cut(net.failures[failure].name, k, names, row)]


def _total(apart: Floats, demand: Floats) -> float:
    """Distances times demand, over pairs that are joined at all."""
    at = (demand > 0) & np.isfinite(apart)
    return float((apart[at] * demand[at]).sum())


def prepare(b: Backbone, most: Floats) -> None:
    """Set what is asked where the given demand exceeds all that may be ordered.

    `most` are values of the columns with every order at its limit and nothing placed.
    """
    capacity, graph = b.capacity(most), b.f.net.graph
    for failure in range(len(b.f.net.failures)):
        for k in range(len(b.fixed)):
            arcs = np.repeat(b.edges(capacity[k], failure), 2)
            apart = distances(graph, np.where(arcs > 0, 1.0, INFINITE))
            b.joined[failure, k] = np.isfinite(apart)
            b.asked[failure, k] = _carried(b, arcs, apart, b.fixed[k] * b.joined[failure, k])


def forbidden(b: Backbone) -> list[int]:
    """Columns of shares that some failure cuts off from what they talk to, whatever is ordered."""
    found = []
    for (at, product, k), column in b.f.share.items():
        out, into = b.follow[product][k]
        lost = ~b.joined[:, k].all(0)
        if (lost[at] & (out > 0)).any() or (lost[:, at] & (into > 0)).any():
            found.append(column)
    return found


def _carried(b: Backbone, arcs: Floats, apart: Floats, demand: Floats) -> float:
    """The part of the demand that can be carried, at most 1."""
    if not (demand > 0).any() or _by_shortest_ways(b, arcs, apart, demand):
        return 1.0
    pairs = np.argwhere(demand > 0)
    wanted = demand[pairs[:, 0], pairs[:, 1]]
    return min(1.0, concurrent_flow(b.f.net.graph, arcs, pairs, wanted).carried)


def _by_shortest_ways(b: Backbone, arcs: Floats, apart: Floats, demand: Floats) -> bool:
    """Whether all fits even if each pair takes one shortest way: enough, and quick to see."""
    graph, loads = b.f.net.graph, np.zeros(len(arcs))
    for source in np.flatnonzero((demand > 0).any(1)):
        waiting = demand[source].copy()
        for at in np.argsort(-apart[source]):
            if at != source and waiting[at] > 0:
                into = np.flatnonzero((graph.head == at) & (arcs > 0))
                arc = into[np.argmin(apart[source, graph.tail[into]])]
                loads[arc] += waiting[at]
                waiting[graph.tail[arc]] += waiting[at]
    return bool((loads <= arcs).all())

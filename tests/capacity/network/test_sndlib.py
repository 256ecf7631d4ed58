"""SNDlib's networks solve: bound and routing meet, and a path for each column finds the same.

Orlowski, Pioro, Tomaszewski, Wessaely, Networks 55 (2010). They are design problems: what is
installed, or one module on each link where nothing is, carries the part of the demands that
stands here, found twice: by `_flow` (arcs, commodities by source), and by paths that are added
while one is cheaper than the duals say (Ford and Fulkerson 1958), from rustworkx's shortest paths.
"""

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import highspy
import numpy as np
import pytest
import rustworkx

from commonplace.capacity.importers import import_sndlib
from commonplace.capacity.network.concurrent import concurrent_flow
from commonplace.capacity.network.flow import Graph
from commonplace.capacity.network.topology import network
from commonplace.capacity.plan.stock import link_gbps, stocks
from commonplace.capacity.solver.highs import solved, solver
from commonplace.foundation.arrays import Float64s, Int64s

DATA = os.environ.get("COMMONPLACE_DATA", "")
FACTORS = {
    "abilene": 0.016553142,
    "brain": 1.107408,
    "cost266": 0.1982249,
    "geant": 0.1087351,
    "germany50": 0.3088803,
    "janos-us-ca": 0.007828255,
    "nobel-germany": 0.2586207,
    "zib54": 5.254561,
}
Case = tuple[Graph, Float64s, Int64s, Float64s]


def instance(name: str) -> Case:
    """The imported plan's first month, nothing lost."""
    plan = import_sndlib(Path(DATA) / "networks" / "sndlib" / f"{name}.json").plan
    plan = replace(plan, horizon=1, policies=replace(plan.policies, failures="none"))
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stocks(plan)))[0, 0]
    return net.graph, capacity, net.pairs, net.demand[0]


class Paths:
    """The programme with a column for each path: maximise x, paths of k = d_k x, arcs <= c."""

    def __init__(self, graph: Graph, capacity: Float64s, pairs: Int64s, demand: Float64s) -> None:
        self.capacity, self.pairs, self.demand = capacity, pairs, demand
        self.arc = {
            (int(a), int(z)): n for n, (a, z) in enumerate(zip(graph.tail, graph.head, strict=True))
        }
        self.graph = rustworkx.PyDiGraph()
        self.graph.add_nodes_from(range(graph.nodes))
        self.graph.add_edges_from([(a, z, arc) for (a, z), arc in self.arc.items()])
        self.unit = float(np.median(capacity))
        self.highs, inf = solver(), highspy.kHighsInf
        for _ in pairs:
            self.highs.addRow(0.0, 0.0, 0, np.array([], np.int32), np.array([]))
        for room in capacity:
            self.highs.addRow(-inf, room / self.unit, 0, np.array([], np.int32), np.array([]))
        rows, scaled = np.arange(len(pairs), dtype=np.int32), -demand / demand.sum()
        self.highs.addCol(-1.0, 0.0, inf, len(rows), rows, scaled)

    def add_shortest(self, lengths: Float64s, dearer_than: Float64s) -> None:
        """Each pair's shortest path, where it is shorter than what its demand pays."""
        found = rustworkx.digraph_all_pairs_dijkstra_shortest_paths(
            self.graph, lambda arc: float(lengths[arc])
        )
        for row, (a, z) in enumerate(self.pairs):
            way = list(found[a][z])
            arcs = [self.arc[pair] for pair in pairwise(way)]
            if lengths[arcs].sum() < dearer_than[row] - 1e-9:
                rows = np.array([row, *(len(self.pairs) + arc for arc in arcs)], np.int32)
                self.highs.addCol(0.0, 0.0, highspy.kHighsInf, len(rows), rows, np.ones(len(rows)))

    def factor(self) -> float:
        """Solve, add what is missing, until the dual's bound is met."""
        self.add_shortest(np.ones(len(self.capacity)), np.full(len(self.pairs), np.inf))
        for _ in range(100):
            assert solved(self.highs) == "optimal"
            found = self.highs.getSolution()
            before = self.highs.getNumCol()
            duals = np.asarray(found.row_dual)
            paid, lengths = duals[: len(self.pairs)], -duals[len(self.pairs) :]
            self.add_shortest(np.maximum(lengths, 0.0), paid)
            if self.highs.getNumCol() == before:
                return float(found.col_value[0]) * self.unit / float(self.demand.sum())
        raise AssertionError("paths are still being added")


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="COMMONPLACE_DATA is not set")
@pytest.mark.parametrize("name", FACTORS)
def test_bound_and_routing_meet_where_paths_do(name: str) -> None:
    case = instance(name)
    found = concurrent_flow(*case)
    assert found.bound == pytest.approx(found.carried, rel=1e-6)
    paths = Paths(*case).factor()
    assert found.carried == pytest.approx(paths, rel=1e-6)
    assert found.carried == pytest.approx(FACTORS[name], rel=1e-6)

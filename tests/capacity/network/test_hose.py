"""A hose's routing against sampled matrices, and against what is known of trees and rings."""

import highspy
import numpy as np
import pytest

from commonplace.capacity.network.flow import Graph
from commonplace.capacity.network.hose import gravity_routing, hose_flow
from commonplace.capacity.solver.highs import solved, solver
from commonplace.foundation.arrays import Float64s, Int64s


def ring(nodes: int) -> Graph:
    ends = [(n, (n + 1) % nodes) for n in range(nodes)]
    both = np.array([arc for a, z in ends for arc in ((a, z), (z, a))])
    return Graph(nodes, both[:, 0], both[:, 1])


def vertex(out: Float64s, into: Float64s, chance: np.random.Generator) -> Float64s:
    """A vertex of the polytope of matrices within the sums: fill entries in a random order."""
    nodes = len(out)
    matrix, left, room = np.zeros((nodes, nodes)), out.copy(), into.copy()
    for entry in chance.permutation(nodes * nodes):
        a, z = divmod(int(entry), nodes)
        if a != z:
            matrix[a, z] = min(left[a], room[z])
            left[a] -= matrix[a, z]
            room[z] -= matrix[a, z]
    return matrix


@pytest.mark.parametrize("seed", range(8))
def test_no_sampled_matrix_loads_the_routing_more_than_was_said(seed: int) -> None:
    chance = np.random.default_rng(seed)
    graph = ring(5)
    capacity = chance.integers(100, 900, graph.arcs).astype(float)
    hose = chance.integers(0, 90, (2, 5)).astype(float)
    for found in (hose_flow(graph, capacity, hose), gravity_routing(graph, capacity, hose)):
        for _ in range(300):
            matrix = vertex(hose[0], hose[1], chance)
            loads = matrix[found.pairs[:, 0], found.pairs[:, 1]] @ found.parts
            assert (found.carried * loads <= capacity * (1 + 1e-9)).all()
            assert (loads <= found.loads(hose) * (1 + 1e-9)).all()


def worst_matrix(part: Float64s, pairs: Int64s, hose: Float64s) -> float:
    """The reference: the most that a matrix within the sums puts on one arc."""
    highs, inf = solver(), highspy.kHighsInf
    for value in part:
        highs.addVar(0.0, inf)
        highs.changeColCost(highs.getNumCol() - 1, -float(value))
    for end in (0, 1):
        for node in range(hose.shape[1]):
            of = np.flatnonzero(pairs[:, end] == node).astype(np.int32)
            highs.addRow(-inf, hose[end, node], len(of), of, np.ones(len(of)))
    assert solved(highs) == "optimal"
    return -highs.getInfo().objective_function_value


@pytest.mark.parametrize("seed", range(4))
def test_the_worst_load_of_each_arc_is_reached_by_a_matrix(seed: int) -> None:
    chance = np.random.default_rng(seed)
    graph = ring(5)
    hose = chance.integers(0, 90, (2, 5)).astype(float)
    found = gravity_routing(graph, chance.integers(100, 900, graph.arcs).astype(float), hose)
    reached = [worst_matrix(found.parts[:, arc], found.pairs, hose) for arc in range(graph.arcs)]
    np.testing.assert_allclose(found.loads(hose), reached, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_carried_meets_its_bound(seed: int) -> None:
    chance = np.random.default_rng(seed)
    graph = ring(5)
    capacity = chance.integers(100, 900, graph.arcs).astype(float)
    hose = chance.integers(0, 90, (2, 5)).astype(float)
    exact, inner = hose_flow(graph, capacity, hose), hose_flow(graph, capacity, hose, large=0)
    assert exact.carried == pytest.approx(exact.bound, rel=1e-6)
    assert inner.carried == pytest.approx(exact.carried, rel=1e-4)
    assert gravity_routing(graph, capacity, hose).carried <= exact.bound * (1 + 1e-9)


def test_on_a_star_each_leaf_needs_its_own_sum() -> None:
    """On a tree the routing is given: an edge carries the lesser of the sums of its two sides."""
    arcs = np.array([(0, n) for n in (1, 2, 3)] + [(n, 0) for n in (1, 2, 3)])
    graph = Graph(4, arcs[:, 0], arcs[:, 1])
    hose = np.array([[0.0, 10.0, 20.0, 30.0], [0.0, 10.0, 20.0, 30.0]])
    found = hose_flow(graph, np.array([10.0, 20.0, 30.0, 10.0, 20.0, 45.0]), hose)
    assert found.carried == pytest.approx(1.0)
    assert found.loads(hose) == pytest.approx([10.0, 20.0, 30.0, 10.0, 20.0, 30.0])


def test_a_node_without_a_way_carries_nothing() -> None:
    graph = Graph(3, np.array([0, 1]), np.array([1, 0]))
    assert hose_flow(graph, np.full(2, 9.0), np.ones((2, 3))).carried == 0.0
    assert hose_flow(graph, np.full(2, 9.0), np.zeros((2, 3))).carried == np.inf

"""Routings without a programme: whole, within capacity, and near what a programme carries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.foundation.arrays import Float64s, Int64s

pytest.importorskip("highspy", reason="the reference needs a solver")

from commonplace.capacity.network.concurrent import concurrent_flow
from commonplace.capacity.network.deviation import deviated, shortest_ways
from commonplace.capacity.network.flow import Graph, carried, distances


def meshed(seed: int, nodes: int = 8) -> tuple[Graph, Float64s, Int64s, Float64s]:
    """A ring with chords each way, and demands between all."""
    chance = np.random.default_rng(seed)
    ends = [(n, (n + 1) % nodes) for n in range(nodes)]
    ends += [tuple(chance.choice(nodes, 2, replace=False)) for _ in range(nodes // 2)]
    both = np.array([arc for a, z in ends for arc in ((a, z), (z, a))])
    pairs = np.array([(a, z) for a in range(nodes) for z in range(nodes) if a != z])
    return (
        Graph(nodes, both[:, 0], both[:, 1]),
        chance.integers(1, 9, len(both)).astype(float) * 100.0,
        pairs,
        chance.uniform(0, 9, len(pairs)),
    )


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.floats(0.2, 1.2))
def test_what_it_returns_carries_every_demand_whole(seed: int, part: float) -> None:
    graph, capacity, pairs, demand = meshed(seed)
    wanted = demand * part * concurrent_flow(graph, capacity, pairs, demand).carried
    found = deviated(graph, capacity, pairs, wanted)
    if found is None:
        return
    assert part <= 1 + 1e-6
    assert float(carried(capacity, found.loads(wanted))) >= 1 - 1e-12
    for (source, end), parts in zip(pairs, found.parts, strict=True):
        out, into = (np.bincount(at, parts, graph.nodes) for at in (graph.tail, graph.head))
        unit = (np.arange(graph.nodes) == source) * 1.0 - (np.arange(graph.nodes) == end)
        np.testing.assert_allclose(out - into, unit, atol=1e-12)


def test_with_a_fifth_of_room_it_nearly_always_finds_one() -> None:
    found = 0
    for seed in range(50):
        graph, capacity, pairs, demand = meshed(seed)
        wanted = demand * 0.8 * concurrent_flow(graph, capacity, pairs, demand).carried
        found += deviated(graph, capacity, pairs, wanted) is not None
    assert found >= 45


def test_ways_are_shortest() -> None:
    graph, capacity, pairs, _ = meshed(1)
    lengths = 1 / capacity
    ways = shortest_ways(graph, lengths, pairs)
    apart = distances(graph, lengths)[pairs[:, 0], pairs[:, 1]]
    np.testing.assert_allclose(ways.parts @ lengths, apart)


def test_what_has_no_way_is_not_found() -> None:
    graph = Graph(3, np.array([0, 1]), np.array([1, 0]))
    ends = np.array([[0, 1], [0, 2]])
    assert deviated(graph, np.array([5.0, 5.0]), ends, np.array([1.0, 1.0])) is None
    alone = deviated(graph, np.array([5.0, 5.0]), ends, np.array([1.0, 0.0]))
    assert alone is not None
    assert alone.served.tolist() == [True, False]
    assert deviated(graph, np.array([0.0, 5.0]), ends, np.array([1.0, 0.0])) is None

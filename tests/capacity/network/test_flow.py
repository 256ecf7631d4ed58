"""Concurrent flows against all simple paths, their own certificates, and published instances."""

import os
from collections.abc import Iterator
from pathlib import Path

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.capacity.network.concurrent import FlowProgramme, concurrent_flow, metric_bound
from commonplace.capacity.network.flow import Graph, carried, distances, routed
from commonplace.capacity.solver.highs import solved, solver
from commonplace.foundation.arrays import Float64s, Int64s

DATA = os.environ.get("COMMONPLACE_DATA", "")
Case = tuple[Graph, Float64s, Int64s, Float64s]


def random_case(seed: int, nodes: int = 5) -> Case:
    """A ring or a tree and some chords, each way; some capacities are nothing."""
    chance = np.random.default_rng(seed)
    ends = [(n, (n + 1) % nodes) for n in range(nodes - seed % 2)]
    ends += [tuple(chance.choice(nodes, 2, replace=False)) for _ in range(3)]
    both = np.array([arc for a, z in ends for arc in ((a, z), (z, a))])
    capacity = chance.integers(0, 9, len(both)).astype(float) * 100.0
    pairs = np.array([(a, z) for a in range(nodes) for z in range(nodes) if a != z])
    pairs = pairs[chance.permutation(len(pairs))[:8]]
    return (
        Graph(nodes, both[:, 0], both[:, 1]),
        capacity,
        pairs,
        chance.uniform(1, 90, len(pairs)),
    )


def paths(graph: Graph, at: int, end: int, seen: tuple[int, ...]) -> Iterator[list[int]]:
    """The arcs of every path that visits no node twice."""
    if at == end:
        yield []
        return
    for arc in np.flatnonzero(graph.tail == at):
        there = int(graph.head[arc])
        if there not in seen:
            for rest in paths(graph, there, end, (*seen, there)):
                yield [int(arc), *rest]


def by_paths(graph: Graph, capacity: Float64s, pairs: Int64s, demand: Float64s) -> float:
    """The reference: a variable for each simple path."""
    ways = [list(paths(graph, int(a), int(z), (int(a),))) for a, z in pairs]
    highs, inf = solver(), highspy.kHighsInf
    columns = [(pair, way) for pair, found in enumerate(ways) for way in found]
    for _ in columns:
        highs.addVar(0.0, inf)
    highs.addVar(0.0, inf)
    last = len(columns)
    highs.changeColCost(last, -1.0)
    for pair in range(len(pairs)):
        of = [column for column, (p, _) in enumerate(columns) if p == pair]
        row = np.array([*of, last], np.int32)
        highs.addRow(0.0, 0.0, len(row), row, np.array([1.0] * len(of) + [-demand[pair]]))
    for arc in range(graph.arcs):
        over = np.array([c for c, (_, way) in enumerate(columns) if arc in way], np.int32)
        highs.addRow(-inf, capacity[arc], len(over), over, np.ones(len(over)))
    assert solved(highs) == "optimal"
    return float(highs.getSolution().col_value[last])


@pytest.mark.parametrize("seed", range(40))
def test_it_is_what_all_simple_paths_carry(seed: int) -> None:
    case = random_case(seed)
    assert concurrent_flow(*case).carried == pytest.approx(by_paths(*case), rel=1e-6, abs=1e-9)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(3, 9))
def test_both_certificates_verify_by_arithmetic(seed: int, nodes: int) -> None:
    graph, capacity, pairs, demand = random_case(seed, nodes)
    found = concurrent_flow(graph, capacity, pairs, demand)
    assert (found.lengths >= 0).all()
    assert found.bound == metric_bound(graph, capacity, pairs, demand, found.lengths)
    assert found.carried <= found.bound * (1 + 1e-9)
    if np.isfinite(found.carried):
        assert (found.loads * found.carried <= capacity * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(20))
def test_a_routing_in_shares_takes_each_demand_whole_from_end_to_end(seed: int) -> None:
    graph, capacity, pairs, demand = random_case(2 * seed)
    capacity = capacity + 50.0
    programme = FlowProgramme(graph, pairs)
    flow, _ = programme.solve(capacity, demand)
    found = routed(graph, flow, programme.sources, pairs)
    assert found.served.all()
    for (source, end), part in zip(pairs, found.parts, strict=True):
        net = np.bincount(graph.tail, part, graph.nodes) - np.bincount(
            graph.head, part, graph.nodes
        )
        wanted = np.zeros(graph.nodes)
        wanted[source], wanted[end] = 1.0, -1.0
        np.testing.assert_allclose(net, wanted, atol=1e-9)
    most = concurrent_flow(graph, capacity, pairs, demand).carried
    assert carried(capacity, found.loads(demand)) == pytest.approx(most, rel=1e-6)


def test_a_programme_that_was_asked_before_answers_as_a_new_one() -> None:
    graph, capacity, pairs, demand = random_case(4)
    programme = FlowProgramme(graph, pairs)
    for change in range(5):
        now, wanted = capacity + 30.0 * change, demand * (1 + change)
        _, lengths = programme.solve(now, wanted)
        fresh = concurrent_flow(graph, now, pairs, wanted)
        assert metric_bound(graph, now, pairs, wanted, lengths) == pytest.approx(fresh.bound)


def test_what_has_no_way_is_carried_not_at_all_and_no_demand_without_end() -> None:
    graph = Graph(3, np.array([0, 1]), np.array([1, 0]))
    ends = np.array([[0, 2], [0, 1]])
    nowhere = concurrent_flow(graph, np.array([5.0, 5.0]), ends, np.array([1.0, 1.0]))
    assert (nowhere.carried, nowhere.utilisation) == (0.0, np.inf)
    nothing = concurrent_flow(graph, np.array([5.0, 5.0]), ends, np.zeros(2))
    assert (nothing.carried, nothing.utilisation) == (np.inf, 0.0)


def test_a_demand_below_every_tolerance_has_a_way_too() -> None:
    graph = Graph(3, np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]))
    found = concurrent_flow(
        graph, np.full(4, 5e3), np.array([[0, 1], [2, 1]]), np.array([1e3, 1e-12])
    )
    assert found.carried == pytest.approx(5.0)
    assert found.loads[3] == 1e-12


def test_figure_9_of_jupiter_evolving_binds_at_a_however_its_demand_is_split() -> None:
    """SIGCOMM'22: A and B of 200G, C of 100G, 500 uplinks each in a uniform mesh; 80T out of A.

    The cut at A is 75T as long as neither C nor the way over B binds before it.
    """
    ends = np.array([(0, 1), (0, 2), (1, 2), (1, 0), (2, 0), (2, 1)])
    graph = Graph(3, ends[:, 0], ends[:, 1])
    capacity = 250 * np.tile([200.0, 100.0, 100.0], 2)
    pairs = np.array([[0, 1], [0, 2]])
    for to_b in np.linspace(26_000, 53_000, 20):
        demand = np.array([to_b, 80_000 - to_b])
        cuts = [75_000 / 80_000, 50_000 / demand[1], 75_000 / to_b]
        flow = concurrent_flow(graph, capacity, pairs, demand)
        assert flow.carried == pytest.approx(min(cuts), abs=1e-6)


def test_distances_are_the_shortest_and_parallel_arcs_count_once() -> None:
    graph = Graph(4, np.array([0, 0, 1, 0]), np.array([1, 1, 2, 2]))
    apart = distances(graph, np.array([3.0, 1.0, 1.0, 5.0]))
    assert apart[0].tolist() == [0.0, 1.0, 2.0, np.inf]


# ---------------------------------------------------------------- published instances


def repetita(name: str) -> Case:
    """A topology of the Topology Zoo with one matrix (github.com/svissicchio/Repetita)."""
    folder = Path(DATA) / "networks" / "repetita"
    lines = (folder / f"{name}.graph").read_text(encoding="utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("EDGES")) + 2
    edges = np.array([line.split()[1:5] for line in lines[first:] if line.strip()], float)
    text = (folder / f"{name}.0000.demands").read_text(encoding="utf-8")
    demands = np.array([line.split()[1:4] for line in text.splitlines()[2:] if line.strip()], float)
    ends = edges[:, :2].astype(np.int64)
    graph = Graph(int(lines[0].split()[1]), ends[:, 0], ends[:, 1])
    return graph, edges[:, 3], demands[:, :2].astype(np.int64), demands[:, 2]


SMALL = "Abilene Ans Arnes Bellcanada BtNorthAmerica Cernet Esnet Garr201201 Geant2012 Renater2010"
SMALL += " Sinet Surfnet Switch Uninett2010 Uunet"
LARGE = ("Interoute", "Colt", "GtsCe", "Cogentco")  # 3, 5, 9 and 25 seconds on one core


@pytest.mark.skipif(not DATA, reason="COMMONPLACE_DATA is not set")
@pytest.mark.parametrize(
    "name", [*SMALL.split(), *(pytest.param(n, marks=pytest.mark.slow) for n in LARGE)]
)
def test_the_demands_of_repetita_fill_their_networks_to_nine_tenths(name: str) -> None:
    """Scaled so by their makers (Gay, Schaus, Vissicchio, arXiv:1710.08665, section 3)."""
    assert concurrent_flow(*repetita(name)).utilisation == pytest.approx(0.9, abs=0.002)


@pytest.mark.skipif(not DATA, reason="COMMONPLACE_DATA is not set")
def test_nsfnet_is_the_exception() -> None:
    """Its demands are small whole numbers, many of one digit; bound and routing meet at .896."""
    found = concurrent_flow(*repetita("Nsfnet"))
    assert found.utilisation == pytest.approx(0.89605, abs=1e-4)
    assert found.bound == pytest.approx(found.carried, rel=1e-6)

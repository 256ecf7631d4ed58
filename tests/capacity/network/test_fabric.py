"""Fabrics against public facts: Jupiter Rising and Evolving, SuperPOD B200, Valiant, gravity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("highspy", reason="throughput needs a solver")

from commonplace.capacity.network._fabric import (
    Block,
    Switches,
    engineered_topology,
    fabric_gbps,
    gravity_mesh,
    speeds,
    superpod_switches,
    throughput,
    uniform_mesh,
    valiant_utilisation,
)
from commonplace.foundation import InputError

# Figure 9 of Jupiter Evolving: A and B of 200G, C of 100G, 500 uplinks each; 80T out of A. The
# figure's totals; that they are 40T to B and to C is what makes 300/200/200 the only optimum. The
# inputs are from memory of the paper, whose text was not at hand; the results are those it prints.
FIGURE_9 = [Block(500, 200.0), Block(500, 200.0), Block(500, 100.0)]
OUT_OF_A = np.array([[0, 40_000, 40_000], [0, 0, 0], [0, 0, 0]], float)


def test_64_blocks_of_512_uplinks_of_40_gbps() -> None:
    """1.3 Pb/s (Jupiter Rising, SIGCOMM'15, abstract and section 3)."""
    assert fabric_gbps([Block(512, 40.0)] * 64) == pytest.approx(1.31e6, rel=1e-3)


def test_figure_9_a_uniform_mesh_is_overloaded() -> None:
    links = uniform_mesh(FIGURE_9)
    assert links.tolist() == [[0, 250, 250], [250, 0, 250], [250, 250, 0]]
    capacity = links * speeds(FIGURE_9)
    assert capacity[0].sum() == 75_000
    assert 1 / throughput(capacity, OUT_OF_A) == pytest.approx(80 / 75, abs=1e-6)


def test_figure_9_topology_engineering_carries_it() -> None:
    links, factor = engineered_topology(FIGURE_9, OUT_OF_A)
    assert links.tolist() == [[0, 300, 200], [300, 0, 200], [200, 200, 0]]
    assert factor == pytest.approx(1.0, abs=1e-6)
    assert throughput(links * speeds(FIGURE_9), OUT_OF_A) == pytest.approx(1.0, abs=1e-6)


@given(to_b=st.floats(26_000, 53_000))
@settings(max_examples=20)
def test_figure_9_binds_at_a_however_its_demand_is_split(to_b: float) -> None:
    """The cut at A is 75T as long as neither C nor the way over B binds before it."""
    demand = np.zeros((3, 3))
    demand[0, 1:] = to_b, 80_000 - to_b
    capacity = uniform_mesh(FIGURE_9) * speeds(FIGURE_9)
    cuts = [75_000 / 80_000, 50_000 / (80_000 - to_b), 75_000 / to_b]
    assert throughput(capacity, demand) == pytest.approx(min(cuts), abs=1e-6)


@settings(max_examples=20)
@given(count=st.integers(3, 5), seed=st.integers(0, 10**6))
def test_engineering_is_never_worse_than_a_mesh(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    blocks = [
        Block(int(random.integers(4, 20)), float(random.choice([100, 200]))) for _ in range(count)
    ]
    demand = random.uniform(0, 500, (count, count)) * (1 - np.eye(count))
    mesh = uniform_mesh(blocks)
    links, factor = engineered_topology(blocks, demand)
    for topology in (mesh, links):
        assert (topology == topology.T).all()
        assert all(row.sum() <= block.uplinks for row, block in zip(topology, blocks, strict=True))
    assert throughput(links * speeds(blocks), demand) == pytest.approx(factor, rel=1e-5)
    assert factor >= throughput(mesh * speeds(blocks), demand) - 1e-6


def test_a_mesh_of_one_size_uses_all_ports_evenly() -> None:
    links = uniform_mesh([Block(512, 40.0)] * 64)
    between = links[~np.eye(64, dtype=bool)]
    assert set(between.tolist()) <= {8, 9}  # 512 / 63
    assert links.sum(1).max() <= 512
    assert links.sum() >= 0.99 * 64 * 512
    assert uniform_mesh([Block(8, 1.0)]).tolist() == [[0]]


@pytest.mark.parametrize("count", [3, 5, 17])
def test_valiant_costs_two_to_one(count: int) -> None:
    """Each block sends all it has to one other: half of it is carried, whichever the other is."""
    capacity = np.full((count, count), 1.0 / (count - 1)) * (1 - np.eye(count))
    for shift in (1, 2):
        permutation = np.roll(np.eye(count), shift, axis=1)
        assert valiant_utilisation(capacity, permutation) == pytest.approx(2.0, abs=1e-9)


def test_valiant_without_a_way() -> None:
    demand = np.array([[0.0, 1.0], [0.0, 0.0]])
    assert valiant_utilisation(np.zeros((2, 2)), demand) == float("inf")


@settings(max_examples=50)
@given(count=st.integers(3, 7), seed=st.integers(0, 10**6))
def test_a_gravity_mesh_carries_every_symmetric_gravity_matrix(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sums = random.uniform(1, 100, count)
    smaller = sums * random.uniform(0, 1, count)
    matrix = np.outer(smaller, smaller) / smaller.sum() * (1 - np.eye(count))
    assert throughput(gravity_mesh(sums), matrix) >= 1 - 1e-6


@pytest.mark.parametrize(
    ("units", "gpus", "leaf", "spine", "core"),
    [
        (2, 512, 16, 8, 0),
        (4, 1024, 32, 16, 0),
        (8, 2048, 64, 32, 0),
        (16, 4096, 128, 128, 64),
        (32, 8192, 256, 256, 128),
        (64, 16384, 512, 512, 256),
    ],
)
def test_superpod_switches_are_nvidias(
    units: int, gpus: int, leaf: int, spine: int, core: int
) -> None:
    """Every row of "DGX SuperPOD Architecture", NVIDIA's reference architecture for DGX B200.

    docs.nvidia.com/dgx-superpod/reference-architecture-scalable-infrastructure-b200 (read 2026);
    a unit is 32 nodes of 8 GPUs.
    """
    assert units * 32 * 8 == gpus
    assert superpod_switches(gpus) == Switches(leaf, spine, core)


def test_no_superpod_without_gpus() -> None:
    with pytest.raises(InputError, match="a GPU or more"):
        superpod_switches(0)

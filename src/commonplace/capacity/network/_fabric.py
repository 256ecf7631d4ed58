"""Fabrics of blocks joined without a spine: meshes, engineered topologies, and what they carry.

Notable: two blocks are joined by links at the speed of the slower (derating), and traffic may pass
through other blocks. The public examples that hold these functions are in the tests: figure 9 of
Jupiter Evolving (Poutievski et al., SIGCOMM'22), Jupiter Rising (Singh et al., SIGCOMM'15), and the
switch counts of NVIDIA's DGX SuperPOD.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonplace.capacity.network.concurrent import concurrent_flow
from commonplace.capacity.network.flow import Graph
from commonplace.capacity.solver.programme import Programme, minimise
from commonplace.foundation import InputError
from commonplace.foundation.arrays import Float64s, Int64s


@dataclass(frozen=True)
class Block:
    """An aggregation block: uplinks, and the Gb/s of each."""

    uplinks: int
    gbps: float


def fabric_gbps(blocks: Sequence[Block]) -> float:
    """Gb/s of all uplinks: what the blocks could send if the middle were no limit."""
    return sum(block.uplinks * block.gbps for block in blocks)


def speeds(blocks: Sequence[Block]) -> Float64s:
    """Gb/s of one link between each two blocks: the slower of both."""
    gbps = np.array([block.gbps for block in blocks], float)
    found: Float64s = np.minimum(gbps[:, None], gbps[None, :])
    np.fill_diagonal(found, 0.0)
    return found


def uniform_mesh(blocks: Sequence[Block]) -> Int64s:
    """Links between all blocks in proportion to the product of their uplinks, all ports used.

    Blocks of one size have the same number between any two (Jupiter Evolving). Where the parts are
    not whole, what is left of the ports goes to the largest remainders; a block that is larger than
    all others together keeps ports unused.
    """
    ports = np.array([block.uplinks for block in blocks], float)
    if len(blocks) < 2:
        return np.zeros((len(blocks), len(blocks)), np.int64)
    share = np.outer(ports, ports)
    np.fill_diagonal(share, 0.0)
    for _ in range(200):  # to row sums of the ports, symmetric: Sinkhorn and Knopp 1967
        rows = share.sum(1)
        factor = np.sqrt(np.divide(ports, rows, out=np.zeros_like(ports), where=rows > 0))
        share = share * np.outer(factor, factor)
    fits = np.minimum(1.0, np.divide(ports, share.sum(1), out=np.ones_like(ports), where=ports > 0))
    return _whole(share * np.minimum(fits[:, None], fits[None, :]), ports)


def _whole(share: Float64s, ports: Float64s) -> Int64s:
    """Whole links near the shares, symmetric, no block with more than its ports."""
    links = np.floor(share + 1e-6).astype(np.int64)
    rest = share - links
    pairs = [(i, j) for i in range(len(ports)) for j in range(i)]
    for i, j in sorted(pairs, key=lambda pair: -rest[pair]):
        if rest[i, j] > 1e-6 and max(links[i].sum() - ports[i], links[j].sum() - ports[j]) < 0:
            links[i, j] += 1
            links[j, i] += 1
    return links


def throughput(capacity: Float64s, demand: Float64s) -> float:
    """The factor by which all of `demand` [from, to] can be sent at once over `capacity`.

    Both in one unit; its inverse is the least possible maximum link utilisation. Traffic is split
    over any paths (the arc-based programme of `_flow`, verified by arithmetic).
    """
    tail, head = np.nonzero(capacity)
    pairs = np.argwhere(demand > 0)
    graph = Graph(len(capacity), tail.astype(np.int64), head.astype(np.int64))
    amounts = demand[pairs[:, 0], pairs[:, 1]]
    return concurrent_flow(graph, capacity[tail, head], pairs.astype(np.int64), amounts).carried


def valiant_utilisation(capacity: Float64s, demand: Float64s) -> float:
    """The largest link utilisation if each demand is spread over all ways of at most two links.

    In proportion to the narrower link of each way (Valiant load balancing, Zhang-Shen and McKeown,
    HotNets 2004; Jupiter Evolving compares with it): no demand is worse than another, and a mesh
    carries half of its capacity, 2:1.
    """
    load = np.zeros_like(capacity)
    for i, j in np.argwhere(demand > 0):
        ways = np.minimum(capacity[i, :], capacity[:, j])
        ways[[i, j]] = 0.0
        ways[j] = capacity[i, j]  # the way by j itself: the direct link
        if not ways.sum():
            return math.inf
        sent = demand[i, j] * ways / ways.sum()
        load[i, :] += sent
        load[:, j] += np.where(np.arange(len(sent)) == j, 0.0, sent)
    used = load > 0
    return float((load[used] / capacity[used]).max(initial=0.0))


def engineered_topology(
    blocks: Sequence[Block], demand: Float64s, seconds: float = 60.0
) -> tuple[Int64s, float]:
    """The links between blocks with the largest throughput for a demand [from, to] in Gb/s.

    Topology engineering (Jupiter Evolving), here as one mixed-integer programme: whole links
    within each block's ports, flows of each source over them, the common factor maximal.
    Returns the links and the factor.

    Raises:
        InputError: no topology was found in the time.
    """
    count = len(blocks)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    arcs = [*pairs, *((j, i) for i, j in pairs)]
    sources = [s for s in range(count) if demand[s].any()]
    unit = max(block.gbps for block in blocks)
    speed = speeds(blocks) / unit
    programme = Programme()
    most = [float(min(blocks[i].uplinks, blocks[j].uplinks)) for i, j in pairs]
    links = programme.add_columns(len(pairs), upper=most, integer=True)
    factor = int(programme.add_columns(1, cost=-1.0)[0])
    flow = programme.add_columns(len(sources) * len(arcs)).reshape(len(sources), len(arcs))
    for block in range(count):
        at = {int(links[k]): 1.0 for k, pair in enumerate(pairs) if block in pair}
        programme.add_row(at, upper=float(blocks[block].uplinks))
    for a, (i, j) in enumerate(arcs):
        at = {int(column): 1.0 for column in flow[:, a]}
        programme.add_row({**at, int(links[a % len(pairs)]): -float(speed[i, j])}, upper=0.0)
    for s, source in enumerate(sources):
        for node in set(range(count)) - {source}:
            into = {int(flow[s, a]): 1.0 for a, (_, j) in enumerate(arcs) if j == node}
            out = {int(flow[s, a]): -1.0 for a, (i, _) in enumerate(arcs) if i == node}
            wanted = -float(demand[source, node]) / unit
            programme.add_row({**into, **out, factor: wanted}, lower=0.0, upper=0.0)
    found = minimise(programme.matrix(), seconds, gap=1e-6)
    if found.values is None:
        raise InputError(f"no topology of {count} blocks was found in {seconds:g} seconds")
    topology = np.zeros((count, count), np.int64)
    for k, (i, j) in enumerate(pairs):
        topology[i, j] = topology[j, i] = round(found.values[links[k]])
    return topology, float(found.values[factor])


def gravity_mesh(sums: Float64s) -> Float64s:
    """Capacities u_ij = D_i D_j / sum(D) between blocks that send and receive `sums` [blocks].

    Such a mesh carries every symmetric gravity matrix whose sums are not larger (Jupiter Evolving,
    on gravity models), some of it by way of other blocks.
    """
    found: Float64s = np.outer(sums, sums) / sums.sum()
    np.fill_diagonal(found, 0.0)
    return found


@dataclass(frozen=True)
class Switches:
    """Switches of a fat tree of 64 ports."""

    leaf: int
    spine: int
    core: int


def superpod_switches(gpus: int) -> Switches:
    """Compute fabric of a DGX SuperPOD: leaf = GPUs / 32, spine = leaf / 2.

    Beyond 8 scalable units of 256 GPUs there is a third layer: spine = leaf, core = leaf / 2
    (NVIDIA, DGX SuperPOD reference architecture for DGX B200, "DGX SuperPOD architecture").
    """
    if gpus < 1:
        raise InputError("a SuperPOD has a GPU or more")
    leaf = math.ceil(gpus / 32)
    if gpus <= 8 * 256:
        return Switches(leaf, math.ceil(leaf / 2), 0)
    return Switches(leaf, leaf, math.ceil(leaf / 2))

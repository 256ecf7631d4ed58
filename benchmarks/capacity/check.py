"""How long does it take to check a plan under every failure in every month, by its size?

    python -m benchmarks.capacity.check [--json] [--rounds 7] [--sizes 8x40,40x300]

The plans are synthetic regions (`plan demo`) with every project placed at random, so that much
breaks. A pass is `check`: houses, backbone, stranding. `one by one` is the peer: a new linear
programme for each question, without the routings and metrics that `Resilience` uses again. Both
must find the same factor of each month's worst failure. Each round has fresh plans (another seed);
the figures are medians.

    python -m benchmarks.capacity.check --sndlib DATA/networks/sndlib

This checks the backbone of published networks alone, each link lost in turn, in seconds of the
processor.
"""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scaffold import argument_parser, report
from commonplace.capacity import Plan, Size, check, demo
from commonplace.capacity.feasibility.resources import site_rows
from commonplace.capacity.importers import import_sndlib
from commonplace.capacity.network.concurrent import concurrent_flow
from commonplace.capacity.network.resilience import Resilience
from commonplace.capacity.network.topology import network
from commonplace.capacity.plan.model import Placement
from commonplace.capacity.plan.stock import link_gbps, stocks

SIZES = {
    "8x40": Size(houses=8, projects=40),
    "40x300": Size(houses=40, projects=300, campuses=12, flows=200),
    "100x800": Size(houses=100, projects=800, campuses=30, flows=500),
}
PEER = 40  # houses up to which the peer is asked: beyond, it takes minutes


def region(size: Size, seed: int) -> Plan:
    """A region with each project in one of its houses."""
    chance, plan = random.Random(seed), demo(size, seed)
    placements = tuple(
        Placement(p.id, chance.choice(p.houses or plan.houses), max(p.earliest, p.need))
        for p in plan.projects
        if not p.fixed
    )
    return replace(plan, placements=placements)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def separately(plan: Plan) -> Any:
    """Each month's least factor, from a new programme for each question."""
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stocks(plan)))
    factors = [
        [
            concurrent_flow(net.graph, arcs, net.pairs, demand).carried
            for arcs, demand in zip(months, net.demand, strict=True)
        ]
        for months in capacity
    ]
    return np.min(factors, axis=0)


def measure(size: Size, rounds: int) -> dict[str, float]:
    """Medians over the rounds: seconds, and how many questions and programmes there were."""
    rows: list[dict[str, float]] = []
    for seed in range(1, rounds + 1):
        plan = region(size, seed)
        # B023: each is called at once, before the loop goes on
        seconds, _ = timed(lambda: check(plan))  # noqa: B023
        houses, _ = timed(lambda: list(site_rows(plan, stocks(plan))))  # noqa: B023
        net = network(plan)
        capacity = net.capacities(link_gbps(plan, stocks(plan)))
        resilience = Resilience(net)
        backbone, factors = timed(lambda: resilience.factors(capacity))  # noqa: B023
        alone = np.nan
        if size.houses <= PEER:
            alone, worst = timed(lambda: separately(plan))  # noqa: B023
            np.testing.assert_allclose(factors.worst, worst, rtol=1e-5)
        row = {"check": seconds, "houses": houses, "backbone": backbone, "one by one": alone}
        row |= {"questions": float(capacity.shape[0] * capacity.shape[1])}
        row |= {"programmes": float(resilience.programmes), "ratio": alone / backbone}
        rows.append(row)
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def published(folder: Path) -> None:
    """A line for each network: questions, programmes that were solved, and the worst factor."""
    print("| network | nodes | questions | programmes | processor | worst factor |")
    print("|---|---|---|---|---|---|")
    for file in sorted(folder.glob("*.json")):
        plan = import_sndlib(file).plan
        net = network(plan)
        capacity = net.capacities(link_gbps(plan, stocks(plan)))
        resilience, start = Resilience(net), time.process_time()
        factors = resilience.factors(capacity)
        seconds, questions = time.process_time() - start, capacity.shape[0] * capacity.shape[1]
        print(
            f"| {file.stem} | {len(net.nodes)} | {questions} | {resilience.programmes} "
            f"| {seconds:.3f} s | {factors.worst[0]:.5g} |"
        )


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--sndlib", type=Path, help="a folder of SNDlib's networks instead")
    options = parser.parse_args()
    if options.sndlib:
        published(options.sndlib)
        return
    check(region(Size(2, 4), 0))  # so that no round pays for loading HiGHS
    results = {name: measure(SIZES[name], options.rounds) for name in options.sizes.split(",")}
    lines = [
        "| houses x projects | a check | its houses | its backbone | one by one | programmes |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in results.items():
        peer = f"{row['one by one']:.2f} s ({row['ratio']:.0f} x)" if row["ratio"] > 0 else "-"
        lines.append(
            f"| {name} | {row['check']:.3f} s | {row['houses']:.3f} s | {row['backbone']:.3f} s "
            f"| {peer} | {row['programmes']:.0f} of {row['questions']:.0f} |"
        )
    report(options, results, lines)


if __name__ == "__main__":
    main()

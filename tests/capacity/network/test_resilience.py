"""Every failure and month against one linear programme each; what is named as binding binds."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from commonplace.capacity.network.concurrent import concurrent_flow
from commonplace.capacity.network.flow import TOLERANCE
from commonplace.capacity.network.resilience import Resilience, binding
from commonplace.capacity.network.topology import network
from commonplace.capacity.plan.model import (
    Flow,
    Hose,
    Inventory,
    Item,
    Link,
    Order,
    Placement,
    Plan,
    Policies,
    Project,
    Site,
)
from commonplace.capacity.plan.stock import link_gbps, stocks
from small_plans import small


def region(seed: int, demand: str = "pipe", horizon: int = 4) -> Plan:
    """Four campuses in a ring with a chord, eight houses, flows that grow, units that arrive."""
    chance = np.random.default_rng(seed)
    campuses = tuple(Site(f"C{n}", "campus") for n in range(4))
    houses = tuple(Site(f"H{n}", "house", f"C{n % 4}") for n in range(8))
    ends = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
    links = [Link(f"l{n}", f"C{a}", f"C{z}", "line", 9, f"g{n}") for n, (a, z) in enumerate(ends)]
    flows = [Flow("chat", "gold", "*", "C0", 90.0, 0.5), Flow("x", "gold", "H1", "H6", 40.0)]
    flows += [
        Flow("x", "gold", f"H{n}", f"H{n + 3}", float(chance.integers(9, 70))) for n in (0, 2)
    ]
    return Plan(
        "region",
        date(2027, 1, 1),
        horizon,
        Policies(demand="hose" if demand == "hose" else "pipe"),
        sites=campuses + houses,
        items=(Item("line", "line", gbps=100.0),),
        inventory=tuple(Inventory(k.id, "line", int(chance.integers(1, 4))) for k in links),
        links=tuple(links),
        projects=tuple(
            Project(f"P{n}", "chat", north_gbps=float(n + 1), fixed=f"H{n}", need=n % 4 + 1)
            for n in range(6)
        ),
        flows=tuple(flows),
        hoses=tuple(Hose(f"C{n}", 30.0 + 9 * n, 50.0, 0.5) for n in range(4)),
        orders=(Order("l0", "line", 1, 2), Order("l3", "line", 2, 3)),
    )


@pytest.mark.parametrize("seed", range(12))
def test_each_month_s_worst_factor_is_the_least_of_all_failures(seed: int) -> None:
    plan = region(seed)
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stocks(plan)))
    alone = np.array(
        [
            [
                concurrent_flow(net.graph, c, net.pairs, d).carried
                for c, d in zip(f, net.demand, strict=True)
            ]
            for f in capacity
        ]
    )
    found = Resilience(net).factors(capacity)
    np.testing.assert_allclose(found.worst, alone.min(0), rtol=2e-6)
    assert (found.carried <= alone * (1 + 1e-6)).all()
    assert (alone <= found.bound * (1 + 1e-6)).all()
    asked = Resilience(net).factors(capacity, enough=1.0)
    assert ((asked.bound < 1 - 1e-6) == (alone < 1 - 1e-6)).all()


def test_without_demand_every_factor_is_without_end() -> None:
    net = network(Plan("p", date(2027, 1, 1), 2, sites=(Site("C", "campus"),)))
    assert np.isinf(Resilience(net).factors(net.capacities({})).worst).all()


def test_a_hose_is_asked_the_same_and_a_failure_never_helps() -> None:
    plan = region(1, "hose")
    net = network(plan)
    found = Resilience(net).factors(net.capacities(link_gbps(plan, stocks(plan))))
    np.testing.assert_allclose(found.carried.min(0), found.worst, rtol=1e-5)
    assert (found.worst <= found.bound[0] * (1 + 1e-6)).all()


@pytest.mark.parametrize("seed", range(6))
def test_more_of_what_binds_is_what_lets_more_through(seed: int) -> None:
    plan = region(seed)
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stocks(plan)))
    asked = Resilience(net)
    found = asked.factors(capacity)
    failure = int(found.bound[:, -1].argmin())
    metric = asked.metrics[found.metric[failure, -1]]
    named = {net.edge[link] for link in binding(net, metric, net.failures[failure])}
    named |= {net.edge[link] for link in net.failures[failure].links}  # the failure keeps these
    others = [arc for arc in range(net.graph.arcs) if arc // 2 not in named]
    more = capacity[failure, -1].copy()
    more[others] += 1e4
    again = concurrent_flow(net.graph, more, net.pairs, net.demand[-1])
    assert again.carried <= found.bound[failure, -1] * (1 + 1e-6)  # nothing else helps


def test_shares_of_a_product_s_flow_follow_its_machines() -> None:
    projects = (
        Project("A", "chat", north_gbps=30.0),
        Project("B", "chat", north_gbps=10.0),
        Project("C", "other", north_gbps=99.0),
    )
    plan = Plan(
        "p",
        date(2027, 1, 1),
        2,
        sites=(Site("X", "campus"), Site("Y", "campus"), Site("H", "house", "X")),
        projects=projects,
        flows=(Flow("chat", "gold", "*", "Y", 100.0),),
        placements=(Placement("A", "H", 2),),
    )
    net = network(plan)
    assert [(net.nodes[a], net.nodes[z]) for a, z in net.pairs] == [("X", "Y")]
    assert net.demand.tolist() == [[0.0], [75.0]]


def test_what_is_known_of_no_demand_is_no_bound_on_another() -> None:
    """All bounds were infinite then, and the same question was asked again for ever."""
    plan = small(flows=(Flow("x", "gold", "A", "B", 300.0),))
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stocks(plan)))
    nothing = Resilience(replace(net, demand=np.zeros_like(net.demand)))
    nothing.factors(capacity, 1.0)
    found = Resilience(net, nothing).factors(capacity, 1.0)
    assert (found.carried.min(0) >= 1 - TOLERANCE).all()
    assert found.worst == pytest.approx(400 / 300)

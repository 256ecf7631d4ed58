"""A flow that names a house loads that house's border routers, whatever stands at its other end."""

from datetime import date

import numpy as np

from commonplace.capacity.feasibility.resources import named_north
from commonplace.capacity.plan.model import Flow, Plan, Site

SITES = (Site("C", "campus"), Site("D", "campus"), Site("H", "house", "C"))


def loads(*flows: Flow) -> list[float]:
    plan = Plan("p", date(2027, 1, 1), horizon=3, sites=SITES, flows=flows)
    return list(np.round(named_north(plan, "H"), 9))


def test_a_flow_from_wherever_machines_stand_counts_whole_at_the_house_that_it_names() -> None:
    assert loads(Flow("chat", "gold", "*", "H", 40.0)) == [40.0, 40.0, 40.0]


def test_out_and_in_are_apart_and_the_larger_counts() -> None:
    assert loads(Flow("a", "gold", "H", "D", 30.0), Flow("b", "gold", "D", "H", 40.0)) == [40.0] * 3


def test_growth_is_a_year_s() -> None:
    grown = loads(Flow("a", "gold", "H", "D", 100.0, growth=1.0))
    assert grown == [100.0, round(100 * 2 ** (1 / 12), 9), round(100 * 2 ** (2 / 12), 9)]

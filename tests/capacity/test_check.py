"""The verdict of small plans that can be followed by hand, and properties over random regions."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.capacity import Plan, Size, check
from commonplace.capacity.feasibility.check import Verdict, run_out_month
from commonplace.capacity.plan.model import Flow, Hose, Order, Policies
from small_plans import project, scattered, small, standing


def test_a_plan_that_holds_has_no_break_and_says_when_each_resource_runs_out() -> None:
    found = check(standing(project("P1"), project("P2", 4)))
    assert found.feasible
    assert found.strandings == ()
    ports = found.use["H", "ports"]
    assert ports.load.tolist() == [32, 32, 32, 64, 64, 64]
    assert ports.run_out == 4
    assert run_out_month(found, ports) == "2027-04"
    assert run_out_month(found, found.use["H", "space"]) == "not within the horizon"


def test_the_first_break_names_month_load_capacity_and_what_mends_it() -> None:
    found = check(standing(project("P1"), project("P2", 5), project("P3", 5)))
    (broken,) = found.breaks
    assert (broken.site, broken.resource, broken.month) == ("H", "ports", 5)
    assert (broken.load, broken.capacity) == (96.0, 64.0)
    assert broken.sentence == (
        "H is short of superblock ports in month 5 (2027-05): 96 ports against 64 ports; "
        "1 x block more would mend it, ordered by 2027-02-01"
    )
    (stranded,) = found.strandings
    assert (stranded.project, stranded.months, stranded.resource) == ("P3", (5, 6), "ports")
    assert stranded.cost == 500.0 * 10 * 2


def test_what_is_too_late_says_by_how_many_months() -> None:
    found = check(standing(project("P1", 2, ports=80)))
    assert "can be used from month 4 only, 2 too late" in found.breaks[0].sentence


def test_dark_uplinks_are_lit_with_optics_rather_than_with_another_superblock() -> None:
    found = check(standing(project("P1", 3, south_gbps=3000)))  # lit .75 x 32 x 100 = 2,400
    assert "1 x optics more would mend it, ordered by 2027-02-01" in found.breaks[0].sentence


def test_mending_as_it_says_mends() -> None:
    broken = standing(project("P1", 3, south_gbps=3000))
    assert check(replace(broken, orders=(Order("H", "optics", 1, 2),))).feasible


def test_priority_is_served_first_and_the_other_is_stranded() -> None:
    low, high = project("A", 1), project("B", 3, ports=64)
    found = check(standing(low, (replace(high[0], priority=5.0), high[1])))
    assert [(s.project, s.months) for s in found.strandings] == [("A", (3, 4, 5, 6))]


def test_superblocks_without_machines_are_idle() -> None:
    found = check(standing(project("P1", 4)))
    (one,) = found.idle
    assert (one.house, one.item, one.units, one.months) == ("H", "block", (1, 1, 1), (1, 2, 3))
    assert str(one) == "1 x block in H waits for machines in months 1-3"


def test_the_worst_failure_and_the_link_that_binds_are_named() -> None:
    flows = (Flow("x", "gold", "A", "B", 300.0),)
    found = check(small(flows=flows))
    assert found.feasible
    assert found.backbone[0].factor == pytest.approx(400 / 300)
    assert (found.backbone[0].failure, found.backbone[0].links) == ("g1", ("second",))
    broken = check(small(flows=(Flow("x", "gold", "A", "B", 700.0),)))
    (one,) = broken.breaks
    assert one.sentence == (
        "the backbone breaks in month 1 (2027-01): with g1 lost its flows fit only to 0.571; "
        "second binds; at least 1 x wave more on second, or as much over the others, but ordered "
        "on 2027-01-01 it can be used from month 3 only, 2 too late"
    )
    full = tuple(replace(link, max_units=1) for link in small().links)
    (one,) = check(small(flows=(Flow("x", "gold", "A", "B", 700.0),), links=full)).breaks
    assert one.sentence.endswith("fit only to 0.571; second binds, at max_units")
    alone = check(small(flows=flows, policies=Policies(failures="none")))
    assert alone.backbone[0].factor == pytest.approx(1200 / 300)


def test_a_project_is_stranded_by_the_backbone_behind_those_served_before() -> None:
    """1,000 Gb/s of a product in shares 300 : 200 : 500; with g1 lost 400 are carried."""
    pairs = [project("P1", north_gbps=300), project("P2", north_gbps=200)]
    pairs.append(project("P3", north_gbps=500, ports=0))  # which the house has room for
    found = check(standing(*pairs, flows=(Flow("chat", "gold", "*", "B", 1000.0),)))
    stranded = {s.project: s.resource for s in found.strandings}
    assert stranded == {"P2": "backbone", "P3": "backbone"}


def test_a_hose_is_held_too() -> None:
    hoses = (Hose("A", 300.0, 300.0), Hose("B", 300.0, 300.0))
    assert check(small(hoses=hoses, policies=Policies(demand="hose"))).feasible
    hoses = (Hose("A", 500.0, 500.0), Hose("B", 500.0, 500.0))
    found = check(small(hoses=hoses, policies=Policies(demand="hose")))
    assert found.backbone[0].factor == pytest.approx(0.8)
    assert [b.site for b in found.breaks] == ["backbone"]


def without_the_stranded(found: Verdict) -> Plan:
    """The plan with no project that is stranded in any month."""
    stranded = {s.project for s in found.strandings}
    kept = tuple(p for p in found.plan.placed.values() if p.project not in stranded)
    projects = tuple(replace(p, fixed=None) for p in found.plan.projects)
    return replace(found.plan, placements=kept, projects=projects)


@settings(max_examples=15)
@given(st.integers(1, 10_000))
def test_what_is_not_stranded_can_stand(seed: int) -> None:
    found = check(scattered(seed, Size(6, 24)))
    left = check(without_the_stranded(found))
    assert left.strandings == ()
    of_projects = {"space", "power", "ports", "south", "north", "backbone"}
    assert not [b for b in left.breaks if b.resource in of_projects]


def test_a_plan_s_record_is_plain() -> None:
    import json

    found = check(scattered(3, Size(6, 24)))
    assert json.loads(json.dumps(found.record())) == found.record() | {
        "stranded": json.loads(json.dumps(found.record()["stranded"])),
        "idle": json.loads(json.dumps(found.record()["idle"])),
        "backbone": json.loads(json.dumps(found.record()["backbone"])),
    }


def test_a_hose_of_one_site_flows_nowhere() -> None:
    """Nobody sends to itself: there is nothing to route, and so nothing that breaks."""
    hose = Policies(demand="hose")
    assert check(small(policies=hose, hoses=(Hose("A", 9000.0, 9000.0),))).backbone == ()
    both = (Hose("A", 9000.0, 0.0), Hose("B", 0.0, 9000.0))
    assert not check(small(policies=hose, hoses=both)).feasible

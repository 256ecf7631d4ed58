"""Orders of small plans that can be followed by hand, and what holds for every region."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.capacity import Size, check, order
from commonplace.capacity.feasibility.resources import site_rows
from commonplace.capacity.plan.model import Flow, Inventory, Item, Order, Plan, Site, Supply
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.procurement import backbone
from commonplace.capacity.solver.programme import Matrix, Solution, minimise
from small_plans import BLOCK, OPTICS, SPINE, WAVE, project, scattered, small, standing

NEEDS = ("ports", "south", "skeleton", "north")


def test_a_plan_that_holds_orders_nothing() -> None:
    found = order(standing(project("P1")))
    assert (found.orders, found.purchases, found.late, found.cost) == ((), (), (), 0.0)


def test_what_is_needed_is_ordered_at_the_last_moment() -> None:
    """A superblock takes two months of lead and one of installation."""
    found = order(standing(project("P1"), project("P2", 5), project("P3", 6)))
    assert found.orders == (Order("H", "block", 1, 3),)
    assert (found.cost, found.verdict.feasible, found.late) == (BLOCK.cost, True, ())
    (row,) = found.reconciled
    assert row.sentence == (
        "P3 in H: machines arrive in month 6, superblock ports not within the horizon: stranded "
        "1 month; order 1 x block by 2027-03-01"
    )
    assert row.saved == 500.0 * 10


def test_optics_are_cheaper_than_a_superblock_where_uplinks_are_dark() -> None:
    found = order(standing(project("P1", 4, south_gbps=4000)))  # of 32 dark uplinks 22 are needed
    assert found.orders == (Order("H", "optics", 2, 3),)


def test_what_cannot_come_in_time_is_ordered_now_and_slips() -> None:
    found = order(standing(project("P1", 2, ports=80)))
    assert found.orders == (Order("H", "block", 1, 1),)
    (late,) = found.late
    assert (late.need, late.earliest, late.slips, late.cause) == (2, 4, 2, "lead")
    assert late.sentence == (
        "H needs superblock ports (80 ports) in month 2 (2027-02); it slips by 2 months, to "
        "month 4 (2027-04): order 1 x block by 2027-01-01 (in time would have been 2026-11-01)"
    )


def test_an_order_that_comes_too_late_is_made_earlier_not_twice() -> None:
    late = standing(project("P1", 4, ports=80), orders=(Order("H", "block", 1, 3),))
    found = order(late)
    assert found.orders == (Order("H", "block", 1, 1),)
    assert found.cost == 0.0
    assert found.reconciled[0].sentence == (
        "P1 in H: machines arrive in month 4, superblock ports in month 6: stranded 2 months; "
        "order 1 x block by 2027-01-01 instead of 2027-03-01"
    )


def test_a_full_gray_box_is_named_and_a_larger_one_would_do() -> None:
    pairs = [project(f"P{n}", 5) for n in range(4)]
    tight = standing(*pairs, supplies=(*small().supplies[:2], Supply("H", "network_space", 1, 4)))
    found = order(tight)
    assert {(one.resource, one.cause) for one in found.late} == {
        ("ports", "network_space"),
        ("south", "network_space"),
    } or {(one.resource, one.cause) for one in found.late} == {("ports", "network_space")}
    assert "the gray box's space is full" in found.late[0].sentence
    assert order(standing(*pairs)).verdict.feasible


def test_links_are_ordered_against_the_loss_of_each_group() -> None:
    flows = (Flow("x", "gold", "A", "B", 700.0),)
    found = order(small(flows=flows))
    assert found.orders == (Order("second", "wave", 1, 1),)  # two waves on each survive the other
    assert found.late[0].slips == 2
    assert found.backbone_cost == found.backbone_bound == WAVE.cost
    full = replace(small().links[1], max_units=1)
    never = order(small(flows=flows, links=(small().links[0], full)))
    assert [(one.cause, one.earliest) for one in never.late] == [("max_units", None)]


@pytest.mark.parametrize("load", [0.0, 2500.0, 3300.0, 9000.0])
def test_border_routers_of_two_sizes_are_as_few_as_can_be(load: float) -> None:
    """Against all counts of both sizes: what is left without the largest carries the load."""
    large = Item("large", "fbr", 8, 8, 400.0, 0.0, 0.0, 50.0)
    little = Item("little", "fbr", 4, 4, 400.0, 0.0, 0.0, 26.0)
    costs = [
        50 * a + 26 * b
        for a, b in product(range(9), repeat=2)
        if 3200 * a + 1600 * b - (3200 if a else 1600 if b else 0) >= load
    ]
    base = standing(
        project("P", north_gbps=load, ports=0, south_gbps=0),
        items=(BLOCK, OPTICS, SPINE, WAVE, large, little),
        inventory=(Inventory("H", "spine", 4),),
    )
    assert order(base).cost == pytest.approx(min(costs))


def out_of_time(relaxed_too: bool) -> Callable[..., Solution]:
    """As `minimise`, whose time ends before it has found anything."""

    def minimised(matrix: Matrix, seconds: float, **chosen: Any) -> Solution:
        if chosen["relaxed"] and not relaxed_too:
            return minimise(matrix, seconds, **chosen)
        return Solution("limit", None, np.inf, -np.inf)

    return minimised


@pytest.mark.parametrize("seed", [3, 5, 8])
def test_links_whose_whole_units_are_not_found_in_time_are_rounded_up(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = scattered(seed, Size(5, 14))
    best = order(plan)
    monkeypatch.setattr(backbone, "minimise", out_of_time(relaxed_too=False))
    found = order(plan)
    assert found.backbone_bound <= best.backbone_cost + 1e-6
    assert best.backbone_cost - 1e-6 <= found.backbone_cost
    before, after = best.verdict.backbone, found.verdict.backbone
    assert all(b.factor < 1 or a.factor >= 1 - 1e-6 for b, a in zip(before, after, strict=True))
    if best.backbone_cost:
        assert "are rounded up" in found.backbone_remark


def test_no_orders_for_links_in_time_is_a_sentence_and_the_houses_have_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flows = (Flow("x", "gold", "A", "B", 700.0),)
    plan = standing(project("P1"), project("P2", 5), project("P3", 6), flows=flows)
    assert order(plan).backbone_cost > 0
    monkeypatch.setattr(backbone, "minimise", out_of_time(relaxed_too=True))
    found = order(plan)
    assert found.backbone_remark == (
        "no orders for links were found within 20 seconds, so none are made"
    )
    assert found.orders == (Order("H", "block", 1, 3),)
    assert not found.verdict.feasible


def broken_months(plan: Plan) -> set[tuple[str, str, int]]:
    """Every resource of gear that is short, by month."""
    return {
        (row.site, row.resource, int(at) + 1)
        for row in site_rows(plan, stocks(plan))
        if row.resource in NEEDS
        for at in np.flatnonzero(row.headroom < -1e-6 * np.maximum(1.0, row.capacity))
    }


@settings(max_examples=8)
@given(st.integers(1, 10_000))
def test_with_its_orders_a_plan_holds_wherever_nothing_is_late(seed: int) -> None:
    plan = scattered(seed, Size(5, 14))
    found = order(plan)
    late = {(one.site, one.resource): one for one in found.late}
    for site, resource, month in broken_months(found.plan):
        one = late[site, resource]
        assert one.need <= month < (one.earliest or plan.horizon + 1)
    for row in found.verdict.backbone:
        if row.factor < 1 - 1e-5:
            one = late["backbone", "backbone"]
            assert one.need <= row.month < (one.earliest or plan.horizon + 1)
    assert found.cost >= 0
    assert found.backbone_bound <= found.backbone_cost + 1e-6


@settings(max_examples=8)
@given(st.integers(1, 10_000))
def test_orders_never_break_what_held(seed: int) -> None:
    plan = scattered(seed, Size(5, 14))
    before = {(b.site, b.resource) for b in check(plan).breaks}
    after = {(b.site, b.resource) for b in order(plan).verdict.breaks}
    assert after <= before


@settings(max_examples=6)
@given(st.integers(1, 10_000))
def test_ordering_again_changes_nothing(seed: int) -> None:
    found = order(scattered(seed, Size(4, 10)))
    again = order(found.plan)
    assert again.cost == pytest.approx(0.0)


def test_the_house_with_one_way_takes_first_of_what_the_campus_has() -> None:
    """H could take either block; in K's gray box only the one of 10 kW fits, and A has 11 kW."""
    frugal = replace(BLOCK, id="frugal", cost=51.0, kw=1.0, positions=3.0)
    base, gear = small(), (("block", 1), ("spine", 1), ("border", 2))
    room = (Supply("H", "network_space", 1, 9), Supply("K", "network_space", 1, 5))
    plan = replace(
        base,
        sites=(*base.sites, Site("K", "house", "A")),
        items=(*base.items, frugal),
        supplies=(
            *(s for s in base.supplies if s.resource != "network_space"),
            *(replace(s, site="K") for s in base.supplies if s.resource != "network_space"),
            *room,
            Supply("A", "power", 1, 2 * 100 + 2 * 19 + 11),
        ),
        inventory=base.inventory + tuple(Inventory("K", item, n) for item, n in gear),
        projects=tuple(
            replace(project(f"in {house}", ports=80)[0], need=5, fixed=house) for house in "HK"
        ),
    )
    found = order(plan)
    assert found.verdict.feasible
    assert {(one.place, one.item) for one in found.orders} == {("H", "frugal"), ("K", "block")}

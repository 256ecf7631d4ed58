"""Plans of `make`: against every placement of tiny pools, `check`, and their own reasons."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from time import process_time
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.capacity import Plan, Proposal, Size, check, demo, make, order, placement
from commonplace.capacity.placement.choices import first_month, late_cost, pool, refused_cost
from commonplace.capacity.placement.reasons import Reason
from commonplace.capacity.plan.model import (
    Flow,
    Hose,
    Inventory,
    Item,
    Link,
    Order,
    Placement,
    Policies,
    Project,
    Role,
    Site,
    Supply,
)
from small_plans import BLOCK, project, small, standing

ENOUGH = 600.0  # seconds: a search ends by itself once nothing can be better
TWO = (Site("A", "campus"), Site("B", "campus"), Site("H", "house", "A"), Site("K", "house", "B"))


def two_houses(*projects: Project, **changes: object) -> Plan:
    """The small plan with a second house on campus B that is a little smaller."""
    base = small(sites=TWO, projects=projects)
    room = (
        *base.supplies,
        Supply("K", "space", 1, 40),
        Supply("K", "power", 1, 300),
        Supply("K", "power", 4, 900),
        Supply("K", "network_space", 1, 5),
    )
    gear = (("block", 1), ("spine", 1), ("border", 2))
    stock = (*base.inventory, *(Inventory("K", item, units) for item, units in gear))
    return replace(replace(base, supplies=room, inventory=stock), **changes)  # type: ignore[arg-type]


def wanted(name: str, need: int = 1, **changes: object) -> Project:
    """A project that wants a place."""
    return replace(project(name)[0], need=need, **changes)  # type: ignore[arg-type]


def every_placement(plan: Plan) -> Iterator[tuple[float, Plan]]:
    """Each way to place the pool, with its lateness and refusals."""
    waiting = pool(plan)
    ways = [
        [None]
        + [
            Placement(p.id, house, month)
            for house in p.houses or plan.houses
            for month in range(first_month(p), plan.horizon + 1)
        ]
        for p in waiting
    ]
    for way in product(*ways):
        cost = sum(
            refused_cost(plan, p) if at is None else late_cost(plan, p, at.month)
            for p, at in zip(waiting, way, strict=True)
        )
        yield cost, replace(plan, placements=tuple(at for at in way if at is not None))


def least_cost(plan: Plan) -> float:
    """The least of all placements that hold with the orders of `order`."""
    found = float("inf")
    for cost, placed in sorted(every_placement(plan), key=lambda pair: pair[0]):
        if cost >= found:
            break
        ordered = order(placed)
        if ordered.verdict.feasible:
            found = min(found, cost + ordered.cost)
    return found


TINY = {
    "fits": two_houses(wanted("P1"), wanted("P2", 2)),
    "lead": two_houses(wanted("P1", 2, ports=64), wanted("P2", 2, ports=64), wanted("P3", 2)),
    "priority": two_houses(
        wanted("P1", 1, ports=60, priority=5.0),
        wanted("P2", 1, ports=60),
        wanted("P3", 2, ports=60),
    ),
    "too large": two_houses(wanted("P1", 3, racks=300), wanted("P2", 3, kw=880)),
    "gear": two_houses(
        wanted("P1", 4, ports=100, south_gbps=4000),
        Project("N", "net", "network", need=2, earliest=2, item="block", units=1),
    ),
    "flows": two_houses(
        wanted("P1", 1, north_gbps=700, houses=("H",)),
        wanted("P2", 2, north_gbps=700),
        flows=(Flow("chat", "gold", "*", "B", 1400.0),),
    ),
    "solved by presolve": two_houses(
        wanted("P1", 4, racks=1, kw=50, ports=10, south_gbps=3000, north_gbps=1500, priority=5.0),
        wanted("P2", 5, racks=60, kw=50, ports=80, north_gbps=1500, priority=5.0, houses=("H",)),
        flows=(Flow("chat", "gold", "*", "B", 3000.0),),
        policies=Policies(lost_fbrs=0, failures="none", late_cost=1.0, refused_cost=3.0),
    ),
    "a broken start": two_houses(
        replace(wanted("P1", 1, ports=80), fixed="H"), wanted("P2", 1), wanted("P3", 3)
    ),
}


@pytest.mark.parametrize("name", sorted(TINY))
def test_tiny_pools_cost_what_the_best_of_all_placements_costs(name: str) -> None:
    plan = TINY[name]
    found = make(plan, ENOUGH)
    assert found.ended == "optimal"
    assert found.bound == pytest.approx(found.cost, rel=1e-6, abs=1e-3)
    if name == "a broken start":
        assert {(b.site, b.resource) for b in found.verdict.breaks} == {("H", "ports")}
        assert found.before
    else:
        assert found.verdict.feasible
        assert found.cost == pytest.approx(least_cost(plan), rel=1e-9)


def test_nothing_to_place_is_ordered_for_and_optimal() -> None:
    found = make(standing(project("P1"), project("P2", 5), project("P3", 6)))
    assert (found.cost, found.ended) == (BLOCK.cost, "optimal")
    assert found.bound == pytest.approx(BLOCK.cost)
    assert (found.placements, found.refused, found.reasons) == ((), (), ())


def test_what_is_decided_stays() -> None:
    plan = two_houses(wanted("P1"), wanted("P2"), placements=(Placement("P1", "K", 3),))
    found = make(plan, ENOUGH)
    assert found.plan.placed["P1"] == Placement("P1", "K", 3)
    assert [one.project for one in found.placements] == ["P2"]


def test_a_plan_without_houses_refuses_and_says_so() -> None:
    found = make(
        two_houses(wanted("P1"), sites=TWO[:2], supplies=(), inventory=(), links=()), ENOUGH
    )
    assert [one.sentence for one in found.reasons] == ["P1 is refused: the plan has no house"]
    assert found.ended == "optimal"


@pytest.mark.parametrize("links", [(), small().links])
def test_a_hose_that_no_link_reaches_is_broken_before_and_places_all_the_same(
    links: tuple[Link, ...],
) -> None:
    hoses = tuple(Hose(site, 100.0, 100.0) for site in "ABC")
    plan = two_houses(
        wanted("P1"),
        sites=(*TWO, Site("C", "campus")),
        links=links,
        inventory=tuple(i for i in two_houses().inventory if links or i.item != "wave"),
        hoses=hoses,
        policies=Policies(demand="hose"),
    )
    found = make(plan, ENOUGH)
    assert [one.project for one in found.placements] == ["P1"]
    assert [one.site for one in found.before] == ["backbone"]
    assert "no link is left on the way" in found.before[0].sentence
    assert [one.cause for one in order(plan).late] == ["max_units"]


# ------------------------------------------------------------------ reasons


def test_a_lead_time_is_the_reason_and_says_what_to_order() -> None:
    found = make(small(projects=(wanted("P1", 2, ports=80),)), ENOUGH)
    (reason,) = found.reasons
    assert (reason.kind, reason.causes, reason.earliest) == ("late", (("H", "ports"),), 4)
    assert reason.sentence == (
        "P1 cannot go to H in month 2 (2027-02): its 80 ports exceed those that the "
        "superblocks have left; earliest is month 4 (2027-04) if 1 x block is ordered by 2027-01-01"
    )


def test_what_is_to_be_ordered_counts_on_the_orders_of_the_plan() -> None:
    """The block that one project needs in month 6 is enough for the other too, if it comes then."""
    made = make(
        two_houses(
            replace(wanted("stands", ports=50), fixed="H"),
            wanted("later", 6, ports=50, houses=("H",)),
            wanted("moved", 2, ports=28, houses=("H", "K")),
        ),
        ENOUGH,
    )
    assert made.plan.orders == (Order("H", "block", 1, 3),)
    (reason,) = made.reasons
    assert reason.sentence.endswith(
        "earliest is month 4 (2027-04) if 1 x block is ordered by 2027-01-01 instead of 2027-03-01"
    )
    there = Placement("moved", "H", 4)
    others = tuple(one for one in made.plan.placements if one.project != "moved")
    plan = replace(made.plan, placements=(*others, there), orders=(Order("H", "block", 1, 1),))
    assert check(plan).feasible


def test_a_refused_project_names_the_limit() -> None:
    found = make(two_houses(wanted("P1", 3, racks=300)), ENOUGH)
    (reason,) = found.reasons
    assert (reason.kind, reason.causes) == ("refused", (("H", "space"),))
    assert found.refused_cost == 300 * 50000
    assert reason.sentence == (
        "P1 is refused: its 300 racks exceed the space that is left in H, in month 6 (2027-06) "
        "too, and its other house does not take it either"
    )


def gift(name: str, role: Role, south: int, north: int, gbps: float = 400.0) -> Item:
    """Something that takes no room and no power."""
    return Item(name, role, south, north, gbps, cost=1e9, lead_months=99)


SPINES = gift("gift-k", "skeleton", 10**7, 0)
GIFTS = {
    "ports": (gift("gift-p", "superblock", 10**5, 0),),
    "south": (gift("gift-s", "superblock", 0, 10**5), gift("gift-o", "optics", 0, 10**5), SPINES),
    "skeleton": (SPINES,),
    "north": (gift("gift-n", "fbr", 1, 1, 1e7), SPINES),
}


def plenty(plan: Plan, causes: tuple[tuple[str, str], ...]) -> Plan:
    """The plan with as much as anyone could want of what was named."""
    for site, resource in causes:
        if resource in ("space", "power", "network_space", "network_power"):
            kept = tuple(s for s in plan.supplies if (s.site, s.resource) != (site, resource))
            rest = Supply(site, resource, 1, 1e7)  # type: ignore[arg-type]
            plan = replace(plan, supplies=(*kept, rest))
            continue
        if resource == "backbone":
            links = tuple(replace(k, max_units=9000) for k in plan.links)
            more = tuple(Inventory(k.id, k.item, 2000) for k in plan.links)
            plan = replace(plan, links=links, inventory=plan.inventory + more)
            continue
        given = GIFTS[resource]
        names = {item.id for item in plan.items}
        plan = replace(
            plan,
            items=plan.items + tuple(g for g in given if g.id not in names),
            inventory=plan.inventory + tuple(Inventory(site, g.id, 3) for g in given),
        )
    return plan


def put(plan: Plan, made: Proposal, reason: Reason) -> Plan:
    """The plan with all that was placed, the project where and when it was wanted; not ordered."""
    others = tuple(one for one in made.plan.placements if one.project != reason.project)
    there = Placement(reason.project, reason.wanted, reason.month)
    return replace(plan, placements=(*others, there))


def assert_true(plan: Plan, made: Proposal) -> None:
    """Each cause: with it the project does not fit, whatever is ordered; without, it does."""
    for reason in made.reasons:
        there = put(plan, made, reason)
        if not reason.causes:
            assert reason.costs is not None
            continue
        assert not order(there).verdict.feasible, reason.sentence
        without = order(plenty(there, reason.causes))
        assert without.verdict.feasible, (reason.sentence, without.verdict.breaks)


@pytest.mark.parametrize("name", sorted(set(TINY) - {"a broken start"}))
def test_reasons_of_tiny_pools_are_true(name: str) -> None:
    assert_true(TINY[name], make(TINY[name], ENOUGH))


@settings(max_examples=6)
@given(st.integers(1, 10_000))
def test_every_plan_of_a_random_region_holds_and_its_reasons_are_true(seed: int) -> None:
    plan = demo(Size(4, 12), seed)
    found = make(plan, 4, seed, explain=ENOUGH)
    assert check(found.plan).feasible
    assert found.bound <= found.cost * (1 + 1e-6) + 1e-3
    assert {p.project for p in found.placements} | set(found.refused) == {p.id for p in pool(plan)}
    assert_true(plan, found)


# ------------------------------------------------------------------ time


def test_without_time_there_is_a_plan_that_holds_and_it_is_said_to_be_no_optimum() -> None:
    plan = demo(Size(8, 40), 3)
    start = process_time()
    found = make(plan, 0.1)
    assert check(found.plan).feasible
    assert found.ended == "time"
    assert found.gap > 0
    assert process_time() - start < 120


def test_a_stop_returns_the_best_so_far() -> None:
    found = make(demo(Size(8, 40), 3), 60, stopped=lambda: True)
    assert found.ended == "stopped"
    assert check(found.plan).feasible


def test_reasons_that_there_is_no_time_for_are_said_to_be_missing() -> None:
    plan = demo(Size(4, 16), 2)
    whole, short = make(plan, ENOUGH), make(plan, ENOUGH, explain=0)
    assert whole.ended == short.ended == "optimal"
    assert [(one.project, one.kind) for one in short.reasons] == [
        (one.project, one.kind) for one in whole.reasons
    ]
    assert short.reasons
    for one in short.reasons:
        assert one.sentence.endswith(": why was not looked for, for the time was over")


# ------------------------------------------------------------------ the trip


def test_no_step_calls_back_into_a_file_that_is_at_work() -> None:
    """What a step needs it is given: no call goes to a file that a caller's caller stands in."""
    room, stack, backwards = str(Path(placement.__file__).parent), [""], set()

    def follow(frame: FrameType, event: str, argument: object) -> None:
        file = frame.f_code.co_filename
        if not file.startswith(room) or frame.f_code.co_name.startswith("<"):
            return
        if event == "call":
            if file in stack and file != stack[-1]:
                backwards.add((Path(stack[-1]).name, frame.f_code.co_qualname))
            stack.append(file)
        elif event == "return":
            stack.pop()

    plan = demo(Size(4, 16), 2)
    sys.setprofile(follow)
    try:
        proposal = make(plan, 10, stopped=lambda: False)
    finally:
        sys.setprofile(None)
    assert proposal.reasons
    assert len(stack) == 1
    assert backwards == set()

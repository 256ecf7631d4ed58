"""What differs between two plans is said once, with a reason that was tried."""

from dataclasses import replace
from datetime import date

from commonplace.capacity import diff
from commonplace.capacity.plan.model import Flow, Inventory, Order, Placement, Site, Supply
from small_plans import project, small, standing


def test_equal_plans_do_not_differ() -> None:
    assert not diff(standing(project("P1")), standing(project("P1")))


def test_rows_are_added_removed_and_changed() -> None:
    old = small(flows=(Flow("x", "gold", "A", "B", 10.0),))
    new = small(
        flows=(Flow("x", "gold", "A", "B", 20.0),),
        supplies=(*small().supplies[1:], Supply("H", "space", 3, 100)),
    )
    found = {(c.table, c.kind, c.row, c.what) for c in diff(old, new).changes}
    assert found == {
        ("flows", "changed", "x gold A B", "gbps 10.0 -> 20.0"),
        ("supplies", "removed", "H space 1", ""),
        ("supplies", "added", "H space 3", ""),
    }


def test_a_move_has_what_stood_against_the_old_place_as_its_reason() -> None:
    two = (*small().sites, Site("I", "house", "B"))
    supplies = (*small().supplies, *(replace(s, site="I") for s in small().supplies))
    gear = (*small().inventory, Inventory("I", "block", 1), Inventory("I", "spine", 1))
    gear = (*gear, Inventory("I", "border", 2))
    pairs = [project("P1", ports=60), project("P2", 2)]
    old = standing(*pairs, sites=two, supplies=supplies, inventory=gear)
    new = replace(old, placements=(pairs[0][1], Placement("P2", "I", 3)))
    found = diff(old, new)
    (move,) = found.moves
    assert move.resource == "ports"
    assert move.sentence == (
        "P2 moved from H 2027-02 to I 2027-03: H would be short of superblock ports: "
        "92 ports against 64 ports in 2027-02"
    )
    (verdict,) = found.verdicts
    assert verdict.sentence == (
        "H is no longer short of superblock ports (it was from 2027-02 on): load 92 -> 60 ports"
    )
    back = diff(new, old)
    assert back.moves[0].sentence.endswith(
        "I would have room for it; it moved for cost, or for flows"
    )
    assert back.verdicts[0].sentence.startswith("H is short of superblock ports from 2027-02 on")


def test_orders_that_move_are_no_new_orders() -> None:
    old = small(orders=(Order("H", "block", 3, 4),))
    new = small(orders=(Order("H", "block", 2, 2), Order("H", "optics", 1, 1)))
    found = [(c.kind, c.row, c.what) for c in diff(old, new).orders]
    assert found == [
        ("changed", "H", "2 x block: 2027-04 -> 2027-02"),
        ("removed", "H", "1 x block in 2027-04"),
        ("added", "H", "1 x optics in 2027-01"),
    ]


def test_the_next_month_s_version_of_a_plan_is_compared_by_the_calendar() -> None:
    old = standing(project("P1", 3), orders=(Order("H", "block", 1, 4),))
    new = replace(
        standing(project("P1", 2), orders=(Order("H", "block", 1, 3),)), start=date(2027, 2, 1)
    )
    found = diff(old, new)
    assert (found.moves, found.orders) == ((), ())
    assert [(c.table, c.row) for c in found.changes] == [("plan", "start")]


def test_what_is_said_of_an_older_version_are_its_own_months() -> None:
    first, second = project("P1", ports=60), project("P2", 3, ports=20)
    old = standing(first, second)
    later = replace(
        standing(first, project("P2", 2, ports=20)), start=date(2027, 4, 1)
    )  # what stood in 2027-03 stands in its first month
    assert diff(old, later).moves[0].sentence.startswith("P2 moved from H 2027-03 to H 2027-05: ")
    without = replace(standing(first, project("P3", 3, ports=4)), start=date(2027, 2, 1))
    assert diff(old, without).verdicts[0].sentence == (
        "H is no longer short of superblock ports (it was from 2027-03 on): load 80 -> 60 ports"
    )


def test_a_project_that_is_placed_nowhere_now_has_its_reason_too() -> None:
    old = standing(project("P1"), project("P2", 2, ports=64))
    new = replace(old, placements=old.placements[:1])
    assert diff(old, new).moves[0].sentence == (
        "P2 was at H 2027-02 and is placed nowhere now: H would be short of superblock ports: "
        "96 ports against 64 ports in 2027-02"
    )

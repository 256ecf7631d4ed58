"""What the packing believes of a house, held against the rows of the programme and of `check`."""

from dataclasses import replace
from time import monotonic

import numpy as np
import pytest

from commonplace.capacity import Plan, Size, check, demo, order
from commonplace.capacity.feasibility.resources import site_rows
from commonplace.capacity.placement.annealing import anneal, fill
from commonplace.capacity.placement.master import MasterProgramme, master_programme
from commonplace.capacity.placement.packing import Packing, empty_packing
from commonplace.capacity.plan.stock import stocks


def packed(plan: Plan, seed: int) -> tuple[MasterProgramme, Packing]:
    """Everything in its first cheapest place, then a moment of annealing."""
    master = master_programme(plan, order(plan).plan.orders)
    packing = empty_packing(master, np.random.default_rng(seed))
    fill(packing)
    return master, packing


@pytest.mark.parametrize("seed", range(1, 7))
def test_what_is_packed_can_be_ordered_for(seed: int) -> None:
    """With orders, nothing is missing in any house: places that fit by formula fit."""
    plan = demo(Size(6, 30), seed)
    master, packing = packed(plan, seed)
    placements = master.choices.placements(packing.selected())
    assert len(placements) > 15
    found = order(replace(plan, placements=placements))
    assert {b.site for b in found.verdict.breaks} <= {"backbone"}
    houses = sum(one.cost for one in found.purchases if one.place in plan.houses)
    assert (
        houses <= packing.loads.gear_cost.sum() + 1e-6
    )  # the formula is never cheaper than the least


@pytest.mark.parametrize("seed", [1, 2])
def test_changes_keep_the_sums_up_to_date(seed: int) -> None:
    plan = demo(Size(6, 30), seed)
    master, packing = packed(plan, seed)
    turns = iter(range(200))
    anneal(packing, monotonic() + 30, lambda: next(turns, None) is None)
    fresh = empty_packing(master, np.random.default_rng(0))
    choices, standing = master.choices, packing.loads.standing
    for at in standing[standing >= 0]:
        house, steps = choices.house[at], np.arange(plan.horizon) >= choices.month[at]
        fresh.loads.load[house] += packing.options.needs[choices.project[at]][:, None] * steps
    np.testing.assert_allclose(packing.loads.load, fresh.loads.load, atol=1e-6)
    fits, cost, uses = packing.gear.evaluate(packing.loads.load, np.arange(len(plan.houses)))
    assert fits.all()
    np.testing.assert_allclose(packing.loads.gear_cost, cost)
    np.testing.assert_allclose(packing.loads.uses, uses, atol=1e-6)


def test_nothing_decided_is_moved_and_everything_holds_in_sum() -> None:
    plan = demo(Size(6, 30), 3)
    master, packing = packed(plan, 3)
    placed = replace(plan, placements=master.choices.placements(packing.selected()))
    ordered = order(placed).plan
    for row in site_rows(ordered, stocks(ordered)):
        assert (row.headroom >= -1e-6 * np.maximum(1.0, row.capacity)).all()
    assert not [b for b in check(ordered).breaks if b.resource != "backbone"]

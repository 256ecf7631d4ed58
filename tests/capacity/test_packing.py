"""What the packing believes of a house, held against the rows of the programme and of `check`."""

from dataclasses import replace
from time import monotonic

import numpy as np
import pytest

from commonplace.capacity import Plan, Size, check, demo, order
from commonplace.capacity.feasibility.resources import site_rows
from commonplace.capacity.placement._annealing import anneal, fill
from commonplace.capacity.placement._master import Whole
from commonplace.capacity.placement._packing import Packing
from commonplace.capacity.plan.stock import stocks


def packed(plan: Plan, seed: int) -> tuple[Whole, Packing]:
    """Everything in its first cheapest place, then a moment of annealing."""
    whole = Whole(plan, order(plan).plan.orders)
    packing = Packing(whole, np.random.default_rng(seed))
    fill(packing)
    return whole, packing


@pytest.mark.parametrize("seed", range(1, 7))
def test_what_is_packed_can_be_ordered_for(seed: int) -> None:
    """With orders, nothing is missing in any house: places that fit by formula fit."""
    plan = demo(Size(6, 30), seed)
    whole, packing = packed(plan, seed)
    placements = whole.choices.placements(packing.chosen())
    assert len(placements) > 15
    found = order(replace(plan, placements=placements))
    assert {b.site for b in found.verdict.breaks} <= {"backbone"}
    houses = sum(one.cost for one in found.purchases if one.place in plan.houses)
    assert houses <= packing.gear_cost.sum() + 1e-6  # the formula is never cheaper than the least


@pytest.mark.parametrize("seed", [1, 2])
def test_changes_keep_the_sums_up_to_date(seed: int) -> None:
    plan = demo(Size(6, 30), seed)
    whole, packing = packed(plan, seed)
    turns = iter(range(200))
    anneal(packing, monotonic() + 30, lambda: next(turns, None) is None)
    fresh = Packing(whole, np.random.default_rng(0))
    on = packing.standing[packing.standing >= 0]
    for at in on:
        house, steps = whole.choices.house[at], np.arange(plan.horizon) >= whole.choices.month[at]
        fresh.load[house] += packing.takes[whole.choices.project[at]][:, None] * steps
    np.testing.assert_allclose(packing.load, fresh.load, atol=1e-6)
    fits, cost, uses = packing.gear.evaluated(packing.load, np.arange(len(plan.houses)))
    assert fits.all()
    np.testing.assert_allclose(packing.gear_cost, cost)
    np.testing.assert_allclose(packing.uses, uses, atol=1e-6)


def test_nothing_decided_is_moved_and_everything_holds_in_sum() -> None:
    plan = demo(Size(6, 30), 3)
    whole, packing = packed(plan, 3)
    placed = replace(plan, placements=whole.choices.placements(packing.chosen()))
    ordered = order(placed).plan
    for row in site_rows(ordered, stocks(ordered)):
        assert (row.headroom >= -1e-6 * np.maximum(1.0, row.capacity)).all()
    assert not [b for b in check(ordered).breaks if b.resource != "backbone"]

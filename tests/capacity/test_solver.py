"""The solver's ends are told apart, and several objects live beside each other."""

import highspy
import numpy as np
import pytest

from commonplace.capacity.solver.highs import scale, solved, solver


def one_variable(cost: float, lower: float, upper: float) -> highspy.Highs:
    """Min cost x, 0 <= x, lower <= x <= upper as a row."""
    highs = solver()
    highs.addVar(0.0, highspy.kHighsInf)
    highs.changeColCost(0, cost)
    highs.addRow(lower, upper, 1, np.array([0], np.int32), np.array([1.0]))
    return highs


def test_each_end_has_its_name() -> None:
    assert solved(one_variable(1.0, 2.0, 5.0)) == "optimal"
    assert solved(one_variable(1.0, -5.0, -2.0)) == "infeasible"
    assert solved(one_variable(-1.0, 2.0, highspy.kHighsInf)) == "unbounded"


def test_it_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    solved(one_variable(1.0, 2.0, 5.0))
    assert capfd.readouterr() == ("", "")


def test_two_objects_do_not_disturb_each_other() -> None:
    first, second = one_variable(1.0, 2.0, 5.0), one_variable(-1.0, 2.0, 5.0)
    solved(first)
    solved(second)
    assert first.getSolution().col_value[0] == 2.0
    assert second.getSolution().col_value[0] == 5.0


@pytest.mark.parametrize("middle", [1e-3, 1.0, 4e5])
def test_the_scale_brings_the_middle_to_about_one(middle: float) -> None:
    values = middle * np.array([0.0, 0.5, 1.0, 3.0])
    assert 1.0 <= np.median(values[values > 0]) / scale(values) < 2.0


def test_the_scale_of_nothing_is_one() -> None:
    assert scale(np.zeros(3)) == 1.0

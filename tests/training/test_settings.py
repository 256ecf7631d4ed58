"""Settings, the schedule, and the order of items: properties for any numbers."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs torch")

from hypothesis import given
from hypothesis import strategies as st

from commonplace.foundation import InputError
from commonplace.training import TrainingSettings, item_numbers, rate_at

settings = st.builds(
    TrainingSettings,
    steps=st.integers(1, 300),
    warm_up=st.integers(0, 400),
    decay=st.sampled_from(["cosine", "linear", "constant"]),
    floor=st.floats(0, 1),
    learning_rate=st.floats(1e-6, 1),
)


@given(settings)
def test_the_rate_rises_to_its_greatest_and_falls_to_its_floor(one: TrainingSettings) -> None:
    rates = [rate_at(one, step) for step in range(1, one.steps + 1)]
    top = min(max(one.warm_up, 1), one.steps)
    tiny = 1e-9 * one.learning_rate
    assert all(0 < rate <= one.learning_rate + tiny for rate in rates[:top])
    assert all(a <= b + tiny for a, b in pairwise(rates[:top]))
    assert all(a + tiny >= b for a, b in pairwise(rates[top - 1 :]))
    if top < one.steps:
        end = 1.0 if one.decay == "constant" else one.floor
        assert rates[-1] == pytest.approx(end * one.learning_rate, abs=tiny)


def test_the_rate_at_known_steps() -> None:
    cosine = TrainingSettings(steps=11, warm_up=1, learning_rate=1.0, floor=0.0)
    assert rate_at(cosine, 6) == pytest.approx(0.5)
    assert rate_at(replace(cosine, decay="linear"), 4) == pytest.approx(0.7)
    assert rate_at(replace(cosine, warm_up=4), 1) == pytest.approx(0.25)


@given(st.integers(1, 50), st.integers(0, 200), st.integers(0, 60), st.integers(0, 2**40))
def test_each_epoch_has_each_item_once_and_any_part_can_be_asked_for(
    count: int, start: int, length: int, seed: int
) -> None:
    whole = item_numbers(count, 0, start + length, seed)
    assert item_numbers(count, start, length, seed) == whole[start:]
    for first in range(0, len(whole) - count + 1, count):
        assert sorted(whole[first : first + count]) == list(range(count))


def test_another_seed_is_another_order() -> None:
    assert item_numbers(40, 0, 40, 0) != item_numbers(40, 0, 40, 1)
    assert item_numbers(40, 0, 40, 0) != item_numbers(40, 40, 40, 0)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("steps", 0, "steps is 0; it must be 1 or more"),
        ("learning_rate", float("nan"), "learning rate is nan; it must be above 0"),
        ("floor", 2.0, "from 0 to 1"),
        ("decay", "sudden", "it must be cosine, linear, constant"),
        ("patience", -1, "0 or more"),
    ],
)
def test_settings_that_cannot_work(field: str, value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        replace(TrainingSettings(), **{field: value})

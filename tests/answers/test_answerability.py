"""The confidence that a question is answered: a probability, with the signals' known directions."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import Angle, extract, passage
from commonplace.answers import CAUTION, THRESHOLD
from commonplace.answers.answerability import CURVE, Answerability, assess, shipped
from commonplace.answers.extractive import Extract
from commonplace.answers.signals import DOWN, SIGNALS, UP
from commonplace.foundation import WeightsError

LIKELY = dict.fromkeys(SIGNALS, 0.0) | {
    "score": 5.0,
    "mass": 5.2,
    "cosine": 0.85,
    "cosine_best": 0.85,
    "covered": 1.0,
    "covered_in_passage": 1.0,
}
FAR = LIKELY | {
    "score": -7.0,
    "mass": -4.0,
    "cosine": 0.5,
    "cosine_best": 0.5,
    "covered": 0.0,
    "covered_in_passage": 0.0,
    "missed_everywhere": 1.0,
}


def sure(found: dict[str, float]) -> float:
    return shipped().confidence(np.array([found[name] for name in SIGNALS]))


def test_a_likely_answer_is_given_and_a_far_one_refused() -> None:
    assert sure(LIKELY) > THRESHOLD
    assert sure(FAR) < min(CAUTION.values()) / 2


@pytest.mark.parametrize("name", [*UP, *DOWN])
def test_no_signal_pulls_the_wrong_way(name: str) -> None:
    # The curve's own are free in fitting; what was fitted must still point as it should.
    values = np.linspace(-12, 12, 25)
    found = [sure(LIKELY | {name: float(value)}) for value in values]
    steps = np.diff(found) * (1 if name in UP else -1)
    assert (steps >= -1e-12).all()


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=30, max_size=len(SIGNALS)))
def test_a_confidence_is_a_probability(values: list[float]) -> None:
    found = dict(zip(sorted(SIGNALS), values, strict=False))
    of_the_curve = dict.fromkeys(CURVE, 0.0)
    assert 0 <= sure(LIKELY | found | of_the_curve) <= 1


def test_nothing_read_is_no_confidence() -> None:
    assessed = assess("What is the rank?", Extract(), Angle(1.0))
    assert (assessed.confidence, assessed.reasons, assessed.suffices) == (0.0, (), False)


def test_a_reading_is_measured_and_judged() -> None:
    reading = extract("Rollo swore fealty.")
    assert reading.best is not None
    near = assess("Who swore fealty?", reading, Angle(0.9))
    far = assess("Who did not swear fealty in 1066?", reading, Angle(0.9))
    assert near.confidence > far.confidence
    assert near.sentence == reading.best.unit


def test_more_caution_is_a_higher_threshold() -> None:
    assert sorted(CAUTION.values()) == list(CAUTION.values())
    assert CAUTION["normal"] == THRESHOLD


def test_the_file_says_where_it_is_from() -> None:
    header = shipped().header
    for name in ("trained_on", "licence", "sha256", "recipe", "made_by"):
        assert header[name]
    assert passage("x").text == "x"


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "answerability.json"
    for content in ("", "{}", json.dumps({"features": [], "trees": []})):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(WeightsError):
            Answerability.read(file)

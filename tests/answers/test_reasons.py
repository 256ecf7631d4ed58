"""Why a question is answered or refused: the parts are the confidence, and each has words."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answers_fakes import Angle, scored
from commonplace.answers import Reason
from commonplace.answers.answerability import DERIVED, assess, shipped
from commonplace.answers.extractive import Extract
from commonplace.answers.signals import SIGNALS
from commonplace.answers.wording import QUESTION_TYPES


@settings(max_examples=50)
@given(
    st.lists(st.floats(-20, 20) | st.just(float("nan")), min_size=43, max_size=43),
    st.floats(-0.1, 0.1),
)
def test_the_parts_add_up_to_the_logit(values: list[float], tilt: float) -> None:
    model = shipped()
    found = np.array(values)
    for name in model.curve:  # what the curve reads is always there
        if name in SIGNALS and math.isnan(found[SIGNALS.index(name)]):
            found[SIGNALS.index(name)] = 1.0
    states = np.full(len(model.probe), tilt)
    slope, shift = model.sigmoid
    start, reasons = model.parts(found, states)
    total = math.fsum([start, *(reason.adds for reason in reasons)])
    assert total == pytest.approx(slope * model.score(found, states) + shift, abs=1e-9)


def read(question: str) -> Any:
    best = scored("Rollo swore fealty.")
    reading = Extract((best.quote,), best, (best.quote.passage,), (6.0,), (0,), (best,))
    return assess(question, reading, Angle(0.9))


def test_an_assessment_explains_its_confidence() -> None:
    found = read("Who swore fealty?")
    assert 1 / (1 + math.exp(-found.logit)) == pytest.approx(found.confidence, abs=1e-12)
    strengths = [abs(reason.adds) for reason in found.reasons]
    assert strengths == sorted(strengths, reverse=True)


def test_a_missing_number_and_a_negation_speak_against() -> None:
    plain = {reason.signal: reason.adds for reason in read("Who swore fealty?").reasons}
    asked = {reason.signal: reason for reason in read("Who did not swear it in 1066?").reasons}
    for signal in ("negation", "number_missing"):
        assert asked[signal].adds < -0.5 < plain[signal]
        assert asked[signal].value == 1


def test_the_kind_of_question_is_one_reason() -> None:
    found = [
        reason for reason in read("Who swore fealty?").reasons if reason.signal.startswith("asks_")
    ]
    assert len(found) == 1
    assert all(reason.phrase == "the kind of question (who)" for reason in found)


@pytest.mark.parametrize("signal", [*SIGNALS, *DERIVED])
def test_every_signal_has_words(signal: str) -> None:
    phrase = Reason(signal, 1.0, 0.5).phrase
    assert phrase != signal
    assert len(phrase) <= 52
    assert {f"asks_{kind}" for kind in QUESTION_TYPES} <= set(SIGNALS)

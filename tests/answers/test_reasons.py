"""Why a question is answered or refused: the parts are the confidence, and each has words."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answers_fakes import Angle, extract
from commonplace.answers import Reason
from commonplace.answers.answerability import DERIVED, assess, shipped
from commonplace.answers.signals import SIGNALS
from commonplace.answers.wording import QUESTION_TYPES


@settings(max_examples=50)
@given(
    st.lists(
        st.floats(-20, 20) | st.just(float("nan")), min_size=len(SIGNALS), max_size=len(SIGNALS)
    )
)
def test_the_parts_add_up_to_the_logit(values: list[float]) -> None:
    model = shipped()
    found = np.array(values)
    for name in model.curve:  # what the curve reads is always there
        if name in SIGNALS and math.isnan(found[SIGNALS.index(name)]):
            found[SIGNALS.index(name)] = 1.0
    slope, shift = model.sigmoid
    start, reasons = model.parts(found)
    total = math.fsum([start, *(reason.adds for reason in reasons)])
    assert total == pytest.approx(slope * model.score(found) + shift, abs=1e-9)


def read(question: str) -> Any:
    return assess(question, extract("Rollo swore fealty."), Angle(0.9))


def test_an_assessment_explains_its_confidence() -> None:
    found = read("Who swore fealty?")
    assert 1 / (1 + math.exp(-found.logit)) == pytest.approx(found.confidence, abs=1e-12)
    strengths = [abs(reason.adds) for reason in found.reasons]
    assert strengths == sorted(strengths, reverse=True)


def test_what_the_words_lack_speaks_against_an_answer() -> None:
    near, far = read("Who swore fealty?"), read("Which carburettor did Harald not sell in 1066?")
    assert far.confidence < near.confidence
    assert sum(min(reason.adds, 0) for reason in far.reasons) < sum(
        min(reason.adds, 0) for reason in near.reasons
    )


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

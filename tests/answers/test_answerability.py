"""The confidence that a question is answered: each signal pulls its way, nothing read is 0."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from answers_fakes import passage
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonplace.answers._answerability import (
    THRESHOLD,
    Answerability,
    Signals,
    confidence,
    signals,
)
from commonplace.answers._extractive import Quote, Reading, Scored

LIKELY = Signals(sentence=6.0, cosine=0.85, negation=False, number=False)
FAR = Signals(sentence=-9.0, cosine=0.5, negation=False, number=False)


class Angle:
    """An encoder that sees questions and passages at a given cosine."""

    def __init__(self, cosine: float) -> None:
        self.cosine = cosine

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        row = np.array([self.cosine, (1 - self.cosine**2) ** 0.5], np.float32)
        return np.tile(row, (len(texts), 1))


def scored(text: str, logit: float = 6.0) -> Scored:
    return Scored(Quote(passage(text), 0, len(text), logit), "", logit, logit, logit)


def test_a_likely_answer_is_given_and_a_far_one_refused() -> None:
    assert Answerability().confidence(LIKELY) > THRESHOLD
    assert Answerability().confidence(FAR) < THRESHOLD / 10


@pytest.mark.parametrize(
    "worse",
    [
        replace(LIKELY, sentence=-6.0),
        replace(LIKELY, cosine=0.6),
        replace(LIKELY, negation=True),
        replace(LIKELY, number=True),
    ],
)
def test_every_signal_pulls_its_way(worse: Signals) -> None:
    assert Answerability().confidence(worse) < Answerability().confidence(LIKELY)


@given(st.floats(-1e6, 1e6), st.floats(-1, 1), st.booleans(), st.booleans())
def test_a_confidence_is_a_probability(
    sentence: float, cosine: float, negation: bool, number: bool
) -> None:
    assert 0 <= Answerability().confidence(Signals(sentence, cosine, negation, number)) <= 1


def test_nothing_read_is_no_confidence() -> None:
    assert confidence("What is the rank?", Reading(()), Angle(1.0)) == 0.0


def test_signals_are_read_off_question_and_sentence() -> None:
    found = signals("What did Rollo not do in 1066?", scored("Rollo swore fealty."), Angle(0.6))
    assert found.sentence == 6.0
    assert found.cosine == pytest.approx(0.6)
    assert found.negation
    assert found.number


def test_a_negation_and_number_that_are_there_do_not_count() -> None:
    text = "In 1066 Rollo did not wait."
    found = signals("What did Rollo not do in 1066?", scored(text), Angle(0.6))
    assert not found.negation
    assert not found.number

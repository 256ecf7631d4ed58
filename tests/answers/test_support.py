"""The support check: what a passage says passes, what it does not say fails, with a reason."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonplace.answers.mismatch import coverage, names, negated, numbers
from commonplace.answers.support import nearest_sentence, support

NORMANS = (
    "The Normans were the people who in the 10th and 11th centuries gave their name to Normandy, "
    "a region in France. Under their leader Rollo they agreed to swear fealty to King Charles III. "
    "In 1066 about 7,000 men crossed; the fleet did not wait for winter."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "the normans were the people who in the 10th and 11th centuries",
        "Normandy is a region in France.",
        "In 1066 about 7000 men crossed.",
        "The leader of the Normans was Rollo.",
        "The fleet did not wait for winter.",
    ],
)
def test_what_the_passage_says_is_supported(sentence: str) -> None:
    assert support(sentence, NORMANS).supported


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("In 1067 about 7,000 men crossed.", "1067"),
        ("In 1066 about 70,000 men crossed.", "70000"),
        ("The leader of the Normans was Harald.", "Harald"),
        ("Under their leader Rollo they did not agree to swear fealty.", "negates"),
        ("The fleet did wait for winter.", "negates"),
        ("The people built stone castles along rivers.", "too few"),
    ],
)
def test_near_misses_are_not_supported(sentence: str, why: str) -> None:
    found = support(sentence, NORMANS)
    assert not found.supported
    assert why in found.reason


def test_a_verbatim_sentence_passes_whatever_it_says() -> None:
    text = "Nothing is not said,\n  and 3 is never 4."
    assert support("Nothing is not said, and 3 is never 4.", text).reason == "verbatim"


def test_a_part_of_a_word_or_number_is_not_verbatim() -> None:
    assert not support("10", "In 1066 they crossed.").supported
    assert support("ate", "They skated.").reason != "verbatim"


def test_a_quote_cut_behind_its_negation_is_not_verbatim() -> None:
    assert not support("wait for winter", NORMANS).supported
    assert support("did not wait for winter", NORMANS).supported


def test_the_middle_band_is_decided_by_the_encoder() -> None:
    sentence = "The people gave their name to a region long ago."
    assert not support(sentence, NORMANS).supported
    assert support(sentence, NORMANS, similarity=lambda a, b: 0.95).similarity == 0.95
    assert support(sentence, NORMANS, similarity=lambda a, b: 0.95).supported
    assert not support(sentence, NORMANS, similarity=lambda a, b: 0.5).supported


def test_the_nearest_sentence_of_a_passage_counts() -> None:
    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1, 0] if "Rollo" in text else [0, 1] for text in texts], np.float32)

    similarity = nearest_sentence(encode)
    assert similarity("Rollo led.", NORMANS) == 1.0
    assert similarity("Rollo led.", "Nobody led.") == 0.0
    assert similarity("Rollo led.", "") == -1.0


def test_the_encoder_cannot_overrule_a_wrong_number() -> None:
    assert not support("In 1067 men crossed.", NORMANS, similarity=lambda a, b: 1.0).supported


@pytest.mark.parametrize(
    ("one", "other"),
    [("1,000", "1000"), ("1.50", "1.5"), ("ten", "10"), ("007", "7"), ("2,500,000", "2500000")],
)
def test_numbers_meet_in_one_form(one: str, other: str) -> None:
    assert numbers(one) == numbers(other) != set()


def test_numbers_that_differ_stay_apart() -> None:
    assert numbers("1.5") != numbers("15")
    assert numbers("pages 1, 2 and 34") == {"1", "2", "34"}


def test_names_are_capitals_inside_a_sentence() -> None:
    assert names("However, the Norman duke met King Harold. Later he left.") == {
        "Norman",
        "King",
        "Harold",
    }


def test_negation_reaches_to_the_end_of_its_clause() -> None:
    assert negated("It was not cold, but wet.") == {"cold"}
    assert negated("It was not only cold.") == set()
    assert negated("They don't swim.") == {"swim"}


def test_rare_words_weigh_more() -> None:
    rarity = {"rare": 9.0}
    assert coverage(["rare", "usual"], ["usual"], lambda term: rarity.get(term, 1.0)) == 0.1
    assert coverage([], []) == 1.0


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_checked(sentence: str, text: str) -> None:
    found = support(sentence, text)
    assert 0 <= found.coverage <= 1
    assert found.reason


@given(st.text(min_size=1, max_size=200))
def test_a_text_supports_itself(text: str) -> None:
    assert support(text, text).supported

"""Signals of support: what the passage lacks, and what stands elsewhere in it."""

from hypothesis import given
from hypothesis import strategies as st

from commonplace.answers.claims import CLAIM_SIGNALS, claim_signals
from commonplace.answers.support import support

FLEET = (
    "In 1066 about 7,000 men crossed the sea with William. "
    "Harald of Norway had landed in the north with 300 ships, and was beaten."
)


def test_every_signal_has_a_value() -> None:
    assert set(claim_signals("About 7,000 men crossed.", FLEET)) == set(CLAIM_SIGNALS)


def test_a_number_of_another_sentence_is_elsewhere_not_missing() -> None:
    moved = claim_signals("In 1066 about 300 men crossed the sea with William.", FLEET)
    assert moved["numbers_missing"] == 0
    assert moved["numbers_elsewhere"] == 1


def test_moved_numbers_and_names_are_not_supported() -> None:
    assert support("In 1066 about 7,000 men crossed with William.", FLEET).supported
    assert not support("In 1066 about 300 men crossed the sea with William.", FLEET).supported
    assert not support("In 1066 about 7,000 men crossed the sea with Harald.", FLEET).supported


def test_swapped_roles_are_misplaced() -> None:
    text = "The army of William defeated the host of Harald."
    right = claim_signals("The army of William defeated the host.", text)
    swapped = claim_signals("The army of Harald defeated the host of William.", text)
    assert right["misplaced"] == 0
    assert swapped["misplaced"] == 2


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_pair_can_be_measured(sentence: str, text: str) -> None:
    assert set(claim_signals(sentence, text)) == set(CLAIM_SIGNALS)

"""Signals of answerability: every one has a value, and says what its name says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import Angle, SharedTerms, passage
from commonplace.answers import ExtractiveReader
from commonplace.answers.signals import SIGNALS, row, signals
from commonplace.answers.wording import (
    asks_several,
    common_order,
    degrees,
    excepts,
    focus,
    opposed,
    pair_share,
    question_type,
    typed_spans,
)

ROLLO = passage("Rollo led the Normans. He swore fealty to King Charles III in 911.", "rollo")
STEAM = passage("Steam turbines replaced reciprocating engines.", "steam")


def found(question: str) -> dict[str, float]:
    reading = ExtractiveReader(SharedTerms()).read(question, [ROLLO, STEAM])
    return signals(question, reading, Angle(0.7))


def test_every_signal_has_a_value_in_one_order() -> None:
    measured = found("To whom did Rollo swear fealty?")
    assert set(measured) == set(SIGNALS)
    assert row(measured).shape == (len(SIGNALS),)


def test_what_is_said_is_covered() -> None:
    said, other = found("When did he swear fealty to Charles?"), found("When was a castle built?")
    assert said["covered"] > other["covered"]
    assert said["typed"] >= 1.0
    assert said["score"] > other["score"]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who swore fealty in 1066?", "number_missing"),
        ("Who swore fealty to King Harald?", "name_missing"),
        ("Who did not swear fealty to Charles?", "negation"),
        ("Who swore the first fealty to Charles?", "degree_missing"),
        ("Who besides Rollo swore fealty?", "excepts"),
        ("Who repaired the carburettor of Charles?", "missed_everywhere"),
    ],
)
def test_a_false_premise_is_seen(question: str, name: str) -> None:
    assert found(question)[name] > 0
    assert found("Who swore fealty to Charles?")[name] == 0


def test_a_signal_that_does_not_apply_is_missing() -> None:
    assert math.isnan(found("What does it do?")["typed"])
    assert math.isnan(found("What does it do?")["focus"])


@given(st.text(min_size=1, max_size=60))
def test_any_question_can_be_measured(question: str) -> None:
    assert len(row(found(question))) == len(SIGNALS)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who led the Normans?", "who"),
        ("In what year did he die?", "when"),
        ("When did he die?", "when"),
        ("wann kommt der Techniker", "when"),
        ("mail address of the dealer", "mail"),
        ("phone number of the vet?", "phone"),
        ("Where is Normandy?", "where"),
        ("What country is Normandy in?", "where"),
        ("How many men crossed?", "number"),
        ("What percentage was lost?", "number"),
        ("Why did he swear?", "why"),
        ("How did he cross?", "how"),
        ("Which river flows there?", "which"),
        ("What is it?", "other"),
    ],
)
def test_the_type_of_a_question(question: str, kind: str) -> None:
    assert question_type(question) == kind


def test_the_focus_is_the_noun_asked_for() -> None:
    assert focus("Which river is longest?") == {"river"}
    assert focus("Who led?") == frozenset()


def test_a_span_of_the_question_is_no_answer() -> None:
    assert typed_spans("who", "Who followed Rollo?", "then Rollo came") == []
    (span,) = typed_spans("who", "Who followed Rollo?", "then William came")
    assert "then William came"[slice(*span)] == "William"


def test_an_address_is_no_number_to_call() -> None:
    text = "Piet Dreyer, piet@dreyer.example.org"
    assert typed_spans("phone", "phone number of Piet", text) == []
    assert len(typed_spans("mail", "mail of Piet", text)) == 1
    assert len(typed_spans("phone", "phone of Piet", "Piet 0555 018 220")) == 1


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("ingredients of the rye bread?", True),
        ("Which tasks are open?", True),
        ("Which is cheaper, diesel or electric?", True),
        ("How many hives do we have?", True),
        ("What does the boat weigh?", False),
    ],
)
def test_whether_several_things_are_asked_for(question: str, several: bool) -> None:
    assert asks_several(question) == several


def test_degrees_exceptions_and_opposites() -> None:
    assert degrees("the first and only one") == {"first", "only"}
    assert excepts("What other than steam drives it?")
    assert not excepts("What drives it?")
    assert opposed({"increas"}, {"decreas"}) == 1
    assert opposed({"increas"}, {"increas", "decreas"}) == 0


def test_neighbours_and_order() -> None:
    assert pair_share(["a", "b"], ["a", "x", "b"]) == 1.0
    assert pair_share(["a", "b"], ["a", "x", "b"], reach=1) == 0.0
    assert math.isnan(pair_share(["a"], ["a"]))
    assert common_order("abc", "axbxc") == 3
    assert common_order("abc", "cba") == 1


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_the_common_order_is_symmetric_and_bounded(one: list[str], two: list[str]) -> None:
    assert common_order(one, two) == common_order(two, one) <= min(len(one), len(two))
    assert common_order(one, one) == len(one)

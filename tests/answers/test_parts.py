"""Questions that ask for two things, and questions that compare two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.answers.parts import compared_sides, question_parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "When was the heating installed and when was the Perla bought?",
            ("When was the heating installed?", "when was the Perla bought?"),
        ),
        (
            "Who fixed the roof? And what did it cost?",
            ("Who fixed the roof?", "what did it cost?"),
        ),
        ("Who bought the nuc and when?", ("Who bought the nuc?", "Who bought the nuc, and when?")),
        (
            "Wer hat die Heizung eingebaut und wann kommt der Schornsteinfeger?",
            ("Wer hat die Heizung eingebaut?", "wann kommt der Schornsteinfeger?"),
        ),
    ],
)
def test_each_question_word_after_and_begins_a_part(question: str, parts: tuple[str, ...]) -> None:
    assert question_parts(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "When do Anna and Berta meet?",
        "gate code depot",
        "What are the names of the cat and the dog?",
        "Tell me how and where",
    ],
)
def test_other_questions_are_one(question: str) -> None:
    assert question_parts(question) == (question,)


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        (
            "Did we sell more milk in May or in August?",
            {
                "Did we sell more milk in May?": {"may"},
                "Did we sell more milk in August?": {"august"},
            },
        ),
        (
            "which has more RAM, the NAS or the VPS",
            {"which has more RAM, the NAS?": {"nas"}, "which has more RAM, the VPS?": {"vps"}},
        ),
        (
            "Wer war günstiger, Lohkamp oder Finkenrath?",
            {
                "Wer war günstiger, Lohkamp?": {"lohkamp"},
                "Wer war günstiger, Finkenrath?": {"finkenrath"},
            },
        ),
        (
            "What bakes longer, rye or the spelt loaf?",
            {
                "What bakes longer, rye?": {"rye"},
                "What bakes longer, the spelt loaf?": {"loaf", "spelt"},
            },
        ),
        (
            "is the red or the blue bowl heavier",
            {"is the red bowl heavier?": {"red"}, "is the blue bowl heavier?": {"blue"}},
        ),
        (
            "Did Anna Berg or Kurt pay more in March?",
            {
                "Did Anna Berg pay more in March?": {"anna", "berg"},
                "Did Kurt pay more in March?": {"kurt"},
            },
        ),
        (
            "did kiln 1 or kiln 2 use more power",
            {"did kiln 1 use more power?": {"1"}, "did kiln 2 use more power?": {"2"}},
        ),
        (
            "copper vs steel pipe, which was cheaper",
            {
                "copper pipe, which was cheaper?": {"copper"},
                "steel pipe, which was cheaper?": {"steel"},
            },
        ),
    ],
)
def test_a_comparison_is_asked_of_each_side(question: str, sides: dict[str, set[str]]) -> None:
    assert {side.question: side.terms for side in compared_sides(question)} == sides


@pytest.mark.parametrize(
    "question", ["Does the boat have an engine or not?", "Who is the vet?", "Is it a loan or not"]
)
def test_what_compares_nothing_has_no_sides(question: str) -> None:
    assert compared_sides(question) == ()


@given(st.text(max_size=80))
def test_no_text_is_lost_or_fails(question: str) -> None:
    parts = question_parts(question)
    assert parts
    assert len(parts) > 1 or parts == (question,)
    compared_sides(question)

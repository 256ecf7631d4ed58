"""Picking passages: the budget holds, duplicates go, reading order stays."""

from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import passage
from commonplace.answers.context import (
    distinct,
    estimate_cost,
    pick,
    reading_order,
    with_heading,
)
from commonplace.corpus import Passage

words = st.lists(
    st.sampled_from(["lora", "rank", "matrix", "update", "adapter", "weight"]), max_size=40
).map(" ".join)
ranked = st.lists(
    st.tuples(words, st.sampled_from("abc"), st.integers(0, 9)), max_size=12, unique_by=lambda t: t
).map(lambda rows: [passage(text, name, position) for text, name, position in rows])


@given(ranked, st.integers(-5, 200))
def test_the_budget_is_never_exceeded(found: list[Passage], budget: int) -> None:
    assert sum(map(estimate_cost, pick(found, budget))) <= max(budget, 0)
    assert sum(len(p.text) for p in pick(found, budget, lambda p: len(p.text))) <= max(budget, 0)


@given(ranked)
def test_with_room_for_all_only_duplicates_are_left_out(found: list[Passage]) -> None:
    picked = pick(found, 10**6)
    assert sorted(p.id for p in picked) == sorted(p.id for p in distinct(found))


@given(ranked)
def test_items_keep_their_rank_and_passages_their_place(found: list[Passage]) -> None:
    ordered = reading_order(found)
    items = list(dict.fromkeys(p.item_id for p in ordered))
    assert items == list(dict.fromkeys(p.item_id for p in found))
    for item in items:
        places = [p.position for p in ordered if p.item_id == item]
        assert places == sorted(places)


def test_a_passage_inside_a_better_one_is_left_out() -> None:
    whole = passage("LoRA adds two small matrices to a frozen weight. The rank is small.", "a")
    part = passage("LoRA adds two small matrices to a frozen weight.", "b")
    assert distinct([whole, part]) == [whole]
    assert distinct([part, whole]) == [part, whole]


def test_a_long_passage_is_passed_over_for_a_shorter_one() -> None:
    long, short = passage("word " * 200, "a"), passage("a short note on adapters", "b")
    assert pick([long, short], 50) == [short]


def test_headings_stand_before_the_text_once() -> None:
    assert with_heading(passage("Text.", heading=("LoRA", "LoRA", "Rank"))) == "LoRA > Rank. Text."
    assert with_heading(passage("Text.")) == "Text."

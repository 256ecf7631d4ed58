"""Feedback moves a ranking: in the right direction, within bounds, only where queries are alike."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonplace.corpus import VERDICTS, FeedbackRecord, Verdict
from commonplace.retrieval import (
    FeedbackParameters,
    RelevanceFeedback,
    cached_encoding,
    relevance_feedback,
    spread,
)

DAY = datetime(2026, 1, 1, tzinfo=UTC)
PARAMETERS = FeedbackParameters()
ONE = PARAMETERS.bound / (PARAMETERS.prior + 1)  # what one thumb moves


def given_on(
    day: int, content: str, verdict: Verdict, rank: int | None = None, query: str = "low rank"
) -> FeedbackRecord:
    at = DAY + timedelta(days=day)
    return FeedbackRecord(query, content, "item", content, verdict, rank, at=at)


def moved(records: Sequence[FeedbackRecord], query: str = "low rank") -> list[float]:
    learned = relevance_feedback(records, None)
    assert learned is not None
    return [float(shift) for shift in learned.adjustments(query, None, ["a", "b"])]


def test_none_is_nothing() -> None:
    assert relevance_feedback([], None) is None


def test_up_lifts_down_lowers_and_others_stay() -> None:
    assert moved([given_on(0, "a", "up")]) == [pytest.approx(ONE), 0]
    assert moved([given_on(0, "a", "down")]) == [pytest.approx(-ONE), 0]


def test_what_is_said_weighs_more_than_what_is_done() -> None:
    said, done = moved([given_on(0, "a", "up")])[0], moved([given_on(0, "a", "opened", 1)])[0]
    assert said > done > 0
    assert moved([given_on(0, "a", "dismissed", 1)])[0] == -done


def test_a_click_far_down_says_more_than_one_at_the_top() -> None:
    at = [moved([given_on(0, "a", "opened", rank)])[0] for rank in (1, 2, 5, 50)]
    assert at[0] < at[1] < at[2] == at[3]


def test_agreement_moves_more_and_one_angry_click_little() -> None:
    agreed = [given_on(day, "a", "up") for day in range(6)]
    before, after = moved(agreed)[0], moved([*agreed, given_on(7, "a", "down")])[0]
    assert before > 2 * moved(agreed[:1])[0]
    assert 0 < before - after < 0.4 * before


def test_of_one_day_the_last_verdict_counts_once() -> None:
    angry = [given_on(0, "a", "down") for _ in range(20)]
    assert moved(angry) == moved(angry[:1])
    assert moved([*angry, given_on(0, "a", "up")]) == moved([given_on(0, "a", "up")])


def test_without_an_encoder_only_the_same_words_are_alike() -> None:
    record = given_on(0, "a", "up")
    assert moved([record], "Low  RANK?")[0] > 0
    assert moved([record], "full rank")[0] == 0


@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.integers(1, 30)), max_size=40))
def test_nothing_moves_beyond_the_bound(verdicts: list[tuple[Verdict, int]]) -> None:
    records = [given_on(day, "a", v, rank) for day, (v, rank) in enumerate(verdicts)]
    learned = relevance_feedback(records, None)
    if learned:
        shift = learned.adjustments("low rank", None, ["a"])[0]
        assert abs(shift) < PARAMETERS.bound
        assert shift.dtype == np.float32


def turned(degrees: float) -> NDArray[np.float32]:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def test_it_fades_with_the_distance_of_the_queries() -> None:
    learned = RelevanceFeedback((given_on(0, "a", "up"),), turned(0)[None])
    shifts = [float(learned.adjustments("x", turned(d), ["a"])[0]) for d in (0, 15, 30, 60)]
    assert shifts[0] == pytest.approx(ONE)
    assert shifts[0] > shifts[1] > shifts[2] > shifts[3] == 0


def test_queries_are_encoded_once_and_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return np.stack([turned(len(text)) for text in texts])

    file = tmp_path / "feedback.npz"
    first = cached_encoding(encode, file)(["a", "bb"])
    again = cached_encoding(encode, file)(["bb", "ccc"])
    np.testing.assert_array_equal(first[1], again[0])
    assert asked == ["a", "bb", "ccc"]
    assert b"ccc" not in file.read_bytes()
    file.write_bytes(b"PK\x03\x04 no zip")
    cached_encoding(encode, file)(["bb"])
    assert asked == ["a", "bb", "ccc", "bb"]


@given(st.integers(2, 60), st.floats(0.1, 10))
def test_the_spread_is_unbiased_however_few(count: int, true: float) -> None:
    made = np.random.default_rng(count).normal(0, true, (4000, count)).astype(np.float32)
    assert np.mean([spread(scores) for scores in made[:1000]]) == pytest.approx(true, rel=0.12)


@pytest.mark.parametrize("scores", [[], [1.0], [2.0, 2.0, 2.0]])
def test_equal_scores_have_no_spread(scores: list[float]) -> None:
    assert spread(np.array(scores, np.float32)) == 0


def test_of_two_passages_an_up_and_a_down_turn_the_order() -> None:
    # A gap of 1 between them; the plain deviation of two is half of it, and did not suffice.
    width = spread(np.array([1.0, 0.0], np.float32))
    one = moved([given_on(0, "b", "up")])
    assert 0.5 < one[1] * width < 1
    both = moved([given_on(0, "a", "down"), given_on(0, "b", "up")])
    assert (both[1] - both[0]) * width > 1

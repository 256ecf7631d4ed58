"""Scores of neighbours, by hand and by property; what a stage at the top does to the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.retrieval.fusion import RerankParameters, lowering, reranked_part
from commonplace.retrieval.neighbours import neighbour_means

SCORES = st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=12)


def unit(*rows: tuple[float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    made = np.array(rows, np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def test_the_mean_is_that_of_the_nearest_others() -> None:
    vectors = unit((1, 0), (1, 0.1), (0, 1), (0.1, 1))
    scores = np.array([4, 3, 2, 1], np.float32)
    np.testing.assert_allclose(neighbour_means(scores, vectors, 1), [3, 4, 1, 2])
    np.testing.assert_allclose(
        neighbour_means(scores, vectors, 10), [6 / 3, 7 / 3, 8 / 3, 9 / 3], rtol=1e-6
    )


def test_a_passage_without_a_vector_keeps_its_score_and_speaks_for_nobody() -> None:
    vectors = unit((1, 0), (1, 0.1), (0, 1))
    vectors[2] = np.nan
    means = neighbour_means(np.array([1, 2, 100], np.float32), vectors, 5)
    assert means.tolist() == [2, 1, 100]


@pytest.mark.parametrize("count", [0, 1])
def test_where_there_are_no_neighbours_nothing_changes(count: int) -> None:
    scores = np.arange(count, dtype=np.float32) + 3
    vectors = np.ones((count, 2), np.float32)
    assert neighbour_means(scores, vectors, 10).tolist() == scores.tolist()


@given(SCORES, st.integers(1, 12))
def test_a_mean_stays_within_the_scores(scores: list[float], nearest: int) -> None:
    given_scores = np.array(scores, np.float32)
    angles = np.linspace(0, 3, len(scores))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    means = neighbour_means(given_scores, vectors, nearest)
    assert means.min() >= given_scores.min() - 1e-5
    assert means.max() <= given_scores.max() + 1e-5


@given(SCORES, st.integers(0, 12))
def test_lowering_brings_the_rest_below_the_top_in_its_order(
    scores: list[float], depth: int
) -> None:
    before = np.array(scores)
    shift = lowering(before, depth)
    assert (shift <= 0).all()
    assert not shift[:depth].any()
    after = before + shift
    if 0 < depth < len(before):
        assert after[depth:].max() < after[:depth].min()
        np.testing.assert_allclose(np.diff(after[depth:]), np.diff(before[depth:]), atol=1e-9)


def test_a_reranker_adds_its_standard_scores_by_weight() -> None:
    part = reranked_part(np.array([1, 3], np.float32), RerankParameters(weight=0.5))
    assert part.tolist() == [-0.5, 0.5]
    assert not reranked_part(np.array([2, 2], np.float32), RerankParameters()).any()

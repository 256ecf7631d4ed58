"""Fusion against its formulas, worked by hand, and what must hold for any scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonplace.foundation.arrays import Float32s
from commonplace.retrieval.fusion import FusionParameters, fused_parts, order, standard

SCORES = hnp.arrays(
    np.float32, st.integers(0, 30), elements=st.floats(-100, 100, width=32, allow_subnormal=False)
)


def f32(*values: float) -> Float32s:
    return np.array(values, np.float32)


def fuse(
    lexical: Float32s, dense: Float32s, parameters: FusionParameters | None = None
) -> Float32s:
    words, meaning = fused_parts(lexical, dense, parameters)
    return words + meaning


def test_standard_scores_by_hand() -> None:
    np.testing.assert_allclose(standard(f32(1, 3)), [-1, 1])


@given(SCORES)
def test_standard_scores_keep_the_order_and_are_finite(scores: Float32s) -> None:
    out = standard(scores)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert (np.diff(out[order(scores)]) <= 1e-5).all()


@pytest.mark.parametrize("value", [0.0, 7.5, -3.0])
def test_equal_scores_say_nothing(value: float) -> None:
    assert not standard(np.full(4, value, np.float32)).any()


def test_fuse_by_hand() -> None:
    lexical, dense = f32(0, 2), f32(0.9, 0.5)
    np.testing.assert_allclose(
        fuse(lexical, dense, FusionParameters(lexical=0.3)), [0.7 - 0.3, 0.3 - 0.7], atol=1e-5
    )


@given(SCORES, st.floats(0.5, 2), st.floats(-5, 5))
def test_fusion_knows_no_units(dense: Float32s, factor: float, offset: float) -> None:
    """A score multiplied or shifted ranks as before: cosines and BM25 need no common unit."""
    lexical = np.arange(dense.size, dtype=np.float32)
    if dense.size and dense.std() < 1e-2:
        return
    moved = (lexical * factor + offset).astype(np.float32)
    np.testing.assert_allclose(fuse(moved, dense), fuse(lexical, dense), atol=1e-3)


def test_a_query_without_lexical_hits_ranks_by_the_cosine() -> None:
    dense = f32(0.1, 0.9, 0.4)
    assert order(fuse(np.zeros(3, np.float32), dense)).tolist() == [1, 2, 0]


def test_fuse_refuses_unequal_lists() -> None:
    with pytest.raises(ValueError, match="candidates"):
        fuse(f32(1), f32(1, 2))


def test_order_keeps_equals_as_they_stand() -> None:
    assert order(f32(1, 3, 3, 2)).tolist() == [1, 2, 3, 0]

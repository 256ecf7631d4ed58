from dataclasses import replace

import numpy as np
import pytest

from commonplace.models.text.cross_encoder import CrossEncoder

PAIRS = [("ab", "cd" * 40), ("ab", ""), ("", ""), ("a b c", "d e f " * 300), ("f", "e" * 9)]


def test_batches_give_what_one_by_one_gives_in_the_order_given(cross_encoder: CrossEncoder) -> None:
    together = replace(cross_encoder, token_budget=900).score(PAIRS)
    alone = np.concatenate([cross_encoder.score([pair]) for pair in PAIRS])
    assert together.shape == (len(PAIRS),)
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert cross_encoder.score([]).shape == (0,)


def test_the_second_text_has_the_second_type(cross_encoder: CrossEncoder) -> None:
    (row,) = cross_encoder.word_pieces.pairs([("ab", "cde")], 512)
    marks = cross_encoder.word_pieces
    assert (row.ids[0], row.ids[3], row.ids[-1]) == (marks.start, marks.stop, marks.stop)
    assert row.second == 4
    assert len(row) == 8


@pytest.mark.parametrize(
    ("one", "two", "lengths"),
    [(4, 90, (4, 13)), (90, 4, (13, 4)), (90, 90, (8, 9)), (3, 3, (3, 3))],
)
def test_of_a_pair_the_longer_is_cut(
    cross_encoder: CrossEncoder, one: int, two: int, lengths: tuple[int, int]
) -> None:
    (row,) = cross_encoder.word_pieces.pairs([("a" * one, "b" * two)], 20)
    assert row.second is not None
    assert (row.second - 2, len(row) - row.second - 1) == lengths


def test_a_limit_changes_the_score_of_long_pairs_only(cross_encoder: CrossEncoder) -> None:
    whole, cut = cross_encoder.score(PAIRS), cross_encoder.score(PAIRS, max_tokens=64)
    assert whole[3] != cut[3]
    np.testing.assert_allclose(whole[[1, 2, 4]], cut[[1, 2, 4]], atol=1e-5)

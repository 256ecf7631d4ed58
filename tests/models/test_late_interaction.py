import numpy as np
import pytest

from commonplace.models.text.late_interaction import LateInteraction, max_similarity


def test_one_row_a_token_each_of_length_one(late: LateInteraction) -> None:
    texts = ["abc def", "", "a" * 300, "b c"]
    encoded = late.encode_passages(texts)
    # A character is a token here, a word over 100 is one unknown; "" has nothing that tells.
    assert [len(each) for each in encoded] == [6, 0, 1, 2]
    for one, text in zip(encoded, texts, strict=True):
        np.testing.assert_allclose(one, late.encode_passages([text])[0], atol=2e-6)
        np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)


def test_queries_and_passages_carry_their_own_mark(late: LateInteraction) -> None:
    (query,), (passage,) = late.encode_queries(["ab"]), late.encode_passages(["ab"])
    assert query.shape == (len(passage) + 3, late.dimension)  # a passage's marks are left out
    assert not np.allclose(query[2:-1], passage)
    assert len(late.encode_queries(["a b " * 200])[0]) == late.max_query_tokens


def test_a_pair_scores_its_max_similarity(late: LateInteraction) -> None:
    pairs = [("ab", "abc def"), ("ab", "b c"), ("c", "b c")]
    expected = [
        max_similarity(late.encode_queries([query])[0], late.encode_passages([passage])[0])
        for query, passage in pairs
    ]
    np.testing.assert_allclose(late.score(pairs), expected, atol=1e-5)


def test_max_similarity_is_the_sum_of_the_best_cosines() -> None:
    query = np.eye(3, dtype=np.float32)[:2]
    passage = np.array([[0.6, 0.8, 0], [0, 0, 1]], np.float32)
    assert max_similarity(query, passage) == pytest.approx(1.4)
    assert max_similarity(query, passage[:0]) == 0

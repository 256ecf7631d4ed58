"""The reference BM25 against its formula, against bm25s, and against its own explanation."""

import math

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.retrieval.index.bm25 import BM25, BM25Parameters

TEXTS = (
    "low rank update of a weight",
    "rank rank rank",
    "",
    "weight decay and momentum and weight norm",
    "a fabric of racks",
)
DOCUMENTS = [text.split() for text in TEXTS]
WORDS = st.sampled_from("abcdefghij")
COLLECTIONS = st.lists(st.lists(WORDS, max_size=30), min_size=1, max_size=20)
PARAMETERS = st.builds(BM25Parameters, k1=st.floats(0, 5), b=st.floats(0, 1))


def by_formula(documents: list[list[str]], query: list[str], p: BM25Parameters) -> list[float]:
    """The definition, term by term, in plain Python."""
    holding = [d for d in documents if d]
    n, mean = len(holding), sum(map(len, holding)) / max(len(holding), 1)
    scores = []
    for d in documents:
        score = 0.0
        for t in query:
            tf, df = d.count(t), sum(t in e for e in documents)
            idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
            norm = p.k1 * (1 - p.b + p.b * len(d) / mean) if tf else 0
            score += idf * tf * (p.k1 + 1) / (tf + norm) if tf else 0
        scores.append(score)
    return scores


@given(COLLECTIONS, st.lists(WORDS, max_size=8), PARAMETERS)
def test_equals_the_formula(
    documents: list[list[str]], query: list[str], parameters: BM25Parameters
) -> None:
    scores = BM25(documents, parameters).scores(query)
    assert scores.dtype == np.float32
    expected = by_formula(documents, query, parameters)
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


@given(COLLECTIONS, st.lists(WORDS, max_size=8), PARAMETERS)
def test_the_explanation_adds_up(
    documents: list[list[str]], query: list[str], parameters: BM25Parameters
) -> None:
    bm25 = BM25(documents, parameters)
    for i, score in enumerate(bm25.scores(query)):
        parts = bm25.explain(query, i)
        assert sum(part.weight for part in parts) == pytest.approx(score, rel=1e-5, abs=1e-6)
        assert [part.tf for part in parts] == [documents[i].count(part.term) for part in parts]
        assert [part.query_count for part in parts] == [query.count(part.term) for part in parts]


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.9, 0.4), (2.0, 0.0), (1.5, 1.0)])
def test_equals_bm25s(k1: float, b: float) -> None:
    """bm25s 'lucene' leaves out the constant factor k1 + 1, and counts repeated terms."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(200)])
    documents = [list(rng.choice(words, rng.integers(1, 90))) for _ in range(300)]
    reference = bm25s.BM25(method="lucene", k1=k1, b=b)
    reference.index(documents, show_progress=False)
    ours = BM25(documents, BM25Parameters(k1, b))
    for _ in range(20):
        query = [str(w) for w in rng.choice(words, 6)]
        expected = reference.get_scores(query) * (k1 + 1)
        np.testing.assert_allclose(ours.scores(query), expected, rtol=1e-4, atol=1e-5)


def test_repeated_query_terms_count_each_time() -> None:
    bm25 = BM25(DOCUMENTS)
    np.testing.assert_allclose(bm25.scores(["rank"] * 3), 3 * bm25.scores(["rank"]), rtol=1e-6)


def test_documents_without_terms_are_not_counted() -> None:
    with_empty, without = BM25(DOCUMENTS), BM25([d for d in DOCUMENTS if d])
    assert (with_empty.documents, len(with_empty)) == (4, 5)
    assert with_empty.scores(["rank"])[1] == without.scores(["rank"])[1]


def test_a_mask_hides_without_changing_scores() -> None:
    bm25 = BM25(DOCUMENTS)
    mask = np.array([True, False, True, True, True])
    scores = bm25.scores(["rank", "weight"], mask)
    assert scores[1] == 0
    np.testing.assert_array_equal(scores[mask], bm25.scores(["rank", "weight"])[mask])
    assert [i for i, _ in bm25.top(["rank"], 5, mask)] == [0]


@given(COLLECTIONS, st.lists(WORDS, max_size=8), st.integers(0, 25))
def test_top_is_the_sorted_head(documents: list[list[str]], query: list[str], k: int) -> None:
    bm25 = BM25(documents)
    scores = bm25.scores(query)
    expected = sorted((i for i in range(len(scores)) if scores[i] > 0), key=lambda i: -scores[i])
    assert bm25.top(query, k) == [(i, float(scores[i])) for i in expected[:k]]


@pytest.mark.parametrize("documents", [[], [[]], [[], []]])
def test_nothing_to_find(documents: list[list[str]]) -> None:
    bm25 = BM25(documents)
    assert bm25.scores(["rank"]).tolist() == [0.0] * len(documents)
    assert bm25.top(["rank"], 10) == []


@pytest.mark.parametrize(("k1", "b"), [(-1, 0.5), (1, -0.1), (1, 1.1), (math.nan, 0.5)])
def test_impossible_parameters(k1: float, b: float) -> None:
    with pytest.raises(ValueError, match="BM25 needs"):
        BM25Parameters(k1, b)


def test_explaining_no_document() -> None:
    with pytest.raises(IndexError, match="no document 9"):
        BM25(DOCUMENTS).explain(["rank"], 9)

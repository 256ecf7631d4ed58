"""The features of a query and a passage, by hand, and against a search of everything."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus import Passage, TextLocator, analyse
from commonplace.retrieval import FEATURES, Signals, features, shortest_cover

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDF = {"low": 1.0, "rank": 2.0, "matrix": 3.0}


def passage(text: str, title: str = "", heading: tuple[str, ...] = ()) -> Passage:
    written = NOW - timedelta(days=9)
    return Passage(
        "id", "item", 1, 2, "pdf", "/a.pdf", title, text, heading, TextLocator(0, len(text)),
        written, written, None, "hash",
    )  # fmt: skip


def found(terms: Sequence[str], *passages: Passage) -> list[dict[str, float]]:
    count = len(passages)
    signals = Signals(np.arange(count, dtype=np.float32), np.full(count, 0.5, np.float32))
    matrix = features(terms, passages, signals, lambda term: IDF.get(term, 0.0), NOW)
    assert matrix.shape == (count, len(FEATURES))
    assert matrix.dtype == np.float32
    return [dict(zip(FEATURES, row.tolist(), strict=True)) for row in matrix]


def test_features_by_hand() -> None:
    terms = ["low", "rank", "matrix", "rank"]
    (row,) = found(terms, passage("Low noise, a high rank.", title="Matrices"))
    held = analyse("Matrices Low noise, a high rank.")
    shared = set(terms) & set(held)
    assert row["coverage"] == pytest.approx(len(shared) / 3)
    assert row["idf held"] == pytest.approx(sum(IDF[t] for t in shared) / 6)
    assert row["idf missed"] == pytest.approx(6 - sum(IDF[t] for t in shared))
    assert row["title match"] == pytest.approx(sum(IDF[t] for t in shared & {"matrix"}) / 6)
    assert row["length"] == pytest.approx(np.log1p(len(held)))
    assert row["position"] == pytest.approx(np.log(3))
    assert row["age"] == pytest.approx(np.log(10))
    assert (row["pdf"], row["code"], row["feedback"]) == (1, 0, 0)
    assert (row["bm25"], row["cosine"]) == (0, 0.5)


def test_what_did_not_run_is_unknown_and_not_zero() -> None:
    (row,) = found(["rank"], passage("rank"))
    assert np.isnan(row["late interaction"])
    assert np.isnan(row["neighbours"])


def test_a_query_without_terms_and_no_passages() -> None:
    (row,) = found([], passage("rank"))
    assert row["coverage"] == row["idf held"] == row["idf missed"] == row["proximity"] == 0
    assert found(["rank"]) == []


def test_terms_side_by_side_are_nearest() -> None:
    near, far = found(["low", "rank"], passage("low rank"), passage("low noise of any rank"))
    assert near["proximity"] == 1
    assert 0 < far["proximity"] < 1


@given(st.text("abcx", max_size=12), st.sets(st.sampled_from("abc")))
def test_the_shortest_cover_is_that_of_a_search_of_all(text: str, wanted: set[str]) -> None:
    stretches = [text[a:b] for a, b in combinations(range(len(text) + 1), 2)]
    covers = [len(each) for each in stretches if wanted and wanted <= set(each)]
    assert shortest_cover(text, wanted) == min(covers, default=0)

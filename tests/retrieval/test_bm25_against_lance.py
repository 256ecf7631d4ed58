"""The store's engine scores as the reference does: the facts that the design rests on, pinned.

Seen with pylance 14.0.2: k1 = 1.2 and b = 0.75 are fixed, lengths are exact, repeated query terms
count each time, rows without terms do not count, a prefilter leaves the statistics global. Rows
that are not indexed yet are found, but scored with other statistics until `optimize_indices`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import pytest

from commonplace.corpus.text.analyser import analyse
from commonplace.retrieval.index.bm25 import BM25

OPTIONS: dict[str, Any] = {
    "base_tokenizer": "whitespace",
    "lower_case": False,
    "stem": False,
    "remove_stop_words": False,
    "ascii_folding": False,
    "max_token_length": None,
    "with_position": False,
}
RARE = ["猫が好き", "C++ and C#", "naïve 3.14", "GPT-4", "x" * 300, "", "file_name fileName"]
QUERIES = [
    "w1",
    "w3 w40 w90",
    "w7 w7 w7 w20",
    "w2 nothing",
    "gpt4",
    "猫が",
    "C++",
    "naive",
    "fileName",
]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Zipfian words in documents of 1 to 700 words, and a few odd ones."""
    rng = np.random.default_rng(3)
    p = 1 / np.arange(1, 101)
    lengths = rng.choice([1, 5, 40, 200, 700], 600)
    words = [rng.choice(100, n, p=p / p.sum()) for n in lengths]
    return [" ".join(f"w{i}" for i in row) for row in words] + RARE


def table(texts: Sequence[str], start: int = 0) -> pa.Table:
    terms = [" ".join(analyse(text)) for text in texts]
    return pa.table({"i": np.arange(start, start + len(texts)), "terms": terms})


def build(path: Path, texts: Sequence[str]) -> lance.LanceDataset:
    dataset = lance.write_dataset(table(texts), path, max_rows_per_file=200)
    dataset.create_scalar_index("terms", "INVERTED", **OPTIONS)
    return lance.dataset(path)


def search(dataset: lance.LanceDataset, query: str, where: str | None = None) -> dict[int, float]:
    found = dataset.scanner(
        columns=["i", "_score"],
        full_text_query={"columns": ["terms"], "query": " ".join(analyse(query))},
        filter=where,
        prefilter=True,
        limit=10_000,
    ).to_table()
    return dict(zip(found["i"].to_pylist(), found["_score"].to_pylist(), strict=True))


def expected(texts: Sequence[str], query: str) -> dict[int, float]:
    scores = BM25([analyse(text) for text in texts]).scores(analyse(query))
    return {int(i): float(scores[i]) for i in np.flatnonzero(scores)}


@pytest.mark.parametrize("query", QUERIES)
def test_scores_are_the_same(tmp_path: Path, texts: list[str], query: str) -> None:
    assert search(build(tmp_path, texts), query) == pytest.approx(expected(texts, query), rel=1e-5)


def test_a_prefilter_leaves_scores_alone(tmp_path: Path, texts: list[str]) -> None:
    found = search(build(tmp_path, texts), "w3 w40", "i % 7 = 3")
    full = expected(texts, "w3 w40")
    assert found == pytest.approx({i: s for i, s in full.items() if i % 7 == 3}, rel=1e-5)


def test_added_rows_are_found_at_once_and_scored_the_same_once_indexed(
    tmp_path: Path, texts: list[str]
) -> None:
    build(tmp_path, texts[:500])
    lance.write_dataset(table(texts[500:], 500), tmp_path, mode="append")
    before = search(lance.dataset(tmp_path), "w3 w40")
    lance.dataset(tmp_path).optimize.optimize_indices()
    after = search(lance.dataset(tmp_path), "w3 w40")
    full = expected(texts, "w3 w40")
    assert before.keys() == after.keys() == full.keys()
    assert after == pytest.approx(full, rel=1e-5)

"""Fake weights that hash words, small sets in the layouts that are read, and kept reports apart."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from commonplace.corpus import analyse
from commonplace.library import OpenModels
from evaluation_sets import write_lines


class WordEncoder:
    """Unit vectors of hashed words: texts that share words are near."""

    dimension = 64
    sha256 = "0" * 64

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        if on_batch:
            on_batch(len(texts))
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for term in analyse(text):
                vectors[row, hashlib.blake2b(term.encode()).digest()[0] % self.dimension] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class LengthReranker:
    """Prefers short passages."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        return np.array([-len(text) for _, text in pairs], np.float32)


@pytest.fixture(autouse=True)
def weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here opens real weights."""
    monkeypatch.setattr(OpenModels, "encoder", WordEncoder())
    monkeypatch.setattr(OpenModels, "reranker", LengthReranker())


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports are kept: not among those of whoever runs the tests."""
    folder = tmp_path / "data"
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(folder))
    return folder / "evaluations"


DOCUMENTS = {
    "d-saw": ("Saws", "A saw cuts trees, and a sharp saw cuts them faster."),
    "d-apple": ("Apples", "An apple is a fruit. Apples grow on apple trees."),
    "d-pear": ("", "A pear is a fruit that is not an apple."),
    "d-plane": ("", "A plane makes rough wood smooth before it is painted."),
}
QUERIES = {
    "q1": "sharp saw",
    "q2": "apple fruit",
    "q3": "make wood smooth",
    "q4": "never judged",
}
QRELS = [
    ("q1", "d-saw", 1),
    ("q2", "d-pear", 2),
    ("q2", "d-apple", 1),
    ("q2", "d-saw", 0),
    ("q3", "d-plane", 1),
]


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A set of four documents and three judged queries."""
    folder = tmp_path / "tiny"
    write_lines(
        folder / "corpus.jsonl",
        [{"_id": d, "title": title, "text": text} for d, (title, text) in DOCUMENTS.items()],
    )
    write_lines(folder / "queries.jsonl", [{"_id": q, "text": t} for q, t in QUERIES.items()])
    (folder / "qrels").mkdir()
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in QRELS)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder

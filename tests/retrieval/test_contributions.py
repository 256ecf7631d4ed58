"""What each kind of evidence adds to a hit: it adds up to the score, in every profile."""

from collections.abc import Callable, Sequence
from math import fsum
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from commonplace import Filter, Library
from commonplace.corpus import Store, encode_missing, vector_table
from commonplace.foundation import silent
from commonplace.retrieval import FEATURES, Hit, Profile, open_view, search

Write = Callable[[str, str], Path]
SHA256 = "e" * 64
STAGES = {
    "bm25": ["bm25"],
    "dense": ["cosine"],
    "fast": ["bm25", "cosine", "neighbours"],
    "best": ["bm25", "cosine", "neighbours", "late interaction"],
}


class LetterEncoder:
    """Unit vectors of letter counts."""

    dimension = 26

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        letters = "abcdefghijklmnopqrstuvwxyz"
        rows = [[text.lower().count(each) + 0.01 for each in letters] for text in texts]
        vectors = np.array(rows, np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class VowelReranker:
    """Prefers many vowels."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        return np.array([sum(map(text.count, "aeiou")) for _, text in pairs], np.float32)


@pytest.fixture
def many(library: Library, write: Write) -> Library:
    for number in range(70):
        words = ["stone", "river", "cloud", "tree", "grass"][number % 5 :]
        root = write(f"{number}.txt", f"Note {number} on a {' and a '.join(words)}.").parent
    library.add(root, vectors=False)
    encode_missing(Store(library.folder), SHA256, LetterEncoder, silent)
    return library


def find(library: Library, profile: Profile, explain: bool = True) -> list[Hit]:
    with Store(library.folder).snapshot() as snapshot:
        cache = library.folder / "cache"
        view = open_view(snapshot, Filter(), vector_table(SHA256), cache)
        return search(
            view, "the river and the grass", profile, 70, LetterEncoder(), VowelReranker(),
            explain=explain,
        )  # fmt: skip


@pytest.mark.parametrize("profile", ["bm25", "dense", "fast", "best"])
def test_contributions_add_up_to_the_score(many: Library, profile: Profile) -> None:
    hits = find(many, profile)
    assert len(hits) > 40
    for hit in hits:
        assert hit.explanation is not None
        names = [name for name, _ in hit.explanation.contributions]
        assert names[: len(STAGES[profile])] == STAGES[profile]
        total = fsum(value for _, value in hit.explanation.contributions)
        assert total == pytest.approx(hit.score, abs=1e-12)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("profile", ["bm25", "dense", "fast", "best"])
def test_explaining_changes_no_ranking(many: Library, profile: Profile) -> None:
    explained, plain = find(many, profile), find(many, profile, explain=False)
    assert [hit.passage.id for hit in explained] == [hit.passage.id for hit in plain]
    scores = [hit.score for hit in plain]
    assert [hit.score for hit in explained] == pytest.approx(scores, rel=1e-5, abs=1e-9)


def test_the_top_was_read_again_and_stays_above_the_rest(many: Library) -> None:
    whys = [hit.explanation for hit in find(many, "best")]
    read = [why is not None and why.reranked is not None for why in whys]
    assert read == sorted(read, reverse=True)
    assert sum(read) == 20


def test_every_hit_has_every_feature(many: Library) -> None:
    for hit in find(many, "best")[:5]:
        assert hit.explanation is not None
        known = dict(hit.explanation.features)
        assert tuple(known) == FEATURES
        assert known["bm25"] == pytest.approx(hit.explanation.bm25, rel=1e-5)
        assert known["cosine"] == pytest.approx(hit.explanation.cosine)
        assert known["late interaction"] == pytest.approx(hit.explanation.reranked)

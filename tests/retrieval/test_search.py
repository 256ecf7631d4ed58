"""Searching a real library with a fake encoder: fusion, filters, explanations, the past."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from commonplace import Filter, Library
from commonplace.corpus import Store, analyse, encode_missing, load_vectors, vector_table
from commonplace.foundation import silent
from commonplace.retrieval import BM25, Hit, Profile, open_view, search

Write = Callable[[str, str], Path]
SHA256 = "f" * 64


class HashingEncoder:
    """Unit vectors of hashed words: texts that share words are near. Counts what it is given."""

    dimension = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.encoded += texts
        vectors = np.array([self._vector(text) for text in texts], np.float32)
        if on_batch:
            on_batch(len(texts))
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self._vector(text) for text in texts], np.float32)

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 1e-3, np.float32)
        for term in analyse(text):
            vector[hashlib.blake2b(term.encode()).digest()[0] % self.dimension] += 1
        return vector / np.linalg.norm(vector)


class LengthReranker:
    """Prefers short passages."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        return np.array([-len(text) for _, text in pairs], np.float32)


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def notes(library: Library, write: Write, encoder: HashingEncoder) -> Library:
    write("fruit/apple.md", "# Apples\n\nAn apple is a fruit. Apples grow on apple trees.")
    write("fruit/pear.md", "# Pears\n\nA pear is a fruit that is not an apple.")
    write("tools/saw.md", "# Saws\n\nA saw cuts trees, and a sharp saw cuts them faster.")
    root = write("tools/plane.txt", "A plane makes wood smooth.").parent.parent
    library.add(root, vectors=False)
    encode_missing(Store(library.folder), SHA256, lambda: encoder, silent)
    return library


def find(
    library: Library,
    query: str,
    encoder: HashingEncoder | None,
    profile: Profile = "fast",
    filter: Filter | None = None,
) -> list[Hit]:
    with Store(library.folder).snapshot() as snapshot:
        view = open_view(
            snapshot, filter or Filter(), vector_table(SHA256), library.folder / "cache"
        )
        return search(view, query, profile, 10, encoder, LengthReranker(), explain=True)


def names(hits: Sequence[Hit]) -> list[str]:
    return [Path(hit.passage.path).stem for hit in hits]


@pytest.mark.parametrize("profile", ["bm25", "dense", "fast", "best"])
def test_every_profile_finds_the_best_match(
    notes: Library, encoder: HashingEncoder, profile: Profile
) -> None:
    hits = find(notes, "smooth wood with a plane", encoder, profile)
    assert names(hits)[0] == "plane"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize(
    "query", ["apple", "apple apple fruit", "saw cuts trees saw", "a pear that is not an apple"]
)
def test_an_explanation_adds_up_to_the_score_of_the_store(notes: Library, query: str) -> None:
    hits = find(notes, query, None, "bm25")
    assert hits
    for hit in hits:
        assert hit.explanation is not None
        total = sum(term.weight for term in hit.explanation.terms)
        assert total == pytest.approx(hit.score, abs=1e-5)


def test_statistics_stay_global_under_a_filter(notes: Library, encoder: HashingEncoder) -> None:
    folder = str(Path(notes.status().files[0].path).parent)
    everything = {hit.passage.id: hit.score for hit in find(notes, "apple trees", None, "bm25")}
    some = find(notes, "apple trees", None, "bm25", Filter(paths=(folder,)))
    assert 0 < len(some) < len(everything)
    for hit in some:
        assert hit.score == pytest.approx(everything[hit.passage.id], abs=1e-6)


def test_the_store_ranks_as_the_reference_does(notes: Library) -> None:
    with Store(notes.folder).snapshot() as snapshot:
        table = snapshot["passages"].to_table(columns=["id", "terms"])
    reference = BM25([terms.split() for terms in table["terms"].to_pylist()])
    expected = reference.top(analyse("fruit trees apple"), 10)
    hits = find(notes, "fruit trees apple", None, "bm25")
    ids = table["id"].to_pylist()
    assert [hit.passage.id for hit in hits] == [ids[index] for index, _ in expected]
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=1e-5)


def test_dense_search_honours_filters(notes: Library, encoder: HashingEncoder) -> None:
    folder = str(Path(notes.status().files[-1].path).parent)
    hits = find(notes, "apple", encoder, "dense", Filter(paths=(folder,)))
    assert set(names(hits)) == {"plane", "saw"}
    hits = find(notes, "apple", encoder, "dense", Filter(kinds=("text",)))
    assert names(hits) == ["plane"]


def test_every_number_of_a_fused_hit_is_shown(notes: Library, encoder: HashingEncoder) -> None:
    first = find(notes, "apple fruit", encoder, "best")[0].explanation
    assert first is not None
    assert first.bm25_rank
    assert first.dense_rank
    assert first.fused_rank
    assert first.cosine is not None
    assert -1 <= first.cosine <= 1.0001
    assert first.fused is not None
    assert first.reranked is not None


def test_a_passage_without_a_vector_is_found_by_its_words(
    notes: Library, write: Write, encoder: HashingEncoder
) -> None:
    late = write("late.md", "A quince is a late fruit.")
    notes.add(late, vectors=False)
    hits = find(notes, "quince fruit", encoder)
    assert names(hits)[0] == "late"
    assert hits[0].explanation is not None
    assert hits[0].explanation.cosine is None


def test_only_what_changed_is_encoded_again(
    notes: Library, write: Write, encoder: HashingEncoder
) -> None:
    before = len(encoder.encoded)
    root = write("fruit/pear.md", "# Pears\n\nA pear is a fruit that is not a plum.").parent.parent
    write("tools/copy.txt", "A plane makes wood smooth.")
    notes.add(root, vectors=False)
    assert encode_missing(Store(notes.folder), SHA256, lambda: encoder, silent) == 2
    assert len(encoder.encoded) == before + 2


def test_nothing_missing_makes_nothing(notes: Library, encoder: HashingEncoder) -> None:
    before = len(encoder.encoded)
    assert encode_missing(Store(notes.folder), SHA256, lambda: encoder, silent) == 0
    assert len(encoder.encoded) == before


def test_a_broken_off_encoding_goes_on_where_it_was(
    library: Library, write: Write, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonplace.corpus.ingest.encode._ENCODE_AT_ONCE", 2)
    for number in range(7):
        root = write(f"{number}.txt", f"note number{number} of several").parent
    library.add(root, vectors=False)

    class Interrupted(HashingEncoder):
        def encode_passages(
            self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
        ) -> NDArray[np.float32]:
            if len(self.encoded) >= 4:
                raise KeyboardInterrupt
            return super().encode_passages(texts, on_batch)

    with pytest.raises(KeyboardInterrupt):
        encode_missing(Store(library.folder), SHA256, Interrupted, silent)
    told: list[tuple[int, int | None]] = []
    made = encode_missing(
        Store(library.folder),
        SHA256,
        lambda: encoder,
        lambda _, done, total, unit: told.append((done, total)),
    )
    assert made == 3
    assert told == [(2, 3), (3, 3)]


def test_the_past_has_its_own_statistics(
    notes: Library, write: Write, encoder: HashingEncoder
) -> None:
    before = [(hit.passage.id, hit.score) for hit in find(notes, "apple fruit", encoder)]
    then = datetime.now(UTC)
    root = write("fruit/apple.md", "# Apples\n\nNothing is said of them any more.").parent.parent
    write("fruit/more.md", "fruit fruit fruit")
    notes.add(root, vectors=False)
    encode_missing(Store(notes.folder), SHA256, lambda: encoder, silent)
    after = find(notes, "apple fruit", encoder, filter=Filter(as_of=then))
    assert [hit.passage.id for hit in after] == [identity for identity, _ in before]
    assert [hit.score for hit in after] == pytest.approx([s for _, s in before], abs=1e-4)


def test_the_matrix_is_mapped_from_the_cache_and_made_again(
    notes: Library, encoder: HashingEncoder
) -> None:
    cache = notes.folder / "cache"
    first = names(find(notes, "apple", encoder, "dense"))
    assert list(cache.glob("*.matrix.npy"))
    for file in cache.glob("*.matrix.npy"):
        file.write_bytes(file.read_bytes()[:100])
    assert names(find(notes, "apple", encoder, "dense")) == first
    with Store(notes.folder).snapshot() as snapshot:
        vectors = load_vectors(snapshot, vector_table(SHA256), cache)
    assert vectors is not None
    assert len(vectors.rows) == 4

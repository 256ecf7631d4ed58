"""The index in memory ranks as the reference does, bit by bit, whatever was added and deleted."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonplace import Filter, Library
from commonplace.corpus import Snapshot, Store, Vectors, encode_missing, load_vectors, vector_table
from commonplace.foundation import InputError, silent
from commonplace.retrieval import BM25, Accelerator, BM25Parameters, Hit, open_view, search

pytest.importorskip("numba", reason="the accelerator is an extra")
from commonplace.retrieval.index.codes import Codes
from commonplace.retrieval.index.postings import Postings
from patience import PATIENCE

Write = Callable[[str, str], Path]
Documents = dict[int, str]  # by row

BLOCK = 4_096  # documents whose sums the search makes together
WORDS = [f"w{number}" for number in range(12)]
# A few words at random, repeats likely; an empty document is one without terms.
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
QUERIES = st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=6)


def latest(store: Store) -> Snapshot:
    with store.snapshot() as snapshot:
        return snapshot


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[list[str], list[float]]]:
    """Rounds of documents to add, and of which share of the standing ones to delete."""
    texts = st.lists(TEXTS, max_size=15)
    return draw(st.lists(st.tuples(texts, st.lists(st.floats(0, 0.999), max_size=4)), max_size=4))


def zipfian(count: int, seed: int, longest: int = 60) -> list[str]:
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, 1001)
    sizes = rng.integers(0, longest, count)
    return [" ".join(f"w{i}" for i in rng.choice(1000, n, p=p / p.sum())) for n in sizes]


def expected(
    documents: Documents, terms: Sequence[str], k: int, among: Sequence[int] | None
) -> list[tuple[int, float]]:
    rows = sorted(documents)
    reference = BM25([documents[row].split() for row in rows])
    mask = None if among is None else np.isin(rows, among)
    return [(rows[i], score) for i, score in reference.top(terms, k, mask)]


def top(
    postings: Postings, terms: Sequence[str], k: int, among: Sequence[int] | None
) -> list[tuple[int, float]]:
    only: NDArray[np.int64] | None = None if among is None else np.array(among, np.int64)
    rows, scores = postings.top(terms, k, only)
    return list(zip(rows.tolist(), scores.tolist(), strict=True))


def check(postings: Postings, documents: Documents, terms: Sequence[str], k: int) -> None:
    half = sorted(documents)[::2]
    for among in (None, half):
        assert top(postings, terms, k, among) == expected(documents, terms, k, among)
    every = np.array(sorted(documents), np.int64)
    exact = BM25([documents[row].split() for row in sorted(documents)])
    assert postings.scores(terms, every).tolist() == exact.scores(terms).tolist()
    assert (postings.documents, postings.mean_length) == (exact.documents, exact.mean_length)
    assert [postings.df(term) for term in terms] == [exact.df(term) for term in terms]


@settings(max_examples=60)
@given(st.lists(TEXTS, max_size=30), changes(), QUERIES, st.sampled_from([1, 3, 10, 200]))
def test_equal_to_the_reference_after_any_changes(
    first: list[str], rounds: list[tuple[list[str], list[float]]], terms: list[str], k: int
) -> None:
    documents = dict(enumerate(first))
    postings = Postings.build(first, range(len(first)))
    check(postings, documents, terms, k)
    next_row = len(first)
    for texts, shares in rounds:
        rows = list(documents)
        gone = sorted({rows[int(share * len(rows))] for share in shares}) if rows else []
        new = dict(enumerate(texts, next_row))
        next_row += len(texts)
        before, held = postings, dict(documents)
        postings = postings.changed(texts, list(new), gone)
        documents = {row: text for row, text in documents.items() if row not in gone} | new
        check(postings, documents, terms, k)
        check(before, held, terms, k)  # a version never changes


def test_equal_to_the_reference_over_many_blocks_and_segments() -> None:
    texts = zipfian(11_000, seed=1)
    documents = dict(enumerate(texts))
    postings = Postings.build(texts, range(len(texts)))
    rng = np.random.default_rng(2)
    for size in (1_100, 200, 30):
        more = zipfian(size, seed=size)
        new = dict(enumerate(more, max(documents) + 1))
        gone = rng.choice(sorted(documents), 40, replace=False).tolist()
        postings = postings.changed(more, list(new), gone)
        documents = {row: text for row, text in documents.items() if row not in gone} | new
        rows = sorted(documents)
        reference = BM25([documents[row].split() for row in rows])
        for terms in (["w0", "w1"], ["w900", "w3", "w3", "w0"], ["w40", "w0", "w1", "w2", "w5"]):
            for k in (1, 10, 200):
                found = [(rows[i], score) for i, score in reference.top(terms, k)]
                assert top(postings, terms, k, None) == found


@pytest.mark.parametrize(("dense", "often", "k"), [(0.02, 0.3, 10), (0.2, 0.3, 1), (0.2, 0.9, 10)])
def test_blocks_that_are_not_visited_leave_nothing_behind(
    dense: float, often: float, k: int
) -> None:
    """A rare term keeps to every second block; what the frequent one has between is not its own."""
    rng = np.random.default_rng(0)
    texts = []
    for document in range(6 * BLOCK):
        rare = "rare " * ((document // BLOCK) % 2 == 0 and rng.random() < dense)
        texts.append(f"pad{rng.integers(5)} {rare}{'common ' * (rng.random() < often)}")
    postings, reference = Postings.build(texts, range(len(texts))), BM25([t.split() for t in texts])
    assert top(postings, ["rare", "common"], k, None) == reference.top(["rare", "common"], k)


def test_longer_documents_move_the_mean_and_not_the_truth() -> None:
    """Saturations made with another mean length only choose candidates."""
    texts, longer = zipfian(3_000, seed=3), zipfian(20, seed=4, longest=200)
    postings = Postings.build(texts, range(3_000)).changed(longer, range(3_000, 3_020))
    assert postings.mean_length != Postings.build(texts, range(3_000)).mean_length
    documents = dict(enumerate([*texts, *longer]))
    for terms in (["w1", "w30"], ["w2", "w2", "w500"]):
        assert top(postings, terms, 10, None) == expected(documents, terms, 10, None)


def test_other_parameters() -> None:
    texts = zipfian(300, seed=5)
    postings = Postings.build(texts, range(300), BM25Parameters(0.9, 0.4))
    reference = BM25([text.split() for text in texts], BM25Parameters(0.9, 0.4))
    assert top(postings, ["w1", "w7"], 10, None) == reference.top(["w1", "w7"], 10)


def test_rows_may_come_in_any_order_and_move() -> None:
    postings = Postings.build(["a b", "a", "a c"], [7, 3, 5])
    assert top(postings, ["a"], 3, None)[1:] == top(postings, ["a"], 3, [5, 7])
    moved = postings.renamed(np.array([3]), np.array([9]))
    assert [row for row, _ in top(moved, ["a"], 3, None)] == [9, 5, 7]
    assert moved.rows.tolist() == [5, 7, 9]


@pytest.mark.parametrize(
    ("texts", "rows", "gone"),
    [(["x"], [1], []), (["x"], [], []), (["x", "y"], [5, 5], []), (["x"], [-1], []), ([], [], [8])],
)
def test_rows_that_make_no_sense_are_refused(
    texts: list[str], rows: list[int], gone: list[int]
) -> None:
    postings = Postings.build(["a", "b"], [1, 2])
    with pytest.raises(ValueError, match="row"):
        postings.changed(texts, rows, gone)


# ------------------------------------------------------------------ through a library


def hits(
    library: Library, query: str, accelerator: Accelerator | None, filter: Filter | None = None
) -> list[Hit]:
    with Store(library.folder).snapshot() as snapshot:
        cache, table = library.folder / "cache", vector_table("f" * 64)
        view = open_view(snapshot, filter or Filter(), table, cache, accelerator)
        return search(view, query, "bm25", 10, None, None, explain=True)


def agree(library: Library, accelerator: Accelerator) -> None:
    markdown = Filter(kinds=("markdown",))
    for query in ("apple", "fruit trees apple", "apple apple saw", "quince", "nothing at all"):
        for chosen in (None, markdown):
            plain = hits(library, query, None, chosen)
            quick = hits(library, query, accelerator, chosen)
            assert [hit.passage for hit in quick] == [hit.passage for hit in plain]
            for one, other in zip(quick, plain, strict=True):
                assert one.score == pytest.approx(
                    other.score, rel=1e-5
                )  # the store sums in float32
                assert one.explanation is not None
                assert other.explanation is not None
                assert one.explanation.terms == other.explanation.terms


def test_the_same_hits_after_every_change(library: Library, write: Write) -> None:
    accelerator = Accelerator()
    agree(library, accelerator)  # an empty library
    write("fruit/apple.md", "# Apples\n\nAn apple is a fruit. Apples grow on apple trees.")
    write("fruit/pear.md", "# Pears\n\nA pear is a fruit that is not an apple.")
    root = write("tools/saw.txt", "A saw cuts trees, and a sharp saw cuts them faster.").parents[1]
    library.add(root, vectors=False)
    agree(library, accelerator)
    write("fruit/quince.md", "# Quinces\n\nA quince is a late fruit.\n\n# Storing\n\nCool.")
    library.add(root, vectors=False)
    agree(library, accelerator)
    write("fruit/quince.md", "# Quinces\n\nA quince is a late fruit.\n\n# Storing\n\nDry, apart.")
    library.add(root, vectors=False)
    agree(library, accelerator)
    (root / "tools/saw.txt").unlink()
    library.add(root, vectors=False)
    agree(library, accelerator)
    library.remove(root / "fruit/pear.md")
    agree(library, accelerator)


def test_rows_that_the_store_moves_are_found_again(library: Library, write: Write) -> None:
    """Merging small files into one gives every row a new number."""
    accelerator = Accelerator()
    for number in range(3):
        root = write(f"{number}.txt", f"apple note{number} of several fruit").parent
        library.add(root, vectors=False)
    first = accelerator.postings(latest(Store(library.folder)))
    Store(library.folder).open("passages").optimize.compact_files()
    second = accelerator.postings(latest(Store(library.folder)))
    assert first is not None
    assert second is not None
    assert first.rows.tolist() != second.rows.tolist()
    agree(library, accelerator)


def test_a_library_opened_with_it_finds_the_same(library: Library, write: Write) -> None:
    write("one.txt", "An apple a day.")
    root = write("two.txt", "Two apples a day keep two doctors away.").parent
    library.add(root, vectors=False)
    quick = Library.open(library.folder, accelerate=True)
    for change in ("nothing", "three.txt"):
        if change != "nothing":
            library.add(write(change, "Three apples."), vectors=False)
        plain = library.search("apples a day", profile="bm25")
        assert [hit.passage for hit in quick.search("apples a day", profile="bm25")] == [
            hit.passage for hit in plain
        ]
    quick.remove(root / "two.txt")
    assert quick.search("doctors", profile="bm25") == []


class Counted:
    """Vectors that tell the texts apart, and how many were made."""

    dimension = 4

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        numbers = [list(hashlib.sha256(text.encode()).digest()[:4]) for text in texts]
        return np.array(numbers, np.float32).reshape(len(texts), 4) / np.float32(255)


def test_vectors_grow_with_the_library_and_are_those_of_the_store(
    library: Library, write: Write
) -> None:
    accelerator, table = Accelerator(), vector_table("f" * 64)

    def agrees() -> int:
        snapshot = latest(Store(library.folder))
        mine = accelerator.vectors(snapshot, table, library.folder / "cache")
        plain = load_vectors(snapshot, table, library.folder / "cache")
        if plain is None:
            assert mine is None
            return 0
        assert mine is not None
        assert np.array_equal(mine.rows, plain.rows)
        assert np.array_equal(mine.matrix, plain.matrix)
        assert accelerator.vectors(snapshot, table, library.folder) is mine
        return len(mine.rows)

    def encode() -> None:
        encode_missing(Store(library.folder), "f" * 64, Counted, silent)

    counts = [agrees()]
    root = write("one.md", "# One\n\nAn apple.\n\n# More\n\nA pear.").parent
    library.add(root, vectors=False)
    counts.append(agrees())
    encode()
    counts.append(agrees())
    write("two.md", "A quince.")
    library.add(root, vectors=False)
    counts.append(agrees())  # its passage has no vector yet
    encode()
    counts.append(agrees())
    write("one.md", "# One\n\nAn apple.\n\n# More\n\nA plum.")
    library.add(root, vectors=False)
    encode()
    counts.append(agrees())
    Store(library.folder).open("passages").optimize.compact_files()  # every row has another number
    counts.append(agrees())
    library.remove(root / "two.md")
    counts.append(agrees())
    assert counts == [0, 0, 2, 2, 3, 3, 3, 2]


def test_of_many_that_come_at_once_one_makes_the_vectors(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    accelerator, table, made = Accelerator(), vector_table("f" * 64), list[int]()
    library.add(write("one.md", "An apple."), vectors=False)
    encode_missing(Store(library.folder), "f" * 64, Counted, silent)
    real = load_vectors

    def counted(*arguments: Any) -> Vectors | None:
        made.append(1)
        time.sleep(0.05)
        return real(*arguments)

    monkeypatch.setattr("commonplace.retrieval.index.accelerator.load_vectors", counted)
    snapshot = latest(Store(library.folder))
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: accelerator.vectors(snapshot, table, library.folder), range(8))
        )
    assert made == [1]
    assert all(one is found[0] for one in found)


def unit(rng: np.random.Generator, count: int, dimension: int) -> NDArray[np.float32]:
    vectors = rng.standard_normal((count, dimension)).astype(np.float32)
    vectors[::7] = vectors[0]  # equals, and
    vectors[1::7] *= np.float32(0.01)  # directions of few numbers
    vectors[1::7, 0] = 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


@pytest.mark.parametrize("dimension", [8, 384, 1_024])
def test_vectors_as_bytes_find_the_nearest_of_all(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    vectors = Vectors(np.arange(900, dtype=np.int64) * 3, unit(rng, 900, dimension))
    codes = Codes.of(vectors)
    for query in np.concatenate([unit(rng, 5, dimension), vectors.matrix[:3]]):
        for limit in (1, 10, 200, 2_000):
            for among in (None, vectors.rows[::2], vectors.rows[:20]):
                rows, cosines = codes.nearest(query, limit, among)
                expected_rows, expected_cosines = vectors.nearest(query, limit, among)
                assert cosines == pytest.approx(expected_cosines, abs=1e-6)
                different = rows != expected_rows  # only where cosines are equal but for rounding
                assert vectors.cosines(query, rows[different]) == pytest.approx(
                    vectors.cosines(query, expected_rows[different]), abs=1e-6
                )


def test_codes_of_more_vectors_keep_those_that_are_known() -> None:
    matrix = unit(np.random.default_rng(1), 60, 16)
    first = Vectors(np.arange(0, 80, 2, dtype=np.int64), matrix[:40])
    rows = np.arange(10, 70, 1, dtype=np.int64)
    mixed = matrix[np.where(rows % 2 == 0, rows // 2 % 40, 40 + rows % 20)]
    whole, grown = Codes.of(Vectors(rows, mixed)), Codes.of(Vectors(rows, mixed), Codes.of(first))
    for name in ("numbers", "scales", "errors"):
        assert np.array_equal(getattr(whole, name), getattr(grown, name))


def test_a_search_keeps_its_version(library: Library, write: Write) -> None:
    accelerator = Accelerator()
    root = write("one.txt", "An apple a day.").parent
    library.add(root, vectors=False)
    old = latest(Store(library.folder))
    first = accelerator.postings(old)
    assert first is not None
    write("two.txt", "Two apples a day.")
    library.add(root, vectors=False)
    second = accelerator.postings(latest(Store(library.folder)))
    assert second is not None
    assert (len(first.rows), len(second.rows)) == (1, 2)
    assert accelerator.postings(old) is None  # the store answers for what is past


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"commonplace\[speed\]"):
        Accelerator()


@pytest.mark.slow
def test_no_compiled_loop_leaves_its_arrays(tmp_path: Path) -> None:
    """The largest of these tests again in a process that checks every index."""
    checked = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    chosen = ["-k", "many_blocks or not_visited or nearest_of_all", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", __file__, *chosen],
        env=checked,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]

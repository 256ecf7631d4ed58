"""Two views of a library's passages that search alike: as it is now, and as it was on a day.

The present is searched through the store's own inverted index, or, in a library that is held open,
through an index in memory (`index.accelerator`). The past is rare and must be exact: its passages
(those valid then, superseded or not) are gathered and ranked by the reference BM25, so that the
statistics too are those of the library as it was.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from commonplace import corpus
from commonplace.corpus import Filter, Passage, Snapshot, Vectors
from commonplace.foundation.arrays import Bools, Float32s, Int64s
from commonplace.retrieval.index.accelerator import Accelerator
from commonplace.retrieval.index.bm25 import BM25, TermContribution, contributions, idf
from commonplace.retrieval.index.codes import Codes
from commonplace.retrieval.index.postings import Postings

_FEW_FILES = 5  # that one name may have even if they are more than a third of all
_MOST_NAMED = 200  # items


class View(Protocol):
    """The passages that one search looks at, named by rows. BM25 statistics ignore the filter."""

    def lexical(self, terms: Sequence[str], limit: int) -> tuple[Int64s, Float32s]:
        """The best rows by BM25 and their scores, best first; none that scores 0."""

    def dense(self, query: Float32s, limit: int) -> tuple[Int64s, Float32s]:
        """The rows of largest cosine with a unit vector [dimension], best first."""

    def lexical_scores(self, terms: Sequence[str], rows: Int64s) -> Float32s:
        """The BM25 score of each of these rows, 0 where no term occurs."""

    def cosines(self, query: Float32s, rows: Int64s) -> Float32s:
        """The cosine of each of these rows; NaN where a passage has no vector (yet)."""

    def vectors(self, rows: Int64s) -> Float32s:
        """The unit vector of each of these rows [n, dimension]; NaN where there is none (yet)."""

    def passages(self, rows: Int64s) -> list[Passage]:
        """The passages at these rows, in that order."""

    def copies(self, passage: Passage) -> tuple[str, ...]:
        """The paths of all identical copies of its file, this one too; none where it is alone."""

    def named(self, terms: Sequence[str]) -> Int64s:
        """The first row of each item that the names of its file and folders tell by all terms.

        A name that a third of all files have, or all of a few, tells nothing.
        """

    def explain(self, terms: Sequence[str], row: int) -> list[TermContribution]:
        """What each term adds to the BM25 score of a row; the weights add up to it."""

    def idf(self, term: str) -> float:
        """How rare a term is among all passages, as BM25 counts it; 0 or more."""

    @property
    def has_vectors(self) -> bool:
        """Whether any passage has a vector of the encoder in use."""


class _Encoded:
    """What both views do alike with the vectors of their passages."""

    _vectors: Vectors | None

    @property
    def has_vectors(self) -> bool:
        return self._vectors is not None and len(self._vectors.rows) > 0

    @property
    def _encoded(self) -> Vectors:
        assert self._vectors is not None, "asked for vectors that are not there"
        return self._vectors

    def cosines(self, query: Float32s, rows: Int64s) -> Float32s:
        return self._encoded.cosines(query, rows)

    def vectors(self, rows: Int64s) -> Float32s:
        return self._encoded.at(rows)


class _PresentView(_Encoded):
    """The visible passages, through the store's inverted index and the matrix of vectors.

    With `postings` and `codes` of the same snapshot it searches in memory; the ranking is the same.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        filter: Filter,
        vectors: Vectors | None,
        postings: Postings | None = None,
        codes: Codes | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._postings = postings
        self._codes = codes
        self._where = snapshot.where(filter)
        self._is_filtered = filter != Filter()
        self._roots = filter.paths
        self._vectors = vectors

    @cached_property
    def _among(self) -> Int64s | None:
        return self._snapshot.rows(self._where) if self._is_filtered else None

    def lexical(self, terms: Sequence[str], limit: int) -> tuple[Int64s, Float32s]:
        if self._postings is not None:
            return self._postings.top(terms, limit, self._among)
        return self._snapshot.lexical(terms, limit, self._where)

    def dense(self, query: Float32s, limit: int) -> tuple[Int64s, Float32s]:
        nearest = self._encoded.nearest if self._codes is None else self._codes.nearest
        return nearest(query, limit, self._among)

    def lexical_scores(self, terms: Sequence[str], rows: Int64s) -> Float32s:
        if self._postings is not None:
            return self._postings.scores(terms, rows)
        scores = np.zeros(len(rows), np.float32)
        if len(rows):  # `IN ()` is no SQL
            among = f"_rowid IN ({', '.join(map(str, rows.tolist()))})"
            matches, values = self._snapshot.lexical(terms, len(rows), among)
            place_of = {row: place for place, row in enumerate(rows.tolist())}
            scores[[place_of[row] for row in matches.tolist()]] = values
        return scores

    def passages(self, rows: Int64s) -> list[Passage]:
        return self._snapshot.passages(rows)

    def copies(self, passage: Passage) -> tuple[str, ...]:
        paths = self._snapshot.copies.get(passage.item_id, ())
        return tuple(p for p in paths if not self._roots or corpus.is_under(p, self._roots))

    def named(self, terms: Sequence[str]) -> Int64s:
        names, files = self._snapshot.names, len(self._snapshot.revisions)
        most = min(files - 1, max(_FEW_FILES, files // 3))
        by_term = [names.get(term, frozenset[str]()) for term in set(terms)]
        if not by_term or not all(0 < len(items) <= most for items in by_term):
            return np.empty(0, np.int64)
        items = sorted(frozenset.intersection(*by_term))[:_MOST_NAMED]
        rows = np.array(sorted(self._snapshot.first_rows(items).values()), np.int64)
        return rows if self._among is None else np.intersect1d(rows, self._among)

    def explain(self, terms: Sequence[str], row: int) -> list[TermContribution]:
        held = self._snapshot.take([row], ["terms"])["terms"].to_pylist()[0].split()
        shared = set(terms) & set(held)
        frequencies = {term: self._frequency(term) for term in shared}
        return contributions(terms, held, frequencies, self._collection)

    def idf(self, term: str) -> float:
        return idf(self._frequency(term), self._collection[0])

    def _frequency(self, term: str) -> int:
        if self._postings is not None:
            return self._postings.df(term)
        return self._snapshot.document_frequency(term)

    @property
    def _collection(self) -> tuple[int, float]:
        """How many passages BM25 counts, and their mean number of terms."""
        if self._postings is not None:
            return self._postings.documents, self._postings.mean_length
        return self._snapshot.lengths


class _PastView(_Encoded):
    """The passages that were valid at `filter.as_of`, ranked exactly among themselves."""

    def __init__(self, snapshot: Snapshot, filter: Filter, table: str) -> None:
        # All that was valid then, whatever else the filter says: BM25 counts over all of it.
        everything = snapshot.past(Filter(as_of=filter.as_of))
        self._rows = everything.combine_chunks()
        self._bm25 = BM25([terms.split() for terms in self._rows["terms"].to_pylist()])
        self._mask = _held_by(self._rows["id"].to_pylist(), snapshot, filter)
        self._vectors = _vectors_of(self._rows, snapshot, table)

    def lexical(self, terms: Sequence[str], limit: int) -> tuple[Int64s, Float32s]:
        top = self._bm25.top(terms, limit, self._mask)
        rows = np.fromiter((row for row, _ in top), np.int64, len(top))
        return rows, np.fromiter((score for _, score in top), np.float32, len(top))

    def dense(self, query: Float32s, limit: int) -> tuple[Int64s, Float32s]:
        return self._encoded.nearest(query, limit, np.flatnonzero(self._mask))

    def lexical_scores(self, terms: Sequence[str], rows: Int64s) -> Float32s:
        scores: Float32s = self._bm25.scores(terms)[rows]
        return scores

    def passages(self, rows: Int64s) -> list[Passage]:
        return corpus.passages_from(self._rows.take(rows))

    def copies(self, passage: Passage) -> tuple[str, ...]:
        return ()  # which files were copies of each other then is not kept

    def named(self, terms: Sequence[str]) -> Int64s:
        return np.empty(0, np.int64)  # where a file was then is not kept

    def explain(self, terms: Sequence[str], row: int) -> list[TermContribution]:
        return self._bm25.explain(terms, row)

    def idf(self, term: str) -> float:
        return self._bm25.idf(term)


def open_view(
    snapshot: Snapshot,
    filter: Filter,
    table: str,
    cache: Path,
    accelerator: Accelerator | None = None,
) -> View:
    """The view that a filter asks for; `table` names the encoder's vectors."""
    if filter.as_of is not None:
        return _PastView(snapshot, filter, table)
    if accelerator is None:
        return _PresentView(snapshot, filter, corpus.load_vectors(snapshot, table, cache))
    vectors = accelerator.vectors(snapshot, table, cache)
    postings, codes = accelerator.postings(snapshot), accelerator.codes(snapshot, table, vectors)
    return _PresentView(snapshot, filter, vectors, postings, codes)


def _held_by(ids: Sequence[str], snapshot: Snapshot, filter: Filter) -> Bools:
    """Which of the passages the whole filter lets through."""
    allowed = set(snapshot.past(filter)["id"].to_pylist())
    return np.fromiter((identity in allowed for identity in ids), np.bool_, len(ids))


def _vectors_of(rows: pa.StructArray, snapshot: Snapshot, table: str) -> Vectors | None:
    """Each row's vector; superseded passages still have theirs, as vectors are named by content."""
    if table not in snapshot.versions:
        return None
    matrix, at = corpus.lookup(snapshot, table, rows["key"])
    has_vector = at >= 0
    return Vectors(np.flatnonzero(has_vector).astype(np.int64), matrix[at[has_vector]])

"""One version of the accelerator's BM25: in memory, exact, and never changed once it is made.

    postings = Postings.build(["apple tree", "pear"], rows=[3, 8])
    postings = postings.changed(["plum tree"], rows=[9], deleted=[8])  # a new version
    rows, scores = postings.top(["tree"], 10)

The ranking is that of `BM25`, bit by bit and in order: a float32 pass with the saturations that
were computed beforehand finds all candidates that could be among the best, within the error that it
can have (rounding, and a mean length that has moved since), and these are scored anew in double
precision with the statistics of now. Statistics are those of the documents that are not deleted.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from commonplace.foundation.arrays import Bools, Float32s, Float64s, Int32s, Int64s
from commonplace.retrieval.index._collection import SEGMENTS, Collection
from commonplace.retrieval.index._segments import Vocabulary, no_documents
from commonplace.retrieval.index.bm25 import STORE, BM25Parameters, idf

_ROUNDING: Final = 1e-5  # relative, of sums in float32


class Postings:
    """A version of the index: documents named by `rows`. Made by `build` and `changed`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.mean_length = collection.mean_length
        self._live = collection.rows >= 0
        segments = [part.segment for part in collection.parts]
        # Always as many: numba compiles anew for each length of a tuple.
        segments += [no_documents()] * (SEGMENTS - len(segments))
        self._inverted = (
            tuple(segment.vocabulary for segment in segments),
            tuple(segment.runs for segment in segments),
            tuple(segment.peaks for segment in segments),
            tuple(segment.documents for segment in segments),
            tuple(segment.saturations for segment in segments),
            collection.bases,
        )
        self._forward = (
            tuple(segment.forward.starts for segment in segments),
            tuple(segment.forward.terms for segment in segments),
            tuple(segment.forward.counts for segment in segments),
            tuple(segment.forward.lengths for segment in segments),
            collection.bases,
        )
        drifts = [part.segment.drift(self.mean_length or 1.0) for part in collection.parts]
        self._slack = min(1.0, *drifts, 1.0) / max(1.0, *drifts, 1.0) * (1 - _ROUNDING)

    @classmethod
    def build(
        cls,
        texts: pa.Array | Sequence[str],
        rows: Sequence[int] | Int64s,
        parameters: BM25Parameters = STORE,
    ) -> "Postings":
        """An index of documents given as their terms joined by spaces."""
        nothing = Collection((), Vocabulary(), np.zeros(0, np.int32), 0, 0, parameters)
        return cls(nothing).changed(texts, rows)

    def changed(
        self,
        texts: pa.Array | Sequence[str] = (),
        rows: Sequence[int] | Int64s = (),
        deleted: Sequence[int] | Int64s = (),
    ) -> "Postings":
        """A version with these documents added, named by `rows`, and those at `deleted` left out.

        Raises:
            ValueError: a row that is to be added is there, or one that is to go is not.
        """
        new, old = np.asarray(rows, np.int64), np.asarray(deleted, np.int64)
        return Postings(self._collection.changed(texts, new, old))

    def renamed(self, old: Int64s, new: Int64s) -> "Postings":
        """The same documents, those at rows `old` now at `new`: the store moved them."""
        return Postings(self._collection.renamed(old, new))

    # ---------------------------------------------------------------- statistics

    @property
    def rows(self) -> Int64s:
        """The names of all documents, ascending."""
        return self._collection.sorted[0]

    @property
    def documents(self) -> int:
        """N: how many documents hold a term."""
        return self._collection.documents

    def df(self, term: str) -> int:
        """How many documents hold `term`."""
        return self._collection.df(term)

    def idf(self, term: str) -> float:
        """log(1 + (N - df + 0.5) / (df + 0.5)), in nats."""
        return idf(self.df(term), self.documents)

    # ---------------------------------------------------------------- ranking

    def top(
        self, terms: Sequence[str], k: int, among: Int64s | None = None
    ) -> tuple[Int64s, Float32s]:
        """The `k` best documents, best first, equals by row; none that scores 0.

        `among`: only these rows, ascending. Statistics stay those of all documents.
        """
        from commonplace.retrieval.index._pruning import candidates

        query, weights = self._query(terms)
        if k < 1 or not len(query):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        allowed = self._live if among is None else self._only(among)
        places = candidates(
            self._inverted,
            query=query,
            exact_weights=weights,
            allowed=allowed,
            k=min(k, len(allowed)),
            slack=self._slack,
        )
        scores = self._exact(query, weights, places)
        rows = self._collection.rows[places]
        best = np.lexsort((rows, -scores))[:k]
        return rows[best], scores[best]

    def scores(self, terms: Sequence[str], rows: Int64s) -> Float32s:
        """The score of each of these rows, 0 where no term occurs.

        Raises:
            ValueError: there is no such row.
        """
        query, weights = self._query(terms)
        return self._exact(query, weights, self._collection.places(np.asarray(rows, np.int64)))

    def _query(self, terms: Sequence[str]) -> tuple[Int32s, Float64s]:
        """The numbers of the known terms, in the query's order, and repeats times idf of each."""
        collection, weights = self._collection, {}
        for term, repeats in Counter(terms).items():
            df = collection.df(term)
            if df:
                number = collection.vocabulary.number(term)
                weights[number] = repeats * idf(df, collection.documents)
        numbers = np.fromiter(weights, np.int32, len(weights))
        return numbers, np.fromiter(weights.values(), np.float64, len(weights))

    def _only(self, among: Int64s) -> Bools:
        """Which documents may be returned."""
        allowed = np.zeros(len(self._live), np.bool_)
        allowed[self._collection.places(among)] = True
        return allowed

    def _exact(self, query: Int32s, weights: Float64s, places: Int64s) -> Float32s:
        from commonplace.retrieval.index._pruning import exact_scores

        mean, parameters = self.mean_length or 1.0, self._collection.parameters
        constants = mean, parameters.k1, parameters.b
        return exact_scores(self._forward, places, query, weights, *constants).astype(np.float32)

"""Okapi BM25, exact: the reference that the store's own ranking is held against.

    score(q, d) = sum over t in q of  idf(t) * tf (k1 + 1) / (tf + k1 (1 - b + b dl / avgdl))
    idf(t)      = log(1 + (N - df + 0.5) / (df + 0.5))

Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the idf
that Lucene and Lance use, which is never negative. A term counts as often as the query repeats it.
A document without any term does not count in N and avgdl, as in Lance. With the default parameters
the scores equal those of a Lance inverted index to float32 precision; here k1 and b are free.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Bools, Float32s, Float64s, Int64s


@dataclass(frozen=True, slots=True)
class BM25Parameters:
    """The two constants of Okapi BM25; the defaults are those that Lance fixes."""

    k1: float = 1.2  # how slowly a repeated term stops counting; 0: only presence counts
    b: float = 0.75  # how far long documents are held back; 0: not at all, 1: fully

    def __post_init__(self) -> None:
        if not (math.isfinite(self.k1) and self.k1 >= 0 and 0 <= self.b <= 1):
            raise ValueError(f"BM25 needs k1 >= 0 and 0 <= b <= 1, not k1={self.k1}, b={self.b}")


STORE: Final = BM25Parameters()  # what the store's inverted index computes


@dataclass(frozen=True, slots=True)
class TermContribution:
    """What one distinct term of the query adds to one document's score."""

    term: str
    query_count: int  # how often the query holds the term
    tf: int  # how often the document holds it
    df: int  # how many documents hold it
    idf: float
    weight: float  # its share of the score: query_count * idf * saturation


class BM25:
    """Postings of a fixed collection, by term: documents (ascending) and frequencies.

    Built from each document's terms; arrays: `_documents`, `_counts` [postings], `_starts`
    [terms + 1], `lengths` [documents].
    """

    def __init__(
        self, documents: Iterable[Sequence[str]], parameters: BM25Parameters = STORE
    ) -> None:
        texts = list(documents)
        self.parameters = parameters
        self.lengths: Int64s = np.fromiter(map(len, texts), np.int64, len(texts))
        self._build(texts)
        self.documents = int(np.count_nonzero(self.lengths))  # N: those that hold a term
        self.mean_length = float(self.lengths.sum()) / max(self.documents, 1)
        k1, b = parameters.k1, parameters.b
        relative = self.lengths / (self.mean_length or 1.0)
        self._norms: Float64s = k1 * (1 - b + b * relative)

    def _build(self, texts: list[Sequence[str]]) -> None:
        """Sort (term, document) pairs as one integer each, and count the runs of equals."""
        n, total = max(len(texts), 1), int(self.lengths.sum())
        numbers: defaultdict[str, int] = defaultdict(count().__next__)  # a new term: the next one
        looked_up = map(numbers.__getitem__, chain.from_iterable(texts))
        pairs = np.fromiter(looked_up, np.int64, total) * n
        self._vocabulary = dict(numbers)
        pairs += np.repeat(np.arange(len(texts)), self.lengths)
        keys, counts = np.unique(pairs, return_counts=True)
        terms, self._documents = np.divmod(keys, n)
        self._counts: Float64s = counts.astype(np.float64)
        self._starts: Int64s = np.searchsorted(terms, np.arange(len(self._vocabulary) + 1))

    def __len__(self) -> int:
        return len(self.lengths)

    def df(self, term: str) -> int:
        """How many documents hold `term`."""
        i = self._vocabulary.get(term)
        return 0 if i is None else int(self._starts[i + 1] - self._starts[i])

    def idf(self, term: str) -> float:
        """log(1 + (N - df + 0.5) / (df + 0.5)), in nats."""
        return idf(self.df(term), self.documents)

    def scores(self, terms: Sequence[str], mask: Bools | None = None) -> Float32s:
        """The score of every document, float32 [documents]; 0 where none of `terms` occurs.

        `mask` [documents] sets all others to 0. Statistics stay global under a mask. Summed in
        float64: in float32 a long query's score of 60 is off by more than 1e-5.
        """
        out = np.zeros(len(self), np.float64)
        for term, repeats in Counter(terms).items():
            i = self._vocabulary.get(term)
            if i is not None:
                run = slice(self._starts[i], self._starts[i + 1])
                where = self._documents[run]
                out[where] += repeats * self.idf(term) * self._saturation(run, where)
        return (out if mask is None else np.where(mask, out, 0)).astype(np.float32)

    def _saturation(self, run: slice, documents: Int64s) -> Float64s:
        """The factor tf (k1 + 1) / (tf + k1 (1 - b + b dl / avgdl)) for the postings in `run`."""
        tf = self._counts[run]
        return tf * (self.parameters.k1 + 1) / (tf + self._norms[documents])

    def top(
        self, terms: Sequence[str], k: int, mask: Bools | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best documents as (index, score), best first; equals by index; none at 0."""
        scores = self.scores(terms, mask)
        matches = np.flatnonzero(scores)
        if 0 < k < len(matches):
            cut = np.partition(scores[matches], -k)[-k]
            matches = matches[scores[matches] >= cut]
        best = matches[np.argsort(-scores[matches], kind="stable")][: max(k, 0)]
        return [(int(i), float(scores[i])) for i in best]

    def explain(self, terms: Sequence[str], document: int) -> list[TermContribution]:
        """What each distinct term adds to the document's score, most first; they sum to it."""
        if not 0 <= document < len(self):
            raise IndexError(f"no document {document}: there are {len(self)}")
        parts = [self._contribution(t, n, document) for t, n in Counter(terms).items()]
        return sorted((p for p in parts if p.tf), key=lambda p: -p.weight)

    def _contribution(self, term: str, repeats: int, document: int) -> TermContribution:
        tf, relative = self._tf(term, document), self.lengths[document] / (self.mean_length or 1.0)
        collection = self.documents, self.df(term)
        return _contribution(term, repeats, tf, float(relative), collection, self.parameters)

    def _tf(self, term: str, document: int) -> int:
        i = self._vocabulary.get(term)
        if i is None:
            return 0
        run: NDArray[Any] = self._documents[self._starts[i] : self._starts[i + 1]]
        at = int(np.searchsorted(run, document))
        is_held = at < len(run) and run[at] == document
        return int(self._counts[self._starts[i] + at]) if is_held else 0


def idf(df: int, documents: int) -> float:
    """log(1 + (N - df + 0.5) / (df + 0.5)), in nats, for a term that `df` of N documents hold."""
    return math.log1p((documents - df + 0.5) / (df + 0.5))


def contributions(
    terms: Sequence[str],
    held: Sequence[str],
    frequencies: Mapping[str, int],
    collection: tuple[int, float],
) -> list[TermContribution]:
    """What each distinct query term adds to the score of one document, most first.

    `held` are the document's terms, `frequencies` the document frequency of each term that both
    hold, `collection` the number of documents and their mean length.
    """
    documents, mean = collection
    counts, relative = Counter(held), len(held) / (mean or 1.0)
    parts = [
        _contribution(term, n, counts[term], relative, (documents, frequencies[term]), STORE)
        for term, n in Counter(terms).items()
        if counts[term]
    ]
    return sorted(parts, key=lambda part: -part.weight)


def _contribution(
    term: str,
    repeats: int,
    tf: int,
    relative: float,
    collection: tuple[int, int],
    parameters: BM25Parameters,
) -> TermContribution:
    """The formula at the head of this module for one term; `relative` is dl / avgdl."""
    (documents, df), (k1, b) = collection, (parameters.k1, parameters.b)
    rarity = idf(df, documents)
    saturation = tf * (k1 + 1) / (tf + k1 * (1 - b + b * relative)) if tf else 0.0
    return TermContribution(term, repeats, tf, df, rarity, repeats * rarity * saturation)

"""Segments of the accelerator: a run of documents, forward and inverted, that never changes.

Forward (each document's terms and counts) it can be scored exactly, merged, and taken out of the
statistics; inverted (each term's documents with their saturations) it can be searched. The
saturations are made with the mean length of that time; `drift` says how far that can be off now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonplace.foundation.arrays import Float32s, Int32s, Int64s
from commonplace.retrieval.index.bm25 import BM25Parameters

_AT_ONCE: Final = 20_000  # documents whose terms are numbered together


@dataclass(frozen=True, slots=True)
class Forward:
    """Each document's terms: `starts` [n + 1], `terms` ascending and `counts` [postings]."""

    starts: Int64s
    terms: Int32s
    counts: NDArray[np.uint16]
    lengths: Int32s  # how many terms a document has, repeats counted

    def __len__(self) -> int:
        return len(self.lengths)

    def subset(self, documents: Int64s) -> "Forward":
        """Only these documents, in that order."""
        from commonplace.retrieval.index._inversion import take_documents

        if len(documents) == len(self):
            return self
        lists = take_documents(self.starts, self.terms, self.counts, documents)
        return Forward(*lists, self.lengths[documents])


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of documents; the arrays of the inverted part are those of `_inversion.invert`."""

    forward: Forward
    vocabulary: Int32s
    runs: Int64s
    documents: NDArray[np.uint32]
    saturations: Float32s
    peaks: Float32s
    mean_length: float

    def __len__(self) -> int:
        return len(self.forward)

    def drift(self, mean_length: float) -> float:
        """The ratio of two mean lengths.

        A saturation lies between 1 and this times what it would be with the other mean: in
        tf (k1 + 1) / (tf + c + d / mean) only the last summand changes, by just this factor.
        """
        return mean_length / self.mean_length


class Vocabulary:
    """The number of every term that was ever met. It only grows, so old versions can share it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._next = count().__next__

    def __len__(self) -> int:
        return len(self._numbers)

    def get(self, term: str) -> int | None:
        """The number of a term; None if no document ever held it."""
        return self._numbers.get(term)

    def number(self, term: str) -> int:
        """The number of a term that was met."""
        return self._numbers[term]

    def numbers(self, terms: Sequence[str]) -> Int32s:
        """The numbers of terms, new ones for those that are new."""
        numbers = self._numbers
        for term in terms:
            if term not in numbers:
                numbers[term] = self._next()
        return np.fromiter(map(numbers.__getitem__, terms), np.int32, len(terms))


def forward(texts: pa.Array | Sequence[str], vocabulary: Vocabulary) -> Forward:
    """Documents given as their terms joined by spaces (the store's column `terms`)."""
    return joined([_forward(part, vocabulary) for part in _parts(texts)])


def _parts(texts: pa.Array | Sequence[str]) -> Iterator[pa.Array]:
    for start in range(0, max(len(texts), 1), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        yield part if isinstance(part, pa.Array) else pa.array(part, pa.string())


def _forward(texts: pa.Array, vocabulary: Vocabulary) -> Forward:
    """Split and number in Arrow: only the distinct terms of a part are touched by Python."""
    from commonplace.retrieval.index._inversion import count_terms

    lists = pc.split_pattern(texts, " ")
    coded = lists.flatten().dictionary_encode()
    numbers = vocabulary.numbers(coded.dictionary.to_pylist())
    tokens = numbers[coded.indices.to_numpy()] if len(numbers) else np.empty(0, np.int32)
    held = np.diff(lists.offsets.to_numpy())
    empty = vocabulary.get("")  # what splitting an empty text gives
    if empty is not None:
        is_term = tokens != empty
        owners = np.repeat(np.arange(len(held)), held)[is_term]
        tokens, held = tokens[is_term], np.bincount(owners, minlength=len(held))
    starts = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
    return Forward(*count_terms(tokens, starts), held.astype(np.int32))


def joined(parts: Sequence[Forward]) -> Forward:
    """Documents one after another."""
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(len(part.terms) for part in parts)])
    # The last offset is the end of all, and belongs to no part.
    starts = [part.starts[1:] + offset for part, offset in zip(parts, offsets, strict=False)]
    return Forward(
        np.concatenate([np.zeros(1, np.int64), *starts]),
        np.concatenate([part.terms for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )


def sealed(
    documents: Forward, mean_length: float, vocabulary: int, parameters: BM25Parameters
) -> Segment:
    """A segment of these documents; `vocabulary` is how many terms there are."""
    from commonplace.retrieval.index._inversion import invert

    k1, b = parameters.k1, parameters.b
    mean = mean_length or 1.0
    norms = k1 * (1 - b + b * (documents.lengths / mean))
    d = documents
    return Segment(d, *invert(d.starts, d.terms, d.counts, norms, k1, vocabulary), mean)


def no_documents() -> Segment:
    """A segment that stands where there is none: the compiled loops take a fixed number."""
    numbers, terms = np.empty(0, np.int64), np.empty(0, np.int32)
    nothing = Forward(np.zeros(1, np.int64), terms, np.empty(0, np.uint16), terms)
    floats = np.empty(0, np.float32)
    return Segment(
        forward=nothing,
        vocabulary=terms,
        runs=numbers,
        documents=np.empty(0, np.uint32),
        saturations=floats,
        peaks=floats,
        mean_length=1.0,
    )

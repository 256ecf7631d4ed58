"""The documents of one version of the accelerator, their statistics, and the way to the next one.

At most `SEGMENTS` segments, each more than eight times the next: added documents join the smallest,
which is merged into its neighbour when it has grown (as in Lucene, and an LSM tree). Deleting
marks; what is marked leaves when its segment is made anew. Nothing changes in place: a version
shares the segments that stay with the one before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

from commonplace.foundation.arrays import Int32s, Int64s
from commonplace.retrieval.index import _segments
from commonplace.retrieval.index._segments import Forward, Segment, Vocabulary
from commonplace.retrieval.index.bm25 import BM25Parameters

SEGMENTS: Final = 6
_RATIO: Final = 8  # between the sizes of neighbours, so that few segments hold many documents
_SMALL: Final = 1_024  # documents that are always merged: two milliseconds
_MOST_DRIFT: Final = 0.01  # of the mean length, before saturations are made anew
_NO_SUCH_ROW: Final = "a row that is not in the index"


@dataclass(frozen=True, slots=True)
class Part:
    """A segment with what changes about it: `rows` [n] name its documents, -1 where deleted."""

    segment: Segment
    rows: Int64s

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def living(self) -> "tuple[Forward, Int64s]":
        """The documents that are not deleted, and their names."""
        live = np.flatnonzero(self.rows >= 0)
        return self.segment.forward.subset(live), self.rows[live]


@dataclass(frozen=True)
class Collection:
    """Documents named by rows (0 or more), and how often each term occurs among the living."""

    parts: tuple[Part, ...]
    vocabulary: Vocabulary
    frequencies: Int32s  # [terms], in how many documents
    documents: int  # N: those that live and hold a term
    terms: int  # in all of them, repeats counted
    parameters: BM25Parameters

    @property
    def mean_length(self) -> float:
        """How many terms a document has that has any."""
        return self.terms / max(self.documents, 1)

    @cached_property
    def rows(self) -> Int64s:
        """The name of every document, -1 where deleted."""
        return np.concatenate([np.empty(0, np.int64), *(part.rows for part in self.parts)])

    @cached_property
    def bases(self) -> Int64s:
        """Where each segment begins [SEGMENTS + 1]; at the end those that are not there."""
        bases = np.full(SEGMENTS + 1, len(self.rows), np.int64)
        bases[: len(self.parts)] = np.cumsum([0, *map(len, self.parts)])[:-1]
        return bases

    @cached_property
    def sorted(self) -> tuple[Int64s, Int64s]:
        """The names of the living, ascending, and where each of them stands."""
        live = np.flatnonzero(self.rows >= 0)
        names = self.rows[live]
        if np.all(names[1:] > names[:-1]):  # as they nearly always are
            return names, live
        order = np.argsort(names, kind="stable")
        return names[order], live[order]

    def places(self, rows: Int64s) -> Int64s:
        """Where the documents of these names stand.

        Raises:
            ValueError: there is no such row.
        """
        if len(rows) == 1:  # looking at every name is quicker than sorting them
            at = np.flatnonzero(self.rows == rows[0])
            if not len(at) or rows[0] < 0:
                raise ValueError(_NO_SUCH_ROW)
            return at
        names, places = self.sorted
        at = np.searchsorted(names, rows)
        if len(rows) and (at.max() >= len(names) or (names[at] != rows).any()):
            raise ValueError(_NO_SUCH_ROW)
        return places[at]

    def df(self, term: str) -> int:
        """How many documents hold `term`."""
        number = self.vocabulary.get(term)
        if number is None or number >= len(self.frequencies):  # a later version may have met it
            return 0
        return int(self.frequencies[number])

    def changed(
        self, texts: pa.Array | Sequence[str], rows: Int64s, deleted: Int64s
    ) -> "Collection":
        """With these documents added, named by `rows`, and those at `deleted` left out.

        Raises:
            ValueError: a row that is to be added is there, or one that is to go is not.
        """
        remaining = self._without(deleted)
        if not len(texts) and not len(rows):
            return replace(remaining, parts=tuple(map(remaining._fresh, remaining.parts)))
        added = _segments.forward(texts, self.vocabulary)
        if len(rows) != len(added) or not _are_names(rows) or np.isin(rows, remaining.rows).any():
            raise ValueError("a row for each document, 0 or more, and none twice")
        grown = len(self.vocabulary) - len(remaining.frequencies)
        frequencies = np.pad(remaining.frequencies, (0, grown))
        np.add.at(frequencies, added.terms, 1)
        version = replace(
            remaining,
            frequencies=frequencies,
            documents=remaining.documents + int(np.count_nonzero(added.lengths)),
            terms=remaining.terms + int(added.lengths.sum()),
        )
        parts = [*remaining.parts, version._sealed(added, rows)]
        return replace(version, parts=tuple(map(version._fresh, version._merged(parts))))

    def renamed(self, old: Int64s, new: Int64s) -> "Collection":
        """The same documents, those at rows `old` now at `new`."""
        rows = self.rows.copy()
        rows[self.places(old)] = new
        return self._named(rows)

    def _named(self, rows: Int64s) -> "Collection":
        pieces = np.split(rows, self.bases[1 : len(self.parts)])
        named = zip(self.parts, pieces, strict=False)
        return replace(self, parts=tuple(replace(part, rows=piece) for part, piece in named))

    def _without(self, deleted: Int64s) -> "Collection":
        if not len(deleted):
            return self
        places = np.unique(self.places(deleted))
        rows, frequencies = self.rows.copy(), self.frequencies.copy()
        rows[places] = -1
        documents, terms = self.documents, self.terms
        for part, base in zip(self.parts, self.bases, strict=False):
            local = places - base
            lost = part.segment.forward.subset(local[(local >= 0) & (local < len(part))])
            np.subtract.at(frequencies, lost.terms, 1)
            documents -= int(np.count_nonzero(lost.lengths))
            terms -= int(lost.lengths.sum())
        marked = replace(self, frequencies=frequencies, documents=documents, terms=terms)
        return marked._named(rows)

    def _merged(self, parts: list[Part]) -> list[Part]:
        """Join neighbours from the smallest up, until each is much larger than the next."""
        while len(parts) > 1:
            large, small = len(parts[-2]), len(parts[-1])
            if small + large > _SMALL and small * _RATIO < large and len(parts) <= SEGMENTS:
                break
            documents, rows = zip(*(part.living for part in parts[-2:]), strict=True)
            parts = [*parts[:-2], self._sealed(_segments.joined(documents), np.concatenate(rows))]
        return parts

    def _fresh(self, part: Part) -> Part:
        """The part, made anew where its saturations are too far off or half of it is deleted."""
        few = 2 * int(np.count_nonzero(part.rows >= 0)) < len(part)
        drift = part.segment.drift(self.mean_length or 1.0)
        return self._sealed(*part.living) if few or abs(drift - 1) > _MOST_DRIFT else part

    def _sealed(self, documents: Forward, rows: Int64s) -> Part:
        mean, count = self.mean_length, len(self.vocabulary)
        return Part(_segments.sealed(documents, mean, count, self.parameters), rows)


def _are_names(rows: Int64s) -> bool:
    return not len(rows) or (rows.min() >= 0 and len(np.unique(rows)) == len(rows))

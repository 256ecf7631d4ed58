"""From a query to ranked passages: BM25 and dense candidates, fused, and the top reranked.

Two profiles, each chosen by measurement (docs/measurements.md). `fast` fuses BM25 with the cosine
of the encoder; `best` lets a cross-encoder read the top once more. Where no passage has a vector
yet, or the weights cannot be had, the lexical ranking stands alone, and says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation import Stopwatch
from commonplace.library import Passage, analyse, indexed_text
from commonplace.retrieval._bm25 import TermContribution
from commonplace.retrieval._fusion import FusionParameters, fuse, order
from commonplace.retrieval._mixture import RerankParameters, mix
from commonplace.retrieval._view import Floats, Rows, View

_ROUNDING = 1e-6  # relative; float32 sums were seen to be off by three units in the last place
Profile = Literal["bm25", "dense", "fast", "best"]


class QueryEncoder(Protocol):
    """Turns queries into unit vectors [n, dimension]."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text."""


class Reranker(Protocol):
    """Reads a query and a passage together: a higher score for a better match."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One score for each (query, passage) pair."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage is where it is: every number that its place came from.

    `terms` add up to `bm25`, whose statistics are those of all passages, also under a filter.
    Ranks count from 1; None where the passage was not in that list or the stage did not run.
    """

    terms: tuple[TermContribution, ...]
    bm25: float
    bm25_rank: int | None
    cosine: float | None
    dense_rank: int | None
    fused: float | None
    fused_rank: int | None
    reranked: float | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `score` orders the hits of one search and means nothing across."""

    passage: Passage
    score: float
    explanation: Explanation | None = None


@dataclass
class _Candidates:
    """Rows with what is known of each, aligned; `scores` is the latest stage's."""

    rows: Rows
    scores: Floats
    bm25: Floats
    cosine: Floats | None = None
    fused: Floats | None = None
    fused_rank: NDArray[np.int64] | None = None
    reranked: Floats | None = None
    lexical_rows: Rows | None = None
    dense_rows: Rows | None = None

    def keep(self, at: NDArray[np.int64]) -> None:
        """Reorder all that is aligned, and forget the rest."""
        self.rows, self.scores, self.bm25 = self.rows[at], self.scores[at], self.bm25[at]
        for name in ("cosine", "fused", "fused_rank", "reranked"):
            values = getattr(self, name)
            if values is not None:
                setattr(self, name, values[at])


def search(
    view: View,
    query: str,
    profile: Profile,
    limit: int,
    encoder: QueryEncoder | None,
    reranker: Reranker | None,
    *,
    explain: bool = False,
    watch: Stopwatch | None = None,
    fusion: FusionParameters | None = None,
    rerank: RerankParameters | None = None,
) -> list[Hit]:
    """The `limit` best passages for a query, best first.

    Profiles `fast` and `best` need an `encoder`, `best` a `reranker`; without them (or without
    vectors) the stage is left out. `fusion` and `rerank` default to the measured constants.
    """
    watch = watch or Stopwatch()
    terms = analyse(query)
    fusion, rerank = fusion or FusionParameters(), rerank or RerankParameters()
    dense = encoder if view.has_vectors and profile != "bm25" else None
    depth = max(fusion.depth, limit)
    if dense is None:
        with watch.stage("bm25"):
            rows, scores = view.lexical(terms, depth)
        found = _Candidates(rows, scores, scores, lexical_rows=rows)
    else:
        found = _hybrid(view, query, terms, dense, depth, fusion, profile, watch)
    texts: dict[int, Passage] = {}
    if profile == "best" and reranker is not None:
        with watch.stage("rerank"):
            texts = _rerank(view, query, found, reranker, rerank)
    found.keep(np.arange(min(limit, len(found.rows))))
    with watch.stage("fetch"):
        passages = _fetch(view, found.rows, texts)
    if not explain:
        return [Hit(p, float(score)) for p, score in zip(passages, found.scores, strict=True)]
    return [_explained(view, terms, found, place, p) for place, p in enumerate(passages)]


def _hybrid(
    view: View,
    query: str,
    terms: Sequence[str],
    encoder: QueryEncoder,
    depth: int,
    fusion: FusionParameters,
    profile: Profile,
    watch: Stopwatch,
) -> _Candidates:
    """The union of both lists, each candidate scored exactly by both, fused, best first."""
    with watch.stage("bm25"):
        lexical_rows, lexical = view.lexical(terms, depth)
    with watch.stage("encode"):
        vector = encoder.encode_queries([query])[0]
    with watch.stage("dense"):
        dense_rows, cosines = view.dense(vector, depth)
        if profile == "dense":
            nothing = np.zeros(len(dense_rows), np.float32)
            return _Candidates(dense_rows, cosines, nothing, cosines, dense_rows=dense_rows)
        only_dense = np.setdiff1d(dense_rows, lexical_rows)
        rows = np.concatenate([lexical_rows, only_dense])
        cosine = view.cosines(vector, rows)
    with watch.stage("bm25"):
        bm25 = np.concatenate([lexical, view.lexical_scores(terms, only_dense)])
    with watch.stage("fuse"):
        fused = fuse(bm25, cosine, fusion)
        found = _Candidates(rows, fused, bm25, cosine, fused)
        found.lexical_rows, found.dense_rows = lexical_rows, dense_rows
        found.keep(order(fused))
        found.fused_rank = np.arange(1, len(found.rows) + 1)
    return found


def _rerank(
    view: View, query: str, found: _Candidates, reranker: Reranker, parameters: RerankParameters
) -> dict[int, Passage]:
    """Reorder the top in place; returns the passages that were fetched for it, by row."""
    top = found.rows[: parameters.depth]
    passages = view.passages(top)
    read = [(query, indexed_text(p.title, p.heading, p.text)) for p in passages]
    scores = reranker.score(read) if read else np.empty(0, np.float32)
    found.reranked = np.full(len(found.rows), np.nan, np.float32)
    found.reranked[: len(top)] = scores
    found.scores = mix(found.scores, scores, parameters)
    found.keep(order(found.scores))
    return dict(zip(top.tolist(), passages, strict=True))


def _fetch(view: View, rows: Rows, there: dict[int, Passage]) -> list[Passage]:
    """Passages by row; those that a stage has fetched already are not fetched again."""
    missing = np.array([row for row in rows.tolist() if row not in there], np.int64)
    there = there | dict(zip(missing.tolist(), view.passages(missing), strict=True))
    return [there[row] for row in rows.tolist()]


def _explained(
    view: View, terms: Sequence[str], found: _Candidates, place: int, passage: Passage
) -> Hit:
    """A hit with its explanation; where BM25 alone ranked, its score is the explanation's own."""
    explanation = _explain(view, terms, found, place)
    alone = found.cosine is None and found.reranked is None
    score = explanation.bm25 if alone else float(found.scores[place])
    return Hit(passage, score, explanation)


def _in_double(bm25: float, parts: Sequence[TermContribution]) -> float:
    """The score without the store's float32 rounding; any larger difference is left to be seen."""
    total = math.fsum(part.weight for part in parts)
    return total if math.isclose(total, bm25, rel_tol=_ROUNDING) else bm25


def _explain(view: View, terms: Sequence[str], found: _Candidates, place: int) -> Explanation:
    row = int(found.rows[place])
    bm25 = float(found.bm25[place])
    parts = tuple(view.explain(terms, row)) if bm25 else ()
    return Explanation(
        terms=parts,
        bm25=_in_double(bm25, parts),
        bm25_rank=_rank(found.lexical_rows, row),
        cosine=_number(found.cosine, place),
        dense_rank=_rank(found.dense_rows, row),
        fused=_number(found.fused, place),
        fused_rank=None if found.fused_rank is None else int(found.fused_rank[place]),
        reranked=_number(found.reranked, place),
    )


def _rank(rows: Rows | None, row: int) -> int | None:
    at = np.flatnonzero(rows == row) if rows is not None else np.empty(0)
    return int(at[0]) + 1 if len(at) else None


def _number(values: Floats | None, place: int) -> float | None:
    return None if values is None or np.isnan(values[place]) else float(values[place])

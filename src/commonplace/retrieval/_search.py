"""From a query to ranked passages: BM25 and dense candidates, fused, smoothed, the top reranked.

Two profiles, each chosen by measurement (docs/measurements/ranking.md). `fast` fuses BM25 with the
cosine of the encoder, and lets the best passages' neighbours speak for them; `best` compares the
top with the query once more, token by token. Where no passage has a vector yet, or the
weights cannot be had, the lexical ranking stands alone, and says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from commonplace.corpus import Passage, analyse, indexed_text
from commonplace.foundation import Stopwatch
from commonplace.foundation.arrays import Float32s, Int64s
from commonplace.retrieval._candidates import Candidates
from commonplace.retrieval._explanation import Explanation, Hit
from commonplace.retrieval._features import FEATURES, Signals, features
from commonplace.retrieval._feedback import Taste, spread
from commonplace.retrieval._view import View
from commonplace.retrieval.fusion import FusionParameters, fused_parts, standard
from commonplace.retrieval.index.bm25 import TermContribution
from commonplace.retrieval.mixture import RerankParameters, reranked_part
from commonplace.retrieval.neighbours import NeighbourParameters, neighbour_means

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
class RankingParameters:
    """The constants of every stage; the defaults are those that were measured."""

    fusion: FusionParameters = field(default_factory=FusionParameters)
    neighbours: NeighbourParameters = field(default_factory=NeighbourParameters)
    rerank: RerankParameters = field(default_factory=RerankParameters)


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
    parameters: RankingParameters | None = None,
    taste: Taste | None = None,
) -> list[Hit]:
    """The `limit` best passages for a query, best first.

    Profiles `fast` and `best` need an `encoder`, `best` a `reranker`; without them (or without
    vectors) the stage is left out. `taste` is what was learned from this library's feedback.
    """
    watch, parameters = watch or Stopwatch(), parameters or RankingParameters()
    terms = analyse(query)
    dense = encoder if view.has_vectors and profile != "bm25" else None
    depth = max(parameters.fusion.depth, limit)
    if dense is None:
        with watch.stage("bm25"):
            rows, scores = view.lexical(terms, depth)
        found = Candidates(rows, scores, {"bm25": scores}, lexical_rows=rows)
    else:
        found = _hybrid(view, query, terms, dense, depth, parameters, profile, watch)
    texts: dict[int, Passage] = {}
    if profile == "best" and reranker is not None:
        with watch.stage("rerank"):
            texts = _rerank(view, query, found, reranker, parameters.rerank)
    if taste is not None:
        with watch.stage("feedback"):
            texts |= _adapt(view, query, found, taste)
    found.keep(np.arange(min(limit, len(found.rows))))
    with watch.stage("fetch"):
        passages = _fetch(view, found.rows, texts)
    if explain:
        return _explained(view, terms, found, passages)
    return [Hit(p, float(score)) for p, score in zip(passages, found.scores, strict=True)]


def _hybrid(
    view: View,
    query: str,
    terms: Sequence[str],
    encoder: QueryEncoder,
    depth: int,
    parameters: RankingParameters,
    profile: Profile,
    watch: Stopwatch,
) -> Candidates:
    """The union of both lists, each candidate scored exactly by both, fused, best first."""
    with watch.stage("bm25"):
        lexical_rows, lexical = view.lexical(terms, depth)
    with watch.stage("encode"):
        vector = encoder.encode_queries([query])[0]
    with watch.stage("dense"):
        dense_rows, cosines = view.dense(vector, depth)
        if profile == "dense":
            nothing = np.zeros(len(dense_rows), np.float32)
            only = {"cosine": cosines}
            return Candidates(
                dense_rows, nothing, only, cosines, dense_rows=dense_rows, query_vector=vector
            )
        only_dense = np.setdiff1d(dense_rows, lexical_rows)
        rows = np.concatenate([lexical_rows, only_dense])
        cosine = view.cosines(vector, rows)
    with watch.stage("bm25"):
        bm25 = np.concatenate([lexical, view.lexical_scores(terms, only_dense)])
    with watch.stage("fuse"):
        found = _fused(rows, bm25, cosine, parameters.fusion)
        found.lexical_rows, found.dense_rows = lexical_rows, dense_rows
        found.query_vector = vector
        _smooth(view, found, parameters.neighbours)
    return found


def _fused(
    rows: Int64s, bm25: Float32s, cosine: Float32s, parameters: FusionParameters
) -> Candidates:
    words, meaning = fused_parts(bm25, cosine, parameters)
    found = Candidates(rows, bm25, {"bm25": words, "cosine": meaning}, cosine)
    found.fused = found.scores.astype(np.float32)
    found.rank()
    found.fused_rank = np.arange(1, len(rows) + 1)
    return found


def _smooth(view: View, found: Candidates, parameters: NeighbourParameters) -> None:
    """Let the neighbours of the best candidates speak for them."""
    depth, weight = min(parameters.depth, len(found.rows)), np.float32(parameters.weight)
    top = found.rows[:depth]
    means = neighbour_means(found.scores[:depth], view.vectors(top), parameters.nearest)
    found.neighbours = np.full(len(found.rows), np.nan, np.float32)
    found.neighbours[:depth] = means
    found.adjust({"neighbours": weight * means}, depth, keep=1 - parameters.weight)


def _rerank(
    view: View, query: str, found: Candidates, reranker: Reranker, parameters: RerankParameters
) -> dict[int, Passage]:
    """Reorder the top in place; returns the passages that were fetched for it, by row."""
    if found.cosine is None:  # BM25 alone: bring its scores to the scale that the weight is for
        found.parts = {"bm25": standard(found.bm25)}
    top = found.rows[: parameters.depth]
    passages = view.passages(top)
    read = [(query, indexed_text(p.title, p.heading, p.text)) for p in passages]
    scores = reranker.score(read) if read else np.empty(0, np.float32)
    found.reranked = np.full(len(found.rows), np.nan, np.float32)
    found.reranked[: len(top)] = scores
    found.adjust({"late interaction": reranked_part(scores, parameters)}, len(top))
    return dict(zip(top.tolist(), passages, strict=True))


def _adapt(view: View, query: str, found: Candidates, taste: Taste) -> dict[int, Passage]:
    """Move the top by what was said of it; returns the passages that were fetched for it."""
    depth = min(taste.parameters.depth, len(found.rows))
    top = found.rows[:depth]
    passages = view.passages(top)
    contents = [passage.content_hash for passage in passages]
    moved = taste.adjustments(query, found.query_vector, contents)
    if moved.any():
        found.adjust({"feedback": np.float32(spread(found.scores[:depth])) * moved}, depth)
    return dict(zip(top.tolist(), passages, strict=True))


def _fetch(view: View, rows: Int64s, there: dict[int, Passage]) -> list[Passage]:
    """Passages by row; those that a stage has fetched already are not fetched again."""
    missing = np.array([row for row in rows.tolist() if row not in there], np.int64)
    there = there | dict(zip(missing.tolist(), view.passages(missing), strict=True))
    return [there[row] for row in rows.tolist()]


def _explained(
    view: View, terms: Sequence[str], found: Candidates, passages: Sequence[Passage]
) -> list[Hit]:
    """Hits with explanations; where BM25 alone ranked, its score is the explanation's own."""
    signals = Signals(found.bm25, found.cosine, found.neighbours, found.reranked)
    matrix = features(terms, passages, signals, view.idf, datetime.now(UTC))
    hits = []
    for place, passage in enumerate(passages):
        why = _explain(view, terms, found, place, matrix[place])
        score = float(found.scores[place]) if len(found.parts) > 1 else why.contributions[0][1]
        hits.append(Hit(passage, score, why))
    return hits


def _explain(
    view: View, terms: Sequence[str], found: Candidates, place: int, known: Float32s
) -> Explanation:
    row = int(found.rows[place])
    bm25 = float(found.bm25[place])
    parts = tuple(view.explain(terms, row)) if bm25 else ()
    exact = _in_double(bm25, parts)
    added = {name: float(values[place]) for name, values in found.parts.items()}
    if added.keys() == {"bm25"}:
        added["bm25"] = exact
    return Explanation(
        terms=parts,
        bm25=exact,
        bm25_rank=_rank(found.lexical_rows, row),
        cosine=_number(found.cosine, place),
        dense_rank=_rank(found.dense_rows, row),
        fused=_number(found.fused, place),
        fused_rank=None if found.fused_rank is None else int(found.fused_rank[place]),
        neighbours=_number(found.neighbours, place),
        reranked=_number(found.reranked, place),
        contributions=tuple(added.items()),
        features=tuple(zip(FEATURES, map(float, known), strict=True)),
    )


def _in_double(bm25: float, parts: Sequence[TermContribution]) -> float:
    """The score without the store's float32 rounding; any larger difference is left to be seen."""
    total = math.fsum(part.weight for part in parts)
    return total if math.isclose(total, bm25, rel_tol=_ROUNDING) else bm25


def _rank(rows: Int64s | None, row: int) -> int | None:
    at = np.flatnonzero(rows == row) if rows is not None else np.empty(0)
    return int(at[0]) + 1 if len(at) else None


def _number(values: Float32s | None, place: int) -> float | None:
    return None if values is None or np.isnan(values[place]) else float(values[place])

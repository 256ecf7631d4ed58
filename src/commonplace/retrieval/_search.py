"""From a query to ranked passages: BM25 and dense candidates, fused, smoothed, the top reranked.

Two profiles, each chosen by measurement (docs/measurements/ranking.md). `fast` fuses BM25 with the
cosine of the encoder, and lets the best passages' neighbours speak for them; `best` compares the
top with the query once more, token by token. Where no passage has a vector yet, or the
weights cannot be had, the lexical ranking stands alone, and says so.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

import numpy as np

from commonplace.corpus import Passage, analyse, indexed_text, spellings
from commonplace.foundation import Stopwatch
from commonplace.foundation.arrays import Bools, Float32s, Int64s
from commonplace.retrieval import fusion
from commonplace.retrieval._candidates import Candidates
from commonplace.retrieval._explanation import Explanation, Hit
from commonplace.retrieval._features import FEATURES, Signals, features
from commonplace.retrieval._feedback import RelevanceFeedback, spread
from commonplace.retrieval._view import View
from commonplace.retrieval.fusion import FusionParameters, RerankParameters
from commonplace.retrieval.index.bm25 import TermContribution
from commonplace.retrieval.neighbours import NeighbourParameters, neighbour_means

_ROUNDING = 1e-6  # relative; float32 sums are off by up to three units in the last place
# Cosine below which a passage without a word of the query does not fit it: of twelve queries about
# what two libraries of notes lack, eight had their best at .53 to .60; paraphrases have .65.
_NEAR = 0.62
_SEARCHED_THROUGH = 2_000  # candidates of a query that not every passage can be a hit of
Profile = Literal["bm25", "dense", "fast", "best"]


class QueryEncoder(Protocol):
    """Turns queries into unit vectors [n, dimension]."""

    def encode_queries(self, texts: Sequence[str]) -> Float32s:
        """One row for each text."""


class Reranker(Protocol):
    """Reads a query and a passage together: a higher score for a better match."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> Float32s:
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
    feedback: RelevanceFeedback | None = None,
    accepts: Callable[[Passage], bool] | None = None,
) -> list[Hit]:
    """The `limit` best passages for a query, best first.

    Profiles `fast` and `best` need an `encoder`, `best` a `reranker`; without them (or without
    vectors) the stage is left out. `feedback` is what this library's user thought of earlier
    results. Only passages that `accepts` accepts are hits; so many more are looked at.
    """
    watch, parameters = watch or Stopwatch(), parameters or RankingParameters()
    terms = [*analyse(query), *spellings(query)]
    named = view.named(terms)
    dense = encoder if view.has_vectors and profile != "bm25" else None
    depth = max(parameters.fusion.depth, limit, _SEARCHED_THROUGH if accepts else 0)
    if dense is None:
        with watch.stage("bm25"):
            lexical_rows, scores = view.lexical(terms, depth)
        rows = _with_others(lexical_rows, named)
        scores = np.append(scores, np.zeros(len(rows) - len(scores), np.float32))
        candidates = Candidates(rows, scores, {"bm25": scores}, lexical_rows=lexical_rows)
    else:
        candidates = _hybrid(
            view,
            query,
            terms,
            dense,
            depth=depth,
            parameters=parameters,
            profile=profile,
            watch=watch,
            named=named,
        )
    if len(named) and profile != "dense":
        _raise_named(candidates, named)
    texts: dict[int, Passage] = {}
    if profile == "best" and reranker is not None:
        with watch.stage("rerank"):
            texts = _rerank(view, query, candidates, reranker, parameters.rerank)
    if feedback is not None:
        with watch.stage("feedback"):
            texts |= _adapt(view, query, candidates, feedback)
    with watch.stage("fetch"):
        passages = _fetch_apart(view, candidates, limit, texts, accepts)
    if explain:
        hits = _explained(view, terms, candidates, passages)
    else:
        hits = [Hit(p, float(s)) for p, s in zip(passages, candidates.scores, strict=True)]
    return [
        replace(hit, also_in=_elsewhere(view, hit.passage), fits=bool(fits))
        for hit, fits in zip(hits, _fitting(candidates), strict=True)
    ]


def _hybrid(
    view: View,
    query: str,
    terms: Sequence[str],
    encoder: QueryEncoder,
    *,
    depth: int,
    parameters: RankingParameters,
    profile: Profile,
    watch: Stopwatch,
    named: Int64s,
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
        only_dense = np.setdiff1d(_with_others(dense_rows, named), lexical_rows)
        rows = np.concatenate([lexical_rows, only_dense])
        cosine = view.cosines(vector, rows)
    with watch.stage("bm25"):
        bm25 = np.concatenate([lexical, view.lexical_scores(terms, only_dense)])
    with watch.stage("fuse"):
        candidates = _fused(rows, bm25, cosine, parameters.fusion)
        candidates.lexical_rows, candidates.dense_rows = lexical_rows, dense_rows
        candidates.query_vector = vector
        _smooth(view, candidates, parameters.neighbours)
    return candidates


def _with_others(rows: Int64s, named: Int64s) -> Int64s:
    """The rows, and behind them those that are named."""
    return np.append(rows, np.setdiff1d(named, rows))


def _raise_named(candidates: Candidates, named: Int64s) -> None:
    """Raise to the top what the query names by its file and folders."""
    span = float(np.ptp(candidates.scores)) if len(candidates.scores) > 1 else 0.0
    raised = np.float32(span or 1.0) * np.isin(candidates.rows, named)
    candidates.adjust({"names": raised.astype(np.float32)}, len(candidates.rows))


def _fused(
    rows: Int64s, bm25: Float32s, cosine: Float32s, parameters: FusionParameters
) -> Candidates:
    words, meaning = fusion.fused_parts(bm25, cosine, parameters)
    candidates = Candidates(rows, bm25, {"bm25": words, "cosine": meaning}, cosine)
    candidates.fused = candidates.scores.astype(np.float32)
    candidates.rank()
    candidates.fused_rank = np.arange(1, len(rows) + 1)
    return candidates


def _smooth(view: View, candidates: Candidates, parameters: NeighbourParameters) -> None:
    """Let the neighbours of the best candidates speak for them."""
    depth, weight = min(parameters.depth, len(candidates.rows)), np.float32(parameters.weight)
    top = candidates.rows[:depth]
    means = neighbour_means(candidates.scores[:depth], view.vectors(top), parameters.nearest)
    candidates.neighbours = np.full(len(candidates.rows), np.nan, np.float32)
    candidates.neighbours[:depth] = means
    candidates.adjust({"neighbours": weight * means}, depth, keep=1 - parameters.weight)


def _rerank(
    view: View, query: str, candidates: Candidates, reranker: Reranker, parameters: RerankParameters
) -> dict[int, Passage]:
    """Reorder the top in place; returns the passages that were fetched for it, by row."""
    if candidates.cosine is None:
        # BM25 alone is not fused: bring its scores to the scale that the reranker's weight is for.
        candidates.parts = {"bm25": fusion.standard(candidates.bm25)}
    top = candidates.rows[: parameters.depth]
    passages = view.passages(top)
    read = [(query, indexed_text(p.title, p.heading, p.text)) for p in passages]
    scores = reranker.score(read) if read else np.empty(0, np.float32)
    candidates.reranked = np.full(len(candidates.rows), np.nan, np.float32)
    candidates.reranked[: len(top)] = scores
    candidates.adjust({"late interaction": fusion.reranked_part(scores, parameters)}, len(top))
    return dict(zip(top.tolist(), passages, strict=True))


def _adapt(
    view: View, query: str, candidates: Candidates, feedback: RelevanceFeedback
) -> dict[int, Passage]:
    """Move the top by the user's feedback; returns the passages that were fetched for it."""
    depth = min(feedback.parameters.depth, len(candidates.rows))
    top = candidates.rows[:depth]
    passages = view.passages(top)
    contents = [passage.content_hash for passage in passages]
    moved = feedback.adjustments(query, candidates.query_vector, contents)
    if moved.any():
        candidates.adjust(
            {"feedback": np.float32(spread(candidates.scores[:depth])) * moved}, depth
        )
    return dict(zip(top.tolist(), passages, strict=True))


def _fitting(candidates: Candidates) -> Bools:
    """Which candidates share a word with the query, or its meaning."""
    fitting: Bools = candidates.bm25 > 0
    if candidates.cosine is not None:
        fitting |= candidates.cosine >= _NEAR
    if "names" in candidates.parts:
        fitting |= candidates.parts["names"] > 0
    return fitting


def _fetch_apart(
    view: View,
    candidates: Candidates,
    limit: int,
    fetched: dict[int, Passage],
    accepts: Callable[[Passage], bool] | None,
) -> list[Passage]:
    """The best `limit` passages, to which the candidates are cut; of identical copies one."""
    places: list[int] = []
    passages: list[Passage] = []
    seen: set[tuple[tuple[str, ...], int]] = set()
    for start in range(0, len(candidates.rows), limit):
        batch = _fetch(view, candidates.rows[start : start + limit], fetched)
        for place, passage in enumerate(batch, start):
            if accepts and not accepts(passage):
                continue
            copies = view.copies(passage)
            if len(passages) < limit and (not copies or (copies, passage.position) not in seen):
                seen.add((copies, passage.position))
                places.append(place)
                passages.append(passage)
        if len(passages) == limit:
            break
    candidates.keep(np.array(places, np.int64))
    return passages


def _elsewhere(view: View, passage: Passage) -> tuple[str, ...]:
    return tuple(path for path in view.copies(passage) if path != passage.path)


def _fetch(view: View, rows: Int64s, fetched: dict[int, Passage]) -> list[Passage]:
    """Passages by row; those that a stage has fetched already are not fetched again."""
    missing = np.array([row for row in rows.tolist() if row not in fetched], np.int64)
    fetched = fetched | dict(zip(missing.tolist(), view.passages(missing), strict=True))
    return [fetched[row] for row in rows.tolist()]


def _explained(
    view: View, terms: Sequence[str], candidates: Candidates, passages: Sequence[Passage]
) -> list[Hit]:
    """Hits with explanations; where BM25 alone ranked, its score is the explanation's own."""
    signals = Signals(
        candidates.bm25, candidates.cosine, candidates.neighbours, candidates.reranked
    )
    matrix = features(terms, passages, signals, view.idf, datetime.now(UTC))
    hits = []
    for place, passage in enumerate(passages):
        why = _explain(view, terms, candidates, place, matrix[place])
        is_sum = len(candidates.parts) > 1
        score = float(candidates.scores[place]) if is_sum else why.contributions[0][1]
        hits.append(Hit(passage, score, why))
    return hits


def _explain(
    view: View, terms: Sequence[str], candidates: Candidates, place: int, values: Float32s
) -> Explanation:
    row = int(candidates.rows[place])
    bm25 = float(candidates.bm25[place])
    parts = tuple(view.explain(terms, row)) if bm25 else ()
    exact = _in_double(bm25, parts)
    added = {name: float(part[place]) for name, part in candidates.parts.items()}
    if added.keys() == {"bm25"}:
        added["bm25"] = exact
    return Explanation(
        terms=parts,
        bm25=exact,
        bm25_rank=_rank(candidates.lexical_rows, row),
        cosine=_number(candidates.cosine, place),
        dense_rank=_rank(candidates.dense_rows, row),
        fused=_number(candidates.fused, place),
        fused_rank=None if candidates.fused_rank is None else int(candidates.fused_rank[place]),
        neighbours=_number(candidates.neighbours, place),
        reranked=_number(candidates.reranked, place),
        contributions=tuple(added.items()),
        features=tuple(zip(FEATURES, map(float, values), strict=True)),
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

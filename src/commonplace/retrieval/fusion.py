"""One ranking out of two: BM25 and the dense cosine as standard scores, weighted and added.

Standard scores are each list's scores less their mean, over their standard deviation, among the
candidates: Montague & Aslam (CIKM 2001). Measured better than reciprocal-rank fusion and min-max:
docs/notebook/2026-11-23-ranking-stages.md. All functions are pure; higher is better.

They want the exact score of every candidate in both lists. A candidate that one list did not return
is scored there too, not taken as zero: with min-max that is worth 0.002 nDCG@10 and 0.009
recall@100 (mean of vaswani, cranfield and cosqa). A reranker adds its word to the top of the
ranking, and the rest is kept below that top.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Float32s, Int64s

Reals = NDArray[np.floating[Any]]

_FLAT: Final = 1e-6  # a spread below this is no information: all are equal
_GAP: Final = 1e-3  # between the last passage of the top and the first below


@dataclass(frozen=True, slots=True)
class FusionParameters:
    """How BM25 and dense candidates become one list.

    The constants were chosen on four sets and never on SciFact; what else was tried:
    docs/notebook/2026-11-23-ranking-stages.md and 2026-11-24-ranking-constants.md.
    """

    depth: int = 200  # candidates taken from each list
    lexical: float = 0.26  # weight of BM25; the dense cosine has the rest


def standard(scores: Float32s) -> Float32s:
    """Scores [n] as standard deviations from their mean; all 0 where all are equal."""
    if scores.size == 0 or scores.std() < _FLAT:
        return np.zeros_like(scores, np.float32)
    return np.asarray((scores - scores.mean()) / scores.std(), np.float32)


def fused_parts(
    lexical: Float32s, dense: Float32s, parameters: FusionParameters | None = None
) -> tuple[Float32s, Float32s]:
    """What BM25 and what the cosine add to the fused score of each candidate, float32 [n] each.

    `lexical` and `dense` hold the exact BM25 score and cosine of the same n candidates: the union
    of both lists. A candidate without a vector (NaN) counts by its words alone.
    """
    p = parameters or FusionParameters()
    if lexical.shape != dense.shape:
        raise ValueError(f"scores of {lexical.shape} and {dense.shape} candidates")
    has_vector = ~np.isnan(dense)
    words = np.where(has_vector, p.lexical, 1.0) * standard(lexical)
    meaning = np.zeros_like(words)
    meaning[has_vector] = (1 - p.lexical) * standard(dense[has_vector])
    return words.astype(np.float32), meaning.astype(np.float32)


@dataclass(frozen=True, slots=True)
class RerankParameters:
    """How far the reranker reads, and how much its word counts."""

    depth: int = 20  # passages it reads; 10 cost half and lost .0014 nDCG@10, 30 gained .0004
    weight: float = 0.2  # of one standard deviation of its scores


def reranked_part(scores: Float32s, parameters: RerankParameters) -> Float32s:
    """What the reranker's scores [n] of the top add to the scores of the ranking, float32 [n]."""
    return np.asarray(parameters.weight * standard(scores), np.float32)


def lowering(scores: Reals, depth: int) -> Reals:
    """What brings all but the first `depth` below them, added to scores [n]: 0 or less.

    A stage that changes the scores of the top only must not drop a passage of it below passages
    that it never looked at. What is below keeps its order.
    """
    shift = np.zeros(len(scores))
    if 0 < depth < len(scores):
        shift[depth:] = min(0.0, scores[:depth].min() - _GAP - scores[depth:].max())
    return shift


def order(scores: Reals) -> Int64s:
    """Indices from the highest score to the lowest; equals keep their order."""
    return np.argsort(-scores, kind="stable")

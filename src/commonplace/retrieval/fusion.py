"""One ranking out of several: by rank, by range, by spread.

All functions are pure: lists or float32 arrays in, the same out, higher is better. Three ways:

- reciprocal-rank fusion, sum of w / (k + rank): Cormack, Clarke, Buettcher (SIGIR 2009); needs no
  scores, and throws them away.
- min-max: each list's scores mapped to [0, 1]: Lee (SIGIR 1997), Bruch et al. (TOIS 2023).
- standard scores: each list's scores less their mean, over their standard deviation, among the
  candidates: Montague & Aslam (CIKM 2001). Measured best here:
  docs/notebook/2026-11-23-ranking-stages.md.

The last two want the exact score of every candidate in every list. A candidate that one list did
not return is scored there too, not taken as zero: with min-max that is worth 0.002 nDCG@10 and
0.009 recall@100 (mean of vaswani, cranfield and cosqa).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Float32s

Reals = NDArray[np.floating[Any]]
Key = TypeVar("Key", bound=Hashable)
Scale = Literal["z", "minmax"]

_FLAT: Final = 1e-6  # a spread below this is no information: all are equal


@dataclass(frozen=True, slots=True)
class FusionParameters:
    """How BM25 and dense candidates become one list.

    The constants were chosen on four sets and never on SciFact; what else was tried:
    docs/notebook/2026-11-23-ranking-stages.md and 2026-11-24-ranking-constants.md.
    """

    depth: int = 200  # candidates taken from each list
    lexical: float = 0.26  # weight of BM25; the dense cosine has the rest
    scale: Scale = "z"


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Key]], k: float = 60.0, weights: Sequence[float] | None = None
) -> list[tuple[Key, float]]:
    """Fuse rankings (best first) into (key, score), best first; equals in order of appearance."""
    weights = [1.0] * len(rankings) if weights is None else weights
    fused: dict[Key, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, key in enumerate(dict.fromkeys(ranking), start=1):
            fused[key] = fused.get(key, 0.0) + weight / (k + rank)
    return sorted(fused.items(), key=lambda item: -item[1])


def minmax(scores: Float32s) -> Float32s:
    """Scores [n] mapped so that the least is 0 and the greatest 1; all 0 where all are equal."""
    if scores.size == 0 or np.ptp(scores) < _FLAT:
        return np.zeros_like(scores, np.float32)
    return np.asarray((scores - scores.min()) / np.ptp(scores), np.float32)


def standard(scores: Float32s) -> Float32s:
    """Scores [n] as standard deviations from their mean; all 0 where all are equal."""
    if scores.size == 0 or scores.std() < _FLAT:
        return np.zeros_like(scores, np.float32)
    return np.asarray((scores - scores.mean()) / scores.std(), np.float32)


def scaled(scores: Float32s, scale: Scale) -> Float32s:
    """Scores [n] on the named scale."""
    return standard(scores) if scale == "z" else minmax(scores)


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
    words = np.where(has_vector, p.lexical, 1.0) * scaled(lexical, p.scale)
    meaning = np.zeros_like(words)
    meaning[has_vector] = (1 - p.lexical) * scaled(dense[has_vector], p.scale)
    return words.astype(np.float32), meaning.astype(np.float32)


def fuse(
    lexical: Float32s, dense: Float32s, parameters: FusionParameters | None = None
) -> Float32s:
    """The fused score of each candidate, float32 [n]: the sum of `fused_parts`."""
    words, meaning = fused_parts(lexical, dense, parameters)
    return words + meaning


def union(rankings: Sequence[Sequence[Key]], depth: int) -> list[Key]:
    """The first `depth` of each ranking, each once, in order of appearance."""
    return list(dict.fromkeys(key for ranking in rankings for key in ranking[:depth]))


def order(scores: Reals) -> NDArray[np.int64]:
    """Indices from the highest score to the lowest; equals keep their order."""
    return np.argsort(-scores, kind="stable")

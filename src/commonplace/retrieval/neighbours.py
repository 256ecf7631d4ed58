"""Smoothing by neighbours: what the passages most like a passage score is evidence for it.

    score'(p) = (1 - weight) score(p) + weight * mean of score(n) over the passages n nearest to p

Nearest by cosine among the best of the candidates: Diaz, "Regularizing ad hoc retrieval scores"
(CIKM 2005), in one step and without weights by distance, which gained nothing more. It costs one
product of a few dozen vectors; what it gained: docs/notebook/2026-11-24-ranking-constants.md.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.foundation.arrays import Float32s
from commonplace.retrieval.fusion import Reals


@dataclass(frozen=True, slots=True)
class NeighbourParameters:
    """How far a passage's neighbours speak for it."""

    depth: int = 50  # the best passages, which are each other's neighbours
    nearest: int = 10  # neighbours of each
    weight: float = 0.25  # of their mean; a passage's own score has the rest


def neighbour_means(scores: Reals, vectors: Float32s, nearest: int) -> Float32s:
    """The mean score of each passage's neighbours among the others, float32 [n].

    Args:
        scores: [n].
        vectors: unit vectors [n, dimension]; a passage without one (NaN) is nobody's neighbour,
            and its mean is its own score, as where there is no other passage.
        nearest: how many neighbours each has; fewer where there are fewer.
    """
    encoded = np.flatnonzero(~np.isnan(vectors).any(axis=1))
    means: Float32s = scores.astype(np.float32)
    count = min(nearest, len(encoded) - 1)
    if count > 0:
        cosines = vectors[encoded] @ vectors[encoded].T
        np.fill_diagonal(cosines, -np.inf)
        neighbours = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        means[encoded] = scores[encoded][neighbours].mean(axis=1)
    return means

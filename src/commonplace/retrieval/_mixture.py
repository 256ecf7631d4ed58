"""The mixture of a fused ranking with what a reranker says of its top."""

from dataclasses import dataclass

import numpy as np

from commonplace.retrieval._fusion import Floats, Scale, scaled


@dataclass(frozen=True, slots=True)
class RerankParameters:
    """How far the reranker reads, and how much its word counts."""

    depth: int = 20  # passages it reads
    weight: float = 0.25  # of its scores; the fused score has the rest
    scale: Scale = "z"


def mix(first: Floats, reranked: Floats, parameters: RerankParameters) -> Floats:
    """New scores [n] for a list of which the first `len(reranked)` were read again.

    Both scores of the top are put on one scale and added by weight; what was not read again keeps
    its order, below them.
    """
    depth, p = len(reranked), parameters
    top = p.weight * scaled(reranked, p.scale) + (1 - p.weight) * scaled(first[:depth], p.scale)
    rest = first[depth:]
    if not len(rest) or not depth:
        return np.concatenate([top, rest]).astype(np.float32)
    below = rest - rest.max() + top.min() - np.float32(1e-3)
    return np.concatenate([top, below]).astype(np.float32)

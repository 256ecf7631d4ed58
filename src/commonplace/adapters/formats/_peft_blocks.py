"""How PEFT divides a weight into LoKr's two blocks, from one factor for a whole adapter.

Notable: PEFT stores no division, it makes it anew from the weight's shape, `decompose_factor` and
`decompose_both`. So a file is written only if these settings lead to the very blocks that it holds.
Source: peft 0.21, tuners/lokr/layer.py, `factorization` and `update_layer`.
"""

import math
from functools import lru_cache
from typing import Final

from commonplace.adapters.algebra.layer import Layer

BlockFactors = tuple[bool, int]  # decompose_both, decompose_factor

_MOST_FACTOR: Final = 129  # people set 4, 8 or 16


def possible_factors(layer: Layer) -> dict[BlockFactors, int]:
    """The settings that give the layer's blocks in PEFT, and the rank that it must then be told."""
    f = layer.factors
    a, c = f["w1"].shape if "w1" in f else (f["w1_a"].shape[0], f["w1_b"].shape[1])
    both = "w1_a" in f
    ranks: dict[BlockFactors, int] = {}
    for b, d in _large(layer):
        rank = max(layer.rank, math.ceil(max(b, d) / 2)) if not both and "w2" in f else layer.rank
        splits = (both and rank < max(a, c) / 2, rank < max(b, d) / 2)
        if splits == (both, "w2" not in f):
            # -1 is PEFT's default: blocks as near to squares as can be.
            for factor in (-1, *range(1, _MOST_FACTOR)):
                if all(_factorize(math.prod(pair), factor) == pair for pair in ((a, b), (c, d))):
                    ranks.setdefault((both, factor), rank)
    return ranks


def _large(layer: Layer) -> list[tuple[int, int]]:
    """The second block's outputs and inputs, without the kernel.

    A pair of factors has the kernel flattened into the inputs, so each division of those is
    possible; PEFT checks the shapes against the model when it reads the file.
    """
    f = layer.factors
    if "w2" in f:
        return [(f["w2"].shape[0], f["w2"].shape[1])]
    if "t2" in f:
        return [(f["w2_a"].shape[1], f["w2_b"].shape[1])]
    columns = f["w2_b"].flatten(1).shape[1]
    return [(f["w2_a"].shape[0], d) for d in range(columns, 0, -1) if columns % d == 0]


@lru_cache(1 << 16)
def _factorize(dimension: int, factor: int) -> tuple[int, int]:
    """PEFT's `factorization`."""
    if factor > 0 and dimension % factor == 0:
        return factor, dimension // factor
    limit = dimension if factor == -1 else factor
    m, n = 1, dimension
    while m < n:
        wider = next(k for k in range(m + 1, dimension + 1) if dimension % k == 0)
        if wider + dimension // wider > m + n or wider > limit:
            break
        m, n = wider, dimension // wider
    return min(m, n), max(m, n)

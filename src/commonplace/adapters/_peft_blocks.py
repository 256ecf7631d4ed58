"""How PEFT divides a weight into LoKr's two blocks, from one factor for a whole adapter.

Notable: PEFT stores no division, it makes it anew from the weight's shape, `decompose_factor` and
`decompose_both`. So a file is written only if these settings lead to the very blocks that it holds.
Source: peft 0.21, tuners/lokr/layer.py, `factorization` and `update_layer`.

    python -m pytest tests/adapters/test_peft.py -k lokr
"""

import math
from typing import Any

from commonplace.adapters._layer import Layer
from commonplace.foundation import InputError


def blocks(module: str, layer: Layer) -> tuple[dict[str, Any], int]:
    """The settings that give the layer's blocks in PEFT, and the rank that it must be told.

    Raises:
        InputError: no settings give them.
    """
    f = layer.factors
    a, c = f["w1"].shape if "w1" in f else (f["w1_a"].shape[0], f["w1_b"].shape[1])
    b, d = _large(layer)
    both = "w1_a" in f
    least = math.ceil(max(b, d) / 2)
    rank = max(layer.rank, least) if not both and "w2" in f else layer.rank
    factor = next(
        (
            n
            for n in (-1, a, c)
            if _factorized(a * b, n) == (a, b) and _factorized(c * d, n) == (c, d)
        ),
        None,
    )
    keeps_first = not (both and rank >= max(a, c) / 2)
    keeps_second = ("w2" in f) == (rank >= max(b, d) / 2)
    if factor is None or not keeps_first or not keeps_second:
        raise InputError(
            f"PEFT cannot divide {module} into blocks [{a}, {c}] and [{b}, {d}] of rank {rank}; "
            "write it in the program's own format"
        )
    return {"decompose_both": both, "decompose_factor": factor}, rank


def _large(layer: Layer) -> tuple[int, int]:
    """The second block's outputs and inputs, without the kernel."""
    f = layer.factors
    if "w2" in f:
        return f["w2"].shape[0], f["w2"].shape[1]
    if "t2" in f:
        return f["w2_a"].shape[1], f["w2_b"].shape[1]
    return f["w2_a"].shape[0], f["w2_b"].flatten(1).shape[1]


def _factorized(dimension: int, factor: int) -> tuple[int, int]:
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

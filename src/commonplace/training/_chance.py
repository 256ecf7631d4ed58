"""All chance of a training: which items a step sees, and what is random within it.

Notable: both are functions of the seed and the step, so nothing of it has to be kept in a
checkpoint for a resumed run to be the unbroken one to the bit, with one process or several. Each
epoch is one permutation; a step may reach from one into the next.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray


def item_numbers(count: int, start: int, length: int, seed: int) -> list[int]:
    """Which of `count` items stand at places start to start + length of the endless order.

    Places `k * count` to `(k + 1) * count` hold each item once, in an order of the k-th epoch.
    """
    places = range(start, start + length)
    return [int(_order(count, seed, place // count)[place % count]) for place in places]


@contextmanager
def chance(seed: int, step: int, process: int, device: torch.device) -> Iterator[None]:
    """Let python, numpy and torch draw what belongs to this step and process within the block.

    Afterwards they go on as if nothing had been drawn.
    """
    python, numpy = random.getstate(), np.random.get_state()
    devices = [device] if device.type == "cuda" else []
    # Negative seeds are seeds too, but not for numpy.
    mixed = np.random.SeedSequence([seed % 2**63, step, process]).generate_state(2)
    with torch.random.fork_rng(devices):
        torch.manual_seed(int(mixed[0]) << 31 | int(mixed[1]) >> 1)
        random.seed(int(mixed[0]))
        np.random.seed(int(mixed[1]))
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@lru_cache(maxsize=2)  # a step may reach from one epoch into the next
def _order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed % 2**63, epoch]).permutation(count)

"""Shapes of language models: layers and widths by size, and the weights of an adapter on them.

The sizes are those of Llama 2 (arXiv:2307.09288, model configurations) and Llama 3
(arXiv:2407.21783, table 3). Any other size gets the proportions of a plain transformer, and its
shape is marked as estimated.
"""

import re
from dataclasses import dataclass

from commonplace.foundation import InputError

_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "": 1.0}
_WIDTH_OF_DEPTH = 128  # hidden / layers of a transformer of any size (Kaplan et al. 2020, fig. 5)


@dataclass(frozen=True)
class Shape:
    """A decoder-only transformer."""

    weights: float
    layers: int
    hidden: int
    feed_forward: int
    keys: int  # width of keys and of values
    estimated: bool = False
    active_weights: float | None = None  # used for each token; None: all of them

    @property
    def active(self) -> float:
        """The weights that are used for a token."""
        return self.weights if self.active_weights is None else self.active_weights


SHAPES = {  # weights: weights, layers, hidden, feed forward, keys
    1.24e9: Shape(1.24e9, 16, 2048, 8192, 512),
    3.21e9: Shape(3.21e9, 28, 3072, 8192, 1024),
    6.74e9: Shape(6.74e9, 32, 4096, 11008, 4096),
    8.03e9: Shape(8.03e9, 32, 4096, 14336, 1024),
    13.0e9: Shape(13.0e9, 40, 5120, 13824, 5120),
    70.6e9: Shape(70.6e9, 80, 8192, 28672, 1024),
    405e9: Shape(405e9, 126, 16384, 53248, 1024),
}


def count(text: str) -> float:
    """A number of weights: 8B, 20M, 350e6.

    Raises:
        InputError: the text is no such number.
    """
    parts = re.fullmatch(r"([0-9]*\.?[0-9]+(?:e[0-9]+)?)([KMBT]?)", text.strip(), re.IGNORECASE)
    value = float(parts[1]) * _UNITS[parts[2].upper()] if parts else 0.0
    if not 1 <= value <= 1e15:
        raise InputError(f"'{text[:40]}' is no number of weights; write it as 8B or 20M")
    return value


def shape(weights: float) -> Shape:
    """The shape of the model in `SHAPES` of about that size (within 8 %), or an estimated one.

    The estimate has 12 layers hidden^2 weights, with hidden = 128 layers.
    """
    near = min(SHAPES, key=lambda size: abs(size - weights))
    if abs(near - weights) <= 0.08 * near:  # names are round: a 3B has 3.21e9 weights, 7B 6.74e9
        return SHAPES[near]
    layers = max(1, round((weights / (12 * _WIDTH_OF_DEPTH**2)) ** (1 / 3)))
    hidden = max(1, round((weights / (12 * layers)) ** 0.5))
    return Shape(
        weights, layers, hidden=hidden, feed_forward=4 * hidden, keys=hidden, estimated=True
    )


def adapter_weights(shape: Shape, rank: int) -> int:
    """The weights of LoRA on every linear map: rank x (in + out) each (arXiv:2106.09685).

    The maps of a layer are queries and output, keys and values, gate, up and down.
    """
    widths = 2 * (2 * shape.hidden) + 2 * (shape.hidden + shape.keys)
    widths += 3 * (shape.hidden + shape.feed_forward)
    return rank * widths * shape.layers

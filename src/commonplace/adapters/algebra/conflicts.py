"""Which adapters fight where: subspaces that meet, energy that is shared, and the direction of it.

Notable: two adapters that read the same inputs and write the same outputs change the same thing;
whether they agree on it, their cosine says. Principal angles: Bjorck and Golub 1973
(10.1090/S0025-5718-1973-0348991-3). After composing, `kept` says what is left of each adapter on
the inputs that it was trained to act on.

    python -m pytest tests/adapters/test_conflicts.py
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import torch
from torch import Tensor

from commonplace.adapters.algebra._low_rank import Thin, thin
from commonplace.adapters.algebra.adapter import Adapter

_LITTLE: Final = 0.05  # energy below this is no conflict worth a word
_ALONG: Final = 0.2  # of the shared part's cosine: beyond it the two pull one way, or against


@dataclass(frozen=True)
class Conflict:
    """How two adapters meet in one layer.

    Attributes:
        input_angles: principal angles of what they read, in degrees, least first.
        output_angles: of what they write.
        shared: the part of each one's energy that lies in the other's inputs and outputs.
        cosine: of the two differences, as vectors; -1: one undoes the other.
    """

    layer: str
    first: str
    second: str
    input_angles: tuple[float, ...]
    output_angles: tuple[float, ...]
    shared: tuple[float, float]
    cosine: float

    @property
    def fights(self) -> bool:
        """Whether they share energy and pull against each other."""
        return max(self.shared) >= _LITTLE and self.cosine < -_ALONG * max(self.shared)

    def __str__(self) -> str:
        pair, share = f"{self.first} and {self.second}", max(self.shared)
        if share < _LITTLE:
            return f"{pair} do not meet in {self.layer}"
        what = f"{pair} share {share:.0%} of the energy in {self.layer}"
        if self.fights:
            return f"{what} and fight (cosine {self.cosine:.2f})"
        if self.cosine > _ALONG * share:
            return f"{what} and pull the same way (cosine {self.cosine:.2f})"
        return f"{what} and blur each other (cosine {self.cosine:.2f})"


@dataclass(frozen=True)
class Kept:
    """What is left of an adapter in one layer of a composed one."""

    layer: str
    adapter: str
    error: float  # on its own inputs: 0: acts as alone, 1: as far off as if it were gone

    def __str__(self) -> str:
        return f"{self.adapter} in {self.layer}: {self.error:.1%} off on its own inputs"


def conflicts(
    adapters: Mapping[str, Adapter], base: Mapping[str, Tensor] | None = None
) -> Iterator[Conflict]:
    """Each pair of named adapters in each layer that both change, one layer at a time.

    `base` holds the base's weights by parameter name, where a DoRA is among them.
    """
    for name in dict.fromkeys(name for one in adapters.values() for name in one.layers):
        weight = None if base is None else base.get(f"{name}.weight")
        found = {
            title: thin(one.layers[name], weight)
            for title, one in adapters.items()
            if name in one.layers
        }
        for first, second in combinations(found, 2):
            yield _meeting(name, first, second, found[first], found[second])


def kept(
    composed: Adapter,
    adapters: Mapping[str, tuple[Adapter, float]],
    base: Mapping[str, Tensor] | None = None,
) -> Iterator[Kept]:
    """How each adapter (with its weight) acts on its own inputs inside a composed one."""
    for name, layer in composed.layers.items():
        weight = None if base is None else base.get(f"{name}.weight")
        whole = thin(layer, weight)
        for title, (adapter, strength) in adapters.items():
            if name in adapter.layers and strength:
                alone = thin(adapter.layers[name], weight)
                yield Kept(name, title, _off(whole, alone, strength))


def _meeting(layer: str, first: str, second: str, one: Thin, two: Thin) -> Conflict:
    reads, writes = one.inputs.T @ two.inputs, one.outputs.T @ two.outputs
    norm = math.sqrt(one.energy * two.energy)
    product = (writes * one.values[:, None] * two.values[None, :] * reads).sum()
    shared = (_within(one, writes, reads), _within(two, writes.T, reads.T))
    return Conflict(
        layer,
        first,
        second,
        _angles(reads),
        _angles(writes),
        shared,
        float(product) / norm if norm else 0.0,
    )


def _within(one: Thin, writes: Tensor, reads: Tensor) -> float:
    """||P D Q||^2 / ||D||^2, P and Q on the other's outputs and inputs."""
    inside = (writes.T * one.values) @ reads
    return float(inside.square().sum()) / one.energy if one.energy else 0.0


def _angles(overlap: Tensor) -> tuple[float, ...]:
    """The angles whose cosines are the overlap's singular values, in degrees."""
    cosines: Sequence[float] = torch.linalg.svdvals(overlap).clamp(max=1).tolist()
    return tuple(math.degrees(math.acos(one)) for one in cosines)


def _off(whole: Thin, alone: Thin, strength: float) -> float:
    """||(D - w Di) Vi|| / ||w Di||."""
    wanted = strength * alone.outputs * alone.values
    found = (whole.outputs * whole.values) @ (whole.inputs.T @ alone.inputs)
    norm = float(wanted.norm())
    return float((found - wanted).norm()) / norm if norm else 0.0

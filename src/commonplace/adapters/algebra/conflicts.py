"""Which adapters fight where: subspaces that meet, energy that is shared, and the direction of it.

Notable: two adapters that read the same inputs and write the same outputs change the same thing;
whether they agree on it, their cosine says. Principal angles: Bjorck and Golub 1973
(10.1090/S0025-5718-1973-0348991-3). After composing, `retained_shares` says how much of each
adapter is left on the inputs that it was trained to act on.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import torch
from torch import Tensor

from commonplace.adapters.algebra._low_rank import ThinSvd, thin
from commonplace.adapters.algebra.adapter import Adapter

_NEGLIGIBLE: Final = 0.05  # a share of the energy below this is no conflict worth a word
_ALIGNED: Final = 0.2  # of the shared part's cosine: beyond it the two pull one way, or against


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
    def meets(self) -> bool:
        """Whether they share energy worth a word."""
        return max(self.shared) >= _NEGLIGIBLE

    @property
    def fights(self) -> bool:
        """Whether they share energy and pull against each other."""
        return self.meets and self.cosine < -_ALIGNED * max(self.shared)

    def __str__(self) -> str:
        pair, share = f"{self.first} and {self.second}", max(self.shared)
        if not self.meets:
            return f"{pair} do not meet in {self.layer}"
        what = f"{pair} share {share:.0%} of the energy in {self.layer}"
        if self.fights:
            return f"{what} and fight (cosine {self.cosine:.2f})"
        if self.cosine > _ALIGNED * share:
            return f"{what} and pull the same way (cosine {self.cosine:.2f})"
        return f"{what} and blur each other (cosine {self.cosine:.2f})"


@dataclass(frozen=True)
class RetainedShare:
    """What is left of an adapter in one layer of a composed one."""

    layer: str
    adapter: str
    error: float  # on its own inputs: 0: it acts as it does alone, 1: as if it were not there

    def __str__(self) -> str:
        return f"{self.adapter} in {self.layer}: {self.error:.1%} off on its own inputs"


def conflicts(
    adapters: Mapping[str, Adapter], base: Mapping[str, Tensor] | None = None
) -> Iterator[Conflict]:
    """Compare each pair of named adapters in each layer that both change, one layer at a time.

    `base` holds the base's weights by parameter name, where a DoRA is among them.
    """
    for name in dict.fromkeys(name for adapter in adapters.values() for name in adapter.layers):
        weight = None if base is None else base.get(f"{name}.weight")
        svds = {
            title: thin(adapter.layers[name], weight)
            for title, adapter in adapters.items()
            if name in adapter.layers
        }
        for first, second in combinations(svds.items(), 2):
            yield _conflict(name, first, second)


def retained_shares(
    composed: Adapter,
    adapters: Mapping[str, tuple[Adapter, float]],
    base: Mapping[str, Tensor] | None = None,
) -> Iterator[RetainedShare]:
    """Measure how each adapter, with its weight, acts on its own inputs inside a composed one."""
    for name, layer in composed.layers.items():
        weight = None if base is None else base.get(f"{name}.weight")
        composed_svd = thin(layer, weight)
        for title, (adapter, strength) in adapters.items():
            if name in adapter.layers and strength:
                own_svd = thin(adapter.layers[name], weight)
                yield RetainedShare(name, title, _error(composed_svd, own_svd, strength))


def _conflict(layer: str, first: tuple[str, ThinSvd], second: tuple[str, ThinSvd]) -> Conflict:
    one_svd, other_svd = first[1], second[1]
    reads, writes = one_svd.inputs.T @ other_svd.inputs, one_svd.outputs.T @ other_svd.outputs
    norm = math.sqrt(one_svd.energy * other_svd.energy)
    product = (writes * one_svd.values[:, None] * other_svd.values[None, :] * reads).sum()
    shared = (_within(one_svd, writes, reads), _within(other_svd, writes.T, reads.T))
    return Conflict(
        layer=layer,
        first=first[0],
        second=second[0],
        input_angles=_angles(reads),
        output_angles=_angles(writes),
        shared=shared,
        cosine=float(product) / norm if norm else 0.0,
    )


def _within(svd: ThinSvd, writes: Tensor, reads: Tensor) -> float:
    """||P D Q||^2 / ||D||^2, P and Q on the other's outputs and inputs."""
    inside = (writes.T * svd.values) @ reads
    return float(inside.square().sum()) / svd.energy if svd.energy else 0.0


def _angles(overlap: Tensor) -> tuple[float, ...]:
    """The angles whose cosines are the overlap's singular values, in degrees."""
    # Rounding takes a cosine above 1, where the arc cosine ends.
    cosines: Sequence[float] = torch.linalg.svdvals(overlap).clamp(max=1).tolist()
    return tuple(math.degrees(math.acos(cosine)) for cosine in cosines)


def _error(composed: ThinSvd, alone: ThinSvd, strength: float) -> float:
    """||(D - w Di) Vi|| / ||w Di||."""
    expected = strength * alone.outputs * alone.values
    actual = (composed.outputs * composed.values) @ (composed.inputs.T @ alone.inputs)
    norm = float(expected.norm())
    return float((actual - expected).norm()) / norm if norm else 0.0

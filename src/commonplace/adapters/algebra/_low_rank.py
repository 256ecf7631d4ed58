"""Thin singular values, and layers made of them.

Notable: a LoRA's singular values come through QR of its two factors, in float64, so no matrix of
the weight's size is decomposed; the other kinds have no thin form and are taken whole. The nearest
matrix of a rank is the first singular values (Eckart and Young 1936, 10.1007/BF02288367).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from commonplace.adapters.algebra.layer import Layer, difference, matrix
from commonplace.foundation import InputError

DOUBLE: Final = torch.float64
_NEGLIGIBLE: Final = 1e-13  # singular values below this part of the first are rounding


@dataclass(frozen=True)
class ThinSvd:
    """D = outputs diag(values) inputs^T: [out, k], [k] from the greatest, [in times kernel, k]."""

    outputs: Tensor
    values: Tensor
    inputs: Tensor

    @property
    def energy(self) -> float:
        """The squared Frobenius norm."""
        return float(self.values.square().sum())

    def first_of(self, rank: int | None, energy: float | None = None) -> "ThinSvd":
        """The nearest matrix of the rank that `rank_for` gives."""
        count = rank_for(self.values, rank, energy)
        return ThinSvd(self.outputs[:, :count], self.values[:count], self.inputs[:, :count])


def pair(layer: Layer) -> tuple[Tensor, Tensor] | None:
    """[out, r] and [r, in times kernel] in float64, whose product is the difference.

    None for a DoRA and for the kinds that have no such pair.
    """
    if layer.algebra != "lora" or layer.magnitude is not None:
        return None
    f = {name: factor.to(DOUBLE) for name, factor in layer.factors.items()}
    down = f["down"].flatten(1)
    if "mid" in f:
        down = torch.einsum("pq...,qi->pi...", f["mid"], down).flatten(1)
    return f["up"].flatten(1) * layer.scale, down


def stack_pairs(pairs: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The pair whose product is the sum of the pairs' products."""
    return torch.cat([up for up, _ in pairs], 1), torch.cat([down for _, down in pairs], 0)


def thin(layer: Layer, weight: Tensor | None = None) -> ThinSvd:
    """The singular values of a layer's difference; a DoRA's needs the base's weight."""
    factors = pair(layer)
    if factors is not None:
        return thin_product(*factors)
    return thin_matrix(dense(layer, weight))


def dense(layer: Layer, weight: Tensor | None = None) -> Tensor:
    """The difference in float64, [out, in times kernel]."""
    layer = layer.map(lambda tensor: tensor.to(DOUBLE))
    if layer.magnitude is None:
        return matrix(layer)
    change = difference(layer, None if weight is None else weight.to(DOUBLE))
    return change.flatten(1)


def thin_product(up: Tensor, down: Tensor) -> ThinSvd:
    """The singular values of up [out, r] times down [r, in], through QR of both."""
    outputs, upper = torch.linalg.qr(up)
    inputs, lower = torch.linalg.qr(down.T)
    core = thin_matrix(upper @ lower.T)
    return ThinSvd(outputs @ core.outputs, core.values, inputs @ core.inputs)


def thin_matrix(whole_matrix: Tensor) -> ThinSvd:
    """The singular values of a matrix, without those that are rounding."""
    outputs, values, inputs = torch.linalg.svd(whole_matrix, full_matrices=False)
    rank = max(int((values > _NEGLIGIBLE * values[0]).sum()), 1)  # a layer of rank 0 cannot be
    return ThinSvd(outputs[:, :rank], values[:rank], inputs[:rank].T)


def rank_for(values: Tensor, rank: int | None, energy: float | None) -> int:
    """How many singular values to keep.

    Args:
        values: [k], from the greatest.
        rank: at most so many.
        energy: the fewest that hold this part of the sum of squares.
    """
    if rank is not None and rank < 1:
        raise InputError(f"a rank of {rank}; the least is 1")
    if energy is not None and not 0 < energy <= 1:
        raise InputError(f"an energy of {energy:g}; it is a part between 0 and 1")
    count = len(values)
    if energy is not None:
        # Zeros have no energy to divide by; rounding must not keep an energy of 1 from being met.
        energy_of_first = values.square().cumsum(0) / values.square().sum().clamp(min=1e-300)
        count = int((energy_of_first < energy - 1e-12).sum()) + 1
    return max(min(count, len(values), rank or count), 1)


def lora(
    up: Tensor, down: Tensor, shape: Sequence[int], like: Layer, bias: Tensor | None = None
) -> Layer:
    """The LoRA layer of scale 1 with the product up [out, r] times down [r, in times kernel]."""
    rank, precision = up.shape[1], next(iter(like.factors.values())).dtype
    ones = [1] * (len(shape) - 2)
    factors = {
        "up": up.reshape(-1, rank, *ones).to(precision),
        "down": down.reshape(rank, *shape[1:]).to(precision),
    }
    bias = None if bias is None else bias.to(precision)
    return Layer("lora", factors, float(rank), rank, bias=bias, embedding=like.embedding)


def lora_of(svd: ThinSvd, shape: Sequence[int], like: Layer, bias: Tensor | None = None) -> Layer:
    """The LoRA layer of a thin form, its singular values halved between the factors."""
    root = svd.values.sqrt()
    return lora(svd.outputs * root, (svd.inputs * root).T, shape=shape, like=like, bias=bias)

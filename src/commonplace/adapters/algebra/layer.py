"""What an adapter does to one weight: the kinds, their factors, and the weight they make of it.

Notable: one contract for all kinds, effect(W, s) = W + s (T(W) - W), where T(W) is the weight that
was trained. It is a straight line in the strength for DoRA too, so several adapters at once add up
whatever their order, and merged equals unmerged. Papers: LoRA 2106.09685, rsLoRA 2312.03732, DoRA
2402.09353, LoHa 2108.06098, LoKr and Tucker factors 2309.14859.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import torch
from torch import Tensor

from commonplace.foundation import InputError

Algebra = Literal["lora", "loha", "lokr", "full"]
Shape = tuple[int, ...]

# The factors of each algebra, in LyCORIS's words; those that may be absent in brackets.
_FACTORS: Final[Mapping[Algebra, tuple[frozenset[str], ...]]] = {
    "lora": (frozenset({"up", "down"}), frozenset({"up", "mid", "down"})),
    "loha": (
        frozenset({"w1_a", "w1_b", "w2_a", "w2_b"}),
        frozenset({"w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2"}),
    ),
    "lokr": tuple(
        frozenset(first | second)
        for first in ({"w1"}, {"w1_a", "w1_b"})
        for second in ({"w2"}, {"w2_a", "w2_b"}, {"t2", "w2_a", "w2_b"})
    ),
    "full": (frozenset({"diff"}),),
}

# The factor that takes the scale; LoKr's may be a pair, of which the first does.
_SCALED: Final[Mapping[Algebra, str]] = {"lora": "up", "loha": "w1_a", "lokr": "w1", "full": "diff"}


@dataclass(frozen=True)
class Layer:
    """What an adapter does to the weight of one module.

    Attributes:
        algebra: how the factors make the difference.
        factors: by name; "lora": up [out, r], down [r, in, *kernel], for Tucker also mid
            [r, r, *kernel] with down [r, in]; "loha" and "lokr": as LyCORIS names and shapes them;
            "full": diff, as the weight.
        alpha: the scale is alpha / rank.
        rank: r; the rank that alpha is divided by.
        stabilised: rsLoRA: the scale is alpha / sqrt(rank).
        magnitude: DoRA's m, [out, 1, ...] or [1, in, 1, ...].
        embedding: whether the weight is an embedding's table, which some formats transpose.
        bias: what is added to the module's bias, before the scale, [out].
    """

    algebra: Algebra
    factors: Mapping[str, Tensor]
    alpha: float
    rank: int
    stabilised: bool = False
    magnitude: Tensor | None = field(default=None)
    bias: Tensor | None = field(default=None)
    embedding: bool = False

    def __post_init__(self) -> None:
        if frozenset(self.factors) not in _FACTORS[self.algebra]:
            names = ", ".join(sorted(self.factors))
            raise InputError(f"a {self.algebra} layer cannot be made of the factors {names}")
        if self.rank < 1 or not math.isfinite(self.alpha):
            raise InputError(f"rank {self.rank} and alpha {self.alpha} give no scale")
        check_shapes(self)

    @property
    def scale(self) -> float:
        """What the product of the factors is multiplied by."""
        if self.algebra == "full":
            return 1.0
        return self.alpha / (math.sqrt(self.rank) if self.stabilised else self.rank)

    @property
    def kind(self) -> str:
        """The kind, as its paper calls it."""
        name = {"lora": "LoRA", "loha": "LoHa", "lokr": "LoKr", "full": "full"}[self.algebra]
        if self.magnitude is not None:
            return "DoRA" if self.algebra == "lora" else f"DoRA on {name}"
        return f"rs{name}" if self.stabilised else name

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All tensors: the factors, and "magnitude" and "bias" where there are such."""
        optional = {"magnitude": self.magnitude, "bias": self.bias}
        present = {name: tensor for name, tensor in optional.items() if tensor is not None}
        return {**self.factors, **present}

    def map(self, change: Callable[[Tensor], Tensor]) -> "Layer":
        """The layer with each tensor changed (to another device or precision, say)."""
        return self.with_tensors({name: change(tensor) for name, tensor in self.tensors.items()})

    def with_tensors(self, tensors: Mapping[str, Tensor]) -> "Layer":
        """The layer with other tensors, named as in `tensors`."""
        factors = {name: tensors[name] for name in self.factors}
        return replace(
            self, factors=factors, magnitude=tensors.get("magnitude"), bias=tensors.get("bias")
        )


def check_shapes(layer: Layer) -> None:
    """Raise InputError where the factors do not fit each other."""
    try:
        rows, columns = size(layer)
    except (ValueError, IndexError, RuntimeError) as error:
        shapes = {name: list(factor.shape) for name, factor in layer.factors.items()}
        raise InputError(f"factors that do not fit each other: {shapes}") from error
    if layer.bias is not None and layer.bias.shape != (rows,):
        raise InputError(f"a bias {list(layer.bias.shape)} for {rows} outputs")
    magnitude = layer.magnitude
    if magnitude is not None and not _fits(magnitude, rows, columns):
        raise InputError(f"a magnitude {list(magnitude.shape)} for a weight [{rows}, {columns}]")


def size(layer: Layer) -> tuple[int, int]:
    """(out, in times kernel) of the weight that the layer is for."""
    shapes = tuple((name, factor.shape) for name, factor in layer.factors.items())
    return _size(layer.algebra, shapes)


def shape(layer: Layer) -> tuple[int, ...]:
    """The weight's shape as far as the factors tell: a kernel may be flattened into the inputs."""
    factors = layer.factors
    if layer.algebra == "full":
        return tuple(factors["diff"].shape)
    if layer.algebra == "lora":
        core = factors.get("mid", factors["down"])
        return (factors["up"].shape[0], factors["down"].shape[1], *core.shape[2:])
    return size(layer)


def matrix(layer: Layer) -> Tensor:
    """What is added to the weight before any magnitude, with the scale, [out, in times kernel]."""
    f, scaled = layer.factors, _SCALED[layer.algebra]
    if scaled not in f:
        scaled = f"{scaled}_a"
    if layer.scale != 1:  # into one factor: the product is not gone through once more
        f = {**f, scaled: f[scaled] * layer.scale}
    return _product(layer.algebra, f)


def trained_weight(layer: Layer, weight: Tensor) -> Tensor:
    """T(W): the weight as it was trained, of the shape of `weight`."""
    updated = updated_weight(layer, weight)
    if layer.magnitude is None:
        return updated
    return updated * rescale(layer.magnitude, updated)


def updated_weight(layer: Layer, weight: Tensor) -> Tensor:
    """V = W + Delta, before any magnitude, of the shape of `weight`."""
    f = layer.factors
    if layer.algebra != "lora" or "mid" in f:
        return weight + matrix(layer).reshape(weight.shape)
    flat = torch.addmm(weight.flatten(1), f["up"].flatten(1) * layer.scale, f["down"].flatten(1))
    return flat.reshape(weight.shape)


def rescale(magnitude: Tensor, updated: Tensor) -> Tensor:
    """DoRA's m / ||V||, to be multiplied with V = `updated` or with its outputs.

    The norm is a constant to the gradient (2402.09353, section 4.3). A row of zeros stays zero.
    """
    by_row = magnitude.shape[0] == updated.shape[0] == magnitude.numel()
    axes = [axis for axis in range(updated.ndim) if axis != (0 if by_row else 1)]
    norm = torch.linalg.vector_norm(updated.detach(), dim=axes, keepdim=True)
    magnitude = magnitude.reshape(norm.shape).to(norm.dtype)
    return magnitude / torch.where(norm == 0, torch.ones_like(norm), norm)


def effect(layer: Layer, weight: Tensor, strength: float = 1.0) -> Tensor:
    """The effective weight W + s (T(W) - W), of the shape and precision of `weight`."""
    return weight + strength * difference(layer, weight)


def difference(layer: Layer, weight: Tensor | None) -> Tensor:
    """T(W) - W; without a weight the flat matrix, where the kind does not depend on it.

    Raises:
        InputError: the layer is a DoRA, and no weight was given.
    """
    if layer.magnitude is None:
        flat = matrix(layer)
        return flat if weight is None else flat.reshape(weight.shape)
    if weight is None:
        raise InputError("a DoRA's difference depends on the base's weights; name the base model")
    return trained_weight(layer, weight) - weight


# ------------------------------------------------------------------ products


@functools.lru_cache(1 << 12)  # a model has few shapes, and an attach checks hundreds of layers
def _size(algebra: Algebra, shapes: tuple[tuple[str, Shape], ...]) -> tuple[int, int]:
    """(out, in times kernel) of the product; torch's error where there is none."""
    factors = {name: torch.empty(shape, device="meta") for name, shape in shapes}
    rows, columns = _product(algebra, factors).shape
    return rows, columns


def _product(algebra: Algebra, f: Mapping[str, Tensor]) -> Tensor:
    """The difference before its scale, [out, in times kernel]."""
    if algebra == "full":
        return f["diff"].flatten(1)
    if algebra == "lora":
        up = f["up"].flatten(1)
        return _tucker(f["mid"], up.T, f["down"]) if "mid" in f else up @ f["down"].flatten(1)
    if algebra == "loha":
        first, second = _half(f, "1"), _half(f, "2")
        if first.shape != second.shape:  # torch would repeat one of a single row
            raise ValueError("the two products of a LoHa are of different sizes")
        return first * second
    return torch.kron(_block(f, "1"), _block(f, "2"))


def _fits(magnitude: Tensor, rows: int, columns: int) -> bool:
    """Whether it has one number a row, or one a column (an input, whatever the kernel)."""
    if magnitude.ndim < 2:
        return False
    by_row = magnitude.shape[0] == rows == magnitude.numel()
    return by_row or (magnitude.shape[1] == magnitude.numel() and columns % magnitude.numel() == 0)


def _tucker(core: Tensor, outputs: Tensor, inputs: Tensor) -> Tensor:
    """Core [r, r, *kernel], outputs [r, out], inputs [r, in] -> [out, in times kernel]."""
    if core.shape[:2] != (outputs.shape[0], inputs.shape[0]):  # as above, of a rank of one
        raise ValueError("the core's ranks are not those of its factors")
    outputs, inputs = outputs.flatten(1), inputs.flatten(1)
    return torch.einsum("pq...,po,qi->oi...", core, outputs, inputs).flatten(1)


def _half(f: Mapping[str, Tensor], which: str) -> Tensor:
    """One of LoHa's two factors of the elementwise product."""
    outputs, inputs = f[f"w{which}_a"], f[f"w{which}_b"]
    if f"t{which}" in f:
        return _tucker(f[f"t{which}"], outputs, inputs)
    return outputs.flatten(1) @ inputs.flatten(1)


def _block(f: Mapping[str, Tensor], which: str) -> Tensor:
    """One of LoKr's two blocks; the kernel is the fastest index, so flat blocks do."""
    return f[f"w{which}"].flatten(1) if f"w{which}" in f else _half(f, which)

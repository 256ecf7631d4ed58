"""A fresh adapter: its effect is nothing until it is trained.

Notable: as in the papers one factor starts at zero and the others at random, so that the outputs
are the base's, to the bit, and the gradient is not zero. DoRA's magnitude starts as the norm of the
weight's rows. The same seed gives the same factors, whatever else drew random numbers.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from commonplace.adapters.algebra.adapter import Adapter
from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.adapters.choices import KINDS, Kind
from commonplace.adapters.names.modules import choose_modules, unwrap, weight_of
from commonplace.adapters.running.fingerprint import fingerprint
from commonplace.foundation import InputError


def create(
    model: nn.Module,
    modules: str | Sequence[str] = "all-linear",
    *,
    kind: Kind = "lora",
    rank: int = 8,
    alpha: float | None = None,
    tucker: bool = False,
    seed: int = 0,
    base: str = "",
) -> Adapter:
    """Make a fresh adapter for the modules of `model` that match; its outputs stay as they were.

    Args:
        model: any module; it is not changed.
        kind: one of `KINDS`.
        rank: r.
        seed: of the random factors.
        modules: glob patterns on module names, or "all-linear".
        alpha: the scale is alpha / rank (rsLoRA: sqrt(rank)); none given: rank, a scale of 1
            (rsLoRA: sqrt(rank)).
        tucker: factor the kernels of convolutions too (LoRA, rsLoRA, DoRA, LoHa).
        base: the model's name, for the provenance.

    Raises:
        InputError: a pattern matches nothing, there is no such kind, or the rank is below 1.
    """
    if kind not in KINDS or rank < 1:
        raise InputError(f"an adapter of kind {kind} and rank {rank}: kinds are {', '.join(KINDS)}")
    scale = float(rank if alpha is None else alpha)
    random = torch.Generator().manual_seed(seed)
    model = unwrap(model)
    layers = {
        name: _fresh_layer(module, kind, rank, scale, tucker, random)
        for name, module in choose_modules(model, modules).items()
    }
    recipe = f"create kind={kind} rank={rank} alpha={scale:g} modules={modules}"
    return Adapter(layers, Provenance(base, fingerprint(model), recipe=recipe, seed=seed))


def _fresh_layer(
    module: nn.Module, kind: Kind, rank: int, alpha: float, tucker: bool, random: torch.Generator
) -> Layer:
    weight = weight_of(module)
    out, inputs, *kernel = weight.shape
    core = tucker and math.prod(kernel) > 1
    if kind == "loha":
        factors = _loha(out, inputs, kernel, rank, core, random)
        return Layer("loha", factors, alpha, rank)
    if kind == "lokr":
        factors = _lokr(out, inputs, kernel, rank, random)
        # Two full blocks have no rank to divide alpha by: their scale is 1, as in LyCORIS.
        full = {*factors} == {"w1", "w2"}
        return Layer("lokr", factors, 1.0 if full else alpha, 1 if full else rank)
    factors = _lora(out, inputs, kernel, rank, core, random)
    table = isinstance(module, nn.Embedding)
    magnitude = _norms(weight, table) if kind == "dora" else None
    return Layer("lora", factors, alpha, rank, kind == "rslora", magnitude, embedding=table)


def _lora(
    out: int, inputs: int, kernel: list[int], rank: int, core: bool, random: torch.Generator
) -> dict[str, Tensor]:
    ones = [1] * len(kernel)
    up = torch.zeros(out, rank, *ones)
    if not core:
        return {"up": up, "down": _uniform((rank, inputs, *kernel), random)}
    middle = _uniform((rank, rank, *kernel), random)
    return {"up": up, "mid": middle, "down": _uniform((rank, inputs, *ones), random)}


def _loha(
    out: int, inputs: int, kernel: list[int], rank: int, core: bool, random: torch.Generator
) -> dict[str, Tensor]:
    """LyCORIS's initial spread: 1 and 0.1, the first pair's outputs zero."""
    outputs = (rank, out) if core else (out, rank)
    columns = (rank, inputs if core else inputs * math.prod(kernel))
    factors = {
        "w1_a": torch.zeros(outputs),
        "w1_b": torch.randn(columns, generator=random),
        "w2_a": torch.randn(outputs, generator=random) * 0.1,
        "w2_b": torch.randn(columns, generator=random),
    }
    if core:
        factors["t1"] = torch.randn((rank, rank, *kernel), generator=random) * 0.1
        factors["t2"] = torch.randn((rank, rank, *kernel), generator=random) * 0.1
    return factors


def _lokr(
    out: int, inputs: int, kernel: list[int], rank: int, random: torch.Generator
) -> dict[str, Tensor]:
    """A small full block, and a large one in two factors where that is smaller."""
    (a, b), (c, d) = _near_square(out), _near_square(inputs)
    factors = {"w1": _uniform((a, c), random)}
    if rank >= max(b, d) / 2:
        return {**factors, "w2": torch.zeros(b, d, *kernel)}
    columns = d * math.prod(kernel)
    return {**factors, "w2_a": _uniform((b, rank), random), "w2_b": torch.zeros(rank, columns)}


def _near_square(n: int) -> tuple[int, int]:
    """Write n as a product of two factors, the smaller first, as near each other as can be."""
    small = next(k for k in range(math.isqrt(n), 0, -1) if n % k == 0)
    return small, n // small


def _uniform(shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Uniform within 1/sqrt(inputs): `kaiming_uniform_(a=sqrt(5))`, as in LoRA's own code."""
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    return (torch.rand(shape, generator=random) * 2 - 1) * bound


def _norms(weight: Tensor, by_column: bool) -> Tensor:
    """A number for each output; of an embedding, for each of its columns, as in PEFT."""
    axes = [axis for axis in range(weight.ndim) if axis != int(by_column)]
    values = weight.detach().to(torch.promote_types(weight.dtype, torch.float32))
    norms: Tensor = torch.linalg.vector_norm(values, dim=axes, keepdim=True)
    return norms

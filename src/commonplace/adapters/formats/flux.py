"""Flux's two ways of naming its weights: the original's fused ones (kohya) and diffusers'.

Notable: the original computes q, k, v (and the feed-forward's input) with one weight, diffusers
with one each. A fused LoRA falls apart by the rows of its B, each part with the whole A: exact. The
other way the parts' A are stacked and their B set on the diagonal: exact, of the sum of the ranks.
What was split is joined to what it was, and what was joined is split to what it was.
Source: diffusers 0.42, loaders/lora_conversion_utils.py, `_convert_kohya_flux_lora_to_diffusers`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from commonplace.adapters.algebra.adapter import Adapter, LazyLayers
from commonplace.adapters.algebra.layer import Layer
from commonplace.foundation import InputError

# The original's weight in a block, and diffusers' weights that are its rows, from the first.
_DOUBLE: Final[Mapping[str, tuple[str, ...]]] = {
    "img_attn_qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn_qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "img_attn_proj": ("attn.to_out.0",),
    "txt_attn_proj": ("attn.to_add_out",),
    "img_mlp_0": ("ff.net.0.proj",),
    "img_mlp_2": ("ff.net.2",),
    "txt_mlp_0": ("ff_context.net.0.proj",),
    "txt_mlp_2": ("ff_context.net.2",),
    "img_mod_lin": ("norm1.linear",),
    "txt_mod_lin": ("norm1_context.linear",),
}
_SINGLE: Final[Mapping[str, tuple[str, ...]]] = {
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
    "linear2": ("proj_out",),
    "modulation_lin": ("norm.linear",),
}
_PARTS: Final = {"double": _DOUBLE, "single": _SINGLE}
_SHARES: Final = {3: (1, 1, 1), 4: (1, 1, 1, 4)}  # the rows of a fused weight's parts
_KOHYA: Final = re.compile(r"lora_unet_(double|single)_blocks_(\d+)_(\w+)")
_BLOCKS: Final = {"double": "transformer_blocks", "single": "single_transformer_blocks"}


def flux_to_diffusers(adapter: Adapter) -> Adapter:
    """A kohya adapter of Flux with diffusers' names and weights.

    Raises:
        InputError: a layer is none of Flux's blocks (when it is read: or cannot be split).
    """
    places: dict[str, tuple[str, int, int]] = {}
    for name in adapter.layers:
        match = _KOHYA.fullmatch(name)
        parts = _PARTS[match[1]].get(match[3]) if match else None
        if match is None or parts is None:
            raise InputError(f"{name} is none of the blocks of Flux that kohya's trainer adapts")
        for number, part in enumerate(parts):
            module = f"transformer.{_BLOCKS[match[1]]}.{match[2]}.{part}"
            places[module] = (name, number, len(parts))

    def make(module: str) -> Layer:
        name, number, count = places[module]
        layer = adapter.layers[name]
        return layer if count == 1 else _split(name, layer, number, count)

    return replace(adapter, layers=LazyLayers(places, make))


def flux_to_kohya(adapter: Adapter) -> Adapter:
    """A diffusers adapter of Flux with the original's names and fused weights.

    Raises:
        InputError: a layer is none of Flux's blocks (when it is read: or cannot be joined).
    """
    targets = {
        (block, part): (name, number, len(parts))
        for block in _BLOCKS
        for name, parts in _PARTS[block].items()
        for number, part in enumerate(parts)
    }
    fused: dict[str, list[str | None]] = {}
    for module in adapter.layers:
        block, number, part = _place(module)
        if (block, part) not in targets:
            raise InputError(f"{module} is none of the blocks of Flux that kohya's trainer adapts")
        name, row, count = targets[block, part]
        fused_parts = fused.setdefault(f"lora_unet_{block}_blocks_{number}_{name}", [None] * count)
        fused_parts[row] = module

    def make(name: str) -> Layer:
        parts = [None if module is None else adapter.layers[module] for module in fused[name]]
        first = parts[0]
        return first if len(parts) == 1 and first is not None else _join(name, parts)

    return replace(adapter, layers=LazyLayers(fused, make))


def _place(module: str) -> tuple[str, str, str]:
    """Block, number and part of a name in diffusers."""
    for block, name in _BLOCKS.items():
        prefix = f"transformer.{name}."
        if module.startswith(prefix):
            number, _, part = module.removeprefix(prefix).partition(".")
            return block, number, part
    return "", "", module


def _split(name: str, layer: Layer, number: int, count: int) -> Layer:
    """The rows of one part, and only the ranks that it uses, where the parts share none."""
    if layer.algebra != "lora" or "mid" in layer.factors or _by_column(layer):
        raise InputError(f"{name} is a {layer.kind} of a fused weight, which cannot be split")
    up, down = layer.factors["up"], layer.factors["down"]
    rows = _rows(up.shape[0], count)[number]
    ranks = _own_ranks(up, number, count)
    rank = layer.rank if ranks is None else ranks.stop - ranks.start
    factors = {"up": up[rows], "down": down}
    if ranks is not None:
        factors = {"up": up[rows, ranks], "down": down[ranks]}
    return Layer(
        algebra="lora",
        factors={key: factor.contiguous() for key, factor in factors.items()},
        alpha=layer.alpha if ranks is None else layer.scale * rank,
        rank=rank,
        stabilised=layer.stabilised and ranks is None,
        magnitude=None if layer.magnitude is None else layer.magnitude[rows],
        bias=None if layer.bias is None else layer.bias[rows],
    )


def _join(name: str, parts: Sequence[Layer | None]) -> Layer:
    """One layer of the fused weight; parts that are absent change nothing."""
    present = [part for part in parts if part is not None]
    plain = all(part.algebra == "lora" and "mid" not in part.factors for part in present)
    magnitudes = [part.magnitude for part in present if part.magnitude is not None]
    complete = len(present) == len(parts)
    if not plain or any(map(_by_column, present)) or (magnitudes and len(magnitudes) < len(parts)):
        raise InputError(f"{name} cannot be joined of {', '.join(part.kind for part in present)}")
    first = present[0]
    form = (first.alpha, first.rank, first.stabilised)
    magnitude = torch.cat(magnitudes) if magnitudes else None
    # Parts of one A are what `_split` made of a fused weight that shared its ranks.
    same = complete and all(
        (part.alpha, part.rank, part.stabilised) == form
        and torch.equal(part.factors["down"], first.factors["down"])
        for part in present
    )
    if not same:
        return _on_the_diagonal(parts, magnitude)
    up = torch.cat([part.factors["up"] for part in present])
    factors = {"up": up, "down": first.factors["down"]}
    bias = _joined_bias(parts, first.scale)
    return Layer("lora", factors, *form, magnitude=magnitude, bias=bias)


def _on_the_diagonal(parts: Sequence[Layer | None], magnitude: Tensor | None) -> Layer:
    """Stack the downs and set the ups on the diagonal; one scale for all, or each in its up."""
    present = [part for part in parts if part is not None]
    scales = {part.scale for part in present}
    scale = scales.pop() if len(scales) == 1 else 1.0
    rank = sum(part.rank for part in present)
    ups = [
        torch.zeros(height, 0)
        if part is None
        else part.factors["up"] * (1.0 if part.scale == scale else part.scale / scale)
        for height, part in zip(_heights(parts), parts, strict=True)
    ]
    diagonal = torch.block_diag(*ups)  # type: ignore[no-untyped-call]  # torch's has no types
    up = diagonal.to(present[0].factors["up"].dtype)
    down = torch.cat([part.factors["down"] for part in present])
    bias = _joined_bias(parts, scale)
    factors = {"up": up, "down": down}
    return Layer("lora", factors, scale * rank, rank, magnitude=magnitude, bias=bias)


def _joined_bias(parts: Sequence[Layer | None], scale: float) -> Tensor | None:
    if not any(part is not None and part.bias is not None for part in parts):
        return None
    pieces = [
        torch.zeros(height)
        if part is None or part.bias is None
        else part.bias * (part.scale / scale)
        for height, part in zip(_heights(parts), parts, strict=True)
    ]
    return torch.cat(pieces)


def _heights(parts: Sequence[Layer | None]) -> list[int]:
    """The rows of each part, the absent ones' by those that are there."""
    shares = _SHARES[len(parts)]
    unit = next(
        part.factors["up"].shape[0] // share
        for part, share in zip(parts, shares, strict=True)
        if part is not None
    )
    return [unit * share for share in shares]


def _rows(height: int, count: int) -> list[slice]:
    shares = _SHARES[count]
    unit = height // sum(shares)
    ends = [unit * sum(shares[: number + 1]) for number in range(count)]
    return [slice(end - unit * share, end) for end, share in zip(ends, shares, strict=True)]


def _own_ranks(up: Tensor, number: int, count: int) -> slice | None:
    """The ranks that only this part uses, where each uses as many and none another's."""
    if up.shape[1] % count:
        return None
    share = up.shape[1] // count
    for place, rows in enumerate(_rows(up.shape[0], count)):
        foreign = torch.ones(up.shape[1], dtype=torch.bool)
        foreign[place * share : (place + 1) * share] = False
        if bool(up[rows][:, foreign].any()):
            return None
    return slice(number * share, (number + 1) * share)


def _by_column(layer: Layer) -> bool:
    magnitude = layer.magnitude
    return magnitude is not None and magnitude.shape[0] != layer.factors["up"].shape[0]

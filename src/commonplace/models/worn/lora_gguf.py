"""Low-rank layers as llama.cpp wears them: a GGUF file of type "adapter".

Notable: llama.cpp has one alpha for a whole file and takes the scale alpha / rank of each pair. So
layers of other scales are written without loss or not at all: ranks are filled with zeros up to one
rank, and a power of two goes into a factor, which changes no digit. An embedding's pair is stored
the other way round, and the rows of Llama's queries and keys are reordered (`llama_names.py`).
Source: llama.cpp, src/llama-adapter.cpp, convert_lora_to_gguf.py.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from commonplace.foundation import InputError
from commonplace.models.files.gguf import BFLOAT16, Array, Scalar
from commonplace.models.files.gguf_writing import write_gguf
from commonplace.models.worn.llama_names import EMBEDDING, Base, permute, tensor_name

ALPHA: Final = "adapter.lora.alpha"
RECORD: Final = "commonplace.adapter"  # the key of our own record, as in safetensors
BASE_NAME: Final = "general.base_model.0.name"
_OUTPUT: Final = "output.weight"


@dataclass(frozen=True)
class LowRank:
    """What is added to a weight: scale times up [out, r] down [r, in]; bfloat16 as its bits."""

    up: Array
    down: Array


@dataclass(frozen=True)
class Scales:
    """The one alpha of a file, the rank that all are filled to, and what goes into factors."""

    alpha: float
    rank: int | None  # None: each keeps its own
    powers: Mapping[str, float]  # by module; 1 where nothing goes in


def adapter_metadata(name: str, base: str, record: str) -> dict[str, Scalar]:
    """The metadata that name an adapter and its base, and keep our own record."""
    metadata: dict[str, Scalar] = {"general.name": name}
    if base:
        metadata |= {"general.base_model.count": 1, BASE_NAME: base}
    return metadata | ({RECORD: record} if record else {})


def common_alpha(layers: Mapping[str, tuple[float, int]]) -> Scales:
    """Find one alpha that gives the scales of all layers (scale and rank by module), exactly.

    Raises:
        InputError: no alpha does.
    """
    greatest = max(rank for _, rank in layers.values())
    for rank in (None, greatest):
        alphas = {name: scale * (rank or own_rank) for name, (scale, own_rank) in layers.items()}
        # The commonest, so that few factors are touched.
        alpha = Counter(alphas.values()).most_common(1)[0][0]
        powers = {name: own / alpha if alpha else 0 for name, own in alphas.items()}
        # The mantissa of a power of two is a half, that of zero is zero.
        if all(abs(math.frexp(power)[0]) == 0.5 for power in powers.values()):
            return Scales(alpha, rank, powers)
    raise InputError(
        "llama.cpp has one alpha for all layers, and these have scales of their own that no power "
        "of two makes one; `commonplace adapter resize FILE --energy 1` puts them into the factors"
    )


def write_lora(
    path: Path,
    layers: Mapping[str, LowRank],
    scales: Mapping[str, tuple[float, int]],
    base: Base,
    metadata: Mapping[str, Scalar],
) -> None:
    """Write layers, by transformers' names of their modules, one at a time.

    Args:
        path: of the file.
        layers: read when they are asked for.
        scales: scale and rank of each.
        base: the model that they are for.
        metadata: what else the file says.

    Raises:
        InputError: llama.cpp cannot say it, or as `write_gguf`; `path` is as before.
    """
    scaling = common_alpha(scales)
    names = {name: tensor_name(name) for name in layers}
    for name in layers:
        _check_place(name, names[name], base)
    header: dict[str, Scalar] = {
        "general.type": "adapter",
        **base.metadata,
        "adapter.type": "lora",
        ALPHA: float(scaling.alpha),
        **metadata,
    }
    write_gguf(path, header, _pairs(layers, names, scaling, base))


def pair_of(layer: LowRank, tensor: str, base: Base) -> tuple[Array, Array]:
    """llama.cpp's two tensors of a layer, in numpy's order of axes."""
    if tensor == EMBEDDING:  # rows of the table are looked up, so the pair is the other way round
        return layer.up, np.ascontiguousarray(layer.down.T)
    return layer.down, permute(layer.up, base, tensor)


def low_rank_of(a: Array, b: Array, tensor: str, base: Base | None) -> LowRank:
    """The layer of llama.cpp's two tensors.

    Raises:
        InputError: they do not fit each other.
    """
    if (
        a.ndim != 2
        or b.ndim != 2
        or (a.shape[1] if tensor == EMBEDDING else a.shape[0]) != b.shape[1]
    ):
        raise InputError(f"{tensor}: factors {list(a.shape)} and {list(b.shape)} make no product")
    if tensor == EMBEDDING:
        return LowRank(a, np.ascontiguousarray(b.T))
    return LowRank(b if base is None else permute(b, base, tensor, back=True), a)


def as_float32(stored: Array) -> Array:
    """The values as float32; bfloat16 is its upper half."""
    if stored.dtype == BFLOAT16:
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(np.float32)


def _pairs(
    layers: Mapping[str, LowRank], names: Mapping[str, str], scaling: Scales, base: Base
) -> Iterator[tuple[str, Array]]:
    for name, tensor in names.items():
        layer = _pad_rank(_fold_power(layers[name], scaling.powers[name], name), scaling.rank)
        _check_sizes(name, layer, tensor, base)
        a, b = pair_of(layer, tensor, base)
        yield f"{tensor}.lora_a", a
        yield f"{tensor}.lora_b", b


def _fold_power(layer: LowRank, power: float, name: str) -> LowRank:
    """Put a power of two into the first factor.

    Raises:
        InputError: a value would leave the range in which that is exact.
    """
    if power == 1:
        return layer
    values = as_float32(layer.up)
    with np.errstate(over="ignore"):
        scaled = values * np.float32(power)
    if not np.array_equal(scaled / np.float32(power), values):
        raise InputError(f"{name} has values too great or too small to take its scale of {power:g}")
    return LowRank(scaled, layer.down)


def _pad_rank(layer: LowRank, rank: int | None) -> LowRank:
    missing = (rank or layer.up.shape[1]) - layer.up.shape[1]
    if not missing:
        return layer
    up = np.pad(layer.up, ((0, 0), (0, missing)))
    return LowRank(up, np.pad(layer.down, ((0, missing), (0, 0))))


def _check_place(name: str, tensor: str, base: Base) -> None:
    """Raise InputError where llama.cpp would refuse the layer, or crash on it."""
    if tensor == EMBEDDING and base.tied:
        raise InputError(
            f"{name}'s table is the model's output layer too, and llama.cpp cannot wear a change "
            "of such a table; train without it"
        )
    if tensor == _OUTPUT and base.tied:
        raise InputError(
            f"the model has no output layer of its own for {name}: it is the embedding's table"
        )
    if base.sizes is not None and tensor not in base.sizes:
        raise InputError(f"the model has no {tensor} for {name}; is the adapter for another one?")


def _check_sizes(name: str, layer: LowRank, tensor: str, base: Base) -> None:
    size = (layer.up.shape[0], layer.down.shape[1])
    if base.sizes is not None and base.sizes[tensor] != size:
        raise InputError(
            f"{name} is for a weight {list(size)}, the model's {tensor} is "
            f"{list(base.sizes[tensor])}; is the adapter for another one?"
        )

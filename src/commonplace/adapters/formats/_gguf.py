"""llama.cpp's adapters: a GGUF file of low-rank pairs, for one architecture.

Notable: the file's names and rows are llama.cpp's, a layer's are transformers'. The base decides
how they correspond (`models/worn/llama_names.py`); it is named when the file is written, and the
file keeps what is needed of it. llama.cpp knows nothing but the low-rank product: DoRA, LoHa, LoKr,
full differences and biases are refused.
"""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from commonplace.adapters.algebra.adapter import Adapter, LazyLayers
from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance, from_metadata
from commonplace.adapters.formats._keys import check_mapped
from commonplace.foundation import InputError, LazyMapping, display_path
from commonplace.models.files.gguf import BFLOAT16, Array, Gguf, open_gguf
from commonplace.models.worn import llama_names, lora_gguf

_PAIR: Final = (".lora_a", ".lora_b")


def open_gguf_adapter(path: Path, base: Path | None, allow_unmapped: bool) -> Adapter:
    """Open an adapter of llama.cpp; `base`: the model's GGUF file or folder, where it is needed.

    Raises:
        InputError: it is no such adapter, or its base must be known and is not.
    """
    gguf = open_gguf(path)
    _check_kind(gguf)
    known_base = llama_names.base_of(gguf) if base is None else llama_names.open_base(base)
    architecture = gguf.text("general.architecture")
    if known_base is not None and known_base.architecture != architecture:
        raise InputError(
            f"{display_path(path)} is for a {architecture}, the base is a {known_base.architecture}"
        )
    tensors, unmapped = _group(gguf)
    check_mapped(path, tensors, unmapped, allow_unmapped)
    permuted = (llama_names.is_permuted(architecture, tensor) for tensor in tensors.values())
    if known_base is None and any(permuted):
        raise InputError(
            f"{display_path(path)} changes queries and keys, whose rows llama.cpp reorders by the "
            "number of heads, which it does not say; name the model that it is for with --base"
        )

    def read(module: str) -> Layer:
        return _read_layer(gguf, module, tensors[module], known_base)

    return Adapter(LazyLayers(tensors, read), _provenance(gguf))


def save_gguf_adapter(adapter: Adapter, path: Path, base: Path, record: str) -> None:
    """Write an adapter for the model that is the GGUF file, or the folder, `base`.

    Raises:
        InputError: llama.cpp cannot hold it, or it cannot be written; `path` is as before.
    """

    def low_rank(name: str) -> lora_gguf.LowRank:
        factors = adapter.layers[name].factors
        up, down = (_array(name, factors[key].flatten(1)) for key in ("up", "down"))
        return lora_gguf.LowRank(up, down)

    scales = {name: _scale(name, layer) for name, layer in adapter.layers.items()}
    title = adapter.provenance.title or path.stem
    lora_gguf.write_lora(
        path,
        LazyMapping(adapter.layers, low_rank),
        scales=scales,
        base=llama_names.open_base(base),
        metadata=lora_gguf.adapter_metadata(title, adapter.provenance.base, record),
    )


def _check_kind(gguf: Gguf) -> None:
    kind, adapter_type = gguf.text("general.type"), gguf.text("adapter.type")
    file = display_path(gguf.path)
    if kind != "adapter":
        raise InputError(f"{file} is a {kind or 'model'}, no adapter")
    if adapter_type != "lora":
        raise InputError(f"{file} is an adapter of the type {adapter_type or 'none'}; lora is read")
    if "adapter.alora.invocation_tokens" in gguf.arrays:
        raise InputError(f"{file} acts from certain words on only (aLoRA), which is not supported")


def _group(gguf: Gguf) -> tuple[dict[str, str], list[str]]:
    """The weight's tensor by module, and the names of what is none of a pair."""
    tensors: dict[str, str] = {}
    unmapped: list[str] = []
    for name in gguf.tensors:
        tensor = name.removesuffix(_PAIR[0]).removesuffix(_PAIR[1])
        module = llama_names.module_name(tensor) if name.endswith(_PAIR) else None
        if module is None or any(f"{tensor}{half}" not in gguf.tensors for half in _PAIR):
            unmapped.append(name)
        else:
            tensors[module] = tensor
    return tensors, unmapped


def _read_layer(gguf: Gguf, module: str, tensor: str, base: llama_names.Base | None) -> Layer:
    a, b = (gguf.read(f"{tensor}{half}") for half in _PAIR)
    low_rank = lora_gguf.low_rank_of(a, b, tensor, base)
    rank = low_rank.up.shape[1]
    # As llama.cpp: no alpha, or none but zero, is a scale of 1.
    alpha = float(gguf.number(lora_gguf.ALPHA) or rank)
    factors = {"up": _tensor(low_rank.up), "down": _tensor(low_rank.down)}
    for name, factor in factors.items():
        if not bool(torch.isfinite(factor).all()):
            where = f"{module} in {display_path(gguf.path)}"
            raise InputError(f"{name} of {where} holds NaN or infinity")
    try:
        return Layer("lora", factors, alpha, rank, embedding=tensor == llama_names.EMBEDDING)
    except InputError as error:
        raise InputError(f"{module}: {error}") from error


def _scale(module: str, layer: Layer) -> tuple[float, int]:
    """Scale and rank of a layer that llama.cpp can hold.

    Raises:
        InputError: it cannot.
    """
    reason = ""
    if layer.magnitude is not None:
        reason = f"is a {layer.kind}, whose rows depend on the base's weights"
    elif layer.algebra != "lora":
        reason = f"is a {layer.kind}"
    elif "mid" in layer.factors or layer.factors["down"].ndim != 2:
        reason = "is of a convolution"
    elif layer.bias is not None:
        reason = "changes a bias"
    elif layer.scale == 0:
        reason = "has alpha 0, which llama.cpp reads as a scale of 1"
    if reason:
        raise InputError(
            f"{module} {reason}; llama.cpp's adapters are low-rank products alone. `commonplace "
            "adapter compose FILE --by svd --rank N --base MODEL` makes one that is near it"
        )
    return layer.scale, layer.rank


def _provenance(gguf: Gguf) -> Provenance:
    if record := gguf.text(lora_gguf.RECORD):
        return from_metadata({lora_gguf.RECORD: record})
    return Provenance(base=gguf.text(lora_gguf.BASE_NAME), title=gguf.text("general.name"))


def _array(module: str, tensor: Tensor) -> Array:
    """As numpy's array; bfloat16 as its bits, float64 as float32 where that is the same number."""
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.view(torch.int16).numpy().view(BFLOAT16)
        return bits
    if tensor.dtype == torch.float64:
        single = tensor.float()
        if not torch.equal(single.double(), tensor):
            raise InputError(f"{module} is in float64, which llama.cpp does not wear; use float32")
        tensor = single
    if tensor.dtype not in (torch.float32, torch.float16):
        raise InputError(f"{module} is in {tensor.dtype}, which llama.cpp does not wear")
    array: Array = tensor.numpy()
    return array


def _tensor(array: Array) -> Tensor:
    """A copy, as the bytes of a file cannot be written to."""
    if array.dtype == BFLOAT16:
        return torch.from_numpy(np.array(array.view(np.int16))).view(torch.bfloat16)
    return torch.from_numpy(np.array(array))

"""The tensor names of kohya, LyCORIS and ComfyUI: one file of tensors for every kind.

Notable: a key is a module's name, dotted or with underscores after a prefix, and a suffix that says
the factor. `alpha` is a tensor; missing or zero means a scale of 1. rsLoRA is folded into it (alpha
sqrt(r)), as LyCORIS does. `dora_scale` is [out, 1], in older files [1, in]. The program's own files
are these with dotted names, and its record in the header, which tells rsLoRA apart again.
Sources: kohya-ss/sd-scripts networks/lora.py, LyCORIS modules/*.py, ComfyUI comfy/lora.py.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor

from commonplace.adapters.algebra.layer import Algebra, Layer, shape
from commonplace.adapters.algebra.provenance import KEY
from commonplace.foundation import InputError

# What ends a key, and which factor it is; the first spelling of each is the one that is written.
_SUFFIXES: Final[Mapping[str, tuple[Algebra | None, str]]] = {
    "lora_up.weight": ("lora", "up"),
    "lora_mid.weight": ("lora", "mid"),
    "lora_down.weight": ("lora", "down"),
    **{f"hada_{name}": ("loha", name) for name in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{
        f"lokr_{name}": ("lokr", name)
        for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")
    },
    "diff": ("full", "diff"),
    "alpha": (None, "alpha"),
    "dora_scale": (None, "magnitude"),
    "diff_b": (None, "bias"),
    # ComfyUI takes these spellings of LoRA too (diffusers' older ones, PEFT's, Mochi's).
    "lora_B.weight": ("lora", "up"),
    "lora_A.weight": ("lora", "down"),
    "lora.up.weight": ("lora", "up"),
    "lora.down.weight": ("lora", "down"),
    "lora_linear_layer.up.weight": ("lora", "up"),
    "lora_linear_layer.down.weight": ("lora", "down"),
    "lora_B": ("lora", "up"),
    "lora_A": ("lora", "down"),
    "lora_B.default.weight": ("lora", "up"),
    "lora_A.default.weight": ("lora", "down"),
}
# The oldest spelling of diffusers: the module's name goes on in the suffix, behind `.processor`.
_PROCESSOR: Final = {"_lora.up.weight": "lora.up.weight", "_lora.down.weight": "lora.down.weight"}
_SUFFIX_OF: Final = {role: suffix for suffix, role in reversed(list(_SUFFIXES.items()))}


def split(key: str) -> tuple[str, str | None]:
    """The module and the suffix of a key; None where it has none that is known."""
    suffix = next((ending for ending in _SUFFIXES if key.endswith(f".{ending}")), None)
    if suffix is not None:
        return key[: -len(suffix) - 1], suffix
    for old_ending, suffix in _PROCESSOR.items():
        if key.endswith(old_ending):
            module = key.removesuffix(old_ending).replace(".processor.to_", ".to_")
            return f"{module}.0" if module.endswith(".to_out") else module, suffix
    return key, None


@dataclass(frozen=True)
class Notes:
    """What our own record in the header says beyond the tensors; other programs' files say nothing.

    Attributes:
        stabilised: the rsLoRA layers and their alpha, which the tensors have times sqrt(r).
        embeddings: the layers of embeddings.
    """

    stabilised: Mapping[str, float] = field(default_factory=dict)
    embeddings: frozenset[str] = frozenset()


def read_notes(metadata: Mapping[str, str]) -> Notes:
    """The notes of a file's metadata, empty where it has none."""
    try:
        record = json.loads(metadata[KEY])
        stabilised = {str(name): float(alpha) for name, alpha in record["stabilised"].items()}
        return Notes(stabilised, frozenset(record["embeddings"]))
    except (KeyError, ValueError, AttributeError, TypeError):
        return Notes()


def read_layer(module: str, tensors: Mapping[str, Tensor], notes: Notes) -> Layer:
    """The layer of one module's tensors, by suffix.

    Raises:
        InputError: they are of two kinds, or of none.
    """
    roles: dict[str, Tensor] = {}
    algebras: set[Algebra] = set()
    for suffix, tensor in tensors.items():
        algebra, role = _SUFFIXES[suffix]
        roles[role] = tensor
        algebras |= {algebra} if algebra else set()
    alpha, magnitude, bias = (roles.pop(name, None) for name in ("alpha", "magnitude", "bias"))
    if len(algebras) != 1:
        raise InputError(f"{module} has tensors of {len(algebras)} kinds: {', '.join(tensors)}")
    algebra = algebras.pop()
    rank = _rank(algebra, roles)
    full_blocks = algebra == "lokr" and {*roles} == {"w1", "w2"}  # these have no alpha
    number = (0.0 if alpha is None or full_blocks else float(alpha)) or float(rank)
    if magnitude is not None and magnitude.ndim == 1:
        magnitude = magnitude[:, None]  # without axes it is one number a row
    try:
        layer = Layer(
            algebra=algebra,
            factors=roles,
            alpha=notes.stabilised.get(module, number),
            rank=rank,
            stabilised=module in notes.stabilised,
            magnitude=magnitude,
            embedding=module in notes.embeddings,
        )
    except InputError as error:
        raise InputError(f"{module}: {error}") from error
    if bias is None:
        return layer
    # diff_b is the bias's change itself, a layer's bias is multiplied by the scale.
    return layer.with_tensors({**layer.tensors, "bias": bias / layer.scale})


def write_layer(module: str, layer: Layer) -> dict[str, Tensor]:
    """The tensors of one layer by key, as LyCORIS writes them."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in layer.factors.items():
        value = _unflatten(tensor, layer) if name in ("up", "down") else tensor
        if name == "w1" and {*layer.factors} == {"w1", "w2"} and layer.scale != 1:
            value = tensor * layer.scale  # two full blocks have no alpha
        tensors[f"{module}.{_SUFFIX_OF[layer.algebra, name]}"] = value
    if layer.algebra != "full":
        folded = layer.alpha * (math.sqrt(layer.rank) if layer.stabilised else 1)
        if folded == 0:
            raise InputError(f"{module} has alpha 0, which LyCORIS reads as a scale of 1; drop it")
        tensors[f"{module}.alpha"] = torch.tensor(folded, dtype=torch.float64)
    if layer.magnitude is not None:
        tensors[f"{module}.dora_scale"] = layer.magnitude
    if layer.bias is not None:
        tensors[f"{module}.diff_b"] = layer.bias * layer.scale
    return tensors


def _rank(algebra: Algebra, f: Mapping[str, Tensor]) -> int:
    """What alpha is divided by."""
    if algebra == "lora" and "up" in f:
        return f["up"].shape[1]
    for name in ("w2_b", "w1_b"):
        if name in f:
            return f[name].shape[0]
    return 1


def _unflatten(factor: Tensor, layer: Layer) -> Tensor:
    """LoRA's factors of a convolution have the kernel's axes."""
    axes = max(len(shape(layer)), 2) - factor.ndim
    return factor.reshape(*factor.shape, *[1] * axes) if axes > 0 else factor

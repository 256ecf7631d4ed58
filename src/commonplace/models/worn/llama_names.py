"""What llama.cpp calls the weights of a language model, and how it turns their rows.

Notable: for Llama's architecture the converter reorders the rows of the query and key weights, so
that a rotary pair stands side by side: half-split [heads, 2, size / 2] becomes interleaved [heads,
size / 2, 2]. What is added to these weights must be reordered alike, or it acts on the wrong rows,
without an error. How many heads there are stands in no adapter of other programs: the base says it.
Source: llama.cpp, conversion/llama.py (`permute`), gguf-py/gguf/tensor_mapping.py.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation import InputError, display_path
from commonplace.models.files.gguf import Gguf, open_gguf

_PERMUTED: Final = {"llama"}  # architectures whose queries and keys are reordered
ARCHITECTURES: Final = ("llama", "qwen2", "qwen3")
# `model_type` of a config.json, where it is not the architecture's own name.
_MODEL_TYPES: Final = {"mistral": "llama"}
_BLOCK_MODULES: Final = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_MODEL_MODULES: Final = {"model.embed_tokens": "token_embd", "lm_head": "output"}
_MODULES: Final = {name: module for module, name in (_BLOCK_MODULES | _MODEL_MODULES).items()}
_BLOCK: Final = re.compile(r"model\.layers\.(\d+)\.(.+)")
_TENSOR: Final = re.compile(r"(?:blk\.(\d+)\.)?(\w+)\.weight")
EMBEDDING: Final = "token_embd.weight"


@dataclass(frozen=True)
class Base:
    """What of a language model decides how llama.cpp names and turns its weights."""

    architecture: str
    heads: int
    key_heads: int
    tied: bool = False  # whether the embedding's table is the output layer too
    sizes: Mapping[str, tuple[int, ...]] | None = None  # of the GGUF's tensors, where known

    @property
    def metadata(self) -> dict[str, str | int]:
        """The keys of a GGUF file that say it, so that an adapter is read without its base."""
        prefix = f"{self.architecture}.attention"
        return {
            "general.architecture": self.architecture,
            f"{prefix}.head_count": self.heads,
            f"{prefix}.head_count_kv": self.key_heads,
        }


def base_of(gguf: Gguf) -> Base | None:
    """What a GGUF file says of itself or of its base; None where it says no number of heads."""
    architecture = gguf.text("general.architecture")
    _check(architecture, gguf.path)
    heads = gguf.number(f"{architecture}.attention.head_count")
    key_heads = gguf.number(f"{architecture}.attention.head_count_kv") or heads
    if not heads or not key_heads:
        return None
    if gguf.text("general.type") == "adapter":
        return Base(architecture, int(heads), int(key_heads))
    sizes = {name: tensor.shape for name, tensor in gguf.tensors.items()}
    tied = "output.weight" not in sizes
    return Base(architecture, int(heads), int(key_heads), tied, sizes)


def open_base(path: Path) -> Base:
    """The base that a GGUF file, or a folder with a config.json, is.

    Raises:
        InputError: it is neither, or of an architecture whose names are not known.
    """
    if path.is_dir():
        return _from_config(path / "config.json")
    gguf = open_gguf(path)
    if gguf.text("general.type") == "adapter":
        raise InputError(f"{display_path(path)} is an adapter; name the model that it is for")
    base = base_of(gguf)
    if base is None:
        raise InputError(f"{display_path(path)} does not say how many heads the model has")
    return base


def tensor_name(module: str) -> str:
    """What llama.cpp calls the weight of a module of transformers.

    Raises:
        InputError: it has no name there.
    """
    block = _BLOCK.fullmatch(module)
    if block and block[2] in _BLOCK_MODULES:
        return f"blk.{block[1]}.{_BLOCK_MODULES[block[2]]}.weight"
    if module in _MODEL_MODULES:
        return f"{_MODEL_MODULES[module]}.weight"
    names = ", ".join([*_BLOCK_MODULES, *_MODEL_MODULES])
    raise InputError(
        f"llama.cpp's adapters have no name for {module}; they know {names} (in model.layers.N)"
    )


def module_name(tensor: str) -> str | None:
    """What transformers calls the module of a weight of llama.cpp; None where that is unknown."""
    match = _TENSOR.fullmatch(tensor)
    module = _MODULES.get(match[2]) if match else None
    if match is None or module is None or (match[1] is None) != (module in _MODEL_MODULES):
        return None
    return module if match[1] is None else f"model.layers.{match[1]}.{module}"


def is_permuted(architecture: str, tensor: str) -> bool:
    """Whether the rows of this weight are reordered."""
    return architecture in _PERMUTED and tensor.endswith((".attn_q.weight", ".attn_k.weight"))


def permute(rows: NDArray[Any], base: Base, tensor: str, back: bool = False) -> NDArray[Any]:
    """Reorder [rows, ...] as llama.cpp does the weight's rows, or `back`; others are as they were.

    Raises:
        InputError: the rows do not divide into the base's heads.
    """
    if not is_permuted(base.architecture, tensor):
        return rows
    heads = base.heads if tensor.endswith(".attn_q.weight") else base.key_heads
    if rows.shape[0] % (2 * heads):
        raise InputError(f"{tensor} has {rows.shape[0]} rows for {heads} heads; is it the model's?")
    half = rows.shape[0] // heads // 2
    parts = (heads, half, 2) if back else (heads, 2, half)
    return np.ascontiguousarray(rows.reshape(*parts, *rows.shape[1:]).swapaxes(1, 2)).reshape(
        rows.shape
    )


def _check(architecture: str, path: Path) -> None:
    if architecture not in ARCHITECTURES:
        raise InputError(
            f"{display_path(path)} is of the architecture {architecture or 'unknown'}; names and "
            f"rows are known of {', '.join(ARCHITECTURES)}"
        )


def _from_config(path: Path) -> Base:
    try:
        config = json.loads(path.read_bytes())
        kind, heads = str(config["model_type"]), int(config["num_attention_heads"])
        key_heads = int(config.get("num_key_value_heads") or heads)
    except OSError as error:
        raise InputError(f"{display_path(path)} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{display_path(path)} is no language model's config: {error}") from error
    architecture = _MODEL_TYPES.get(kind, kind)
    _check(architecture, path)
    return Base(architecture, heads, key_heads, bool(config.get("tie_word_embeddings")))

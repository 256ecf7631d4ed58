"""The low-rank layers of this program's own adapter files, read without torch.

Notable: a file that holds anything else (DoRA, another kind, a bias) is refused, with the way to
what can be worn. The scales are those that `adapters` reads from the same file.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from commonplace.foundation import InputError, LazyMapping, display_path
from commonplace.models.files.gguf import BFLOAT16, Array
from commonplace.models.files.safetensors import Entry, read_data
from commonplace.models.worn.lora_gguf import LowRank, as_float32

_UP, _DOWN, _ALPHA = ".lora_up.weight", ".lora_down.weight", ".alpha"
_TYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": BFLOAT16,
}


class OwnLora(LazyMapping[LowRank]):
    """The layers of one of our own files; read when they are asked for."""

    def __init__(self, path: Path, entries: Mapping[str, Entry], record: Mapping[str, Any]) -> None:
        self._path, self._entries = path, entries
        names = (name.removesuffix(_UP) for name in entries if name.endswith(_UP))
        super().__init__(names, self._layer)
        expected = {f"{name}{end}" for name in self for end in (_UP, _DOWN, _ALPHA)}
        unexpected = sorted({*entries} - expected)
        missing = [name for name in self if f"{name}{_DOWN}" not in entries]
        if unexpected or missing or not self:
            self._refuse(unexpected or missing)
        self._stabilised = dict(record.get("stabilised") or {})

    def scales(self) -> dict[str, tuple[float, int]]:
        """The scale and the rank of each layer; no alpha, or an alpha of 0, is a scale of 1.

        `adapters/formats/_lycoris.py` reads the same file alike.
        """
        scales: dict[str, tuple[float, int]] = {}
        for name in self:
            up, down = (self._entries[f"{name}{end}"].shape for end in (_UP, _DOWN))
            if len(up) != 2 or len(down) != 2 or up[1] != down[0] or not up[1]:
                raise InputError(
                    f"{name} in {display_path(self._path)}: factors {list(up)} and {list(down)} "
                    "make no product of matrices"
                )
            scales[name] = self._scale(name, up[1]), up[1]
        return scales

    def _scale(self, name: str, rank: int) -> float:
        if name in self._stabilised:  # rsLoRA
            return float(self._stabilised[name]) / math.sqrt(rank)
        entry = self._entries.get(f"{name}{_ALPHA}")
        if entry is None:
            return 1.0
        kinds = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
        if entry.dtype not in kinds or math.prod(entry.shape) != 1:
            raise InputError(f"{name} in {display_path(self._path)} has an alpha that is no number")
        value = float(np.frombuffer(read_data(self._path, entry), kinds[entry.dtype])[0])
        if not math.isfinite(value):
            raise InputError(f"{name} in {display_path(self._path)} has the alpha {value}")
        return (value or rank) / rank

    def _layer(self, name: str) -> LowRank:
        return LowRank(self._read(f"{name}{_UP}"), self._read(f"{name}{_DOWN}"))

    def _read(self, name: str) -> Array:
        entry = self._entries[name]
        if entry.dtype not in _TYPES:
            raise InputError(
                f"{name} in {display_path(self._path)} is {entry.dtype}; llama.cpp wears F32, F16 "
                "and BF16"
            )
        values: Array = np.frombuffer(read_data(self._path, entry), _TYPES[entry.dtype])
        if not np.isfinite(as_float32(values)).all():
            raise InputError(f"{name} in {display_path(self._path)} holds NaN or infinity")
        return values.reshape(entry.shape)

    def _refuse(self, names: Sequence[str]) -> None:
        file = display_path(self._path)
        example = f" ({names[0]})" if names else ""
        if any(name.endswith(".dora_scale") for name in names):
            raise InputError(
                f"{file} is a DoRA, which llama.cpp cannot wear: its rows depend on the base's "
                "weights; train with --kind lora, or `commonplace adapter compose FILE --by svd "
                "--rank N --base MODEL` makes a LoRA that is near it"
            )
        raise InputError(
            f"{file} is not one of this program's low-rank adapters{example}; `commonplace adapter "
            "convert FILE --to gguf --base MODEL.gguf --out NEW.gguf` says whether it can be worn"
        )

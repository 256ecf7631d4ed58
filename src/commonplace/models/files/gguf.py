"""GGUF files: the header read with suspicion, tensors read one at a time.

Notable: numpy only, so that `ask` needs neither torch nor the `gguf` package to wear an adapter
(the tests hold reading and writing against it). Long arrays, a tokenizer's, are stepped over and
not kept. Sizes are checked before anything is allocated by them. ggml counts a tensor's axes from
the fastest; here shapes are numpy's, the other way round.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation import InputError, display_path

Scalar = str | int | float | bool
Array = NDArray[Any]
BFLOAT16: Final = np.dtype(np.uint16)  # numpy has no such type: its bits
MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)  # of version 1 sizes have 32 bits
ALIGNMENT: Final = 32
# GGUF's numbers of its types, and the letters of `struct` for them.
_SCALARS: Final = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
TEXT, _LIST = 8, 9
_MOST_TEXT: Final = 16 << 20  # bytes of one text; a record of 100,000 items has 11 MB
_MOST_AXES: Final = 4  # of a tensor in ggml
_TYPES: Final[Mapping[int, np.dtype[Any]]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.float16),
    30: BFLOAT16,
}
NUMBERS: Final = {dtype: number for number, dtype in _TYPES.items()}


@dataclass(frozen=True)
class GgufTensor:
    """Where a tensor lies; of the quantised types only name and shape are known."""

    shape: tuple[int, ...]  # numpy's order
    type: int  # ggml's number
    start: int


@dataclass(frozen=True)
class Gguf:
    """The header of a GGUF file."""

    path: Path
    metadata: Mapping[str, Scalar]
    tensors: Mapping[str, GgufTensor]
    arrays: frozenset[str] = frozenset()  # keys of the metadata whose values are not kept

    def read(self, name: str) -> Array:
        """One tensor as it is stored; bfloat16 as its bits.

        Raises:
            InputError: it is quantised, or the file has changed.
        """
        tensor = self.tensors[name]
        if tensor.type not in _TYPES:
            raise InputError(
                f"{name} in {display_path(self.path)} is quantised (ggml's type {tensor.type}); "
                "only float32, float16 and bfloat16 are read"
            )
        dtype = _TYPES[tensor.type]
        with self.path.open("rb") as file:
            file.seek(tensor.start)
            data = file.read(math.prod(tensor.shape) * dtype.itemsize)
        if len(data) != math.prod(tensor.shape) * dtype.itemsize:
            raise InputError(f"{display_path(self.path)} was cut off while it was read")
        return np.frombuffer(data, dtype).reshape(tensor.shape)

    def text(self, key: str) -> str:
        """A text of the metadata; "" where there is none."""
        value = self.metadata.get(key, "")
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """A number of the metadata; None where there is none."""
        value = self.metadata.get(key)
        return None if isinstance(value, str) else value


def open_gguf(path: Path) -> Gguf:
    """Read and check the header of a GGUF file.

    Raises:
        InputError: there is no such file, it is cut off, or no GGUF file.
    """
    try:
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise ValueError("it is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Header(data).read(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{display_path(path)} cannot be read: {reason}") from error
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise InputError(
            f"{display_path(path)} is no GGUF file, or was cut off: {error}"
        ) from error


class _Header:
    """A position in the bytes of a file; ValueError or struct.error says what is wrong."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.position = data, 0

    def read(self, path: Path) -> Gguf:
        if self.data[:4] != MAGIC:
            raise ValueError("it does not begin as one")
        self.position = 4
        version, tensors, keys = self.number("I"), self.number("Q"), self.number("Q")
        if version not in VERSIONS:
            raise ValueError(f"its version is {version}, versions 2 and 3 are read")
        metadata: dict[str, Scalar] = {}
        arrays: set[str] = set()
        for _ in range(self._count(keys, 12)):  # bytes: a text's length, a type
            key = self.text()
            value = self.value(self.number("I"))
            if value is None:
                arrays.add(key)
            else:
                metadata[key] = value
        entries = [self._entry() for _ in range(self._count(tensors, 24))]  # four numbers
        alignment = int(metadata.get("general.alignment", ALIGNMENT))
        if alignment < 1:
            raise ValueError(f"an alignment of {alignment}")
        base = align(self.position, alignment)
        placed = {name: self._locate_data(name, entry, base) for name, entry in entries}
        if len(placed) < len(entries):
            raise ValueError("it names a tensor twice")
        return Gguf(path, metadata, placed, frozenset(arrays))

    def number(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self.data, self.position)
        self.position += struct.calcsize(f"<{kind}")
        return value

    def text(self) -> str:
        length = self.number("Q")
        if length > _MOST_TEXT:
            raise ValueError(f"a text of {length:,} bytes")
        self._step(length)
        return self.data[self.position - length : self.position].decode()

    def value(self, kind: int) -> Scalar | None:
        """A value, or None for an array, which is stepped over."""
        if kind in _SCALARS:
            value: Scalar = self.number(_SCALARS[kind])
            return value
        if kind == TEXT:
            return self.text()
        if kind != _LIST:
            raise ValueError(f"a value of the unknown type {kind}")
        inside, count = self.number("I"), self.number("Q")
        if inside in _SCALARS:
            self._step(count * struct.calcsize(f"<{_SCALARS[inside]}"))
        elif inside == TEXT:
            for _ in range(self._count(count, 8)):
                self._step(self.number("Q"))
        else:
            raise ValueError(f"an array of the type {inside}")
        return None

    def _entry(self) -> tuple[str, GgufTensor]:
        name, axes = self.text(), self.number("I")
        if axes > _MOST_AXES:
            raise ValueError(f"{name} has {axes} axes")
        shape = tuple(reversed([self.number("Q") for _ in range(axes)]))
        return name, GgufTensor(shape, self.number("I"), self.number("Q"))

    def _locate_data(self, name: str, entry: GgufTensor, base: int) -> GgufTensor:
        start = base + entry.start
        itemsize = _TYPES[entry.type].itemsize if entry.type in _TYPES else 0
        if start + math.prod(entry.shape) * itemsize > len(self.data):
            raise ValueError(f"{name} {list(entry.shape)} lies behind its end")
        return GgufTensor(entry.shape, entry.type, start)

    def _count(self, count: int, least: int) -> int:
        """A count of things that have so many bytes each at least."""
        if count * least > len(self.data) - self.position:
            raise ValueError(f"it claims {count:,} entries")
        return count

    def _step(self, length: int) -> None:
        if length > len(self.data) - self.position:
            raise ValueError("it ends too early")
        self.position += length


def align(at: int, alignment: int) -> int:
    """The next multiple of the alignment."""
    return -(-at // alignment) * alignment

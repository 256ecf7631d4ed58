"""GGUF files: the header read with suspicion, tensors read one at a time, written atomically.

Notable: numpy only, so that `ask` needs neither torch nor the `gguf` package to wear an adapter
(the tests hold both directions against that package). Long arrays, a tokenizer's, are stepped over
and not kept. Sizes are checked before anything is allocated by them. ggml counts a tensor's axes
from the fastest; here shapes are numpy's, the other way round.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

    python -m pytest tests/models/test_gguf.py
"""

import math
import mmap
import os
import shutil
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation._errors import InputError
from commonplace.foundation._files import display_path

Scalar = str | int | float | bool
Array = NDArray[Any]
BFLOAT16: Final = np.dtype(np.uint16)  # numpy has no such type: its bits
_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)  # of version 1 sizes have 32 bits
_ALIGNMENT: Final = 32
_SCALARS: Final = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_MOST_TEXT: Final = 16 << 20  # bytes of one text; a record of 100,000 items has 11 MB
_MOST_AXES: Final = 4
_TYPES: Final[Mapping[int, np.dtype[Any]]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.float16),
    30: BFLOAT16,
}
_NUMBERS: Final = {dtype: number for number, dtype in _TYPES.items()}


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
        self.data, self.at = data, 0

    def read(self, path: Path) -> Gguf:
        if self.data[:4] != _MAGIC:
            raise ValueError("it does not begin as one")
        self.at = 4
        version, tensors, keys = self.number("I"), self.number("Q"), self.number("Q")
        if version not in _VERSIONS:
            raise ValueError(f"its version is {version}, versions 2 and 3 are read")
        metadata: dict[str, Scalar] = {}
        arrays: set[str] = set()
        for _ in range(self._count(keys, 12)):
            key = self.text()
            value = self.value(self.number("I"))
            if value is None:
                arrays.add(key)
            else:
                metadata[key] = value
        entries = [self._entry() for _ in range(self._count(tensors, 24))]
        alignment = int(metadata.get("general.alignment", _ALIGNMENT))
        if alignment < 1:
            raise ValueError(f"an alignment of {alignment}")
        base = _aligned(self.at, alignment)
        placed = {name: self._placed(name, one, base) for name, one in entries}
        if len(placed) < len(entries):
            raise ValueError("it names a tensor twice")
        return Gguf(path, metadata, placed, frozenset(arrays))

    def number(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self.data, self.at)
        self.at += struct.calcsize(f"<{kind}")
        return value

    def text(self) -> str:
        length = self.number("Q")
        if length > _MOST_TEXT:
            raise ValueError(f"a text of {length:,} bytes")
        self._step(length)
        return self.data[self.at - length : self.at].decode()

    def value(self, kind: int) -> Scalar | None:
        """A value, or None for an array, which is stepped over."""
        if kind in _SCALARS:
            value: Scalar = self.number(_SCALARS[kind])
            return value
        if kind == _TEXT:
            return self.text()
        if kind != _LIST:
            raise ValueError(f"a value of the unknown type {kind}")
        inside, count = self.number("I"), self.number("Q")
        if inside in _SCALARS:
            self._step(count * struct.calcsize(f"<{_SCALARS[inside]}"))
        elif inside == _TEXT:
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

    def _placed(self, name: str, one: GgufTensor, base: int) -> GgufTensor:
        start = base + one.start
        itemsize = _TYPES[one.type].itemsize if one.type in _TYPES else 0
        if start + math.prod(one.shape) * itemsize > len(self.data):
            raise ValueError(f"{name} {list(one.shape)} lies behind its end")
        return GgufTensor(one.shape, one.type, start)

    def _count(self, count: int, least: int) -> int:
        """A count of things that have so many bytes each at least."""
        if count * least > len(self.data) - self.at:
            raise ValueError(f"it claims {count:,} entries")
        return count

    def _step(self, length: int) -> None:
        if length > len(self.data) - self.at:
            raise ValueError("it ends too early")
        self.at += length


def write_gguf(
    path: Path, metadata: Mapping[str, Scalar], tensors: Iterable[tuple[str, Array]]
) -> None:
    """Write a file, tensor by tensor; whole numbers of the metadata have 32 bits, as have floats.

    Raises:
        InputError: the disk is full, or the folder cannot be written to; `path` is as before.
    """
    try:
        with _beside(path) as spool, _beside(path) as target:
            entries = _spooled(spool, tensors)
            target.write(_header(metadata, entries))
            target.write(b"\0" * (_aligned(target.tell(), _ALIGNMENT) - target.tell()))
            spool.seek(0)
            shutil.copyfileobj(spool, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
            os.replace(target.name, path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{display_path(path)} could not be written ({reason}); nothing was changed"
        ) from error


@contextmanager
def _beside(path: Path) -> Iterator[Any]:
    """A file beside `path` that is gone afterwards, unless it was renamed."""
    file = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    try:
        with file:
            yield file
    finally:
        Path(file.name).unlink(missing_ok=True)


def _spooled(spool: IO[bytes], tensors: Iterable[tuple[str, Array]]) -> dict[str, GgufTensor]:
    """Write the tensors' data, each at a multiple of the alignment."""
    entries: dict[str, GgufTensor] = {}
    for name, tensor in tensors:
        if name in entries:
            raise InputError(f"two layers would be written as {name}; rename one")
        entries[name] = GgufTensor(tensor.shape, _NUMBERS[tensor.dtype], spool.tell())
        spool.write(np.ascontiguousarray(tensor).tobytes())
        spool.write(b"\0" * (_aligned(spool.tell(), _ALIGNMENT) - spool.tell()))
    return entries


def _header(metadata: Mapping[str, Scalar], entries: Mapping[str, GgufTensor]) -> bytes:
    parts = [_MAGIC, struct.pack("<IQQ", _VERSIONS[-1], len(entries), len(metadata))]
    for key, value in metadata.items():
        parts += [_text(key), _value(value)]
    for name, one in entries.items():
        axes = struct.pack(f"<I{len(one.shape)}Q", len(one.shape), *reversed(one.shape))
        parts += [_text(name), axes, struct.pack("<IQ", one.type, one.start)]
    return b"".join(parts)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Scalar) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _TEXT) + _text(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    return struct.pack("<II", 4, value) if isinstance(value, int) else struct.pack("<If", 6, value)


def _aligned(at: int, alignment: int) -> int:
    return -(-at // alignment) * alignment

"""safetensors, one tensor at a time, read with suspicion and written atomically.

Notable: the header is read and checked here before a byte of it is trusted: its size, that it is
JSON, and that the tensors it names lie in the file, without gaps or overlaps. Writing needs no list
of shapes beforehand: the data goes to a file beside the target, tensor by tensor, then header and
data are joined and renamed over the target. A full disk leaves what was there before.
Format: https://github.com/huggingface/safetensors#format

    python -m pytest tests/adapters/test_tensor_file.py
"""

import json
import math
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import torch
from torch import Tensor

from commonplace.foundation import InputError, display_path

_MOST_HEADER: Final = 16 << 20  # bytes; a file of SDXL's 2,166 tensors has 0.3 MB
_PICKLES: Final = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_DTYPES: Final[Mapping[str, torch.dtype]] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_NAMES: Final = {dtype: name for name, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class _Entry:
    """Where a tensor lies in the file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class TensorFile:
    """The header of a safetensors file; tensors are read when they are asked for."""

    path: Path
    metadata: Mapping[str, str]
    entries: Mapping[str, _Entry]

    def read(self, name: str) -> Tensor:
        """One tensor, in memory of its own.

        Raises:
            InputError: it holds a value that is not finite, or the file has changed.
        """
        entry = self.entries[name]
        with self.path.open("rb") as file:
            file.seek(entry.start)
            data = bytearray(file.read(entry.end - entry.start))
        if len(data) != entry.end - entry.start:
            raise InputError(f"{display_path(self.path)} was cut off while it was read")
        if not data:
            return torch.empty(entry.shape, dtype=entry.dtype)
        tensor = torch.frombuffer(data, dtype=entry.dtype).reshape(entry.shape)
        if tensor.is_floating_point() and not _is_finite(tensor):
            raise InputError(
                f"{name} in {display_path(self.path)} holds NaN or infinity; "
                "the training that made the file went wrong"
            )
        return tensor

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without reading it."""
        return self.entries[name].shape


def open_tensors(path: Path) -> TensorFile:
    """Read and check the header of a safetensors file.

    Raises:
        InputError: it is a pickle, no such file, cut off, or its header is too large or broken.
    """
    _refuse_pickle(path)
    try:
        with path.open("rb") as file:
            metadata, entries = _header(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{display_path(path)} cannot be read: {reason}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{display_path(path)} is no safetensors file, or was cut off: {error}"
        ) from error
    return TensorFile(path, metadata, entries)


def write_tensors(
    path: Path,
    tensors: Iterable[tuple[str, Tensor]],
    metadata: Callable[[], Mapping[str, str]],
) -> None:
    """Write a file tensor by tensor; `metadata` is asked for when all are written.

    Raises:
        InputError: the disk is full, or the folder cannot be written to; `path` is as before.
    """
    try:
        with _beside(path) as spool, _beside(path) as target:
            entries = _spooled(spool, tensors)
            _join(target, entries, dict(metadata()), spool)
            os.replace(target.name, path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{display_path(path)} could not be written ({reason}); nothing was changed"
        ) from error


# -------------------------------------------------------------------- reading


def _is_finite(tensor: Tensor) -> bool:
    """By the least and the greatest value, through which NaN passes: one pass over the data."""
    least, greatest = torch.aminmax(tensor)
    return math.isfinite(float(least)) and math.isfinite(float(greatest))


def _refuse_pickle(path: Path) -> None:
    if path.suffix.lower() not in _PICKLES:
        return
    name = display_path(path.with_suffix(".safetensors"))
    raise InputError(
        f"{display_path(path)} is a pickle, which can run code when it is read; convert it once, "
        f"where that may happen: python -c 'import sys, torch; from safetensors.torch import "
        f"save_file; save_file(torch.load(sys.argv[1], weights_only=True), sys.argv[2])' "
        f"{display_path(path)} {name}"
    )


def _header(file: IO[bytes], size: int) -> tuple[dict[str, str], dict[str, _Entry]]:
    """The metadata and the entries; ValueError says what is wrong."""
    start = file.read(8)
    if len(start) < 8:
        raise ValueError("it has no header")
    (length,) = struct.unpack("<Q", start)
    if length > _MOST_HEADER and (start[:2] == b"PK" or start[:1] == b"\x80"):
        raise ValueError("it is a pickle; save it as safetensors instead")
    if length > _MOST_HEADER:
        raise ValueError(f"its header claims {length:,} bytes, the limit is {_MOST_HEADER:,}")
    if length > size - 8:
        raise ValueError(f"its header claims {length:,} bytes, the file has {size:,}")
    record = json.loads(file.read(length))
    metadata = {str(k): str(v) for k, v in record.pop("__metadata__", {}).items()}
    entries = {name: _entry(name, one, 8 + length) for name, one in record.items()}
    _check_places(entries, 8 + length, size)
    return metadata, entries


def _entry(name: str, record: Mapping[str, Any], base: int) -> _Entry:
    if record["dtype"] not in _DTYPES:
        raise ValueError(f"{name} has the type {record['dtype']}, which adapters do not use")
    dtype, shape = _DTYPES[record["dtype"]], tuple(int(n) for n in record["shape"])
    start, end = (int(n) for n in record["data_offsets"])
    if min(shape, default=0) < 0 or end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} {list(shape)} does not fill its {end - start} bytes")
    return _Entry(dtype, shape, base + start, base + end)


def _check_places(entries: Mapping[str, _Entry], base: int, size: int) -> None:
    at = base
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != at:
            raise ValueError(f"{name} does not begin where the tensor before it ends")
        at = entry.end
    if at != size:
        raise ValueError(f"its tensors need {at:,} bytes, the file has {size:,}")


# -------------------------------------------------------------------- writing


@contextmanager
def _beside(path: Path) -> Iterator[Any]:
    """A file beside `path` that is gone afterwards, unless it was renamed."""
    file = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    try:
        with file:
            yield file
    finally:
        Path(file.name).unlink(missing_ok=True)


def _spooled(spool: IO[bytes], tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Any]:
    """Write the tensors' data one after the other; returns the header's entries."""
    entries: dict[str, Any] = {}
    at = 0
    for name, tensor in tensors:
        if name in entries:
            raise InputError(f"two layers would be written as {name}; rename one")
        data = tensor.detach().cpu().contiguous()
        spool.write(data.reshape(-1).view(torch.uint8).numpy().data if data.numel() else b"")
        end = at + data.numel() * data.element_size()
        entries[name] = {
            "dtype": _NAMES[data.dtype],
            "shape": list(data.shape),
            "data_offsets": [at, end],
        }
        at = end
    return entries


def _join(
    target: IO[bytes], entries: Mapping[str, Any], metadata: dict[str, str], spool: IO[bytes]
) -> None:
    """Header, padded to eight bytes, and data, flushed to the disk."""
    header = json.dumps({"__metadata__": metadata, **entries}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    target.write(struct.pack("<Q", len(header)) + header)
    spool.seek(0)
    shutil.copyfileobj(spool, target, 1 << 20)
    target.flush()
    os.fsync(target.fileno())

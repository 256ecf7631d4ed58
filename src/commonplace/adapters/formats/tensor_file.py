"""safetensors, one tensor at a time, read with suspicion and written atomically.

Notable: the header is checked before a byte of it is trusted (`models`, as `ask` needs that too).
What is attached is read whole, in one piece, not mapped: a mapped file that another program cuts
off kills the one that reads.
Writing needs no list of shapes beforehand: the data goes to a file beside the target, tensor by
tensor, then header and data are joined and renamed over the target. A full disk leaves what was
there before.
Format: https://github.com/huggingface/safetensors#format
"""

import json
import math
import shutil
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from commonplace.foundation import InputError, display_path, file_beside, replacing
from commonplace.models.files.safetensors import Entry, read_data, read_header

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
class TensorFile:
    """The header of a safetensors file; tensors are read when they are asked for."""

    path: Path
    metadata: Mapping[str, str]
    entries: Mapping[str, Entry]

    def read(self, name: str) -> Tensor:
        """One tensor, in memory of its own.

        Raises:
            InputError: it holds a value that is not finite, or the file has changed.
        """
        entry = self.entries[name]
        data, dtype = read_data(self.path, entry), _DTYPES[entry.dtype]
        if not data:
            return torch.empty(entry.shape, dtype=dtype)
        tensor = torch.frombuffer(data, dtype=dtype).reshape(entry.shape)
        if tensor.is_floating_point() and not _is_finite(tensor):
            raise InputError(
                f"{name} in {display_path(self.path)} holds NaN or infinity; "
                "the training that made the file went wrong"
            )
        return tensor

    def read_all(self, into: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """The bytes of all tensors, in one piece; for where all are needed.

        Args:
            into: memory of their size that may be written over; else it is fresh.

        Raises:
            InputError: one holds a value that is not finite, or the file has changed.
        """
        ordered = sorted(self.entries.values(), key=lambda entry: entry.start)
        base, end = (ordered[0].start, ordered[-1].end) if ordered else (0, 0)
        data = np.empty(end - base, dtype=np.uint8) if into is None else into
        with self.path.open("rb", buffering=0) as file:
            file.seek(base)
            if file.readinto(data.data) != len(data):
                raise InputError(f"{display_path(self.path)} was cut off while it was read")
        if not _all_finite(data, ordered, base):
            for name in self.entries:
                self.read(name)  # says which
        return data

    def views(self, data: NDArray[np.uint8]) -> dict[str, Tensor]:
        """The tensors in what `read_all` read."""
        base = min((entry.start for entry in self.entries.values()), default=0)
        return {name: _view(data, entry, base) for name, entry in self.entries.items()}

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without reading it."""
        return self.entries[name].shape


def open_tensors(path: Path) -> TensorFile:
    """Read and check the header of a safetensors file.

    Raises:
        InputError: it is a pickle, no such file, cut off, or its header is too large or broken.
    """
    return TensorFile(path, *read_header(path))


def write_tensors(
    path: Path, tensors: Iterable[tuple[str, Tensor]], metadata: Callable[[], Mapping[str, str]]
) -> None:
    """Write a file tensor by tensor; `metadata` is asked for when all are written.

    Raises:
        InputError: the disk is full, or the folder cannot be written to; `path` is as before.
    """
    try:
        with file_beside(path) as spool, replacing(path) as target:
            entries = _write_spool(spool, tensors)
            _join(target, entries, dict(metadata()), spool)
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


def _view(data: NDArray[np.uint8], entry: Entry, base: int) -> Tensor:
    """A tensor in the bytes of a file, copied only where they stand askew for its type."""
    start, count, dtype = entry.start - base, math.prod(entry.shape), _DTYPES[entry.dtype]
    if not count:
        return torch.empty(entry.shape, dtype=dtype)
    if start % dtype.itemsize:
        data, start = data[start : entry.end - base].copy(), 0
    return torch.frombuffer(data, dtype=dtype, count=count, offset=start).view(entry.shape)


def _all_finite(data: NDArray[np.uint8], ordered: list[Entry], base: int) -> bool:
    """Neighbours of one type are looked at together: a pass over hundreds of tensors costs less."""
    for name, run in groupby(ordered, lambda entry: entry.dtype):
        neighbours, dtype = list(run), _DTYPES[name]
        start, end = neighbours[0].start, neighbours[-1].end
        joint = Entry(name, ((end - start) // dtype.itemsize,), start, end)
        if not dtype.is_floating_point or end == start:
            continue
        if not _is_finite(_view(data, joint, base)):
            return False
    return True


# -------------------------------------------------------------------- writing


def _write_spool(spool: IO[bytes], tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Any]:
    """Write the tensors' data one after the other; returns the header's entries."""
    entries: dict[str, Any] = {}
    start = 0
    for name, tensor in tensors:
        if name in entries:
            raise InputError(f"two layers would be written as {name}; rename one")
        data = tensor.detach().cpu().contiguous()
        spool.write(data.reshape(-1).view(torch.uint8).numpy().data)  # numpy has no bfloat16
        end = start + data.numel() * data.element_size()
        entries[name] = {
            "dtype": _NAMES[data.dtype],
            "shape": list(data.shape),
            "data_offsets": [start, end],
        }
        start = end
    return entries


def _join(
    target: IO[bytes], entries: Mapping[str, Any], metadata: dict[str, str], spool: IO[bytes]
) -> None:
    """Header, padded to eight bytes, and data."""
    header = json.dumps({"__metadata__": metadata, **entries}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    target.write(struct.pack("<Q", len(header)) + header)
    spool.seek(0)
    shutil.copyfileobj(spool, target, 1 << 20)

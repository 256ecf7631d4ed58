"""The header of a safetensors file, checked before a byte of it is trusted.

Notable: nothing but the header is read here, so it needs neither torch nor numpy. Its size is
bounded, and the tensors that it names must lie in the file, without gaps or overlaps. The last few
are remembered, since adapters of one recipe have the same.
Format: https://github.com/huggingface/safetensors#format
"""

import functools
import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

from commonplace.foundation import InputError, display_path

_MOST_HEADER: Final = 16 << 20  # bytes; a file of SDXL's 2,166 tensors has 0.3 MB
_PICKLES: Final = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_SIZES: Final = {"F64": 8, "I64": 8, "F32": 4, "I32": 4} | {
    "F16": 2, "BF16": 2, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies in the file."""

    dtype: str  # as the format spells it
    shape: tuple[int, ...]
    start: int
    end: int


def read_header(path: Path) -> tuple[Mapping[str, str], Mapping[str, Entry]]:
    """The metadata and the entries by name.

    Raises:
        InputError: it is a pickle, no such file, cut off, or its header is too large or broken.
    """
    _refuse_pickle(path)
    try:
        with path.open("rb") as file:
            return _header(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{display_path(path)} cannot be read: {reason}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{display_path(path)} is no safetensors file, or was cut off: {error}"
        ) from error


def read_data(path: Path, entry: Entry) -> bytearray:
    """The bytes of one tensor.

    Raises:
        InputError: the file has changed.
    """
    with path.open("rb") as file:
        file.seek(entry.start)
        data = bytearray(file.read(entry.end - entry.start))
    if len(data) != entry.end - entry.start:
        raise InputError(f"{display_path(path)} was cut off while it was read")
    return data


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


def _header(file: IO[bytes], size: int) -> tuple[Mapping[str, str], Mapping[str, Entry]]:
    """The metadata and the entries; ValueError says what is wrong."""
    start = file.read(8)
    if len(start) < 8:
        raise ValueError("it has no header")
    (length,) = struct.unpack("<Q", start)
    # A pickle under another name: the first bytes of a zip, or of a bare one, are no length.
    if length > _MOST_HEADER and (start[:2] == b"PK" or start[:1] == b"\x80"):
        raise ValueError("it is a pickle; save it as safetensors instead")
    if length > _MOST_HEADER:
        raise ValueError(f"its header claims {length:,} bytes, the limit is {_MOST_HEADER:,}")
    if length > size - 8:
        raise ValueError(f"its header claims {length:,} bytes, the file has {size:,}")
    return _parse(file.read(length), size)


@functools.lru_cache(8)
def _parse(header: bytes, size: int) -> tuple[Mapping[str, str], Mapping[str, Entry]]:
    """What a header says of a file of `size` bytes."""
    record, length = json.loads(header), len(header)
    metadata = {str(k): str(v) for k, v in record.pop("__metadata__", {}).items()}
    entries = {name: _entry(name, entry, 8 + length) for name, entry in record.items()}
    _check_places(entries, 8 + length, size)
    return MappingProxyType(metadata), MappingProxyType(entries)


def _entry(name: str, record: Mapping[str, Any], base: int) -> Entry:
    dtype = record["dtype"]
    if dtype not in _SIZES:
        raise ValueError(f"{name} has the type {dtype}, which adapters do not use")
    shape = tuple(int(n) for n in record["shape"])
    start, end = (int(n) for n in record["data_offsets"])
    if min(shape, default=0) < 0 or end - start != math.prod(shape) * _SIZES[dtype]:
        raise ValueError(f"{name} {list(shape)} does not fill its {end - start} bytes")
    return Entry(dtype, shape, base + start, base + end)


def _check_places(entries: Mapping[str, Entry], base: int, size: int) -> None:
    at = base
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != at:
            raise ValueError(f"{name} does not begin where the tensor before it ends")
        at = entry.end
    if at != size:
        raise ValueError(f"its tensors need {at:,} bytes, the file has {size:,}")

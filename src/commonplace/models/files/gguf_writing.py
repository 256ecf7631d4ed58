"""Writing GGUF files: tensor by tensor, atomically.

Notable: no list of shapes is needed beforehand. The data goes to a file beside the target, then
header and data are joined and renamed over it; a full disk leaves what was there.
"""

import shutil
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from commonplace.foundation import InputError, display_path, file_beside, replacing
from commonplace.models.files.gguf import (
    ALIGNMENT,
    MAGIC,
    NUMBERS,
    TEXT,
    VERSIONS,
    Array,
    GgufTensor,
    Scalar,
    align,
)


def write_gguf(
    path: Path, metadata: Mapping[str, Scalar], tensors: Iterable[tuple[str, Array]]
) -> None:
    """Write a file, tensor by tensor; whole numbers of the metadata have 32 bits, as have floats.

    Raises:
        InputError: the disk is full, or the folder cannot be written to; `path` is as before.
    """
    try:
        with file_beside(path) as spool, replacing(path) as target:
            entries = _write_spool(spool, tensors)
            target.write(_header(metadata, entries))
            target.write(b"\0" * (align(target.tell(), ALIGNMENT) - target.tell()))
            spool.seek(0)
            shutil.copyfileobj(spool, target, 1 << 20)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{display_path(path)} could not be written ({reason}); nothing was changed"
        ) from error


def _write_spool(spool: IO[bytes], tensors: Iterable[tuple[str, Array]]) -> dict[str, GgufTensor]:
    """Write the tensors' data, each at a multiple of the alignment."""
    entries: dict[str, GgufTensor] = {}
    for name, tensor in tensors:
        if name in entries:
            raise InputError(f"two layers would be written as {name}; rename one")
        entries[name] = GgufTensor(tensor.shape, NUMBERS[tensor.dtype], spool.tell())
        spool.write(np.ascontiguousarray(tensor).tobytes())
        spool.write(b"\0" * (align(spool.tell(), ALIGNMENT) - spool.tell()))
    return entries


def _header(metadata: Mapping[str, Scalar], entries: Mapping[str, GgufTensor]) -> bytes:
    parts = [MAGIC, struct.pack("<IQQ", VERSIONS[-1], len(entries), len(metadata))]
    for key, value in metadata.items():
        parts += [_text(key), _value(value)]
    for name, tensor in entries.items():
        axes = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *reversed(tensor.shape))
        parts += [_text(name), axes, struct.pack("<IQ", tensor.type, tensor.start)]
    return b"".join(parts)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Scalar) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", TEXT) + _text(value)
    if isinstance(value, bool):  # first, as a bool is an int
        return struct.pack("<I?", 7, value)
    return struct.pack("<II", 4, value) if isinstance(value, int) else struct.pack("<If", 6, value)

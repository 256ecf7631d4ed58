"""Low-rank adapters inside an ONNX graph: a network that wears what was trained for it.

Notable: nothing of the file is rewritten. Protobuf merges messages that stand one behind the other,
so the adapter is appended as a graph of its own nodes. It enters where a linear layer adds its
bias: the bias is renamed in place to a name of the same length, and under its old name the added
nodes give `bias + (x A) B` (Hu et al., "LoRA", 2021, equation 3, the scale being part of B). The
layer's own weights stay as they are, eight-bit ones too.

    graph = with_adapter(path.read_bytes(), read_adapter(file).additions)
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commonplace.foundation import InputError, WeightsError
from commonplace.foundation.arrays import Float32s
from commonplace.models.files.safetensors import read_data, read_header

# Field numbers of onnx.proto: ModelProto.graph; GraphProto.node, .initializer; TensorProto.name.
_GRAPH, _NODE, _INITIALIZER, _TENSOR_NAME = 7, 1, 5, 8
_LENGTH_DELIMITED = 2  # protobuf's wire type of texts, bytes and messages
_FLOAT = 1  # onnx.proto: TensorProto.DataType.FLOAT


@dataclass(frozen=True)
class LowRank:
    """What is added to a linear layer: `(x down) up`.

    Attributes:
        source: the tensor of the graph that the layer reads, x.
        down: float32 [inputs, rank].
        up: float32 [rank, outputs].
    """

    source: str
    down: Float32s
    up: Float32s


@dataclass(frozen=True)
class NetworkAdapter:
    """An adapter of a network that is an ONNX file.

    Attributes:
        sha256: of its file.
        base_sha256: of the weights that it was trained on.
        scale: its score is `scale * output + shift`.
        additions: what it adds, by the name of the layer's bias.
        header: what the file says about itself.
    """

    sha256: str
    base_sha256: str
    scale: float
    shift: float
    additions: Mapping[str, LowRank]
    header: Mapping[str, str]


def read_adapter(path: Path) -> NetworkAdapter:
    """Read a safetensors file: `NAME/down` and `NAME/up` for the bias NAME of each layer.

    Its metadata has base_sha256, scale, shift, and sources, the tensor that each layer reads.

    Raises:
        WeightsError: the file is missing, or is no such adapter.
    """
    try:
        header, entries = read_header(path)
        tensors = {
            name: np.frombuffer(read_data(path, entry), "<f2").reshape(entry.shape)
            for name, entry in entries.items()
        }
        additions = {
            name: LowRank(
                source,
                tensors[f"{name}/down"].astype(np.float32),
                tensors[f"{name}/up"].astype(np.float32),
            )
            for name, source in json.loads(header["sources"]).items()
        }
        scale, shift = float(header["scale"]), float(header["shift"])
        base, sha256 = header["base_sha256"], hashlib.sha256(path.read_bytes()).hexdigest()
    except (InputError, KeyError, OSError, ValueError) as error:
        raise WeightsError(
            f"{path} is no adapter of a network ({error}); install commonplace anew"
        ) from error
    return NetworkAdapter(sha256, base, scale, shift, additions, header)


def with_adapter(model: bytes, additions: Mapping[str, LowRank]) -> bytes:
    """An ONNX file whose linear layers have these additions, by the name of the layer's bias.

    Raises:
        WeightsError: the graph has no such bias.
    """
    adapted = bytearray(model)
    places = {name: place for name, place in _initializer_names(model) if name in additions}
    if missing := sorted(set(additions) - set(places)):
        raise WeightsError(f"the network has no {missing[0]}, which its adapter belongs to")
    for name, place in places.items():
        adapted[place : place + len(name)] = _own_bias(name).encode()
    parts = [part for name, each in additions.items() for part in _parts(name, each)]
    return bytes(adapted) + field(_GRAPH, b"".join(parts))


def field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _own_bias(name: str) -> str:
    """The name of a layer's own bias once it is renamed, as long as it was."""
    return "=" + name[1:]


def _parts(name: str, low_rank: LowRank) -> Iterator[bytes]:
    """Nodes and tensors that put `bias + (x down) up` in the place of a bias."""
    down, up, reduced, added = (f"{name}/{part}" for part in ("down", "up", "reduced", "added"))
    yield field(_INITIALIZER, _tensor(down, low_rank.down))
    yield field(_INITIALIZER, _tensor(up, low_rank.up))
    yield field(_NODE, _node("MatMul", [low_rank.source, down], reduced))
    yield field(_NODE, _node("MatMul", [reduced, up], added))
    yield field(_NODE, _node("Add", [_own_bias(name), added], name))


def _node(operation: str, inputs: Sequence[str], output: str) -> bytes:
    names = b"".join(field(1, name.encode()) for name in inputs)
    return names + field(2, output.encode()) + field(4, operation.encode())


def _tensor(name: str, values: Float32s) -> bytes:
    dimensions = b"".join(_varint(1 << 3) + _varint(size) for size in values.shape)
    kind = _varint(2 << 3) + _varint(_FLOAT)
    raw = np.ascontiguousarray(values, "<f4").tobytes()
    return dimensions + kind + field(_TENSOR_NAME, name.encode()) + field(9, raw)


def _initializer_names(model: bytes) -> Iterator[tuple[str, int]]:
    """The name of each tensor that the file holds, and where it stands."""
    for number, start, end in _fields(model, 0, len(model)):
        if number == _GRAPH:
            for part, first, last in _fields(model, start, end):
                if part == _INITIALIZER:
                    for item, a, b in _fields(model, first, last):
                        if item == _TENSOR_NAME:
                            yield model[a:b].decode(), a


def _fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The length-delimited fields of a message: number, and where their content stands."""
    while start < end:
        key, start = _read_varint(data, start)
        kind = key & 7
        if kind == _LENGTH_DELIMITED:
            size, start = _read_varint(data, start)
            yield key >> 3, start, start + size
            start += size
        elif kind == 0:
            _, start = _read_varint(data, start)
        else:
            start += 8 if kind == 1 else 4  # fixed64, fixed32


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _varint(value: int) -> bytes:
    size = b""
    while value > 127:
        size += bytes([value & 127 | 128])
        value >>= 7
    return size + bytes([value])

"""Files: the safetensors package as the reference, hostile ones refused, a full disk survived."""

import errno
import json
import struct
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.adapters import Adapter, open_adapter, save_adapter
from commonplace.adapters.formats.tensor_file import open_tensors, write_tensors
from commonplace.foundation import InputError
from networks import Perceptron, made, random_adapter


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A good file."""
    path = tmp_path / "good.safetensors"
    save_adapter(random_adapter(made(Perceptron), "dora"), path)
    return path


@settings(max_examples=30)
@given(
    shapes=st.dictionaries(
        st.text(min_size=1).filter(lambda name: name != "__metadata__"),
        st.lists(st.integers(0, 4), max_size=3),
        min_size=1,
        max_size=4,
    ),
    kind=st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.int8]),
)
def test_the_package_reads_what_is_written_and_the_other_way(
    shapes: dict[str, list[int]], kind: torch.dtype, tmp_path_factory: pytest.TempPathFactory
) -> None:
    reference = pytest.importorskip("safetensors.torch")
    folder = tmp_path_factory.mktemp("files")
    tensors = {name: (torch.randn(shape) * 50).to(kind) for name, shape in shapes.items()}
    write_tensors(folder / "ours", tensors.items(), lambda: {"key": "värde"})
    theirs = reference.load_file(folder / "ours")
    reference.save_file(tensors, folder / "theirs", {"key": "värde"})
    ours = open_tensors(folder / "theirs")
    assert ours.metadata == {"key": "värde"}
    for name, tensor in tensors.items():
        assert torch.equal(theirs[name], tensor)
        assert torch.equal(ours.read(name), tensor)


def test_every_cut_is_refused(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    broken = tmp_path / "cut.safetensors"
    for length in [*range(0, 200, 7), *range(200, len(data), 97), len(data) - 1]:
        broken.write_bytes(data[:length])
        with pytest.raises(InputError, match="is no safetensors file, or was cut off"):
            open_adapter(broken)


def header(record: Any, data: bytes = b"") -> bytes:
    text = record if isinstance(record, bytes) else json.dumps(record).encode()
    return struct.pack("<Q", len(text)) + text + data


F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
BROKEN = {
    "a header of 100 MB": struct.pack("<Q", 100 << 20) + b"{",
    "a header longer than the file": struct.pack("<Q", 1 << 20) + b"{",
    "no JSON": header(b"{nonsense"),
    "a list": header([1]),
    "nested too deep": header(b"[" * 100_000),
    "a shape that does not fill it": header({"a": {**F32, "shape": [2]}}, bytes(4)),
    "a negative shape": header({"a": {**F32, "shape": [-1, -1]}}, bytes(4)),
    "a gap": header({"a": {**F32, "data_offsets": [4, 8]}}, bytes(8)),
    "an overlap": header({"a": F32, "b": F32}, bytes(4)),
    "more data": header({"a": F32}, bytes(8)),
    "an unknown type": header({"a": {**F32, "dtype": "C64"}}, bytes(4)),
    "no offsets": header({"a": {"dtype": "F32", "shape": [1]}}, bytes(4)),
    "a zipped pickle": b"PK\x03\x04" + bytes(100),
    "a pickle": b"\x80\x02}q\x00X\x05\x00\x00\x00" + bytes(100),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_headers_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(BROKEN[name])
    with pytest.raises(InputError, match="is no safetensors file, or was cut off"):
        open_adapter(path)


@pytest.mark.parametrize("name", ["adapter.bin", "adapter.pt", "adapter.ckpt"])
def test_pickles_are_refused_with_how_to_convert(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"convert it once, .*weights_only=True"):
        open_adapter(tmp_path / name)
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(InputError, match="convert it once"):
        open_adapter(tmp_path)


@pytest.mark.parametrize("precision", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_named(
    value: float, precision: torch.dtype, tmp_path: Path
) -> None:
    adapter = random_adapter(made(Perceptron), "lora")
    layers = {name: one.map(lambda t: t.to(precision)) for name, one in adapter.layers.items()}
    adapter = Adapter(layers)
    adapter.layers["second"].factors["up"][1, 1] = value
    save_adapter(adapter, tmp_path / "bad.safetensors")
    back = open_adapter(tmp_path / "bad.safetensors")
    assert back.layers["first"].rank == 2
    with pytest.raises(InputError, match=r"second.lora_up.weight in .* holds NaN or infinity"):
        _ = back.layers["second"]


def test_a_missing_file_and_one_that_is_there(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        open_adapter(tmp_path / "none.safetensors")
    with pytest.raises(InputError, match="exists; name another, or overwrite it"):
        save_adapter(open_adapter(saved), saved)
    save_adapter(open_adapter(saved), saved, overwrite=True)
    with pytest.raises(InputError, match="no layers"):
        save_adapter(Adapter({}), tmp_path / "empty.safetensors")


@pytest.mark.parametrize("format", ["commonplace", "peft"])
def test_a_full_disk_leaves_what_was_there(
    saved: Path, format: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = saved.parent / "target"
    adapter = random_adapter(made(Perceptron), "lora")
    save_adapter(adapter, target, format=format)
    before = {one: one.read_bytes() for one in saved.parent.rglob("*") if one.is_file()}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match=r"could not be written \(No space left on device\)"):
        save_adapter(
            random_adapter(made(Perceptron), "lora", 5), target, format=format, overwrite=True
        )
    assert {one: one.read_bytes() for one in saved.parent.rglob("*") if one.is_file()} == before


def test_a_layer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    adapter = random_adapter(made(Perceptron), "lora")

    def fail(name: str, layer: Any) -> Any:
        if name == "second":
            raise InputError("broken")
        return layer

    with pytest.raises(InputError, match="broken"):
        save_adapter(adapter.map(fail), tmp_path / "one.safetensors")
    assert list(tmp_path.iterdir()) == []

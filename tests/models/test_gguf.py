"""GGUF files, both directions against the `gguf` package; and files that are none."""

import errno
import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from commonplace.foundation import InputError
from commonplace.models.files.gguf import BFLOAT16, open_gguf
from commonplace.models.files.gguf_writing import write_gguf

CHANCE = np.random.default_rng(0)
TENSORS: dict[str, Any] = {
    "blk.0.attn_q.weight.lora_a": CHANCE.normal(size=(3, 5)).astype(np.float32),
    "blk.0.attn_q.weight.lora_b": CHANCE.normal(size=(7, 3)).astype(np.float16),
}
FACTS: dict[str, Any] = {
    "general.type": "adapter",
    "general.architecture": "llama",
    "adapter.lora.alpha": 2.5,
}


def theirs(path: Path) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_float32("adapter.lora.alpha", 2.5)
    writer.add_array("tokenizer.ggml.tokens", [f"piece {number}" for number in range(1000)])
    writer.add_array("numbers", list(range(100)))
    writer.add_uint64("long", 1 << 40)
    writer.add_bool("is", True)
    for name, one in TENSORS.items():
        writer.add_tensor(name, one)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_what_the_package_writes_is_read(tmp_path: Path) -> None:
    theirs(tmp_path / "a.gguf")
    found = open_gguf(tmp_path / "a.gguf")
    assert {**found.metadata} == {**FACTS, "long": 1 << 40, "is": True}
    assert found.arrays == {"tokenizer.ggml.tokens", "numbers"}
    assert {*found.tensors} == {*TENSORS}
    for name, one in TENSORS.items():
        assert np.array_equal(found.read(name), one)


def test_what_is_written_the_package_reads(tmp_path: Path) -> None:
    bits = np.arange(6, dtype=BFLOAT16).reshape(2, 3)
    facts = {**FACTS, "count": 7, "is": False, "record": '{"ä": 1}'}
    write_gguf(tmp_path / "a.gguf", facts, [*TENSORS.items(), ("bits", bits)])
    reader = gguf.GGUFReader(tmp_path / "a.gguf")
    for key, value in facts.items():
        field = reader.get_field(key)
        assert field is not None
        assert field.contents() == value
    tensors = {one.name: one for one in reader.tensors}
    for name, one in TENSORS.items():
        assert np.array_equal(np.asarray(tensors[name].data).reshape(one.shape), one)
        assert [*tensors[name].shape] == [*reversed(one.shape)]
    assert tensors["bits"].tensor_type == gguf.GGMLQuantizationType.BF16
    assert np.array_equal(open_gguf(tmp_path / "a.gguf").read("bits"), bits)


def test_a_file_cut_off_anywhere_is_one_sentence(tmp_path: Path) -> None:
    theirs(tmp_path / "a.gguf")
    data = (tmp_path / "a.gguf").read_bytes()
    # The data of the last tensor is followed by what fills it to the alignment.
    for length in [*range(0, len(data) - 64, 97), len(data) - 64]:
        (tmp_path / "b.gguf").write_bytes(data[:length])
        with pytest.raises(InputError, match="no GGUF file, or was cut off"):
            open_gguf(tmp_path / "b.gguf")


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


HEAD = b"GGUF" + struct.pack("<I", 3)
KEY = struct.pack("<QQ", 0, 1) + text("key")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 and more", "does not begin"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version is 1"),
        (HEAD + struct.pack("<QQ", 0, 1 << 60), "claims"),
        (HEAD + struct.pack("<QQ", 1 << 60, 0), "claims"),
        (HEAD + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1 << 62) + bytes(40), "a text of"),
        (HEAD + KEY + struct.pack("<I", 99), "unknown type 99"),
        (HEAD + KEY + struct.pack("<IIQ", 9, 9, 1) + bytes(99), "an array of the type 9"),
        (HEAD + KEY + struct.pack("<IIQ", 9, 8, 1 << 50), "claims"),
        (HEAD + KEY + struct.pack("<IIQ", 9, 4, 1 << 62), "too early"),
        (HEAD + struct.pack("<QQ", 1, 0) + text("t" * 40) + struct.pack("<I", 200), "200 axes"),
        (
            HEAD
            + struct.pack("<QQ", 1, 0)
            + text("t")
            + struct.pack("<IQQIQ", 2, 1 << 40, 1 << 40, 0, 0),
            "behind its end",
        ),
        (
            HEAD
            + struct.pack("<QQ", 2, 0)
            + (text("t") + struct.pack("<IQIQ", 1, 0, 0, 0)) * 2
            + bytes(64),
            "twice",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_a_hostile_file_claims_is_not_believed(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "a.gguf").write_bytes(data)
    with pytest.raises(InputError, match=reason):
        open_gguf(tmp_path / "a.gguf")


def test_a_quantised_tensor_is_named(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    quantised = gguf.quantize(np.ones((4, 32), np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("q", quantised, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = open_gguf(tmp_path / "a.gguf")
    assert found.tensors["q"].shape == (4, 32)
    with pytest.raises(InputError, match="quantised"):
        found.read("q")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.gguf").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match=r"could not be written \(No space left on device\)"):
        write_gguf(tmp_path / "a.gguf", FACTS, TENSORS.items())
    assert [one.name for one in tmp_path.iterdir()] == ["a.gguf"]
    assert (tmp_path / "a.gguf").read_bytes() == b"old"


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"old")

    def broken() -> object:
        yield from TENSORS.items()
        raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        write_gguf(tmp_path / "a.gguf", FACTS, broken())  # type: ignore[arg-type]
    assert (tmp_path / "a.gguf").read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.gguf"]

"""Chains of operations from file to file hold the tensors of one layer, however many there are."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from commonplace.adapters import (
    Adapter,
    Layer,
    compose,
    inspect,
    open_adapter,
    resize,
    save_adapter,
)
from commonplace.adapters.formats import tensor_file as files

RANK, SIZE = 4, 64


class Held(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all storages that are alive, and the most there ever were."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive: dict[int, int] = {}
        self.most = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor) and leaf.device.type != "meta":
                self.take(leaf)
        return out

    def take(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self.alive:
            self.alive[key] = storage.nbytes()
            weakref.finalize(storage, self.alive.pop, key, None)
            self.most = max(self.most, sum(self.alive.values()))


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    read = files.TensorFile.read

    def counted(self: files.TensorFile, name: str) -> Tensor:
        tensor = read(self, name)
        mode.take(tensor)
        return tensor

    monkeypatch.setattr(files.TensorFile, "read", counted)
    gc.collect()
    with Held() as mode:
        yield mode


def file_of(path: Path, layers: int, seed: int) -> Path:
    random = torch.Generator().manual_seed(seed)
    made = {
        f"blocks.{number}.linear": Layer(
            "lora",
            {
                "up": torch.randn(SIZE, RANK, generator=random),
                "down": torch.randn(RANK, SIZE, generator=random),
            },
            2.0,
            RANK,
        )
        for number in range(layers)
    }
    save_adapter(Adapter(made), path)
    return path


def test_memory_is_that_of_one_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = {}
    for layers in (2, 40):
        folder = tmp_path / str(layers)
        folder.mkdir()
        first, second = (file_of(folder / f"{n}.safetensors", layers, n) for n in (1, 2))
        with held(monkeypatch) as mode:
            composed = compose([(open_adapter(first), 1.0), (open_adapter(second), 0.5)])
            save_adapter(resize(composed, rank=3), folder / "out.safetensors")
            save_adapter(open_adapter(folder / "out.safetensors"), folder / "out", format="peft")
            inspect(open_adapter(folder / "out.safetensors"))
        monkeypatch.undo()
        peaks[layers] = mode.most
    one_file = 40 * 2 * SIZE * RANK * 4
    assert peaks[40] == peaks[2]
    assert 0 < peaks[40] < one_file


def test_nothing_is_read_before_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(tmp_path / "one.safetensors", 3, 1)

    def fail(self: files.TensorFile, name: str) -> Tensor:
        raise AssertionError(f"{name} was read")

    monkeypatch.setattr(files.TensorFile, "read", fail)
    adapter = resize(compose([(open_adapter(path), 2.0)]), rank=1)
    assert list(adapter.layers) == [f"blocks.{number}.linear" for number in range(3)]

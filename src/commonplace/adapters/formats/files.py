"""Adapters from files and into files: which format it is, what it holds, what stays unmapped.

Notable: nothing is applied silently in part. Every tensor of a file belongs to a layer, or the file
is refused with the names of those that do not. A format that cannot say what an adapter is refuses
it. Layers are read when they are asked for and written as they come.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from commonplace.adapters.algebra.adapter import Adapter, LayerFile, LazyLayers
from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import (
    KEY,
    Provenance,
    Summary,
    from_metadata,
    to_metadata,
)
from commonplace.adapters.choices import FORMATS, Format
from commonplace.adapters.formats import _diffusers, _lycoris, _peft
from commonplace.adapters.formats._gguf import open_gguf_adapter, save_gguf_adapter
from commonplace.adapters.formats._keys import check_mapped, group
from commonplace.adapters.formats.tensor_file import TensorFile, open_tensors, write_tensors
from commonplace.adapters.names.kohya import check_dotted, kohya_names
from commonplace.foundation import InputError, display_path, file_errors, write_atomically

_Context = TypeVar("_Context")


def open_adapter(
    path: Path | str, *, allow_unmapped: bool = False, base: Path | str | None = None
) -> Adapter:
    """Open an adapter's file, or PEFT's folder; layers are read when they are asked for.

    Args:
        path: the file or folder.
        allow_unmapped: leave out tensors that are no layer's.
        base: for llama.cpp's adapters the model's GGUF file, or its folder with config.json; those
            that this program wrote are read without.

    Raises:
        InputError: it is a pickle, broken, or holds tensors that are no layer's; or its base must
            be named.
    """
    path = Path(path)
    if path.suffix.lower() == ".gguf":
        return open_gguf_adapter(path, None if base is None else Path(base), allow_unmapped)
    if path.is_dir() or path.name == _peft.WEIGHTS:
        return _open_peft(path if path.is_dir() else path.parent, allow_unmapped)
    file = open_tensors(path)
    if any(key.startswith(_peft.PREFIX) for key in file.entries):
        raise InputError(
            f"{display_path(path)} is the tensors' file of a PEFT adapter, whose alpha stands in "
            f"{_peft.CONFIG}; put both into a folder, this one as {_peft.WEIGHTS}, and name that"
        )
    if _diffusers.KEY in file.metadata:
        return _open_diffusers(path, file, allow_unmapped)
    modules, unmapped = group(tuple(file.entries), _lycoris.split)
    check_mapped(path, modules, unmapped, allow_unmapped)
    notes = _lycoris.read_notes(file.metadata)
    layers = _layers(file, modules, _lycoris.read_layer, notes)
    return Adapter(layers, from_metadata(file.metadata))


def save_adapter(
    adapter: Adapter,
    path: Path | str,
    *,
    format: Format = "commonplace",
    overwrite: bool = False,
    base: Path | str | None = None,
) -> None:
    """Write an adapter, layer by layer; `path` is a .safetensors file, for PEFT a folder.

    Args:
        adapter: what is written.
        path: of the file or folder.
        format: one of `FORMATS`.
        overwrite: replace what is there.
        base: for "gguf" the model that llama.cpp runs: its GGUF file, or its folder with
            config.json.

    Raises:
        InputError: the format cannot hold it, something is there already, or it cannot be written.
            What was there is as before.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise InputError(f"{display_path(path)} exists; name another, or overwrite it")
    if not adapter.layers:
        raise InputError("the adapter has no layers, so there is nothing to write")
    if format == "peft":
        check_dotted(adapter)
        _save_peft(adapter, path)
        return
    if format not in FORMATS:
        raise InputError(f"no format is named {format}; there are {', '.join(FORMATS)}")
    if format == "diffusers":
        _save_diffusers(adapter, path)
        return
    if format == "gguf":
        _save_gguf(adapter, path, base)
        return
    if format in ("kohya", "kohya-sdxl"):
        names = kohya_names(adapter, original=format == "kohya-sdxl")
        layers, modules = adapter.layers, {name: module for module, name in names.items()}
        renamed = LazyLayers(modules, lambda name: layers[modules[name]])
        adapter = replace(adapter, layers=renamed)
    tally = _LayerTally()
    tensors = tally.tensors(adapter, _lycoris.write_layer)
    write_tensors(path, tensors, lambda: tally.metadata(adapter))


class _LayerTally:
    """Counts the layers of an adapter while they are written."""

    def __init__(self) -> None:
        self.kinds: dict[str, int] = {}
        self.ranks: set[int] = set()
        self.alphas: set[float] = set()
        self.stabilised: dict[str, float] = {}
        self.embeddings: list[str] = []

    def add(self, name: str, layer: Layer) -> None:
        self.kinds[layer.kind] = self.kinds.get(layer.kind, 0) + 1
        self.ranks.add(layer.rank)
        self.alphas.add(layer.alpha)
        if layer.stabilised:
            self.stabilised[name] = layer.alpha
        if layer.embedding:
            self.embeddings.append(name)

    def tensors(
        self, adapter: Adapter, write: Callable[[str, Layer], Mapping[str, Tensor]]
    ) -> Iterator[tuple[str, Tensor]]:
        """What `write` makes of each layer, one layer at a time."""
        for name, layer in adapter.layers.items():
            self.add(name, layer)
            yield from write(name, layer).items()

    def metadata(self, adapter: Adapter) -> dict[str, str]:
        summary = Summary(self.kinds, tuple(sorted(self.ranks)), tuple(sorted(self.alphas)))
        metadata = to_metadata(adapter.provenance, summary)
        notes = {"stabilised": self.stabilised, "embeddings": self.embeddings}
        record = {**json.loads(metadata[KEY]), **notes}
        return {**metadata, KEY: json.dumps(record, ensure_ascii=False, sort_keys=True)}


# ----------------------------------------------------------------- llama.cpp


def _save_gguf(adapter: Adapter, path: Path, base: Path | str | None) -> None:
    if base is None:
        raise InputError(
            "llama.cpp names and reorders weights by the model's architecture; name the model's "
            "GGUF file, or its folder with config.json, as the base"
        )
    check_dotted(adapter)
    tally = _LayerTally()
    for name, layer in adapter.layers.items():
        tally.add(name, layer)
    save_gguf_adapter(adapter, path, Path(base), tally.metadata(adapter)[KEY])


# ----------------------------------------------------------------- diffusers


def _open_diffusers(path: Path, file: TensorFile, allow_unmapped: bool) -> Adapter:
    configs = _diffusers.read_configs(file.metadata)
    modules, unmapped = _diffusers.group(file.entries)
    check_mapped(path, modules, unmapped, allow_unmapped)
    layers = _layers(file, modules, _diffusers.read_layer, configs)
    provenance = from_metadata(file.metadata)
    other = {key: value for key, value in provenance.other.items() if key != _diffusers.KEY}
    return Adapter(layers, replace(provenance, other=other))


def _save_diffusers(adapter: Adapter, path: Path) -> None:
    configs: dict[str, _peft.Config] = {}
    tally = _LayerTally()
    tensors = tally.tensors(adapter, partial(_diffusers.add_layer, configs))

    def metadata() -> dict[str, str]:
        configured = _diffusers.to_metadata(configs, adapter.provenance.base)
        return {**tally.metadata(adapter), **configured}

    write_tensors(path, tensors, metadata)


def _layers(
    file: TensorFile,
    modules: Mapping[str, Mapping[str, str]],
    make: Callable[[str, dict[str, Tensor], _Context], Layer],
    context: _Context,
) -> LazyLayers:
    """The layers of a file, each read when it is asked for, or all in one piece.

    `context` is all that `make` knows besides the tensors.
    """

    def read_layer(name: str) -> Layer:
        tensors = {suffix: file.read(key) for suffix, key in modules[name].items()}
        return make(name, tensors, context)

    def make_all(data: NDArray[np.uint8]) -> dict[str, Layer]:
        views = file.views(data)
        return {
            name: make(name, {suffix: views[key] for suffix, key in keys.items()}, context)
            for name, keys in modules.items()
        }

    whole_file = LayerFile((file.entries, context), file.read_all, make_all)
    return LazyLayers(modules, read_layer, whole_file)


# ---------------------------------------------------------------------- PEFT


def _open_peft(folder: Path, allow_unmapped: bool) -> Adapter:
    config = _read_config(folder / _peft.CONFIG)
    _peft.check_config(config)
    file = open_tensors(_weights_of(folder))
    modules, unmapped = group(tuple(file.entries), _peft.split)
    check_mapped(folder, modules, unmapped, allow_unmapped)
    layers = _layers(file, modules, _peft.read_layer, config)
    provenance = from_metadata(file.metadata)
    if KEY not in file.metadata:
        base = str(config.get("base_model_name_or_path") or "")
        provenance = Provenance(base=base, other=dict(file.metadata))
    return Adapter(layers, provenance)


def _weights_of(folder: Path) -> Path:
    """The tensors' file, or the pickle that stands in its place (which is then refused)."""
    pickled = folder / "adapter_model.bin"
    weights = folder / _peft.WEIGHTS
    return pickled if pickled.exists() and not weights.exists() else weights


def _read_config(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{display_path(path)} cannot be read ({error.strerror}); PEFT's adapters are a folder "
            f"with {_peft.CONFIG} and {_peft.WEIGHTS}"
        ) from error
    except ValueError as error:
        raise InputError(f"{display_path(path)} is no JSON: {error}") from error
    if not isinstance(record, dict):
        raise InputError(f"{display_path(path)} holds no object")
    return record


def _save_peft(adapter: Adapter, folder: Path) -> None:
    """Write a folder beside the target, which then takes its place: all of it, or nothing."""
    config, tally = _peft.Config(), _LayerTally()
    tensors = tally.tensors(adapter, config.add_layer)
    # Once it is in place there is nothing to clean up, which is no error either.
    scratch = partial(tempfile.TemporaryDirectory, ignore_cleanup_errors=True)
    with (
        file_errors(f"{display_path(folder)} could not be written"),
        scratch(dir=folder.parent, prefix=f".{folder.name}.") as name,
    ):
        beside = Path(name)
        write_tensors(beside / _peft.WEIGHTS, tensors, lambda: tally.metadata(adapter))
        record = config.record(adapter.provenance.base)
        write_atomically(beside / _peft.CONFIG, json.dumps(record, indent=2).encode())
        if folder.exists():  # a folder with files in it cannot be replaced in one step
            previous = beside.with_name(f"{beside.name}.old")
            os.replace(folder, previous)
            os.replace(beside, folder)
            shutil.rmtree(previous)
        else:
            os.replace(beside, folder)

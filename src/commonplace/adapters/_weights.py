"""A base model's weights, read one at a time from its safetensors files.

python -m pytest tests/adapters/test_names.py
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from commonplace.adapters._adapter import Adapter, LazyLayers
from commonplace.adapters._modules import resolve
from commonplace.adapters._tensor_file import TensorFile, open_tensors
from commonplace.foundation import InputError, display_path


class Weights(Mapping[str, Tensor]):
    """Tensors by name, read when they are asked for, and not kept."""

    def __init__(self, files: list[TensorFile]) -> None:
        self._files = {name: file for file in files for name in file.entries}

    def __getitem__(self, name: str) -> Tensor:
        return self._files[name].read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    @property
    def modules(self) -> list[str]:
        """The names of what has a weight of two axes or more."""
        return [
            name.removesuffix(".weight")
            for name, file in self._files.items()
            if name.endswith(".weight") and len(file.shape(name)) >= 2
        ]


def open_weights(path: Path | str) -> Weights:
    """The weights of a model: a .safetensors file, or a folder of its parts.

    Raises:
        InputError: there are none, or a file is broken.
    """
    path = Path(path)
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{display_path(path)} holds no .safetensors file")
    return Weights([open_tensors(one) for one in files])


def with_names(adapter: Adapter, modules: list[str]) -> Adapter:
    """The adapter with its layers named as these modules, where it has underscores for dots.

    Raises:
        InputError: a layer is for none of them, or could be for two.
    """
    found, missing = resolve(adapter.layers, modules)
    if missing:
        raise InputError(
            f"the model has no module for {len(missing)} of {len(adapter.layers)} layers: "
            f"{', '.join(missing[:5])}; is the adapter for another model?"
        )
    names = {module: name for name, module in found.items()}
    if len(names) < len(found):
        raise InputError("the adapter changes one module twice; its file is broken")
    layers = LazyLayers(list(names), lambda module: adapter.layers[names[module]])
    return replace(adapter, layers=layers)

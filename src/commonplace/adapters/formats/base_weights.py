"""A base model's weights, read one at a time, and what an adapter is called after them."""

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from commonplace.adapters.algebra.adapter import Adapter, LazyLayers
from commonplace.adapters.formats.tensor_file import TensorFile, open_tensors
from commonplace.adapters.names.modules import resolve
from commonplace.foundation import InputError, LazyMapping, display_path


class BaseWeights(LazyMapping[Tensor]):
    """Tensors by name, read when they are asked for, and not kept."""

    def __init__(self, files: list[tuple[str, TensorFile]]) -> None:
        """Take files, each with what its tensors' names are to begin with."""
        self._files = {
            f"{part}{name}": (file, name) for part, file in files for name in file.entries
        }
        super().__init__(self._files, self._read)

    def _read(self, name: str) -> Tensor:
        file, inside = self._files[name]
        return file.read(inside)

    @property
    def modules(self) -> list[str]:
        """The names of what has a weight of two axes or more."""
        return [
            name.removesuffix(".weight")
            for name, (file, inside) in self._files.items()
            if name.endswith(".weight") and len(file.shape(inside)) >= 2
        ]


def open_weights(path: Path | str) -> BaseWeights:
    """The weights of a model: a .safetensors file, a folder of its parts, or of a pipeline.

    Names of a pipeline's weights begin with the part's folder ("unet.").

    Raises:
        InputError: there are none, or a file is broken.
    """
    path = Path(path)
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    parts = [("", file) for file in files]
    if path.is_dir() and not files:
        parts = [(f"{file.parent.name}.", file) for file in sorted(path.glob("*/*.safetensors"))]
    if not parts:
        raise InputError(f"{display_path(path)} holds no .safetensors file")
    return BaseWeights([(part, open_tensors(file)) for part, file in parts])


def part_of(adapter: Adapter, part: str) -> Adapter:
    """The layers of one part of a pipeline ("unet"), named as that part's model names them.

    Raises:
        InputError: there are none.
    """
    names = [name for name in adapter.layers if name.startswith(f"{part}.")]
    if not names:
        parts = ", ".join(dict.fromkeys(name.partition(".")[0] for name in adapter.layers))
        raise InputError(f"the adapter changes nothing of {part}; it changes {parts}")
    inside = [name.removeprefix(f"{part}.") for name in names]
    layers = LazyLayers(inside, lambda name: adapter.layers[f"{part}.{name}"])
    return replace(adapter, layers=layers)


def with_names(adapter: Adapter, modules: list[str]) -> Adapter:
    """The adapter with its layers named as these modules, where it has underscores for dots.

    Raises:
        InputError: a layer is for none of them, or could be for two.
    """
    module_of, missing = resolve(adapter.layers, modules)
    if missing:
        raise InputError(
            f"the model has no module for {len(missing)} of {len(adapter.layers)} layers: "
            f"{', '.join(missing[:5])}; is the adapter for another model?"
        )
    names = {module: name for name, module in module_of.items()}
    if len(names) < len(module_of):
        raise InputError("the adapter changes one module twice; its file is broken")
    layers = LazyLayers(names, lambda module: adapter.layers[names[module]])
    return replace(adapter, layers=layers)

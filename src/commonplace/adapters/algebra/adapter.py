"""An adapter: layers by module name, and where they come from.

Notable: the layers are a mapping that may make each layer when it is asked for and keep none, from
a file or out of other adapters' layers. So every operation is one function of a layer, and a chain
of them, from file to file, holds the tensors of one layer at a time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.foundation import LazyMapping


@dataclass(frozen=True)
class LayerFile:
    """A file of which all layers can be read at once, which is quicker than one after the other.

    Attributes:
        layout: equal for files of which equal bytes are equal layers.
        read: reads the bytes of its tensors, checks that they are finite, and puts them into the
            memory that is passed, or into new memory.
        layers: makes the layers of such bytes; their tensors stand in them.
    """

    layout: object
    read: Callable[[NDArray[np.uint8] | None], NDArray[np.uint8]]
    layers: Callable[[NDArray[np.uint8]], dict[str, Layer]]


class LazyLayers(LazyMapping[Layer]):
    """Layers that are made when they are asked for; `file` is where they come from unchanged."""

    def __init__(
        self, names: Iterable[str], make: Callable[[str], Layer], file: LayerFile | None = None
    ) -> None:
        super().__init__(names, make)
        self.file = file


@dataclass(frozen=True)
class Adapter:
    """Layers by the name of the module they change, and where they come from."""

    layers: Mapping[str, Layer]
    provenance: Provenance = field(default_factory=Provenance)

    def map(self, change: Callable[[str, Layer], Layer]) -> "Adapter":
        """The adapter with each layer changed, when it is asked for."""
        layers = self.layers
        return replace(self, layers=LazyLayers(layers, lambda name: change(name, layers[name])))

    def with_provenance(self, **facts: Any) -> "Adapter":
        """The adapter with other facts of its provenance."""
        return replace(self, provenance=replace(self.provenance, **facts))


def layer_file_of(adapter: Adapter) -> LayerFile | None:
    """The file whose layers these are, unchanged."""
    return adapter.layers.file if isinstance(adapter.layers, LazyLayers) else None


def read_layers(adapter: Adapter) -> tuple[Mapping[str, Layer], NDArray[np.uint8] | None]:
    """Read all layers; where they come from one file, also return the bytes that they stand in."""
    file = layer_file_of(adapter)
    if file is None:
        return adapter.layers, None
    data = file.read(None)
    return file.layers(data), data

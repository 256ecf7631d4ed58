"""An adapter: layers by module name, and where they come from.

Notable: the layers are a mapping that may make each layer when it is asked for and keep none, from
a file or out of other adapters' layers. So every operation is one function of a layer, and a chain
of them, from file to file, holds the tensors of one layer at a time.

    python -m pytest tests/adapters/test_streaming.py
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance


@dataclass(frozen=True)
class Source:
    """A file that all layers can be made of at once, which is quicker than one after the other.

    Attributes:
        layout: equal for files of which equal bytes are equal layers.
        read: its tensors' bytes, checked to be finite, in what memory is given or in fresh one.
        layers: made of such bytes, in which their tensors stand.
    """

    layout: Any
    read: Callable[[NDArray[np.uint8] | None], NDArray[np.uint8]]
    layers: Callable[[NDArray[np.uint8]], dict[str, Layer]]


class LazyLayers(Mapping[str, Layer]):
    """Layers that are made when they are asked for, and not kept."""

    def __init__(
        self,
        names: Sequence[str],
        make: Callable[[str], Layer],
        source: Source | None = None,
    ) -> None:
        self._names = dict.fromkeys(names)
        self._make = make
        self.source = source

    def __getitem__(self, name: str) -> Layer:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Adapter:
    """Layers by the name of the module they change, and where they come from."""

    layers: Mapping[str, Layer]
    provenance: Provenance = field(default_factory=Provenance)

    def map(self, change: Callable[[str, Layer], Layer]) -> "Adapter":
        """The adapter with each layer changed, when it is asked for."""
        layers = self.layers
        return replace(
            self, layers=LazyLayers(list(layers), lambda name: change(name, layers[name]))
        )

    def with_provenance(self, **facts: Any) -> "Adapter":
        """The adapter with other facts of its provenance."""
        return replace(self, provenance=replace(self.provenance, **facts))


def source_of(adapter: Adapter) -> Source | None:
    """The file whose layers these are, unchanged."""
    return adapter.layers.source if isinstance(adapter.layers, LazyLayers) else None


def everything(adapter: Adapter) -> tuple[Mapping[str, Layer], NDArray[np.uint8] | None]:
    """The layers; from a file read at once, and then also the bytes that they stand in."""
    source = source_of(adapter)
    if source is None:
        return adapter.layers, None
    data = source.read(None)
    return source.layers(data), data

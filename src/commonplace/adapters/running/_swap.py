"""An adapter that stands in the bytes of the file it came from, and is swapped by one copy.

Notable: two runs of one recipe write files of one layout. Then nothing is left to do at a swap but
to read, to look for values that are not finite, and to copy; no layer is made. New memory would
cost more than all of that, so a file is read to where the last one was: an adapter that was swapped
takes its size twice.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch import nn

from commonplace.adapters.algebra.adapter import LayerFile
from commonplace.adapters.running._attached_layer import AttachedLayer


class SwapBuffer:
    """The bytes of a file that the layers' parameters still stand in, on the CPU.

    A file of the same layout is swapped in by one copy, if all that is no parameter's value (the
    alphas of some formats) is the same.
    """

    def __init__(
        self, layout: object, data: NDArray[np.uint8], layers: list[AttachedLayer]
    ) -> None:
        self.layout, self._data, self._layers = layout, data, layers
        self._places = [parameter.data_ptr() for parameter in self._parameters()]
        self._gap_places: NDArray[np.intp] | None = None
        self._next: NDArray[np.uint8] | None = None

    def is_stale(self) -> bool:
        """Whether a parameter stands elsewhere by now, or could train."""
        parameters = list(self._parameters())
        begin = self._data.ctypes.data
        inside = all(begin <= place < begin + len(self._data) for place in self._places)
        here = [parameter.data_ptr() for parameter in parameters] == self._places
        return not (inside and here) or any(parameter.requires_grad for parameter in parameters)

    def read(self, file: LayerFile) -> NDArray[np.uint8]:
        """The bytes of a file of the same layout, in memory that is used again and again."""
        self._next = file.read(self._next)
        return self._next

    def fits(self, data: NDArray[np.uint8]) -> bool:
        """Whether the bytes are the same but for parameters' values."""
        if self._gap_places is None:
            self._gap_places = np.concatenate(list(self._gaps()))
        return np.array_equal(data[self._gap_places], self._data[self._gap_places])

    def _gaps(self) -> Iterator[NDArray[np.intp]]:
        """The places between the parameters."""
        end, begin = 0, self._data.ctypes.data
        sizes = [parameter.numel() * parameter.element_size() for parameter in self._parameters()]
        for place, size in sorted(zip(self._places, sizes, strict=True)):
            yield np.arange(end, place - begin)
            end = place - begin + size
        yield np.arange(end, len(self._data))

    def load(self, data: NDArray[np.uint8]) -> None:
        """Copy the bytes of another file of this layout."""
        np.copyto(self._data, data)
        for layer in self._layers:
            layer.clear_norms()

    def _parameters(self) -> Iterator[nn.Parameter]:
        return (
            parameter
            for layer in self._layers
            for parameter in layer._parameters.values()
            if parameter is not None
        )

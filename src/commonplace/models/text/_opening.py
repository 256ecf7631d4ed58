"""Opening a model of the catalogue: its files are located, or fetched, and then read.

Notable: the three kinds of models that read text differ here only in the function that reads them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar

from commonplace.models.weights.catalogue import find_model
from commonplace.models.weights.locate import Announce, locate

_Model = TypeVar("_Model")


class OpenOptions(TypedDict, total=False):
    """How a model of the catalogue is opened."""

    folder: Path | None  # where its files lie, instead of the cache
    threads: int | None  # all cores where None
    progress: Announce | None  # is told what is done while something is fetched


def open_catalogued(
    read: Callable[..., _Model],
    name: str,
    *,
    folder: Path | None = None,
    threads: int | None = None,
    progress: Announce | None = None,
) -> _Model:
    """Open a model of the catalogue with `read`, fetching its weights when they are first needed.

    The options are those of `OpenOptions`.

    Raises:
        WeightsError: the weights cannot be had.
    """
    entry = find_model(name)
    place = locate(entry, folder=folder, progress=progress)
    return read(place, name=entry.name, sha256=entry.sha256, threads=threads)

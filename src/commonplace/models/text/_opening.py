"""What the three models that read text have in common: opening them, and running them in batches.

A model of the catalogue is located, or fetched, and then read; a folder of one's own is read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypedDict, TypeVar

from commonplace.foundation import WeightsError
from commonplace.models._onnx import Network, open_network
from commonplace.models.batches import ALONE, TokenRow, bucket
from commonplace.models.network_adapter import NetworkAdapter
from commonplace.models.text._tokens import WordPieces, open_word_pieces
from commonplace.models.weights.catalogue import find_model
from commonplace.models.weights.locate import Announce, locate

_Model = TypeVar("_Model")
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class TextNetwork:
    """A network that reads text, with the tokens that it was trained on."""

    name: str
    sha256: str  # of the weights; vectors of two encoders are never compared
    network: Network = field(repr=False)
    word_pieces: WordPieces = field(repr=False)
    token_budget: int = ALONE  # of one batch, padding included

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        name: str,
        sha256: str,
        threads: int | None = None,
        adapter: NetworkAdapter | None = None,
    ) -> Self:
        """Open the model whose `model.onnx` and `tokenizer.json` lie in a folder.

        `adapter` is what the network wears.

        Raises:
            WeightsError: a file is missing or broken, or the adapter is for other weights.
        """
        if adapter and adapter.base_sha256 != sha256:
            raise WeightsError(f"the adapter was not trained on this {name}")
        network = open_network(folder / "model.onnx", threads, adapter)
        word_pieces = open_word_pieces(folder / "tokenizer.json")
        return cls(name=name, sha256=sha256, network=network, word_pieces=word_pieces)

    @property
    def dimension(self) -> int:
        """How many numbers the network gives for a token, or for a text."""
        return self.network.width

    def map_rows(
        self, rows: Sequence[TokenRow], compute: Callable[[list[TokenRow]], _Result]
    ) -> Iterator[tuple[list[int], _Result]]:
        """Compute batches of texts of about one length; yields each with its texts' positions."""
        batches = bucket([len(row) for row in rows], self.token_budget)
        return self.network.map_batches(lambda at: compute([rows[i] for i in at]), batches)


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

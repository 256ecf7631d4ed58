"""Query and passage read together: `ms-marco-MiniLM-L-12-v2`, trained on MS MARCO.

Notable: it gives one raw logit for a pair (above zero is roughly "relevant"); logits of different
queries are comparable only loosely. The cost of a pair grows with its length, so `max_tokens` is
the dial between speed and quality. Of a pair that is too long the longer text is cut, which is
the passage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from commonplace.models._onnx import Network, open_network
from commonplace.models.batches import ALONE, bucket
from commonplace.models.text._opening import OpenOptions, open_catalogued
from commonplace.models.text._tokens import WordPieces, open_word_pieces

_STATES = tuple(f"/bert/encoder/layer.{i}/output/LayerNorm/Add_1_output_0" for i in (7, 9, 11))


@dataclass(frozen=True)
class CrossEncoder:
    """Scores pairs of query and passage; open it with `open_cross_encoder`."""

    name: str
    sha256: str
    network: Network = field(repr=False)
    word_pieces: WordPieces = field(repr=False)
    longest: int = 512  # the most tokens the network can read
    token_budget: int = ALONE  # of one batch, padding included

    def score(
        self, pairs: Sequence[tuple[str, str]], max_tokens: int | None = None
    ) -> NDArray[np.float32]:
        """Score pairs of (query, passage).

        Args:
            pairs: may be none, and each text may be empty.
            max_tokens: of a pair, both texts and three marks together; `longest` where None.

        Returns:
            Raw logits `[len(pairs)]` in the order given; higher is more relevant.
        """
        limit = min(max_tokens or self.longest, self.longest)
        rows = self.word_pieces.pairs(pairs, limit)
        scores = np.zeros(len(pairs), np.float32)
        batches = bucket([len(row) for row in rows], self.token_budget)
        run = self.network.run
        for batch, logits in self.network.map_batches(
            lambda at: run([rows[i] for i in at]), batches
        ):
            scores[batch] = logits.reshape(len(batch), -1)[:, 0]
        return scores

    def states(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """What the network holds of each pair at its first token, after layers 8, 10 and 12.

        Returns:
            `[pairs, 3 * width]`; a linear probe reads more out of it than the one logit says.
            No columns where the network was opened without.
        """
        rows = self.word_pieces.pairs(pairs, self.longest)
        states = [self.network.run_states(row).ravel() for row in rows]
        return np.stack(states) if states else np.zeros((0, 0), np.float32)


def open_cross_encoder(
    name: str = "ms-marco-MiniLM-L-12-v2", **options: Unpack[OpenOptions]
) -> CrossEncoder:
    """Open a cross encoder of the catalogue; the options are those of `OpenOptions`.

    Raises:
        WeightsError: the weights cannot be had.
    """
    return open_catalogued(partial(read_cross_encoder, states=_STATES), name, **options)


def read_cross_encoder(
    folder: Path,
    *,
    name: str,
    sha256: str,
    threads: int | None = None,
    states: tuple[str, ...] = (),
) -> CrossEncoder:
    """Open the cross encoder whose `model.onnx` and `tokenizer.json` lie in a folder.

    `states` are the tensors of its graph that `CrossEncoder.states` gives.

    Raises:
        WeightsError: a file is missing or broken.
    """
    return CrossEncoder(
        name=name,
        sha256=sha256,
        network=open_network(folder / "model.onnx", threads, states),
        word_pieces=open_word_pieces(folder / "tokenizer.json"),
    )

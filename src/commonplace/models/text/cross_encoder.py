"""Query and passage read together: `ms-marco-MiniLM-L-12-v2`, trained on MS MARCO.

Notable: it gives one raw logit for a pair (above zero is roughly "relevant"); logits of different
queries are comparable only loosely. The cost of a pair grows with its length, so `max_tokens` is
the dial between speed and quality. Of a pair that is too long the longer text is cut, which is
the passage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from commonplace.models.text._opening import OpenOptions, TextNetwork, open_catalogued

_STATES = tuple(f"/bert/encoder/layer.{i}/output/LayerNorm/Add_1_output_0" for i in (7, 9, 11))


@dataclass(frozen=True)
class CrossEncoder(TextNetwork):
    """Scores pairs of query and passage; open it with `open_cross_encoder`."""

    longest: int = 512  # the most tokens the network can read

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
        for batch, logits in self.map_rows(rows, self.network.run):
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
    return open_catalogued(partial(CrossEncoder.read, states=_STATES), name, **options)

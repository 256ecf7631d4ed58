"""Query and passage read together: `ms-marco-MiniLM-L-12-v2`, trained on MS MARCO.

Notable: it gives one raw logit for a pair (above zero is roughly "relevant"); logits of different
queries are comparable only loosely. The cost of a pair grows with its length, so `max_tokens` is
the dial between speed and quality. Of a pair that is too long the longer text is cut, which is
the passage. It may wear an adapter, which gives its scores a meaning of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from commonplace.models.network_adapter import read_adapter
from commonplace.models.text._opening import OpenOptions, TextNetwork, open_catalogued


@dataclass(frozen=True)
class CrossEncoder(TextNetwork):
    """Scores pairs of query and passage; open it with `open_cross_encoder`."""

    longest: int = 512  # the most tokens the network can read
    scale: float = 1.0  # a score is `scale * logit + shift`
    shift: float = 0.0

    def score(
        self, pairs: Sequence[tuple[str, str]], max_tokens: int | None = None
    ) -> NDArray[np.float32]:
        """Score pairs of (query, passage).

        Args:
            pairs: may be none, and each text may be empty.
            max_tokens: of a pair, both texts and three marks together; `longest` where None.

        Returns:
            Logits `[len(pairs)]` in the order given; higher is more relevant.
        """
        limit = min(max_tokens or self.longest, self.longest)
        rows = self.word_pieces.pairs(pairs, limit)
        scores = np.zeros(len(pairs), np.float32)
        for batch, logits in self.map_rows(rows, self.network.run):
            scores[batch] = logits.reshape(len(batch), -1)[:, 0]
        return self.scale * scores + self.shift


def open_cross_encoder(
    name: str = "ms-marco-MiniLM-L-12-v2",
    *,
    adapter: Path | None = None,
    **options: Unpack[OpenOptions],
) -> CrossEncoder:
    """Open a cross encoder of the catalogue; the options are those of `OpenOptions`.

    Args:
        name: in the catalogue.
        adapter: the file of an adapter that it wears, see `models/network_adapter.py`.

    Raises:
        WeightsError: the weights cannot be had, or the adapter is not for them.
    """
    if adapter is None:
        return open_catalogued(CrossEncoder.read, name, **options)
    worn = read_adapter(adapter)
    bare = open_catalogued(partial(CrossEncoder.read, adapter=worn), name, **options)
    return replace(bare, scale=worn.scale, shift=worn.shift)

"""The candidates of one search: rows with all that is known about each, and the parts of its score.

A score is a sum of named parts (BM25, cosine, neighbours, late interaction, ...), which stand
beside it, so that an explanation is the ranking itself and not a second computation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from commonplace.foundation.arrays import Float32s, Float64s, Int64s
from commonplace.retrieval.fusion import Reals, lowering, order

BELOW = "below what was compared again"  # the part that keeps the rest of a ranking under its top


@dataclass
class Candidates:
    """Rows [n] and what is known about each, aligned, best first once `rank` was called.

    Attributes:
        parts: what each kind of evidence adds to the score, float64 [n]; `scores` is their sum.
        lexical_rows, dense_rows: the two lists that the candidates came from.
    """

    rows: Int64s
    bm25: Float32s
    parts: Mapping[str, Reals]
    cosine: Float32s | None = None
    fused: Float32s | None = None
    fused_rank: Int64s | None = None
    neighbours: Float32s | None = None
    reranked: Float32s | None = None
    lexical_rows: Int64s | None = None
    dense_rows: Int64s | None = None
    query_vector: Float32s | None = None  # [dimension], where the query was encoded
    scores: Float64s = field(init=False)

    def __post_init__(self) -> None:
        self.parts = {name: values.astype(np.float64) for name, values in self.parts.items()}
        self._add_up()

    def adjust(self, parts: Mapping[str, Float32s], depth: int, keep: float = 1.0) -> None:
        """Change the scores of the first `depth`: add `parts` [depth], after scaling by `keep`.

        All others stay below them, in their order; then all are ranked anew.
        """
        rest = len(self.rows) - depth
        factor = np.concatenate([np.full(depth, keep), np.ones(rest)])
        self.parts = {name: values * factor for name, values in self.parts.items()}
        for name, values in parts.items():
            self._add(name, np.append(values, np.zeros(rest)))
        shift = lowering(self.scores, depth)
        if shift.any():
            self._add(BELOW, shift)
        self.rank()

    def rank(self) -> None:
        """Reorder by score, the best first."""
        self.keep(order(self.scores))

    def keep(self, at: Int64s) -> None:
        """Reorder all that is aligned, and forget the rest."""
        self.rows, self.scores, self.bm25 = self.rows[at], self.scores[at], self.bm25[at]
        self.parts = {name: values[at] for name, values in self.parts.items()}
        for name in ("cosine", "fused", "fused_rank", "neighbours", "reranked"):
            values = getattr(self, name)
            if values is not None:
                setattr(self, name, values[at])

    def _add(self, name: str, values: Reals) -> None:
        before = self.parts.get(name, np.zeros(len(self.rows)))
        self.parts = {**self.parts, name: before + values}
        self._add_up()

    def _add_up(self) -> None:
        self.scores = np.sum(list(self.parts.values()), axis=0, dtype=np.float64)

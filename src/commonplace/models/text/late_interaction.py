"""One vector a token: `answerai-colbert-small` (ColBERT: https://arxiv.org/abs/2004.12832).

Notable: a passage's score is the sum, over the query's tokens, of the best cosine with any of the
passage's tokens (MaxSim). The file that can be had ends before the model's last layer, which would
project to 96 dimensions: these are the 384-d hidden states, scaled to length one. As in training
the second token of a query is [unused0] and of a passage [unused1]. Stored as float16 a passage
takes 768 bytes a token, so token vectors are made when they are needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from commonplace.models.batches import TokenRow
from commonplace.models.text._opening import OpenOptions, TextNetwork, open_catalogued

_QUERY_MARK, _PASSAGE_MARK = 1, 2  # [unused0], [unused1] of the BERT vocabulary


@dataclass(frozen=True)
class LateInteraction(TextNetwork):
    """Encodes texts token by token; open it with `open_late_interaction`."""

    max_tokens: int = 512  # of a passage; the rest is not seen
    max_query_tokens: int = 64

    def encode_queries(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Encode questions, each alone.

        Returns:
            One `[tokens, dimension]` for each text, rows of length one, marks included.
        """
        rows = self.word_pieces.singles(texts, self.max_query_tokens, (_QUERY_MARK,))
        return [self._embed([row])[0] for row in rows]

    def encode_passages(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Encode passages.

        Returns:
            One `[tokens, dimension]` for each text in the order given, rows of length one; marks
            and punctuation, which match anything, are left out.
        """
        rows = self.word_pieces.singles(texts, self.max_tokens, (_PASSAGE_MARK,))
        vectors: dict[int, NDArray[np.float32]] = {}
        for batch, batch_vectors in self.map_rows(rows, self._embed):
            vectors.update(zip(batch, batch_vectors, strict=True))
        return [vectors[place][self._content_mask(row)] for place, row in enumerate(rows)]

    def _content_mask(self, row: TokenRow) -> NDArray[np.bool_]:
        """Which tokens of a passage say something."""
        marks = {self.word_pieces.start, self.word_pieces.stop, _PASSAGE_MARK}
        name = self.word_pieces.tokenizer.id_to_token
        return np.array(
            [
                token_id not in marks and any(map(str.isalnum, name(token_id) or ""))
                for token_id in row.ids
            ]
        )

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """The MaxSim of each (query, passage) pair, `[pairs]`: what a reranker is asked for."""
        queries = list(dict.fromkeys(query for query, _ in pairs))
        encoded = dict(zip(queries, self.encode_queries(queries), strict=True))
        passages = self.encode_passages([passage for _, passage in pairs])
        scores = [
            max_similarity(encoded[query], passage)
            for (query, _), passage in zip(pairs, passages, strict=True)
        ]
        return np.array(scores, np.float32)

    def _embed(self, rows: Sequence[TokenRow]) -> list[NDArray[np.float32]]:
        """The hidden states of each row, padding left out, scaled to length one."""
        states = self.network.run(rows)
        norms = np.linalg.norm(states, axis=2, keepdims=True)
        scaled = (states / np.maximum(norms, 1e-12)).astype(np.float32, copy=False)
        # Copies: a view would keep the padded batch in memory.
        return [state[: len(row)].copy() for state, row in zip(scaled, rows, strict=True)]


def max_similarity(query: NDArray[np.float32], passage: NDArray[np.float32]) -> float:
    """The MaxSim of a query `[m, d]` and a passage `[n, d]`: a sum of m cosines.

    Divide by m to compare queries of different lengths.
    """
    if not len(query) or not len(passage):
        return 0.0
    return float((query @ passage.T).max(axis=1).sum())


def open_late_interaction(
    name: str = "answerai-colbert-small", **options: Unpack[OpenOptions]
) -> LateInteraction:
    """Open a late-interaction model of the catalogue; the options are those of `OpenOptions`.

    Raises:
        WeightsError: the weights cannot be had.
    """
    return open_catalogued(LateInteraction.read, name, **options)

"""Text to vectors: `bge-small-en-v1.5` (Xiao et al. 2023, https://arxiv.org/abs/2309.07597).

Notable: a text's vector is the hidden state of its first token, scaled to length one, so that a
dot product is the cosine. Questions carry an instruction, passages do not. Each text is encoded
alone, so that its vector is the same whatever else is added with it (`models/batches.py` says why).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from commonplace.models.batches import TokenRow
from commonplace.models.text._opening import OpenOptions, TextNetwork, open_catalogued

QUERY_INSTRUCTION = "Represent this sentence for searching relevant passages: "
_TOKENISED_AT_ONCE = 1024  # bounds the memory that token ids take


@dataclass(frozen=True)
class TextEncoder(TextNetwork):
    """Encodes texts as vectors of length one; open it with `open_encoder`."""

    max_tokens: int = 512  # what BERT has positions for; the rest of a longer text is not seen
    query_instruction: str = QUERY_INSTRUCTION

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Encode passages.

        Args:
            texts: may be none, and each may be empty.
            on_batch: called after each batch with the number of texts it held.

        Returns:
            `[len(texts), dimension]`, each row of length one, in the order given.
        """
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _TOKENISED_AT_ONCE):
            part = texts[start : start + _TOKENISED_AT_ONCE]
            rows = self.word_pieces.singles(part, self.max_tokens)
            for batch, batch_vectors in self.map_rows(rows, self._embed):
                vectors[np.array(batch) + start] = batch_vectors
                if on_batch is not None:
                    on_batch(len(batch))
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode questions, each alone and behind the model's instruction.

        Returns:
            `[len(texts), dimension]`, each row of length one.
        """
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        instructed = [self.query_instruction + text for text in texts]
        for place, row in enumerate(self.word_pieces.singles(instructed, self.max_tokens)):
            vectors[place] = self._embed([row])[0]
        return vectors

    def count_tokens(self, text: str) -> int:
        """How many tokens the model sees of a text, its two marks included."""
        return len(self.word_pieces.singles([text], self.max_tokens)[0])

    def _embed(self, rows: Sequence[TokenRow]) -> NDArray[np.float32]:
        """The first token's hidden state of each text, scaled: `[n, dimension]`."""
        first = self.network.run(rows)[:, 0, :]
        norms = np.linalg.norm(first, axis=1, keepdims=True)
        scaled: NDArray[np.float32] = first / np.maximum(norms, 1e-12)  # zeros stay zeros
        return scaled


def open_encoder(name: str = "bge-small-en-v1.5", **options: Unpack[OpenOptions]) -> TextEncoder:
    """Open a text encoder of the catalogue; the options are those of `OpenOptions`.

    Raises:
        WeightsError: the weights cannot be had.
    """
    return open_catalogued(TextEncoder.read, name, **options)

"""Texts to rows of token ids.

Notable: cutting is done here, not by the tokenizer, so that a loaded tokenizer is never changed and
may be shared by threads that cut at different lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.foundation import WeightsError
from commonplace.models.batches import TokenRow

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CHARACTERS_PER_TOKEN = 40  # text beyond this many per allowed token is not even tokenised


@dataclass(frozen=True)
class WordPieces:
    """A tokenizer with its two marks; open it with `open_word_pieces`."""

    tokenizer: "Tokenizer" = field(repr=False)
    start: int  # the id of [CLS]
    stop: int  # the id of [SEP]

    def singles(
        self, texts: Sequence[str], max_tokens: int, prefix: tuple[int, ...] = ()
    ) -> list[TokenRow]:
        """Rows of `[CLS] prefix text [SEP]`, each of at most `max_tokens`; the end is cut."""
        head = (self.start, *prefix)
        room = max(0, max_tokens - len(head) - 1)
        pieces = self._pieces(texts, max_tokens)
        return [TokenRow((*head, *piece[:room], self.stop)) for piece in pieces]

    def pairs(self, pairs: Sequence[tuple[str, str]], max_tokens: int) -> list[TokenRow]:
        """Rows of `[CLS] first [SEP] second [SEP]`; of two texts the longer is cut first."""
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        pieces = dict(zip(texts, self._pieces(texts, max_tokens), strict=True))
        return [self._pair(pieces[first], pieces[second], max_tokens) for first, second in pairs]

    def _pair(self, first: tuple[int, ...], second: tuple[int, ...], max_tokens: int) -> TokenRow:
        room = max(0, max_tokens - 3)
        first_room = max(room - len(second), room // 2)
        first = first[:first_room]
        second = second[: room - len(first)]
        ids = (self.start, *first, self.stop, *second, self.stop)
        return TokenRow(ids, second=len(first) + 2)

    def _pieces(self, texts: Sequence[str], max_tokens: int) -> list[tuple[int, ...]]:
        """Token ids without marks, cut only roughly; lone surrogates are replaced."""
        limit = max_tokens * _CHARACTERS_PER_TOKEN
        cleaned = [text[:limit].encode("utf-8", "replace").decode("utf-8") for text in texts]
        encodings = self.tokenizer.encode_batch_fast(cleaned, add_special_tokens=False)
        return [tuple(encoding.ids) for encoding in encodings]


def open_word_pieces(path: Path) -> WordPieces:
    """Load a `tokenizer.json` of the BERT family.

    Raises:
        WeightsError: the file is missing, or is no tokenizer with the marks of BERT.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise WeightsError(f"The tokenizer {path} cannot be loaded: {error}.") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    marks = [tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]", "[PAD]")]
    if None in marks:
        raise WeightsError(f"The tokenizer {path} lacks [CLS], [SEP] or [PAD]: use a BERT one.")
    start, stop, _ = (int(mark or 0) for mark in marks)
    return WordPieces(tokenizer, start, stop)

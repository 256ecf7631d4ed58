"""Fakes for the readers: passages from a few words, a cross-encoder that counts shared terms."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from commonplace.answers._extractive import Quote, Scored
from commonplace.corpus import Passage, TextLocator, analyse
from commonplace.models import Generation

THEN = datetime(2026, 1, 1, tzinfo=UTC)
TOOK = Generation(12, 0.5, 6, 4, 0.6, 90, 30, 1.2)


def passage(
    text: str, name: str = "note", position: int = 0, heading: tuple[str, ...] = ()
) -> Passage:
    """A passage of the note `name`."""
    return Passage(
        id=f"{name}-{position}",
        item_id=name,
        revision=1,
        position=position,
        kind="markdown",
        path=f"/notes/{name}.md",
        title="",
        text=text,
        heading=heading,
        locator=TextLocator(0, len(text)),
        written_at=THEN,
        valid_from=THEN,
        valid_to=None,
        content_hash="",
    )


def scored(text: str, logit: float = 6.0) -> Scored:
    """A sentence that is a passage of its own, with one logit throughout."""
    return Scored(Quote(passage(text), 0, len(text), logit), "", logit, logit, logit)


class Angle:
    """An encoder that sees questions and passages at a given cosine."""

    def __init__(self, cosine: float) -> None:
        self.cosine = cosine

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        row = np.array([self.cosine, (1 - self.cosine**2) ** 0.5], np.float32)
        return np.tile(row, (len(texts), 1))


class SharedTerms:
    """A cross-encoder that adds four logits for each term that question and text share."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.pairs.extend(pairs)
        shared = [4 * len(set(analyse(q)) & set(analyse(t))) for q, t in pairs]
        return np.array(shared, dtype=np.float32)


class Scripted:
    """A language model that writes what it was given to write."""

    name = "scripted"

    def __init__(self, text: str, context_tokens: int = 4096) -> None:
        self.context_tokens = context_tokens
        self.asked: list[Sequence[Mapping[str, str]]] = []
        self._text = text

    def generate(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> Iterator[str]:
        self.asked.append(messages)
        yield from self._text

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class Accounting(Scripted):
    """A model that says what writing took, as those in this process do."""

    def generate(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> Generator[str, None, Generation]:
        yield from super().generate(messages, max_tokens=max_tokens)
        return TOOK

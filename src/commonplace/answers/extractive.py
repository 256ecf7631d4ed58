"""The extractive reader: picks sentences out of passages, word for word. It cannot make things up.

Two passes of a cross-encoder, the second over little text, which keeps it under a second:

1. (question, passage) for the best ranked passages; three are read on (the right one is among
   them for nearly every question that retrieval found it for);
2. (question, sentence) for their sentences, twice: with the heading before it, and with the
   sentence before it as well. The first misses a sentence that says "he" or "this", the second is
   drawn to the neighbour of the right one; their mean is better than either.

A sentence's score is that mean plus half its passage's score; further sentences join the answer
where they score nearly as well. Word coverage, embedding cosine and a match of question and answer
types (who: a name, when: a date) were tried in the choice and added nothing to it
(docs/measurements/answers.md).

    python -m pytest tests/answers/test_extractive.py
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from commonplace.answers.context import heading_of, reading_order, with_heading
from commonplace.corpus import Passage, analyse, sentence_spans

LONGEST: Final = 600  # characters of a sentence, and of the one before it, that are scored
PASSAGE_WEIGHT: Final = 0.5  # of the passage's score in a sentence's; .25 to 1 measure the same

_HEADING = re.compile(r"#{1,6}\s")


class CrossEncoder(Protocol):
    """Scores how well a text answers a question (a logit; higher is better)."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One score for each (question, text) pair, float32 [pairs]."""
        ...


@runtime_checkable
class HasStates(Protocol):
    """A cross-encoder that also says what it holds of a pair, for a probe to read."""

    def states(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One row for each (question, text) pair, float32 [pairs, width]."""
        ...


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters `start:end` of a passage's text, and how well they answer (a logit)."""

    passage: Passage
    start: int
    end: int
    score: float

    @property
    def text(self) -> str:
        """The sentence, word for word."""
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence with what the cross-encoder made of it (logits)."""

    quote: Quote  # its score is the sum by which sentences are chosen
    before: str  # the sentence before it, "" for the first
    alone: float
    in_context: float
    passage: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found.

    Attributes:
        quotes: the chosen sentences, in reading order.
        best: the best sentence with its scores; None where there was nothing to read.
        passages: those that were looked at, the one that answers best first.
        logits: what the cross-encoder made of each of `passages`.
        ranks: where each of `passages` was among the retrieved, from 0.
        candidates: every sentence that was scored, `best` among them.
        states: the cross-encoder's states of the question with `best` alone, with `best` in
            context and with its passage, their mean [width]; None where it gives none.
    """

    quotes: tuple[Quote, ...]
    best: Scored | None = None
    passages: tuple[Passage, ...] = ()
    logits: tuple[float, ...] = ()
    ranks: tuple[int, ...] = ()
    candidates: tuple[Scored, ...] = ()
    states: NDArray[np.float32] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ExtractiveSettings:
    """How much is read, and how much is said."""

    passages: int = 8  # ranked passages that are scored whole
    read_on: int = 3  # the best of these, whose sentences are scored
    sentences: int = 3  # most sentences of an answer
    nearly: float = 3.0  # logits below the best at which a further sentence is still said


class ExtractiveReader:
    """Chooses and orders sentences of the passages."""

    def __init__(
        self, cross_encoder: CrossEncoder, settings: ExtractiveSettings | None = None
    ) -> None:
        self._cross_encoder = cross_encoder
        self.settings = settings or ExtractiveSettings()

    def read(self, question: str, ranked: Sequence[Passage]) -> Reading:
        """Read `ranked` passages (best first).

        Args:
            question: as asked.
            ranked: what was retrieved; the first `settings.passages` are looked at.
        """
        seen = ranked[: self.settings.passages]
        if not seen:
            return Reading(())
        known = self._passage_scores(question, seen)
        order = sorted(range(len(seen)), key=lambda i: -known[i])
        read_on = [(seen[i], known[i]) for i in order[: self.settings.read_on]]
        candidates = self._candidates(question, read_on)
        found = self._chosen(candidates) if candidates else Reading(())
        return replace(
            found,
            passages=tuple(seen[i] for i in order),
            logits=tuple(known[i] for i in order),
            ranks=tuple(order),
            candidates=tuple(candidates),
            states=self._states(question, found.best),
        )

    def _states(self, question: str, best: Scored | None) -> NDArray[np.float32] | None:
        if best is None or not isinstance(self._cross_encoder, HasStates):
            return None
        place = _Place(best.quote.passage, 0.0, best.quote.start, best.quote.end, best.before)
        texts = [place.alone, place.in_context if best.before else place.alone]
        texts.append(with_heading(best.quote.passage))
        found = self._cross_encoder.states([(question, text) for text in texts])
        mean: NDArray[np.float32] = found.mean(axis=0)
        return mean

    def _passage_scores(self, question: str, passages: Sequence[Passage]) -> list[float]:
        scores = self._cross_encoder.score([(question, with_heading(p)) for p in passages])
        return [float(score) for score in scores]

    def _candidates(self, question: str, passages: Sequence[tuple[Passage, float]]) -> list[Scored]:
        """Every sentence of the passages, scored alone and after the one before it."""
        found = [_Place(p, score, *place) for p, score in passages for place in _places(p)]
        alone = [(question, place.alone) for place in found]
        after = [(question, place.in_context) for place in found if place.before]
        scores = self._cross_encoder.score([*alone, *after]).tolist() if found else []
        later = iter(scores[len(alone) :])
        return [
            place.scored(own, next(later) if place.before else own)
            for place, own in zip(found, scores, strict=False)
        ]

    def _chosen(self, candidates: Sequence[Scored]) -> Reading:
        """The best sentence, and those nearly as good, in reading order."""
        ordered = sorted(candidates, key=lambda scored: -scored.quote.score)
        limit = ordered[0].quote.score - self.settings.nearly
        near = [scored.quote for scored in ordered if scored.quote.score >= limit]
        return Reading(_in_order(_unlike(near)[: self.settings.sentences]), ordered[0])


@dataclass(frozen=True, slots=True)
class _Place:
    """A sentence before it is scored."""

    passage: Passage
    score: float
    start: int
    end: int
    before: str

    @property
    def alone(self) -> str:
        return heading_of(self.passage) + self.passage.text[self.start : self.end][:LONGEST]

    @property
    def in_context(self) -> str:
        text = self.passage.text[self.start : self.end][:LONGEST]
        return f"{heading_of(self.passage)}{self.before[-LONGEST:]} {text}"

    def scored(self, alone: float, in_context: float) -> Scored:
        total = (alone + in_context) / 2 + PASSAGE_WEIGHT * self.score
        quote = Quote(self.passage, self.start, self.end, total)
        return Scored(quote, self.before, alone, in_context, self.score)


def _places(passage: Passage) -> Iterator[tuple[int, int, str]]:
    """The sentences that say something (not a heading), each with the one before it."""
    before = ""
    for start, end in sentence_spans(passage.text):
        text = passage.text[start:end]
        if analyse(text) and not (passage.kind == "markdown" and _HEADING.match(text)):
            yield start, end, before
            before = text


def _unlike(quotes: Sequence[Quote]) -> list[Quote]:
    """The first of those that say the same words."""
    seen: dict[tuple[str, ...], Quote] = {}
    for quote in quotes:
        seen.setdefault(tuple(analyse(quote.text)), quote)
    return list(seen.values())


def _in_order(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Items by their best sentence, and within an item as it is written."""
    ranks = {p.id: rank for rank, p in enumerate(reading_order([q.passage for q in quotes]))}
    return tuple(sorted(quotes, key=lambda quote: (ranks[quote.passage.id], quote.start)))

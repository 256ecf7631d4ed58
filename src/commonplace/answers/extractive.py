"""The extractive reader: picks sentences out of passages, word for word. It cannot make things up.

There are two passes of a cross-encoder, the second over little text, which keeps it under a second:

1. (question, passage) for the best ranked passages; the sentences of three are read (the right
   passage is among them for nearly every question that retrieval found it for);
2. (question, sentence) for their sentences, twice: with the heading before it, and with the
   sentence before it as well. The first misses a sentence that says "he" or "this", the second is
   drawn to the neighbour of the right one; their mean is better than either.

A sentence's score is that mean plus half its passage's score; further sentences join the answer
where they score nearly as well. Word coverage, embedding cosine and a match of question and answer
types (who: a name, when: a date) were tried in the choice and added nothing to it
(docs/notebook/2026-11-23-ranking-stages.md).
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
class ScoredSentence:
    """A sentence with the scores that the cross-encoder gave it (logits)."""

    quote: Quote  # its score is the sum that sentences are chosen by
    before: str  # the sentence before it, "" for the first
    alone: float
    in_context: float
    passage: float


@dataclass(frozen=True, slots=True)
class Extract:
    """The quotes that answer a question best, and every score behind that choice.

    Attributes:
        quotes: the chosen sentences, in reading order.
        best: the best sentence with its scores; None where there was nothing to read.
        passages: those that were scored, the one that answers best first.
        logits: the cross-encoder's score of each of `passages`.
        ranks: the place of each of `passages` among the retrieved, from 0.
        candidates: every sentence that was scored, `best` among them.
        states: the cross-encoder's states of the question with `best` alone, with `best` in
            context and with its passage, their mean [width]; None where it gives none.
    """

    quotes: tuple[Quote, ...]
    best: ScoredSentence | None = None
    passages: tuple[Passage, ...] = ()
    logits: tuple[float, ...] = ()
    ranks: tuple[int, ...] = ()
    candidates: tuple[ScoredSentence, ...] = ()
    states: NDArray[np.float32] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ExtractiveSettings:
    """How much is read, and how much is quoted.

    With up to three sentences within three logits .925 of 120 calibration questions had a gold
    answer in the text, with the best sentence alone .875.
    """

    passages: int = 8  # ranked passages that are scored in full
    read_on: int = 3  # the best of these, whose sentences are scored
    sentences: int = 3  # most sentences of an answer
    nearly: float = 3.0  # logits below the best at which a further sentence is still quoted


class ExtractiveReader:
    """Chooses and orders sentences of the passages."""

    def __init__(
        self, cross_encoder: CrossEncoder, settings: ExtractiveSettings | None = None
    ) -> None:
        self._cross_encoder = cross_encoder
        self.settings = settings or ExtractiveSettings()

    def read(self, question: str, ranked: Sequence[Passage]) -> Extract:
        """Read `ranked` passages (best first).

        Args:
            question: as asked.
            ranked: what was retrieved; the first `settings.passages` are scored.
        """
        passages = ranked[: self.settings.passages]
        if not passages:
            return Extract(())
        logits = self._passage_scores(question, passages)
        order = sorted(range(len(passages)), key=lambda i: -logits[i])
        read_on = [(passages[i], logits[i]) for i in order[: self.settings.read_on]]
        candidates = self._candidates(question, read_on)
        extract = self._extract(candidates) if candidates else Extract(())
        return replace(
            extract,
            passages=tuple(passages[i] for i in order),
            logits=tuple(logits[i] for i in order),
            ranks=tuple(order),
            candidates=tuple(candidates),
            states=self._states(question, extract.best),
        )

    def _states(self, question: str, best: ScoredSentence | None) -> NDArray[np.float32] | None:
        if best is None or not isinstance(self._cross_encoder, HasStates):
            return None
        quote = best.quote
        span = _SentenceSpan(quote.passage, 0.0, quote.start, quote.end, best.before)
        texts = [span.alone, span.in_context if best.before else span.alone]
        texts.append(with_heading(quote.passage))
        states = self._cross_encoder.states([(question, text) for text in texts])
        mean: NDArray[np.float32] = states.mean(axis=0)
        return mean

    def _passage_scores(self, question: str, passages: Sequence[Passage]) -> list[float]:
        scores = self._cross_encoder.score([(question, with_heading(p)) for p in passages])
        return [float(score) for score in scores]

    def _candidates(
        self, question: str, passages: Sequence[tuple[Passage, float]]
    ) -> list[ScoredSentence]:
        """Every sentence of the passages, scored alone and after the one before it."""
        spans = [_SentenceSpan(p, score, *span) for p, score in passages for span in _spans(p)]
        alone = [(question, span.alone) for span in spans]
        after = [(question, span.in_context) for span in spans if span.before]
        scores = self._cross_encoder.score([*alone, *after]).tolist() if spans else []
        scores_after = iter(scores[len(alone) :])
        return [
            span.scored(score, next(scores_after) if span.before else score)
            for span, score in zip(spans, scores, strict=False)
        ]

    def _extract(self, candidates: Sequence[ScoredSentence]) -> Extract:
        """The best sentence, and those nearly as good, in reading order."""
        ordered = sorted(candidates, key=lambda sentence: -sentence.quote.score)
        limit = ordered[0].quote.score - self.settings.nearly
        near = [sentence.quote for sentence in ordered if sentence.quote.score >= limit]
        return Extract(_in_order(_distinct(near)[: self.settings.sentences]), ordered[0])


@dataclass(frozen=True, slots=True)
class _SentenceSpan:
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

    def scored(self, alone: float, in_context: float) -> ScoredSentence:
        total = (alone + in_context) / 2 + PASSAGE_WEIGHT * self.score
        quote = Quote(self.passage, self.start, self.end, total)
        return ScoredSentence(quote, self.before, alone, in_context, self.score)


def _spans(passage: Passage) -> Iterator[tuple[int, int, str]]:
    """The sentences that say something (not a heading), each with the one before it."""
    before = ""
    for start, end in sentence_spans(passage.text):
        text = passage.text[start:end]
        if analyse(text) and not (passage.kind == "markdown" and _HEADING.match(text)):
            yield start, end, before
            before = text


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes, less those that have the same words as an earlier one."""
    by_words: dict[tuple[str, ...], Quote] = {}
    for quote in quotes:
        by_words.setdefault(tuple(analyse(quote.text)), quote)
    return list(by_words.values())


def _in_order(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Items by their best sentence, and within an item as it is written."""
    ranks = {p.id: rank for rank, p in enumerate(reading_order([q.passage for q in quotes]))}
    return tuple(sorted(quotes, key=lambda quote: (ranks[quote.passage.id], quote.start)))

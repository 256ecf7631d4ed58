"""The outcome of one question: answered or refused, what it cites, and whether it is right."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commonplace.answers import Answer, Refusal
from commonplace.corpus import Filter
from commonplace.evaluation.sets.questions import Question
from commonplace.library import Library

_ARTICLES: Final = {"a", "an", "the"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a question.

    Attributes:
        question: as in the set.
        answered: whether there was an answer.
        citations: how many citations it has, each counted once; `right_citations` of them point
            into the question's own passage.
        right_answer: whether a gold answer is in it.
        confidence: the probability that the question can be answered, also of a refusal.
        seconds: how long the answer took.
    """

    question: Question
    answered: bool
    citations: int
    right_citations: int
    right_answer: bool
    confidence: float
    seconds: float

    @property
    def right_passage(self) -> bool:
        """Whether the question's own passage is cited."""
        return self.right_citations > 0


def ask(
    library: Library,
    question: Question,
    identities: Mapping[str, str],
    *,
    model: str | None,
    threshold: float | None,
    paths: Sequence[str] = (),
) -> Outcome:
    """Ask a question of the library, or of the files at `paths`; `identities` are ids by path."""
    start = time.perf_counter()
    answer = library.ask(
        question.text, model=model, threshold=threshold, filter=Filter(paths=tuple(paths))
    )
    return outcome(question, answer, identities, time.perf_counter() - start)


def outcome(
    question: Question, answer: Answer | Refusal, identities: Mapping[str, str], seconds: float
) -> Outcome:
    """Judge an answer or a refusal."""
    if not isinstance(answer, Answer):
        return Outcome(
            question,
            answered=False,
            citations=0,
            right_citations=0,
            right_answer=False,
            confidence=answer.confidence,
            seconds=seconds,
        )
    cited = {
        (c.passage.id, c.start, c.end): identities[c.passage.path]
        for sentence in answer.sentences
        for c in sentence.citations
    }
    text = plain(" ".join(sentence.text for sentence in answer.sentences))
    return Outcome(
        question,
        answered=True,
        citations=len(cited),
        right_citations=sum(passage == question.passage for passage in cited.values()),
        right_answer=any(plain(gold) in text for gold in question.answers),
        confidence=answer.confidence,
        seconds=seconds,
    )


def plain(text: str) -> str:
    """Without case, punctuation and articles, as SQuAD compares answers; blanks at both ends."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return f" {' '.join(word for word in words if word not in _ARTICLES)} "

"""The outcome of one question: which of the three, what it cites, and whether it is right."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commonplace.answers import Answer, Citation, Reply, Unsure
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
        unsure: whether there were the closest quotes, with a doubt.
        citations: how many citations it has, each counted once; `right_citations` of them point
            into the question's own passage.
        right_answer: whether a gold answer is in it.
        evidence_closest: whether one of the closest quotes is of the question's own passage and
            holds a gold answer.
        confidence: the probability that the question can be answered, whatever the outcome.
        seconds: how long the answer took.
    """

    question: Question
    answered: bool
    citations: int
    right_citations: int
    right_answer: bool
    confidence: float
    seconds: float
    unsure: bool = False
    evidence_closest: bool = False

    @property
    def refused(self) -> bool:
        """Whether there was neither an answer nor a quote."""
        return not self.answered and not self.unsure

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
    question: Question, answer: Reply, identities: Mapping[str, str], seconds: float
) -> Outcome:
    """Judge what a question got."""
    if not isinstance(answer, Answer):
        closest = answer.closest if isinstance(answer, Unsure) else ()
        return Outcome(
            question,
            answered=False,
            citations=0,
            right_citations=0,
            right_answer=False,
            confidence=answer.confidence,
            seconds=seconds,
            unsure=isinstance(answer, Unsure),
            evidence_closest=any(_is_evidence(each, question, identities) for each in closest),
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
        right_answer=_holds_answer(text, question),
        confidence=answer.confidence,
        seconds=seconds,
    )


def _is_evidence(citation: Citation, question: Question, identities: Mapping[str, str]) -> bool:
    is_own = identities[citation.passage.path] == question.passage
    return is_own and _holds_answer(plain(citation.quote), question)


def _holds_answer(text: str, question: Question) -> bool:
    return any(plain(gold) in text for gold in question.answers)


def plain(text: str) -> str:
    """Without case, punctuation and articles, as SQuAD compares answers; blanks at both ends."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return f" {' '.join(word for word in words if word not in _ARTICLES)} "

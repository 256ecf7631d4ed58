"""What came of one question: answered or refused, what it cites, and whether it is right."""

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
    """What came of a question.

    Attributes:
        question: what was asked.
        answered: whether there was an answer.
        citations: how many citations it has, each counted once; `right_citations` of them point
            into the question's own passage.
        right_answer: whether a gold answer is in it.
        confidence: that the question can be answered, 0 to 1, answered or not.
        seconds: that it took.
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
    found = library.ask(
        question.text, model=model, threshold=threshold, filter=Filter(paths=tuple(paths))
    )
    return outcome(question, found, identities, time.perf_counter() - start)


def outcome(
    question: Question, found: Answer | Refusal, identities: Mapping[str, str], seconds: float
) -> Outcome:
    """Judge an answer or a refusal."""
    if not isinstance(found, Answer):
        return Outcome(question, False, 0, 0, False, found.confidence, seconds)
    cited = {
        (c.passage.id, c.start, c.end): identities[c.passage.path]
        for sentence in found.sentences
        for c in sentence.citations
    }
    said = plain(" ".join(sentence.text for sentence in found.sentences))
    return Outcome(
        question,
        True,
        len(cited),
        sum(passage == question.passage for passage in cited.values()),
        any(plain(gold) in said for gold in question.answers),
        found.confidence,
        seconds,
    )


def plain(text: str) -> str:
    """Without case, punctuation and articles, as SQuAD compares answers; blanks at both ends."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return f" {' '.join(word for word in words if word not in _ARTICLES)} "

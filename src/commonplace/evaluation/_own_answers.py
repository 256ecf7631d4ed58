"""Answers and refusals of a user's own library, by questions that its definitions give.

"X is a ..." makes a question that the library answers: "What is X?". Asked of one file alone, the
nearest by rank of those that never name X, the same question should be refused. So the truth of
both is known; such questions are easier than those of people (the answer says "X is" literally),
and a file may define X under another name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commonplace.answers import Answer, Outcome
from commonplace.corpus import Filter, analyse
from commonplace.evaluation._quiet import QuietLibrary
from commonplace.evaluation._statistics import share_interval
from commonplace.evaluation._types import Span, rounded, span
from commonplace.evaluation.sets.known_items import KnownItem
from commonplace.foundation import Progress

LEAST = 5  # definitions below which nothing is said about answers
_NEAREST = 50  # passages among which the file that does not name X is looked for


@dataclass(frozen=True, slots=True)
class DefinitionQuestion:
    """A question after a definition, with its outcome in the library and in a file without it.

    `false_answer` is None where every near file names the subject.
    """

    text: str
    outcome: Outcome
    right_passage: bool
    false_answer: bool | None

    @property
    def answered(self) -> bool:
        """Whether the library answers it."""
        return self.outcome == "answered"


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """Rates over questions after definitions."""

    questions: tuple[DefinitionQuestion, ...]

    def shares(self) -> dict[str, tuple[float, Span] | None]:
        """Each rate with Wilson's 95 % interval; None where there was nothing to ask."""
        elsewhere = [q.false_answer for q in self.questions if q.false_answer is not None]
        return {
            "answered": _share([q.answered for q in self.questions]),
            "right_passage": _share([q.right_passage for q in self.questions]),
            "unsure_rate": _share([q.outcome == "unsure" for q in self.questions]),
            "false_refusal_rate": _share([not q.answered for q in self.questions]),
            "false_answer_rate": _share(elsewhere),
        }

    def record(self) -> dict[str, Any]:
        """The rates as an object, and what was in doubt, refused or answered wrongly."""
        shares = self.shares()
        return {
            "questions": len(self.questions),
            "asked_elsewhere": sum(q.false_answer is not None for q in self.questions),
            **{name: None if each is None else rounded(each[0]) for name, each in shares.items()},
            "intervals": {name: span(each[1]) for name, each in shares.items() if each},
            "unsure": [q.text for q in self.questions if q.outcome == "unsure"],
            "refused": [q.text for q in self.questions if q.outcome == "refused"],
            "answered_elsewhere": [q.text for q in self.questions if q.false_answer],
        }


def _share(passed: Sequence[bool]) -> tuple[float, Span] | None:
    if not passed:
        return None
    return sum(passed) / len(passed), share_interval(sum(passed), len(passed))


def ask_definitions(
    library: QuietLibrary, items: Sequence[KnownItem], progress: Progress
) -> OwnAnswers | None:
    """Ask what each of these items is; None where there are too few to say anything."""
    if len(items) < LEAST:
        return None
    questions = []
    for number, item in enumerate(items, 1):
        questions.append(_ask(library, item))
        progress("answers", number, len(items), "questions")
    return OwnAnswers(tuple(questions))


def _ask(library: QuietLibrary, item: KnownItem) -> DefinitionQuestion:
    question = f"What is {item.subject}?"
    answer = library.ask(question)
    cited = (
        {c.passage.content_hash for sentence in answer.sentences for c in sentence.citations}
        if isinstance(answer, Answer)
        else set()
    )
    other = _nearest_without(library, item)
    elsewhere = library.ask(question, filter=Filter(paths=(other,))).answered if other else None
    right = bool(cited & item.relevant)
    return DefinitionQuestion(question, answer.outcome, right, false_answer=elsewhere)


def _nearest_without(library: QuietLibrary, item: KnownItem) -> str | None:
    """The file of the best passage whose file lacks a word of the subject."""
    terms = set(analyse(item.subject))
    hits = library.search(f"what is {item.subject}", limit=_NEAREST)
    for path, item_id in dict.fromkeys((h.passage.path, h.passage.item_id) for h in hits):
        with library.snapshot() as snapshot:
            passages = snapshot.passages_of(item_id)
        held = {term for p in passages for term in analyse(" ".join((p.title, *p.heading, p.text)))}
        if terms - held:
            return path
    return None

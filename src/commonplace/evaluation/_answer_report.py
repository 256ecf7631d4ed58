"""From outcomes to rates with intervals, and to the price of every threshold."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonplace.evaluation._outcomes import Outcome
from commonplace.evaluation._statistics import interval, share_interval
from commonplace.evaluation._thresholds import Curve, Point
from commonplace.evaluation._types import Comparison, Span, rounded, span
from commonplace.foundation import InputError

_Test = Callable[[Outcome], bool]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one reader reached under one condition.

    Attributes:
        reader: "extractive" or "generative".
        condition: "whole library" or "own passage".
        outcomes: of each question.
        rates: the shares of all answerable questions that are answered, that cite their passage,
            and whose answer holds a gold answer, or does not; where the library is unsure, and the
            evidence is among the closest quotes; that are right or have it there; that are refused
            outright; of the unanswerable that are answered, unsure and refused outright; of the
            answerable that are not answered (false refusals); of the citations of answerable
            questions that point into their passage (precision); of the answered answerable
            questions that cite it at all (recall). None where there was nothing to take a share of.
        intervals: 95 %: Wilson's of shares of questions, bootstrap of the share of citations.
        points: what other thresholds would cost.
        prices: for so many false answers allowed, the threshold that costs fewest refusals.
        p50_ms: the median time of an outcome, milliseconds.
    """

    reader: str
    condition: str
    outcomes: tuple[Outcome, ...]
    rates: Mapping[str, float | None]
    intervals: Mapping[str, Span | None]
    points: tuple[Point, ...]
    prices: tuple[tuple[float, Point], ...]
    p50_ms: float

    @property
    def name(self) -> str:
        """The reader, and the condition where it is not the usual one."""
        return self.reader + (f", {self.condition}" if self.condition != "whole library" else "")

    def record(self) -> dict[str, Any]:
        """The row as a flat object."""
        return {
            "configuration": self.name,
            "reader": self.reader,
            "condition": self.condition,
            "questions": len(self.outcomes),
            "answerable": sum(outcome.question.answerable for outcome in self.outcomes),
            **{n: None if rate is None else rounded(rate) for n, rate in self.rates.items()},
            "p50_ms": round(self.p50_ms, 1),
            "intervals": {n: span(ends) for n, ends in self.intervals.items() if ends},
            "points": [point.record() for point in self.points],
            "prices": [
                {"allowed_false_answer_rate": allowed, **point.record()}
                for allowed, point in self.prices
            ],
            "values": {
                outcome.question.id: {
                    "answerable": outcome.question.answerable,
                    "answered": outcome.answered,
                    "right_passage": outcome.right_passage,
                    "right_answer": outcome.right_answer,
                    "unsure": outcome.unsure,
                    "evidence_closest": outcome.evidence_closest,
                    "confidence": rounded(outcome.confidence),
                }
                for outcome in self.outcomes
            },
        }


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """The measurements of answers, doubts and refusals on a set.

    Attributes:
        set: its name; `hash` tells whether two sets of this name are the same.
        articles: the articles that the questions are about.
        passages: how many the library holds.
        rows: a row for each reader and condition; the first is the usual one.
        against: each row with the same row of an earlier report, by four measures.
        notices: what a reader of the numbers should know.
    """

    set: str
    hash: str
    articles: tuple[str, ...]
    passages: int
    rows: tuple[AnswerRow, ...]
    against: tuple[Comparison, ...] = ()
    notices: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """The report as an object: the first row's own keys, and all rows."""
        questions = [outcome.question for row in self.rows for outcome in row.outcomes]
        texts = {question.id: question.text for question in questions}
        rows = [row.record() for row in self.rows]
        first = {name: value for name, value in rows[0].items() if name != "values"}
        return {
            "kind": "answers",
            "set": self.set,
            "hash": self.hash,
            "articles": list(self.articles),
            "passages": self.passages,
            **first,
            "rows": rows,
            "against": [comparison.record(texts) for comparison in self.against],
            "notices": list(self.notices),
        }


def row_of_outcomes(
    reader: str, condition: str, outcomes: Sequence[Outcome], threshold: float
) -> AnswerRow:
    """Rates, intervals and thresholds; `threshold` is the one that was asked with.

    Raises:
        InputError: nothing was asked.
    """
    if not outcomes:
        raise InputError("no question was asked; choose other articles or a larger sample")
    shares = _shares(outcomes)
    curve = Curve(outcomes, threshold, complete=reader == "extractive")
    return AnswerRow(
        reader,
        condition,
        tuple(outcomes),
        rates={name: None if share is None else share[0] for name, share in shares.items()},
        intervals={name: None if share is None else share[1] for name, share in shares.items()},
        points=curve.points(),
        prices=curve.prices(),
        p50_ms=1000 * statistics.median(outcome.seconds for outcome in outcomes),
    )


def _shares(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, Span] | None]:
    """Each rate with its interval; None where there was nothing to take a share of."""
    yes = [outcome for outcome in outcomes if outcome.question.answerable]
    no = [outcome for outcome in outcomes if not outcome.question.answerable]
    answered = [outcome for outcome in yes if outcome.answered]
    return {
        "answered": _share(yes, lambda o: o.answered),
        "right_passage": _share(yes, lambda o: o.right_passage),
        "right_answer": _share(yes, lambda o: o.right_answer),
        "wrong_answer": _share(yes, lambda o: o.answered and not o.right_answer),
        "unsure": _share(yes, lambda o: o.unsure),
        "evidence_closest": _share(yes, lambda o: o.evidence_closest),
        "right_or_closest": _share(yes, lambda o: o.right_answer or o.evidence_closest),
        "refused": _share(yes, lambda o: o.refused),
        "false_answer_rate": _share(no, lambda o: o.answered),
        "unanswerable_unsure": _share(no, lambda o: o.unsure),
        "unanswerable_refused": _share(no, lambda o: o.refused),
        "false_refusal_rate": _share(yes, lambda o: not o.answered),
        "citation_precision": _precision(answered),
        "citation_recall": _share(answered, lambda o: o.right_passage),
    }


def _share(among: Sequence[Outcome], test: _Test) -> tuple[float, Span] | None:
    passed = sum(map(test, among))
    return (passed / len(among), share_interval(passed, len(among))) if among else None


def _precision(answered: Sequence[Outcome]) -> tuple[float, Span] | None:
    """The share of citations that are right; an interval over questions, not over citations.

    Where all are right, or none, a bootstrap has no width, and Wilson's of the questions is taken.
    """
    right = [outcome.right_citations for outcome in answered]
    citations = [outcome.citations for outcome in answered]
    if not sum(citations):
        return None
    if sum(right) in (0, sum(citations)):
        return sum(right) / sum(citations), share_interval(sum(map(bool, right)), len(right))
    return sum(right) / sum(citations), interval(right, citations)

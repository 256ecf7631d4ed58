"""Which of several statements about the same thing holds for the time that was asked.

    in_time("What is the rent now?", extract, date(2025, 6, 1))
    # Timely(evidence=(rent 150,), superseded={rent 150: (rent 120,)}, doubt="")

The best unit, or the newest of those that supersede it (`subject.py`), takes the first place of the
evidence. Words that are plainly of another time than was asked are an answer in doubt.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from commonplace.answers.evidence.surroundings import overlap
from commonplace.answers.evidence.units import Unit
from commonplace.answers.extractive import Extract, ScoredUnit
from commonplace.answers.parts import compared_sides
from commonplace.answers.times.asked import AskedTime
from commonplace.answers.times.dates import Period, dates
from commonplace.answers.times.statements import is_newer, stated_on
from commonplace.answers.times.subject import CLOSE, Subject, is_statement, subject_of
from commonplace.answers.wording import asks_several, question_type

_RIVALS: Final = 40  # best candidates among which rivals are sought
_MOST_SUPERSEDED: Final = 2
_LASTS: Final = re.compile(
    r"\b(?:since|from|until|till|always|every|per|each|seit|ab|bis|immer|jede[nsr]?|depuis)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Timely:
    """The evidence that holds for the time that was asked.

    Attributes:
        evidence: as in `Extract`, with what holds in the place of what it supersedes.
        superseded: of a unit of the evidence, the units that it supersedes, the latest first.
        doubt: a clause that says why it is of another time than was asked; or "".
    """

    evidence: tuple[ScoredUnit, ...] = ()
    superseded: Mapping[Unit, tuple[Unit, ...]] = field(default_factory=dict)
    doubt: str = ""


def in_time(question: str, extract: Extract, today: date) -> Timely:
    """Choose among the candidates of an extract by the time that was asked.

    Args:
        question: as asked.
        extract: what was read.
        today: the day as of which it is asked.
    """
    best = extract.best
    if best is None or _wants_all(question):
        return Timely(extract.evidence)
    about = subject_of(question, today)
    others = [c for c in extract.candidates[:_RIVALS] if is_statement(c.unit)]
    current = next((c for c in others if c is best or overlap(c.unit, best.unit)), None)
    if current is None:
        return Timely(extract.evidence, doubt=_doubt(best.unit, about.asked))
    winner = _winner(about, current, others)
    if doubt := _doubt(best.unit if winner is current else winner.unit, about.asked):
        return Timely(extract.evidence, doubt=doubt)
    older = _older(about, winner, current, others)
    if not older and winner is current:
        return Timely(extract.evidence)
    evidence = _replaced(extract.evidence, winner, older)
    return Timely(evidence, {winner.unit: tuple(older[:_MOST_SUPERSEDED])} if older else {})


def _wants_all(question: str) -> bool:
    """Whether every statement is asked for, the old ones too."""
    several = asks_several(question) and question_type(question) != "number"
    return several or bool(compared_sides(question))


def _winner(about: Subject, current: ScoredUnit, others: Sequence[ScoredUnit]) -> ScoredUnit:
    """What holds for the time that was asked: the candidate itself, or one of its rivals."""
    if about.asked.kind == "former":
        older = [
            r
            for r in others
            if about.supersedes(current.unit, r.unit, r.rank_score - current.rank_score)
            and current.rank_score - r.rank_score <= CLOSE
        ]
        return older[0] if older else current
    if about.asked.kind == "period" and _is_of(current.unit, about.asked):
        return current
    newer = [
        r
        for r in others
        if r is not current
        and about.supersedes(r.unit, current.unit, current.rank_score - r.rank_score)
        and not _is_after(r.unit, about.asked)
    ]
    last = [r for r in newer if not any(is_newer(other.unit, r.unit) for other in newer)]
    return max(last, key=lambda r: r.rank_score, default=current)


def _older(
    about: Subject, winner: ScoredUnit, current: ScoredUnit, others: Sequence[ScoredUnit]
) -> list[Unit]:
    """What the winner supersedes, the latest first."""
    if about.asked.kind == "former":
        return []
    older = [
        r.unit
        for r in others
        if r is not winner
        and (r is current or r.rank_score >= current.rank_score - CLOSE)
        and about.supersedes(winner.unit, r.unit, r.rank_score - winner.rank_score)
    ]
    apart: list[Unit] = []
    for unit in older:
        if not any(overlap(unit, other) for other in apart):
            apart.append(unit)
    return sorted(apart, key=lambda unit: sum(bool(is_newer(other, unit)) for other in apart))


def _replaced(
    evidence: Sequence[ScoredUnit], winner: ScoredUnit, older: Sequence[Unit]
) -> tuple[ScoredUnit, ...]:
    """The evidence with the winner first, and without what it supersedes."""
    rest = [
        e
        for e in evidence
        if not overlap(e.unit, winner.unit) and not any(overlap(e.unit, unit) for unit in older)
    ]
    return (winner, *rest)


def _is_of(unit: Unit, asked: AskedTime) -> bool:
    """Whether a unit says, or was stated at, the time that was asked."""
    return any(_meets(period, asked) for period in _periods(unit))


def _is_after(unit: Unit, asked: AskedTime) -> bool:
    """Whether a unit was stated after the period that was asked for."""
    stated = stated_on(unit)
    if asked.period is None or stated is None or stated.period is None:
        return False
    return stated.period.first > asked.period.last


def _periods(unit: Unit) -> list[Period]:
    """The times that a unit names, and when it was stated."""
    stated = stated_on(unit)
    own = [m.period for m in dates(f"{unit.read} {' '.join(unit.columns)}")]
    return [p for p in (*own, stated.period if stated else None) if p is not None]


def _meets(period: Period, asked: AskedTime) -> bool:
    assert asked.period is not None, "a period was asked for"
    if asked.yearless:
        months = {m % 12 for m in range(period.first.month, period.last.month + 1)}
        return asked.period.first.month % 12 in months
    return period.meets(asked.period)


def _doubt(unit: Unit, asked: AskedTime) -> str:
    """Why a unit is of another time than was asked; "" where it may be of it."""
    if asked.kind != "period" or asked.yearless or not asked.bounded or _LASTS.search(unit.text):
        return ""
    named = [m.period for m in dates(unit.read) if m.period]
    if not named or any(_meets(period, asked) for period in _periods(unit)):
        return ""
    return f"the closest words are of {named[-1]}, not of {asked.words}"

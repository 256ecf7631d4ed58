"""What a question is about, and which of two statements about it supersedes the other.

    subject_of("What is the rent now?", date(2025, 6, 1)).supersedes(newer, older, gap=1.0)

Two units speak of the same thing where they answer by the same words of the question, or give a
value behind the same words, and their values differ. The newer one supersedes the other: it says so
itself ("28 instead of 26"), or its date does. Where nothing tells the order, neither does.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from commonplace.answers.evidence.surroundings import overlap
from commonplace.answers.evidence.units import Unit
from commonplace.answers.times.asked import AskedTime, asked_time
from commonplace.answers.times.dates import dates
from commonplace.answers.times.statements import effective_period, is_mail_header, is_newer
from commonplace.answers.times.values import (
    Kind,
    is_marked_old,
    label,
    rivals,
    says_change,
    values,
)
from commonplace.answers.wording import QuestionType, question_type
from commonplace.corpus import analyse

CLOSE: Final = 3.0  # logits below the best within which a rival may replace it by its words
FAR: Final = 8.0  # the same for one that names the old value, or has the same words before its own
_SHARED: Final = 2 / 3  # of the question's words that the best has, those that a rival must have
_FEWEST_SHARED: Final = 2  # words of the question that statements of two notes have to share
_KINDS: Final[dict[QuestionType, frozenset[Kind]]] = {
    "when": frozenset({"date", "time"}),
    "number": frozenset({"number"}),
    "phone": frozenset({"number"}),
    "which": frozenset({"date", "time", "number"}),
    "other": frozenset({"date", "time", "number"}),
}
_MONTH_WORDS: Final = frozenset(
    analyse("january february march april may june july august september october november december")
)
_TIME_WORDS: Final = frozenset(
    analyse(
        "now current currently latest newest present these days still today last this year month "
        "new aktuell jetzt derzeit heute nun since before"
    )
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about, and the time that it asks for.

    Attributes:
        asked: that time.
        today: the day as of which it is asked.
        terms: its terms, without those of time.
        kinds: the kinds of value that answer it.
    """

    asked: AskedTime
    today: date
    terms: frozenset[str]
    kinds: frozenset[Kind]

    def supersedes(self, newer: Unit, older: Unit, gap: float) -> bool:
        """Whether a unit supersedes another, which scores `gap` logits better.

        Args:
            newer: what may hold now.
            older: what may have held before.
            gap: how much better `older` answers, in logits; may be negative.
        """
        if gap > FAR or overlap(newer, older) or is_marked_old(newer) or self._begins_later(newer):
            return False
        order = is_newer(newer, older)
        if order is False:
            return False
        if gives_old_value(newer, older, self.kinds):
            return True
        if not self._rivals(newer, older, gap):
            return False
        changes = says_change(newer.plain) and not says_change(older.plain)
        return order is True or is_marked_old(older) or changes

    def _begins_later(self, unit: Unit) -> bool:
        """Whether a unit holds only after the time that was asked."""
        period = effective_period(unit)
        if period is None or self.asked.kind == "any":
            return False
        end = self.asked.period.last if self.asked.period else self.today
        return period.first > end

    def _rivals(self, unit: Unit, other: Unit, gap: float) -> bool:
        """Whether two units give different values of the same thing."""
        if not self._same_subject(unit, other):
            return False
        keys = rivals(unit.plain, other.plain, self.kinds)
        if not keys:
            names = label(unit.text) & self.terms
            same = bool(names) and label(unit.text) == label(other.text)
            return same and not values(unit.text) and not values(other.text) and gap <= CLOSE
        if gap <= CLOSE and any(words & self.terms for words in keys):
            return True
        names = label(unit.text)
        named = bool(names) and names == label(other.text) and names in keys
        more = named or any(len(words) > 1 for words in keys)
        return more and unit.passage.item_id == other.passage.item_id

    def _same_subject(self, unit: Unit, other: Unit) -> bool:
        """Whether nothing says that two units are about different things."""
        if {unit.form, other.form} == {"row"}:
            if self.asked.kind == "any" or unit.columns != other.columns:
                return False
            return _words_of_cells(unit) == _words_of_cells(other)
        names = {term for term in self.terms if any(c.isdigit() for c in term)}
        if names & set(analyse(other.read)) - set(analyse(unit.read)):
            return False
        same_note = unit.passage.item_id == other.passage.item_id
        if same_note and _subject(unit) == _subject(other):
            return True
        mine, others = self.terms & set(analyse(unit.read)), self.terms & set(analyse(other.read))
        fewest = 1 if same_note else _FEWEST_SHARED
        return len(mine & others) >= max(fewest, self._share * len(others))

    @property
    def _share(self) -> float:
        """A question that does not ask for the newest is answered by all its words."""
        return 1.0 if self.asked.kind == "any" else _SHARED


def subject_of(question: str, today: date) -> Subject:
    """What a question is about, asked on this day."""
    terms = frozenset(analyse(question)) - _TIME_WORDS
    return Subject(asked_time(question, today), today, terms, kinds_asked(question))


def kinds_asked(question: str) -> frozenset[Kind]:
    """The kinds of value that may answer a question; none where it asks for no value."""
    return _KINDS.get(question_type(question), frozenset())


def is_statement(unit: Unit) -> bool:
    """Whether a unit is one statement."""
    return unit.form != "list" and not is_mail_header(unit)


def gives_old_value(newer: Unit, older: Unit, kinds: frozenset[Kind]) -> bool:
    """Whether a unit says that a value of another is old: "28 instead of 26"."""
    own = [value for value in values(newer.plain) if value.kind in kinds]
    held = {(value.kind, value.normal) for value in values(older.plain) if not value.old}
    named = {(value.kind, value.normal) for value in own if value.old} & held
    now = {(value.kind, value.normal) for value in own if not value.old}
    if now & held or not {kind for kind, _ in named} & {kind for kind, _ in now}:
        return False
    words = {term for term in analyse(newer.text) if not any(c.isdigit() for c in term)}
    return bool((words - _MONTH_WORDS) & set(analyse(older.text)))


def _subject(unit: Unit) -> frozenset[str]:
    """The terms of the headings above a unit, without dates and numbers."""
    headings = " ".join(unit.passage.heading)
    for mention in reversed(dates(headings)):
        headings = f"{headings[: mention.start]} {headings[mention.end :]}"
    return frozenset(term for term in analyse(headings) if not term.isdigit())


def _words_of_cells(unit: Unit) -> frozenset[str]:
    """The words of a row that are neither dates nor numbers; remarks count as well."""
    cells = (cell for cell in unit.cells if cell and not dates(cell) and not values(cell))
    return frozenset(term for cell in cells for term in analyse(cell))

"""When a unit of evidence was stated, and which of two was stated later.

    stated_on(unit)          # Stated(Period(2024-03-04, 2024-03-04), "line", 3, 4)
    is_newer(unit, other)    # True, False, or None where it cannot be told

A date counts where it dates the statement: at the head of the unit or of its line, in its row, on a
mail's `Date:` line above it, in a heading, title or file name, or because the file says when it was
written. A file's own time is no evidence, since all files of one checkout have the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, Literal

from commonplace.answers.evidence.units import Unit
from commonplace.answers.times.dates import Mention, Period, dates
from commonplace.corpus import Passage

Nearness = Literal["line", "heading", "file"]

_HEAD: Final = re.compile(
    r"[\s>*_~#+•\d.)\[\]|(<-]{0,12}(?:[^\W\d]{1,9}[.:]?[\s*]+){0,2}[\s*_(\[<]*\Z"
)
_ONLY_MARKS: Final = re.compile(r"[\s>*_~#+•)\[\]|(<:.,-]*\Z")
_MAIL: Final = re.compile(
    r"\s*[*_]*(?:date|datum|sent|gesendet|from|von|envoyé|de)[*_]*\s*:", re.IGNORECASE
)
_HEADER: Final = re.compile(
    r"\W*(?:date|datum|sent|gesendet|from|von|to|an|cc|subject|betreff|envoyé|de|à|objet)\s*:",
    re.IGNORECASE,
)
_FROM: Final = re.compile(
    r"\b(?:since|as of|from|effective|starting|seit|ab|depuis|à partir d[eu])\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_LONGEST_DATE_LINE: Final = 48  # characters of a line that dates those below it
_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class Stated:
    """When something was stated.

    Attributes:
        period: the day, month or year; None where no year can be known.
        nearness: where the date stands: in the unit's line or above it in the passage, in a
            heading or title, or in the file's name or its own words.
        month, day: as far as the date says them.
    """

    period: Period | None
    nearness: Nearness
    month: int | None = None
    day: int | None = None


@lru_cache(_REMEMBERED)
def stated_on(unit: Unit) -> Stated | None:
    """When a unit's statement was made; None where nothing says so."""
    year = _year_around(unit.passage)
    if mention := _of_line(unit) or _above(unit) or effective(unit):
        return Stated(_in_year(mention, year), "line", mention.month, mention.day)
    for heading in (*reversed(unit.passage.heading), unit.passage.title):
        if mention := _most_precise(heading):
            return Stated(_in_year(mention, year), "heading", mention.month, mention.day)
    if mention := _most_precise(_file_name(unit.passage)):
        return Stated(_in_year(mention, year), "file", mention.month, mention.day)
    day = own_date(unit.passage)
    return Stated(Period(day, day), "file", day.month, day.day) if day else None


def is_newer(unit: Unit, other: Unit) -> bool | None:
    """Whether a unit was stated later than another one; None where it cannot be told.

    In one note, a line with a date of its own is a later addition to what has none.
    """
    own, others = stated_on(unit), stated_on(other)
    same_note = unit.passage.item_id == other.passage.item_id
    if own and others and own.period and others.period:
        if own.period.first > others.period.last:
            return True
        if own.period.last < others.period.first:
            return False
    elif own and others and same_note and (own.month or 0) and (others.month or 0):
        return _later_in_log(unit, other, own, others)
    if not same_note:
        return None
    near = own is not None and own.nearness == "line"
    others_near = others is not None and others.nearness == "line"
    return near if near != others_near else None


def is_mail_header(unit: Unit) -> bool:
    """Whether a unit is a line of the head of a mail, which states nothing."""
    return _HEADER.match(unit.text) is not None


def effective(unit: Unit) -> Mention | None:
    """The date from which on a statement says that it holds: "since March", "ab 1.4."."""
    text = unit.text
    return next((m for m in dates(text) if _FROM.search(text[: m.start])), None)


def effective_period(unit: Unit) -> Period | None:
    """As `effective`, with the year that its surroundings give; None where none do."""
    mention = effective(unit)
    return _in_year(mention, _year_around(unit.passage)) if mention else None


def own_date(passage: Passage) -> date | None:
    """The day on which the file says that it was written; None where it does not say.

    A date of a file's own words is midnight in UTC, or a full minute; a time of the file system
    practically never is.
    """
    written = passage.written_at
    return written.date() if written.second == written.microsecond == 0 else None


def _later_in_log(unit: Unit, other: Unit, own: Stated, others: Stated) -> bool | None:
    """Of two dates without years: by month and day, where the order in the note agrees."""
    by_date = (own.month or 0, own.day or 0), (others.month or 0, others.day or 0)
    if by_date[0] == by_date[1]:
        return None
    later = (unit.passage.position, unit.start) > (other.passage.position, other.start)
    return later if later == (by_date[0] > by_date[1]) else None


def _of_line(unit: Unit) -> Mention | None:
    """The date at the head of a unit or of its line, or in the cells of its row."""
    if unit.form == "row":
        cells = (cell for cell in unit.cells if cell)
        return next((m for cell in cells if (m := _whole(cell))), None)
    line = unit.passage.text[_line_start(unit.passage.text, unit.start) : unit.end]
    return _at_head(unit.text) or _at_head(line)


def _above(unit: Unit) -> Mention | None:
    """The date of the nearest line above that dates what follows it."""
    text = unit.passage.text
    start = _line_start(text, unit.start)
    indent, same_block = _indent(text[start:]), True
    for line in reversed(text[:start].splitlines()):
        if not line.strip():
            same_block = False
        elif _MAIL.match(line) and (mentions := dates(line)):
            return mentions[-1]
        elif mention := _at_head(line):
            alone = len(line.strip()) <= _LONGEST_DATE_LINE and not line.lstrip().startswith(
                ("-", "*  ", "+", "•")
            )
            if (same_block and _indent(line) < indent) or alone:
                return mention
            if same_block:
                return None  # a log of lines, of which this one has no date
    return None


def _at_head(text: str) -> Mention | None:
    """The first date of a text where nothing but marks and a word or two stand before it."""
    mentions = dates(text[:80])
    if not mentions or (mentions[0].month is None):
        return None
    before = text[: mentions[0].start]
    return mentions[0] if _HEAD.match(before) and not _FROM.search(before) else None


def _whole(cell: str) -> Mention | None:
    """The date that a cell consists of."""
    mentions = dates(cell)
    if len(mentions) != 1:
        return None
    rest = cell[: mentions[0].start] + cell[mentions[0].end :]
    return mentions[0] if _ONLY_MARKS.match(rest) else None


def _most_precise(text: str) -> Mention | None:
    mentions = dates(text)
    return max(mentions, key=lambda m: (m.day is not None) + (m.month is not None), default=None)


def _year_around(passage: Passage) -> int | None:
    """The year that a heading, the title or the name of a passage's file says."""
    for text in _surroundings(passage):
        for mention in dates(text):
            if mention.year:
                return mention.year
    day = own_date(passage)
    return day.year if day else None


def _surroundings(passage: Passage) -> Iterator[str]:
    yield from reversed(passage.heading)
    yield passage.title
    yield _file_name(passage)
    yield PurePosixPath(passage.path).parent.name.replace("_", " ")


def _file_name(passage: Passage) -> str:
    return PurePosixPath(passage.path).name.replace("_", " ")


def _in_year(mention: Mention, year: int | None) -> Period | None:
    known = mention.year or year
    return mention.of_year(known) if known else None


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))

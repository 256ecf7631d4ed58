"""Dates as people write them in notes and questions, in English, German and French.

    dates("Sat 3 May: moved to 10 May 2025")    # (Mention(4, 9, None, 5, 3), ...)

What can be read in two ways (04/05/2021) is passed over. A date without its year is kept so, since
only its surroundings can say the year.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

_NAMES: Final = (
    r"jan(?:uary|uar|vier)?", r"feb(?:ruary|ruar)?|f[ée]vr(?:ier)?", r"mar(?:ch|s)?|märz|mrz",
    r"apr(?:il)?|avril", r"may|mai", r"june?|juni?|juin", r"july?|juli|juillet",
    r"aug(?:ust)?|août|aout", r"sept?(?:ember|embre)?", r"o[ck]t(?:ober|obre)?",
    r"nov(?:ember|embre)?", r"de[cz](?:ember)?|d[ée]c(?:embre)?",
)  # fmt: skip
_MONTH: Final = "(?:" + "|".join(_NAMES) + r")\b\.?"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR: Final = r"(?:19[5-9]\d|20\d\d)"
_SHORT: Final = r"['\u2019]\d\d"
_NO_AMOUNT: Final = r"(?!\w|[.,:/-]\d|\s?(?:€|%|kg|km|ml|m\b|g\b|l\b|eur|usd|chf|pcs|ppm|kwh|w\b))"
_FORMS: Final = tuple(  # an earlier one decides where two begin at one place
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\w.-])(?P<year>{_YEAR})(?P<mark>[-/._])(?P<month>0?[1-9]|1[0-2])"
        rf"(?:(?P=mark)(?P<day>{_DAY}))?(?!\d)(?!-\d)",
        rf"(?<![\w.,])(?P<day>{_DAY})\.\s?(?P<month>0?[1-9]|1[0-2])\.\s?"
        rf"(?P<year>{_YEAR}|\d\d(?![\d:.]))?(?!\d)(?!\.\d)",
        r"(?<![\w/])(?P<first>\d\d?)/(?P<second>\d\d?)/(?P<year>\d{4})(?![\d/])",
        rf"(?<![\w.,:])(?P<day>{_DAY})(?:\.|st|nd|rd|th|er)?\s+(?:of\s+)?(?P<name>{_MONTH})"
        rf"(?:,?\s*(?P<year>{_YEAR}|{_SHORT}){_NO_AMOUNT})?",
        rf"\b(?P<name>{_MONTH})\s+(?P<day>{_DAY})(?:st|nd|rd|th)?(?![\d:.,]\d|\d)"
        rf"(?:,?\s+(?P<year>{_YEAR}))?",
        rf"\b(?P<name>{_MONTH})\s*(?P<year>{_YEAR}|{_SHORT})\b",
        rf"(?<![\w.,:/-])(?P<year>{_YEAR}){_NO_AMOUNT}",
        rf"\b(?P<name>{_MONTH})(?!\w)",
    )
)
_ALSO_WORDS: Final = frozenset({"may", "march", "mar", "mars", "mai", "dec", "jan", "sep", "oct"})
_BEFORE_MONTH: Final = re.compile(
    r"\b(?:in|since|until|till|from|by|of|last|this|next|im|seit|bis|ab|vom?|en|depuis|end|early"
    r"|late|mid|before|after|during|for)\s+$",
    re.IGNORECASE,
)
_ON: Final = re.compile(r"(?:^|\b(?:on|am|le|mon|tue|wed|thu|fri|sat|sun)\w*)\W*$", re.IGNORECASE)
_RANGE: Final = re.compile(r"(?<![\w.,:-])(?P<day>\d\d?)\.?\s?(?:-|\u2013|to|bis)\s?\Z")
_REMEMBERED: Final = 4096  # texts, since the same are asked for again and again
_OLDEST_SHORT: Final = 19  # "Dec 24" may be the year 2024; days below are days


@dataclass(frozen=True, slots=True)
class Mention:
    """A date at characters `start:end` of a text; what it does not say is None.

    Of a range of days ("9-16 Sept") `day` is the last, and `days` says how many they are.
    """

    start: int
    end: int
    year: int | None
    month: int | None = None
    day: int | None = None
    days: int = 1

    @property
    def period(self) -> "Period | None":
        """From its first to its last day; None where it has no year or cannot be."""
        return self.of_year(self.year) if self.year is not None else None

    def of_year(self, year: int) -> "Period | None":
        """As `period`, in this year where it does not say another."""
        year = self.year or year
        try:
            if self.month is None:
                return Period(date(year, 1, 1), date(year, 12, 31))
            last = self.day or calendar.monthrange(year, self.month)[1]
            first = last - self.days + 1 if self.day else 1
            return Period(date(year, self.month, first), date(year, self.month, last))
        except ValueError:  # 31 February
            return None


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def meets(self, other: "Period") -> bool:
        """Whether they share a day."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        """As it is read: "4 March 2025", "March 2025", "2025"."""
        if self.first == self.last:
            return f"{self.first.day} {calendar.month_name[self.first.month]} {self.first.year}"
        if (self.first.year, self.first.month) == (self.last.year, self.last.month):
            return f"{calendar.month_name[self.first.month]} {self.first.year}"
        if (self.first.month, self.last.month) == (1, 12) and self.first.year == self.last.year:
            return str(self.first.year)
        return f"{self.first} to {self.last}"


@lru_cache(_REMEMBERED)
def dates(text: str) -> tuple[Mention, ...]:
    """The dates of a text, in order; none overlap."""
    mentions: list[Mention] = []
    taken = bytearray(len(text))
    for form in _FORMS:
        for match in form.finditer(text):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                mentions.extend(_mention(text, match))
    return tuple(sorted(mentions, key=lambda mention: mention.start))


def _mention(text: str, match: re.Match[str]) -> Iterator[Mention]:
    """The date of a match, unless it is no date, or could be two."""
    fields = match.groupdict()
    year = _year(fields.get("year"))
    day = int(fields["day"]) if fields.get("day") else None
    month = int(fields["month"]) if fields.get("month") else _month(fields.get("name"))
    if first := fields.get("first"):
        day, month = _of_slashes(int(first), int(fields["second"]))
        if not month:
            return
    name = fields.get("name")
    if name and day is None and year is None and not _is_month(text, match.start(), name):
        return
    if name and day and not year and match[0].startswith(name) and day >= _OLDEST_SHORT:
        ordinal = match[0][-2:].isalpha()
        if not ordinal and not _ON.search(text[: match.start()]):
            year, day = 2000 + day, None
    earlier = _RANGE.search(text[: match.start()]) if day else None
    if earlier and day and 0 < int(earlier["day"]) < day:
        yield Mention(earlier.start(), match.end(), year, month, day, day - int(earlier["day"]) + 1)
        return
    yield Mention(match.start(), match.end(), year, month, day)


def _year(written: str | None) -> int | None:
    digits = (written or "").strip("'\u2019")
    return None if not digits else int(digits) + (2000 if len(digits) == 2 else 0)


def _month(name: str | None) -> int | None:
    if name is None:
        return None
    bare = name.rstrip(".").lower()
    return next(i for i, form in enumerate(_NAMES, 1) if re.fullmatch(form, bare))


def _of_slashes(first: int, second: int) -> tuple[int | None, int | None]:
    """Day and month of 27/01/2025 or 01/27/2025; none where it could be either."""
    if first > 12 >= second >= 1 and first <= 31:
        return first, second
    if second > 12 >= first >= 1 and second <= 31:
        return second, first
    return (first, second) if first == second and 1 <= first <= 12 else (None, None)


def _is_month(text: str, start: int, name: str) -> bool:
    """Whether a bare name is a month: "may", "march" and abbreviations are often words."""
    if _BEFORE_MONTH.search(text[:start]):
        return True
    return name[0].isupper() and (name.lower().rstrip(".") not in _ALSO_WORDS)

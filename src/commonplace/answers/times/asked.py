"""What time a question asks for, by its words: now, an earlier state, a period, or any.

    asked_time("What did we pay in March 2023?", date(2025, 6, 1))
    # AskedTime("period", Period(2023-03-01, 2023-03-31), words="March 2023")

Today is an argument, so that a question about an earlier moment is understood as of that moment.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from commonplace.answers.times.dates import Mention, Period, dates

AskedKind = Literal["any", "current", "former", "period"]

_CURRENT: Final = re.compile(
    r"\b(?:now|currently|current(?= (?!of|in|is|does|draw|consumption|when)[^\W\d])"
    r"|at present|presently|at the moment|still|latest|newest"
    r"|most recent|these days|nowadays|today|today's|this (?:year|month|week)|by now|up to date"
    r"|aktuell\w*|jetzt|derzeit\w*|heute|zurzeit|zur zeit|momentan|nun|neuest\w*|inzwischen"
    r"|maintenant|actuel\w*|aujourd'hui)\b",
    re.IGNORECASE,
)
_FORMER: Final = re.compile(
    r"\b(?:used to|originally|original|at first|initially|formerly|former|previously|previous"
    r"|in the past|früher\w*|vorher\w*|bisher\w*|ursprünglich\w*|damals|ehemals|ancien\w*"
    r"|auparavant|autrefois|à l'origine)\b|\b(?:before|earlier|avant)\s*\??$",
    re.IGNORECASE,
)
_LAST: Final = re.compile(
    r"\b(?:(?P<last>last|letzte[nsmr]?|vorige[nsmr]?)|(?P<dernier>l'|le |la )?)\s*"
    r"(?P<unit>year|month|week|quarter|jahr|monats?|woche|quartal|année dernière|an dernier"
    r"|mois dernier)\b(?P<before> before\b)?",
    re.IGNORECASE,
)
_QUARTER: Final = re.compile(
    r"\b(?:q(?P<number>[1-4])|(?P<word>first|second|third|fourth|last) quarter(?: of)?"
    r"|(?P<german>[1-4])\. quartal)\s+(?P<year>20\d\d|19\d\d)\b",
    re.IGNORECASE,
)
_SEASON: Final = re.compile(
    r"\b(?P<name>spring|summer|autumn|fall|frühling|frühjahr|sommer|herbst)\s+(?:of\s+)?"
    r"(?P<year>20\d\d|19\d\d)\b",
    re.IGNORECASE,
)
_WORDS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
_SEASONS: Final = {"spring": 3, "frühling": 3, "frühjahr": 3, "summer": 6, "sommer": 6}
_BEFORE: Final = re.compile(r"\b(?:before|until|till|up to|vor|bis|avant|jusqu'en)\s+$", re.I)
_SINCE: Final = re.compile(
    r"\b(?:since|from|after|as of|starting|seit|ab|nach|von|depuis|après)(?:\s+(?:the|early|late))?"
    r"\s+$",
    re.IGNORECASE,
)
_BEGINNING, _END = date(1, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class AskedTime:
    """The time that a question asks for.

    Attributes:
        kind: "current" is the state of today, "former" that before it, "period" that of `period`.
        period: its first and last day; None where the question names none.
        words: the words of the question that name the period.
        yearless: whether the year was not said, so that `period` is the latest one.
        bounded: whether both ends were said: not "since 2021", nor "before 2022".
    """

    kind: AskedKind = "any"
    period: Period | None = None
    words: str = ""
    yearless: bool = False
    bounded: bool = True


def asked_time(question: str, today: date) -> AskedTime:
    """The time that a question asks for; today is the day on which it is asked."""
    if named := _quarter(question) or _season(question) or _last(question, today):
        return named
    mentions = dates(question)
    if mentions:
        return _period(question, mentions, today)
    if _CURRENT.search(question):
        return AskedTime("current")
    return AskedTime("former") if _FORMER.search(question) else AskedTime()


def _period(question: str, mentions: Sequence[Mention], today: date) -> AskedTime:
    """From the first date of a question to the last; open where it says "since" or "before"."""
    periods = [period for m in mentions if (period := m.of_year(_year_of(m, today)))]
    if not periods:
        return AskedTime()
    words = question[mentions[0].start : mentions[-1].end]
    before = question[: mentions[0].start]
    first, last = min(p.first for p in periods), max(p.last for p in periods)
    yearless = all(m.year is None for m in mentions)
    if len(periods) == 1 and _SINCE.search(before):
        return AskedTime("period", Period(first, _END), words, yearless, bounded=False)
    if len(periods) == 1 and _BEFORE.search(before):
        until = first - timedelta(days=1)
        return AskedTime("period", Period(_BEGINNING, until), words, yearless, bounded=False)
    return AskedTime("period", Period(first, last), words, yearless)


def _year_of(mention: Mention, today: date) -> int:
    """The year of the latest such day that is not after today."""
    this = mention.of_year(today.year)
    return today.year if this is None or this.first <= today else today.year - 1


def _quarter(question: str) -> AskedTime | None:
    match = _QUARTER.search(question)
    if match is None:
        return None
    number = match["number"] or match["german"] or _WORDS[match["word"].lower()]
    return AskedTime("period", _months(int(match["year"]), 3 * int(number) - 2), match[0])


def _season(question: str) -> AskedTime | None:
    match = _SEASON.search(question)
    if match is None:
        return None
    month = _SEASONS.get(match["name"].lower(), 9)
    period = _months(int(match["year"]), month)
    if _SINCE.search(question[: match.start()]):
        return AskedTime("period", Period(period.first, _END), match[0], bounded=False)
    return AskedTime("period", period, match[0])


def _last(question: str, today: date) -> AskedTime | None:
    """Last year, month, week or quarter."""
    match = _LAST.search(question)
    while match and not (match["last"] or match["before"] or "derni" in match[0].lower()):
        match = _LAST.search(question, match.end())
    if match is None:
        return None
    unit = match["unit"].lower()
    if unit.startswith(("year", "jahr", "an")):
        period = Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))
    elif unit.startswith(("month", "monat", "mois")):
        last = today.replace(day=1) - timedelta(days=1)
        period = Period(last.replace(day=1), last)
    elif unit.startswith("qu"):
        quarter = (today.month - 1) // 3
        period = _months(today.year - (quarter == 0), 3 * ((quarter - 1) % 4) + 1)
    else:
        monday = today - timedelta(days=today.weekday() + 7)
        period = Period(monday, monday + timedelta(days=6))
    return AskedTime("period", period, match[0].strip())


def _months(year: int, first: int, count: int = 3) -> Period:
    """`count` months from the first day of a month on."""
    after = first + count
    end = date(year + (after > 12), after - 12 * (after > 12), 1) - timedelta(days=1)
    return Period(date(year, first, 1), end)

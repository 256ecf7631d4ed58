"""When a file says it was written: dates in front matter, in fields, and in file names.

People write dates in many ways; what can be read in only one way is read, and what is ambiguous
(04/05/2021), computed (`r Sys.Date()`) or impossible is as if it were not there.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

_NAMES: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS: Final = {name: number for number, name in enumerate(_NAMES.split(), start=1)}
_TIME = (
    r"(?:[T\s,]+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,]\d+)?"
    r"\s*(?P<half>[AaPp][Mm]\b)?\s*(?P<zone>Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b)?)?"
)
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_MONTH: Final = r"(?P<name>[A-Za-z]{3,9})\.?"
_PATTERNS: Final = tuple(  # the first that matches decides: a full date before a year alone
    re.compile(pattern)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?!\d){_TIME}",
        rf"(?:\w+,\s+)?{_MONTH}\s+{_DAY},?\s+(?P<year>\d{{4}})\b{_TIME}",
        rf"(?:\w+,\s+)?{_DAY}[\s-]+{_MONTH}[\s,-]+(?P<year>\d{{4}})\b{_TIME}",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b",
        r"(?P<first>\d{1,2})/(?P<other>\d{1,2})/(?P<year>\d{4})\b",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})\b",
        r"(?P<year>\d{4})-(?P<month>\d{2})\Z",
        rf"{_MONTH}\s+(?P<year>\d{{4}})\Z",
        r"(?P<year>(?:19|20)\d{2})\Z",
    )
)
_IN_NAME = re.compile(r"(?P<year>(?:19|20)\d{2})[-_.](?P<month>\d{2})[-_.](?P<day>\d{2})(?!\d)")
_EARLIEST: Final = 1900
_TRUE_TIMES: Final = datetime(1990, 1, 1, tzinfo=UTC)  # archives reset file times to 1970 or 1980


def parse_date(value: str) -> datetime | None:
    """The moment a date stands for, in UTC (midnight and UTC where it does not say), or None."""
    value = value.strip().strip("\"'<>[]").strip()
    if len(value) > 80:
        return None
    for pattern in _PATTERNS:
        if match := pattern.match(value):
            return _moment(match.groupdict())
    return None


def date_in_name(path: Path) -> datetime | None:
    """The date that a file name begins with, as daily notes and blog posts do."""
    match = _IN_NAME.match(path.name)
    return _moment(match.groupdict()) if match else None


def not_after(written: datetime | None, modified: datetime) -> datetime | None:
    """The date, unless it is later than the file itself: a deadline or a typo, not when written."""
    if (
        written and modified > _TRUE_TIMES and written > modified + timedelta(days=1)
    ):  # whatever zone
        return None
    return written


def _moment(fields: dict[str, str | None]) -> datetime | None:
    month, day = _month_and_day(fields)
    year = int(fields.get("year") or 0)
    if not month or not _EARLIEST <= year <= 2999:
        return None
    try:
        moment = datetime(year, month, day, *_clock(fields), tzinfo=_zone(fields.get("zone")))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _month_and_day(fields: dict[str, str | None]) -> tuple[int, int]:
    """(0, 0) when the month is unknown or could be the day."""
    if first := fields.get("first"):
        first_number, second_number = int(first), int(fields.get("other") or 0)
        if first_number > 12:
            return second_number, first_number
        is_clear = second_number > 12 or first_number == second_number
        return (first_number, second_number) if is_clear else (0, 0)
    day = int(fields.get("day") or 1)
    if name := fields.get("name"):
        return _MONTHS.get(name[:3].lower(), 0), day
    return int(fields.get("month") or 1), day


def _clock(fields: dict[str, str | None]) -> tuple[int, int, int]:
    hour = int(fields.get("hour") or 0)
    half = (fields.get("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)  # 12 am is midnight
    return hour, int(fields.get("minute") or 0), int(fields.get("second") or 0)


def _zone(zone: str | None) -> timezone:
    if not zone or zone[0] not in "+-":
        return UTC
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if zone[0] == "-" else offset)

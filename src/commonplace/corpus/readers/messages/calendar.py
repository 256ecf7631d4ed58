"""Calendars (ics): each event, task or entry of a diary with its time, place and words.

Content lines are read as RFC 5545 has them (section 3.1); a library for it would be larger than all
other readers together. What repeats says so in words (section 3.3.10).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers.decode import decode_within
from commonplace.foundation import UnreadableError

_PARTS: Final = ("VEVENT", "VTODO", "VJOURNAL")
_FIELDS: Final = {
    "DTSTART": "Begins", "DTEND": "Ends", "DUE": "Due", "LOCATION": "Place", "STATUS": "Status",
    "ORGANIZER": "Organiser", "ATTENDEE": "With", "CATEGORIES": "Categories", "URL": "Address",
}  # fmt: skip
_EVERY: Final = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_DAYS: Final = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday",
    "SA": "Saturday", "SU": "Sunday",
}  # fmt: skip
_FOLD: Final = re.compile(r"(?:\r\n?|\n)[ \t]")
_LINE: Final = re.compile(r"([A-Za-z0-9-]+)((?:;[^:;=\r\n]+=(?:\"[^\"\r\n]*\"|[^:;\r\n]*))*):(.*)")
_ZONE: Final = re.compile(r";TZID=\"?([^\";:]+)", re.I)
_NAME: Final = re.compile(r";CN=\"?([^\";:]+)", re.I)
_MOMENT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPED: Final = re.compile(r"\\([\\;,nN])")


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a calendar.

    Raises:
        UnreadableError: it is none, or has no event.
    """
    text, notices = decode_within(data, limits)
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise UnreadableError("not a calendar: it does not begin with BEGIN:VCALENDAR")
    composed = Composed(limits.text_characters)
    title = ""
    entry: dict[str, list[str]] | None = None
    for name, parameters, value in _content_lines(text):
        if name == "X-WR-CALNAME":
            title = title or _plain(value)
        elif name == "BEGIN" and value in _PARTS:
            entry = {}
        elif name == "END" and value in _PARTS and entry is not None:
            _write(entry, composed)
            entry = None
        elif entry is not None:
            entry.setdefault(name, []).append(_shown(name, parameters, value))
    return composed.document("calendar", title or path.stem, limits, notices=notices)


def _content_lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, parameters and value of each line, those within alarms and time zones left out."""
    inside = 0
    for line in _FOLD.sub("", text).splitlines():
        if match := _LINE.fullmatch(line.strip("\ufeff")):
            name, value = match[1].upper(), match[3]
            other = name in {"BEGIN", "END"} and value.upper() in {"VALARM", "VTIMEZONE"}
            inside += (1 if name == "BEGIN" else -1) * other
            if not inside and not other:
                yield name, match[2], value


def _write(entry: Mapping[str, list[str]], text: Composed) -> None:
    text.heading(1, ", ".join(entry.get("SUMMARY", [])) or "Without a name")
    for key, label in _FIELDS.items():
        text.field(label, ", ".join(entry.get(key, [])))
    text.field("Repeats", "; ".join(entry.get("RRULE", [])))
    text.paragraph("\n\n".join(entry.get("DESCRIPTION", [])))


def _shown(name: str, parameters: str, value: str) -> str:
    """A value as a reader writes it."""
    if name == "RRULE":
        return _rule(value)
    if name in {"ORGANIZER", "ATTENDEE"}:
        named = _NAME.search(parameters)
        return named[1] if named else re.sub(r"^mailto:", "", value, flags=re.I)
    if name in {"DTSTART", "DTEND", "DUE"} and (moment := _MOMENT.fullmatch(value)):
        year, month, day, hour, minute, utc = moment.groups()
        zone = _ZONE.search(parameters)
        place = " UTC" if utc else f" {zone[1]}" if zone else ""
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}{place}" if hour else "")
    return _plain(value)


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _rule(rule: str) -> str:
    """`FREQ=WEEKLY;INTERVAL=2;BYDAY=MO` as "every 2 weeks on Monday"."""
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    frequency = parts.get("FREQ", "")
    unit, interval = _EVERY.get(frequency, frequency.lower()), parts.get("INTERVAL", "1")
    words = f"every {unit}" if interval == "1" else f"every {interval} {unit}s"
    if days := [_DAYS.get(day[-2:], day) for day in parts.get("BYDAY", "").split(",") if day]:
        words += f" on {', '.join(days)}"
    if until := _MOMENT.fullmatch(parts.get("UNTIL", "")):
        words += f" until {until[1]}-{until[2]}-{until[3]}"
    if "COUNT" in parts:
        words += f", {parts['COUNT']} times"
    return words

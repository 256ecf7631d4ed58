"""Calendars (ics), read by icalendar (BSD): each event or task with its time, place and words.

What repeats says so as the file does (RFC 5545, section 3.3.10), put into words.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from icalendar import Calendar

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._composed import Composed
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


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a calendar.

    Raises:
        UnreadableError: it is none, or has no event.
    """
    try:
        calendars = Calendar.from_ical(data, multiple=True)
    except Exception as error:  # a library's own errors are of many kinds
        raise UnreadableError(f"not a calendar that can be read ({str(error)[:100]})") from None
    text = Composed(limits.text_characters)
    for calendar in calendars:
        for part in calendar.walk():
            if part.name in _PARTS:
                _event(part, text)
    name = next((str(c.get("X-WR-CALNAME")) for c in calendars if c.get("X-WR-CALNAME")), "")
    return text.document("calendar", name or path.stem, limits)


def _event(part: Any, text: Composed) -> None:
    text.heading(1, _shown(part.get("SUMMARY")) or "Without a name")
    for key, label in _FIELDS.items():
        value = part.get(key)
        if value is not None:
            text.field(label, _shown(value))
    if rule := part.get("RRULE"):
        text.field("Repeats", _rule(rule))
    text.paragraph(_shown(part.get("DESCRIPTION")))


def _shown(value: Any) -> str:
    """A property as a reader writes it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M}" + (f" {moment.tzname()}" if moment.tzinfo else "")
    if isinstance(moment, date):
        return moment.isoformat()
    if categories := getattr(value, "cats", None):
        return ", ".join(map(str, categories))
    words = str(value)
    return words[7:] if words.lower().startswith("mailto:") else words


def _rule(rule: Any) -> str:
    """`FREQ=WEEKLY;INTERVAL=2;BYDAY=MO` as "every 2 weeks on Monday"."""
    frequency = str(next(iter(rule.get("FREQ", [])), ""))
    interval = int(next(iter(rule.get("INTERVAL", [1])), 1))
    unit = _EVERY.get(frequency, frequency.lower())
    words = f"every {unit}" if interval == 1 else f"every {interval} {unit}s"
    if days := [_DAYS.get(str(day)[-2:], str(day)) for day in rule.get("BYDAY", [])]:
        words += f" on {', '.join(days)}"
    if until := next(iter(rule.get("UNTIL", [])), None):
        words += f" until {until:%Y-%m-%d}"
    if count := next(iter(rule.get("COUNT", [])), None):
        words += f", {count} times"
    return words

"""What an answer says of time: since when its words hold, and what they supersede.

    time_note("What is the rent?", newer, [older])    # "as of 4 March 2025; before: 120 €"

It is made of the words and dates of the sources, and says nothing else.
"""

import calendar
from collections.abc import Sequence
from typing import Final

from commonplace.answers.evidence.units import Unit
from commonplace.answers.times.statements import effective_period, stated_on
from commonplace.answers.times.subject import kinds_asked
from commonplace.answers.times.values import key, values

_LONGEST: Final = 60  # characters of earlier words that are quoted in a note


def time_note(question: str, unit: Unit, older: Sequence[Unit]) -> str:
    """Since when a unit holds, and what the units that it supersedes said; "" without such.

    Args:
        question: as asked.
        unit: what holds for the time that was asked.
        older: what it supersedes, the latest first.
    """
    if not older:
        return ""
    since, stated = effective_period(unit), stated_words(unit)
    when = f"since {since}" if since else f"as of {stated}" if stated else ""
    before = "before: " + ", ".join(
        dict.fromkeys(_earlier_words(question, unit, other) for other in older)
    )
    return f"{when}; {before}" if when else before


def stated_words(unit: Unit) -> str:
    """When a unit was stated, as it is read: "4 March 2025", "4 March"; "" if unknown."""
    stated = stated_on(unit)
    if stated is None:
        return ""
    if stated.period:
        return str(stated.period)
    month = calendar.month_name[stated.month] if stated.month else ""
    return f"{stated.day} {month}" if stated.day else month


def _earlier_words(question: str, unit: Unit, older: Unit) -> str:
    """The value that a superseded unit gave, or else the beginning of its words."""
    text, kinds = older.plain, kinds_asked(question)
    words = {term for value in values(unit.plain) for term in key(unit.plain, value)}
    ranked = sorted(
        (value for value in values(text) if value.kind in kinds and not value.old),
        key=lambda value: -len(key(text, value) & words),
    )
    if ranked:
        return text[ranked[0].start : ranked[0].end].strip()
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"
    return f"\u201c{cut}\u201d"

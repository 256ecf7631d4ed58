"""Which passages of a search say what a later one among them supersedes; no model is asked.

    superseded_passages("rent", [old, new], date(2025, 6, 1))    # {0: (1, "4 March 2025")}

A passage speaks by the units of it that have most words of the query.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from commonplace.answers.evidence.units import Unit, units
from commonplace.answers.times.notes import stated_words
from commonplace.answers.times.subject import is_statement, subject_of
from commonplace.corpus import Passage, analyse

_UNITS: Final = 2  # of each passage


def superseded_passages(
    query: str, passages: Sequence[Passage], today: date
) -> dict[int, tuple[int, str]]:
    """The place of each superseded passage with that of the newer one, and when that was stated.

    Args:
        query: what was searched for.
        passages: what was found, of which each is compared with every other one.
        today: the day as of which it is searched.
    """
    about = subject_of(query, today)
    speaking = [_speaking(about.terms, passage) for passage in passages]
    superseded: dict[int, tuple[int, str]] = {}
    for place, older in enumerate(speaking):
        for other, newer in enumerate(speaking):
            pairs = ((new, old) for new in newer for old in older)
            if other == place or place in superseded:
                continue
            if pair := next((p for p in pairs if about.supersedes(*p, gap=0.0)), None):
                superseded[place] = other, stated_words(pair[0])
    return superseded


def _speaking(terms: frozenset[str], passage: Passage) -> list[Unit]:
    """The units with most of these terms; none where they have not half of them."""
    shared = [
        (len(terms & set(analyse(unit.read))), unit)
        for unit in units(passage)
        if is_statement(unit)
    ]
    near = [(count, unit) for count, unit in shared if count and 2 * count >= len(terms)]
    return [unit for _, unit in sorted(near, key=lambda pair: -pair[0])[:_UNITS]]

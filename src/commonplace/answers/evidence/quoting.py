"""How a unit of evidence is put into an answer: the cell that was asked for first, lists counted.

    quoted("What does the brass flange cost?", row)    # "price: 77,20 (part: flange; stock: 4)"

The words are those of the source; what is added are columns' names, a number of items, and marks.
"""

import re
from typing import Final

from commonplace.answers.evidence.units import Unit
from commonplace.answers.wording import question_type, typed_spans
from commonplace.corpus import analyse

MOST_ITEMS: Final = 12  # of a list; more are not read as an answer, and the source is one key away
_TITLE = re.compile(r"[^\W_]+")


def quoted(question: str, unit: Unit) -> str:
    """The text of a unit as a sentence of an answer to the question."""
    if unit.parts:
        count = len(unit.parts)
        number = f"{MOST_ITEMS} of {count} shown" if count > MOST_ITEMS else f"{count} items"
        return f"{unit.shortened(MOST_ITEMS)} ({number})"
    if unit.form != "row" or not unit.columns:
        return unit.plain
    place = asked_cell(question, unit)
    if place is None:
        return unit.plain
    named = [
        f"{name}: {cell}" if name else cell
        for name, cell in zip(unit.columns, unit.cells, strict=False)
    ]
    others = [text for i, text in enumerate(named) if i != place and unit.cells[i]]
    return f"{named[place]} ({'; '.join(others)})" if others else named[place]


def asked_cell(question: str, unit: Unit) -> int | None:
    """The place of the cell that a question asks for: by its column's name, else by its kind.

    None where no column stands out, so that no wrong cell is put forward.
    """
    asked, kind = set(analyse(question)), question_type(question)
    scores = []
    for name, cell in zip(unit.columns, unit.cells, strict=False):
        own = set(analyse(cell))
        if not own or own <= asked:  # it says which row is meant
            scores.append(0)
            continue
        terms = set(analyse(" ".join(_TITLE.findall(name))))
        scores.append(2 * len(terms & asked) + bool(typed_spans(kind, question, cell)))
    best = max(scores, default=0)
    return scores.index(best) if best and scores.count(best) == 1 else None

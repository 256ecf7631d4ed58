"""What is shown around the closest words where it is unsure: enough to judge them by.

A sentence of a paragraph, an item or a row says little without its neighbours to who has to judge
whether it answers. So a short list is shown whole, and anything else grows by its neighbours within
its paragraph or table, as long as it stays short enough to be read at a glance.

    with_surroundings(unit, lists=[])    # the unit, from two sentences before to one after
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from commonplace.answers.evidence.blocks import Span
from commonplace.answers.evidence.units import Unit, units

LONGEST: Final = 400  # characters; 500 adds nothing to 400, and 300 and 200 a little less


def with_surroundings(unit: Unit, lists: Sequence[Unit]) -> Unit:
    """The short list that a unit is a part of, or else the unit with its neighbours.

    Args:
        unit: what was scored.
        lists: the lists among what was scored.
    """
    around = (each for each in lists if is_short_list(each) and overlap(unit, each))
    if unit.form == "list":
        return unit
    return next(around, None) or _grown(unit)


def is_short_list(unit: Unit) -> bool:
    """Whether a unit is a list that can be shown whole."""
    return unit.form == "list" and not unit.state and len(unit.text) <= LONGEST


def overlap(unit: Unit, other: Unit) -> bool:
    """Whether two units share characters of a passage."""
    return unit.passage.id == other.passage.id and unit.start < other.end and other.start < unit.end


def _grown(unit: Unit) -> Unit:
    """A unit with its neighbours, the following first, within the paragraph."""
    first, last = _paragraph(unit)
    neighbours = sorted(
        {(u.start, u.end) for u in units(unit.passage) if u.form != "list"}
        | {(unit.start, unit.end)}
    )
    place = neighbours.index((unit.start, unit.end))
    after = [span for span in neighbours[place + 1 :] if span[1] <= last]
    before = [span for span in reversed(neighbours[:place]) if span[0] >= first]
    start, end = unit.start, unit.end
    while after or before:
        for queue in (after, before):
            if queue:
                grown = _joined((start, end), queue.pop(0))
                if grown[1] - grown[0] > LONGEST:
                    queue.clear()
                else:
                    start, end = grown
    return replace(unit, start=start, end=end, parts=())


def _joined(span: Span, other: Span) -> Span:
    return min(span[0], other[0]), max(span[1], other[1])


def _paragraph(unit: Unit) -> Span:
    """The characters between the blank lines around a unit."""
    text = unit.passage.text
    before, after = text.rfind("\n\n", 0, unit.start), text.find("\n\n", unit.end)
    return max(before, 0), len(text) if after < 0 else after

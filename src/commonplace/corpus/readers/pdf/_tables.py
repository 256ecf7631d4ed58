"""Tables without lines: rows of cells that stand below one another with wide gaps between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from commonplace.corpus.readers.pdf._layout import Line
from commonplace.corpus.readers.pdf._raw import RawPage

_GAP: Final = re.compile(r"(?<=\S)\s+(?=\S)")
_WIDE: Final = 1.5  # of the font size: wider than a space of justified text
_MARKER: Final = re.compile(r"(?:[^\w\s]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxl]{1,5})[.)\]]?)\s*")


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a page, by raw characters.

    Attributes:
        rows: those that begin a row.
        cells: those that begin a further cell of one.
        breaks: those that begin a row, or the line behind one.
    """

    rows: frozenset[int]
    cells: frozenset[int]
    breaks: frozenset[int]


def tables_of(page: RawPage, lines: Sequence[Line]) -> Tables:
    """The rows and cells among the lines of a page.

    Two lines or more are rows where each has a wide gap and some cell of each, not its first,
    stands below one of the row above: under its left or its right edge.
    """
    split = [(line, _cells(page, line)) for line in lines]
    pairs = [_aligned(page, above, below) for above, below in pairwise(split)]
    rows: set[int] = set()
    cells: set[int] = set()
    breaks: set[int] = set()
    for at, (line, starts) in enumerate(split):
        if any(pairs[max(0, at - 1) : at + 1]):
            rows.add(line.start)
            cells.update(starts)
            breaks.update(each.start for each in lines[at : at + 2])
    return Tables(frozenset(rows), frozenset(cells), frozenset(breaks))


def _cells(page: RawPage, line: Line) -> list[int]:
    """Where further cells of a line begin; none where only a list's marker stands apart."""
    if not line.upright or line.apart:
        return []
    starts = []
    for gap in _GAP.finditer(page.text, line.start, line.end):
        before, after = page.boxes[gap.start() - 1], page.boxes[gap.end()]
        if after[0] - before[2] > _WIDE * line.size:
            starts.append(gap.end())
    if starts and _MARKER.fullmatch(page.text[line.start : starts[0]].strip()):
        starts = starts[1:]
    return starts


def _aligned(page: RawPage, above: tuple[Line, list[int]], below: tuple[Line, list[int]]) -> bool:
    (upper, cells_above), (lower, cells_below) = above, below
    if not cells_above or not cells_below:
        return False
    step = upper.box[1] - lower.box[1]
    if not 0 < step < 4 * max(upper.size, lower.size):
        return False
    edges = _edges(page, upper, cells_above)
    size = max(upper.size, lower.size)
    return any(
        abs(left - other_left) < size or abs(right - other_right) < 0.5 * size
        for left, right in _edges(page, lower, cells_below)
        for other_left, other_right in edges
    )


def _edges(page: RawPage, line: Line, starts: Sequence[int]) -> list[tuple[float, float]]:
    """Left and right of each further cell."""
    ends = [*starts[1:], line.end]
    edges = []
    for start, end in zip(starts, ends, strict=True):
        inked = [page.boxes[i] for i in range(start, end) if not page.text[i].isspace()]
        edges.append((inked[0][0], inked[-1][2]))
    return edges

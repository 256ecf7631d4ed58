"""Characters that stand above or below their line: footnote marks, powers, formulas.

What is raised behind a number would become part of it: "350" with the footnote 2 would read 3502.
So digits that are raised or lowered are shown as Unicode's own (350², H₂O, 10⁻⁶), decided by size
and baseline alone.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from statistics import median
from typing import Final

from commonplace.corpus.readers.pdf._annotations import Rectangle
from commonplace.corpus.readers.pdf._raw import RawPage, Stretch

_RAISED: Final = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_LOWERED: Final = str.maketrans("0123456789+-−–", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋")
_DIGITS: Final = re.compile(r"\d+")
_SIGNS: Final = "-−–+"
_OPENS: Final = re.compile(r"[\s(\[{/]")  # what stands before a number that begins anew
_ON_THE_LINE: Final = re.compile(r"[A-IK-PR-Za-fhiklmnorstuvwxz0-9]")  # nothing hangs below it
_SMALL: Final = 0.6  # of the font size: a digit of full size is about .7 high
_ABOVE, _BELOW = 0.2, 0.06  # of the font size: from the line to the foot of the digit


def scripts(page: RawPage) -> dict[int, str]:
    """The characters to show in the place of raised and lowered ones, by raw index."""
    shown: dict[int, str] = {}
    for stretch in page.stretches:
        if stretch.upright and stretch.size >= 4 and not stretch.apart:
            for match in _DIGITS.finditer(page.text, stretch.start, stretch.end):
                if not any(_is_small(page, stretch, i) for i in range(*match.span())):
                    continue
                for start, end in _small(page, stretch, *match.span()):
                    shown |= _shown(page, stretch, start, end)
    return shown


def _small(page: RawPage, stretch: Stretch, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of small digits within a number, each behind something on its line."""
    for small, group in groupby(range(start, end), key=lambda i: _is_small(page, stretch, i)):
        run = list(group)
        before = run[0] - 1 - (run[0] - 1 > stretch.start and page.text[run[0] - 1] in _SIGNS)
        if small and before >= stretch.start and not _OPENS.match(page.text[before]):
            yield run[0], run[-1] + 1


def _is_small(page: RawPage, stretch: Stretch, at: int) -> bool:
    box = page.boxes[at]
    return 0 < box[3] - box[1] < _SMALL * stretch.size


def _shown(page: RawPage, stretch: Stretch, start: int, end: int) -> dict[int, str]:
    line = _baseline(page, stretch, start)
    if line is None:
        return {}
    foot = min(page.boxes[i][1] for i in range(start, end)) - line
    if _BELOW * -stretch.size <= foot <= _ABOVE * stretch.size:
        return {}
    signs = _RAISED if foot > 0 else _LOWERED
    if page.text[start - 1] in _SIGNS:  # between the numbers of a line it stands a quarter high
        sign = page.boxes[start - 1][1] - line
        start -= sign > 0.38 * stretch.size if foot > 0 else sign < 0.18 * stretch.size
    return {i: page.text[i].translate(signs) for i in range(start, end)}


def _baseline(page: RawPage, stretch: Stretch, before: int) -> float | None:
    """Where the line stands, by the letters near a place that hang below nothing."""
    near = range(max(stretch.start, before - 40), min(stretch.end, before + 40))
    feet = [page.boxes[i][1] for i in near if _is_on_line(page.text[i], page.boxes[i], stretch)]
    return median(feet) if feet else None


def _is_on_line(character: str, box: Rectangle, stretch: Stretch) -> bool:
    """Whether it is of full size: half the digits of a line may be raised."""
    low = 0.4 if character.islower() else 0.62
    return bool(_ON_THE_LINE.match(character)) and box[3] - box[1] > low * stretch.size

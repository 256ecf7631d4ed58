"""What a PDF draws apart and a reader sees as one, and the other way round.

TeX draws "é" as an accent and a letter, which PDFium gives in any order with spaces between them;
some programs draw word spaces by moving, which PDFium overlooks when the move is small. Raised and
lowered digits are `_scripts`', the cells of tables `_tables`'. All is decided by where the
characters stand, on one page alone, so that it comes out the same each time.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from commonplace.corpus.readers.pdf._annotations import Rectangle
from commonplace.corpus.readers.pdf._raw import RawPage
from commonplace.corpus.readers.pdf._scripts import scripts

ACCENTS: Final = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303",
    "¸": "\u0327", "ˇ": "\u030c", "˘": "\u0306", "˚": "\u030a", "¯": "\u0304",
}  # fmt: skip
OLD_ACCENTS: Final = {
    "\x7f": "\u0308", "\x12": "\u0300", "\x13": "\u0301", "\x14": "\u030c", "\x15": "\u0306",
    "\x16": "\u0304", "\x17": "\u030a", "\x18": "\u0327",
}  # fmt: skip
_ACCENT: Final = re.compile(f"[{re.escape(''.join([*ACCENTS, *OLD_ACCENTS]))}]")
_LETTERS: Final = re.compile(r"[^\W\d_](?=[^\W\d_])|[,;](?=[^\W\d_])")
_DOTLESS: Final = {"ı": "i", "ȷ": "j", "\x10": "i", "\x11": "j"}
_FARTHEST: Final = 60  # characters between an accent and its letter
_MOST_ACCENTS: Final = 2_000  # of one page
_WORD_SPACE: Final = 0.2  # of the font size: what is wider is a space


@dataclass(frozen=True, slots=True)
class Mends:
    """By raw index: what is shown in another's place, what is not, where a space is lost."""

    shown: dict[int, str]
    dropped: frozenset[int]
    gaps: frozenset[int]


def mend(page: RawPage, old_tex: bool) -> Mends:
    """What is to be put right on a page."""
    accented, dropped = _accents(page, old_tex)
    return Mends(scripts(page) | accented, frozenset(dropped), _gaps(page))


def _accents(page: RawPage, old_tex: bool) -> tuple[dict[int, str], set[int]]:
    accented: dict[int, str] = {}
    dropped: set[int] = set()
    for match in list(_ACCENT.finditer(page.text))[:_MOST_ACCENTS]:
        mark = ACCENTS.get(match[0]) or (OLD_ACCENTS[match[0]] if old_tex else "")
        base = _base(page, match.start(), mark, accented) if mark else None
        if base is not None:
            accented[base] = _composed(page.text[base], mark)
            dropped.add(match.start())
    for accent in sorted(dropped):
        dropped |= _closed_up(page, accent, dropped)
    return accented, dropped


def _base(page: RawPage, accent: int, mark: str, accented: dict[int, str]) -> int | None:
    """The letter that an accent stands over (or under); None if there is none."""
    box = page.boxes[accent]
    middle = (box[0] + box[2]) / 2
    near = range(max(0, accent - _FARTHEST), min(len(page.text), accent + _FARTHEST))
    under = [
        index
        for index in near
        if index not in accented
        and page.boxes[index][0] - 1 <= middle <= page.boxes[index][2] + 1
        and _is_over(box, page.boxes[index])
        and _composed(page.text[index], mark)
    ]
    centers = {index: sum(page.boxes[index][0::2]) / 2 for index in under}
    return min(under, key=lambda index: abs(centers[index] - middle), default=None)


def _is_over(accent: Rectangle, letter: Rectangle) -> bool:
    height = letter[3] - letter[1]
    return height > 0 and accent[1] < letter[3] + height and accent[3] > letter[1] - 0.5 * height


def _composed(letter: str, mark: str) -> str:
    """The letter with the mark as one character; "" if there is no such."""
    composed = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + mark)
    return composed if len(composed) == 1 and composed.isalpha() else ""


def _closed_up(page: RawPage, accent: int, dropped: set[int]) -> set[int]:
    """Spaces around an accent that only PDFium saw: what stands left and right of them touches."""
    first, last = accent - 1, accent + 1
    while first >= 0 and (page.text[first] == " " or first in dropped):
        first -= 1
    while last < len(page.text) and (page.text[last] == " " or last in dropped):
        last += 1
    if first < 0 or last >= len(page.text):
        return set()
    before, after = page.boxes[first], page.boxes[last]
    near = -1 < after[0] - before[2] < 0.12 * max(6.0, after[3] - after[1], before[3] - before[1])
    return {i for i in range(first + 1, last) if page.text[i] == " "} if near else set()


def _gaps(page: RawPage) -> frozenset[int]:
    """Characters before which a word space is drawn but not given."""
    gaps = []
    for stretch in page.stretches:
        if not stretch.upright or stretch.size < 4:
            continue
        for match in _LETTERS.finditer(page.text, stretch.start, stretch.end - 1):
            before, after = page.boxes[match.start()], page.boxes[match.end()]
            narrow = min(before[2] - before[0], after[2] - after[0]) < 0.35 * stretch.size
            least = _WORD_SPACE * (1.7 if narrow else 1.0)  # i, j, l of a typewriter stand apart
            if least * stretch.size < after[0] - before[2] < 2 * stretch.size:
                gaps.append(match.end())
    return frozenset(gaps)

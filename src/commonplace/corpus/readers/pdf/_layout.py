"""How a PDF page is laid out: lines, paragraphs and headings.

PDFium's order is kept: it is the order in which the page was written, which in two columns is the
reading order. What is decided between two lines (`paragraph_starts`) depends on this page alone;
what is a heading depends on the whole document.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final

from commonplace.corpus.readers.pdf._annotations import Rectangle
from commonplace.corpus.readers.pdf._raw import HYPHEN, RawPage, Stretch, union

_NUMBERED: Final = re.compile(
    r"(?:appendix\s+)?(?:\d{1,2}|[A-Z](?=\.?\d)|[A-Z]\.?(?=\s)|[IVX]{1,5}\.)(?:\.\d{1,2})*\.?\s+\S"
)
_SECTION: Final = re.compile(
    r"(?:abstract|introduction|summary|references|bibliography|acknowledge?ments?|appendix|appendices"
    r"|conclusions?|discussion|results|methods?|related work|background|contents)\W*",
    re.I,
)
_ITEM: Final = re.compile(r"(?:[•‣◦▪●∙–]|\[\d{1,3}\]|\(?(?:\d{1,2}|[a-z])[.)])\s")
_STOPPED: Final = re.compile(r"[.!?:][\"'”’)\]]*(?:\d{1,2})?$")
_LONGEST_HEADING: Final = 120  # characters
_SMALL_CAPITALS: Final = 0.78  # their size beside that of the capitals they stand for


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on one line: raw characters `start:end`, its box, and its font."""

    start: int
    end: int
    box: Rectangle
    size: float
    bold: bool
    upright: bool
    text: str  # trimmed, for looking at only
    apart: bool = False  # what was written onto the page afterwards

    @property
    def height(self) -> float:
        """From the lowest descender to the highest letter."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Consecutive lines that belong together."""

    page: int
    lines: tuple[Line, ...]

    @property
    def start(self) -> int:
        """Its first raw character."""
        return self.lines[0].start

    @property
    def end(self) -> int:
        """Where its raw characters end."""
        return self.lines[-1].end

    @property
    def text(self) -> str:
        """Its lines joined, for looking at only."""
        return " ".join(line.text for line in self.lines)


def lines_of(page: RawPage) -> list[Line]:
    """The page's lines in order; pieces of one line that PDFium took apart are put together."""
    lines: list[Line] = []
    for stretch in page.stretches:
        if not page.text[stretch.start : stretch.end].strip():
            continue
        line = _line(page, stretch)
        if lines and _is_same_line(lines[-1], line):
            lines[-1] = _merged(page, lines[-1], line)
        else:
            lines.append(line)
    return lines


def _line(page: RawPage, stretch: Stretch) -> Line:
    height = stretch.box[3] - stretch.box[1]
    return Line(
        start=stretch.start,
        end=stretch.end,
        box=stretch.box,
        size=stretch.size if stretch.size >= 2 else round(height * 1.1, 1),  # bitmap fonts say 0.1
        bold=stretch.bold,
        upright=stretch.upright,
        text=page.text[stretch.start : stretch.end].strip(),
        apart=stretch.apart,
    )


def _is_same_line(before: Line, after: Line) -> bool:
    """Side by side and at one height: a formula's pieces, a footnote's sign."""
    if before.apart or after.apart:
        return False
    if not (before.upright and after.upright) or before.text.endswith(HYPHEN):
        return False
    overlap = min(before.box[3], after.box[3]) - max(before.box[1], after.box[1])
    lowest = min(before.height, after.height)
    gap = after.box[0] - before.box[2]
    size = max(before.size, after.size)
    return overlap > 0.4 * lowest and -0.5 * size < gap < 1.2 * size


def _merged(page: RawPage, before: Line, after: Line) -> Line:
    larger = max(before, after, key=lambda line: len(line.text))
    return replace(
        larger,
        start=before.start,
        end=after.end,
        box=union([before.box, after.box]),
        text=page.text[before.start : after.end].strip(),
    )


def paragraph_starts(lines: Sequence[Line]) -> frozenset[int]:
    """Raw characters at which a line begins a new paragraph."""
    steps = [
        above.box[1] - below.box[1]
        for above, below in pairwise(lines)
        if 0 < above.box[1] - below.box[1] < 3 * above.size
    ]
    leading = median(steps) if steps else 12.0
    places = range(len(lines))
    return frozenset(lines[i].start for i in places if i == 0 or _starts(lines, i, leading))


def _starts(lines: Sequence[Line], index: int, leading: float) -> bool:
    above, below = lines[index - 1], lines[index]
    if above.apart or below.apart:
        return True
    if above.text.endswith(HYPHEN):
        return False
    if above.upright != below.upright or _differs(above, below) or _ITEM.match(below.text):
        return True
    step = above.box[1] - below.box[1]
    stopped = bool(_STOPPED.search(above.text))
    if step < -0.5 * leading or step > 4 * leading:  # the next column, or over a figure
        return stopped or not below.text[:1].islower()
    if step > 1.45 * max(leading, 1.1 * below.size):
        return True
    indented = 0.7 * below.size < below.box[0] - above.box[0] < 4 * below.size
    short = above.box[2] < _right_edge(lines, index - 1) - 2.5 * above.size
    return stopped and (indented or short)


def _differs(above: Line, below: Line) -> bool:
    """In another font size, or one in bold and the other not, where both are whole lines."""
    if min(len(above.text), len(below.text)) < 4:
        return False
    ratio = above.size / max(0.1, below.size)
    return not 0.9 < ratio < 1.12 or above.bold != below.bold


def _right_edge(lines: Sequence[Line], index: int) -> float:
    """How far the lines around this one reach, in its column."""
    line = lines[index]
    near = lines[max(0, index - 5) : index + 6]
    column = [n.box[2] for n in near if abs(n.box[0] - line.box[0]) < 3 * line.size]
    return max(column, default=line.box[2])


def paragraphs(
    page: RawPage, lines: Sequence[Line], starts: frozenset[int], left_out: set[tuple[int, int]]
) -> list[Paragraph]:
    """The page's lines, less `left_out`, in paragraphs."""
    groups: list[list[Line]] = []
    follows = False
    for line in lines:
        if (page.number, line.start) in left_out:
            follows = False
        elif follows and line.start not in starts:
            groups[-1].append(line)
        else:
            groups.append([line])
            follows = True
    return [Paragraph(page.number, tuple(group)) for group in groups]


def body_size(lines: Sequence[Line]) -> float:
    """The font size that most of the text is set in."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def is_item(paragraph: Paragraph) -> bool:
    """Whether it begins with a bullet, a number or a reference's [12]."""
    return bool(_ITEM.match(paragraph.text))


def is_section(paragraph: Paragraph) -> bool:
    """Whether a heading begins the text proper: "Abstract", "1 Introduction"."""
    text = paragraph.text
    return bool(_SECTION.fullmatch(text) or re.match(r"(?:0|1|I)\b\.?\s*\S", text))


def title_of(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """The largest text of the first page, if it is larger than the rest; else none."""
    words = [p for p in paragraphs if p.lines[0].upright and re.search(r"[^\W\d_]{3}", p.text)]
    sizes = [p.lines[0].size for p in words]
    if not sizes or max(sizes) < 1.1 * median(sizes):
        return []
    first = last = sizes.index(max(sizes))
    while first > 0 and _is_title(words[first - 1], sizes[last]):
        first -= 1
    while last + 1 < len(words) and _is_title(words[last + 1], sizes[first]):
        last += 1
    return words[first : last + 1][:4]


def _is_title(paragraph: Paragraph, size: float) -> bool:
    least = _SMALL_CAPITALS if paragraph.text.isupper() else 0.97
    return paragraph.lines[0].size >= least * size


def heading_level(paragraph: Paragraph, body: float) -> int:
    """1 for a section, 2 for what is under it, and so on; 0 for what is no heading."""
    text, first = paragraph.text, paragraph.lines[0]
    if first.apart or not first.upright or len(paragraph.lines) > 3:
        return 0
    if not 3 <= len(text) <= _LONGEST_HEADING:
        return 0
    if text[-1] in ",;=" or text[0] in "[(•" or not _reads_as_words(text):
        return 0
    large = first.size > 1.08 * body
    if _NUMBERED.match(text) and (large or first.bold or text.isupper()) and not text.endswith("."):
        return 1 + text.split()[0].rstrip(".").count(".")
    if _SECTION.fullmatch(text) and (large or first.bold or text.isupper() or text.istitle()):
        return 1
    if text[0].islower() or text.endswith((".", ":")):
        return 0
    if large:
        return 1 if first.size > 1.18 * body else 2
    return 3 if first.bold and first.size > 0.95 * body and len(text) < 70 else 0


def _reads_as_words(text: str) -> bool:
    """Mostly letters, and a word among them: no formula, no row of a table."""
    letters = sum(map(str.isalpha, text))
    words = re.search(r"[^\W\d_]{3}", text)
    return words is not None and "=" not in text and letters > 0.6 * len(text.replace(" ", ""))

"""PDF: pages, paragraphs and headings with exact places, read by PDFium (pypdfium2, Apache-2.0).

A passage lies on one page; its locator gives the raw characters and a box for each line. `narrow`
gives the locator of one sentence of it, `page_text` reads it again, `render` shows it on the page.

Notable: a page whose characters have no meaning (`Limits.unreadable_share`) is left out with a
notice instead of being indexed as if it were text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from commonplace.foundation import UnreadableError
from commonplace.library._links import find_links
from commonplace.library._split import Block, passages, trimmed
from commonplace.library._types import Box, Document, Draft, Limits, Link, PageLocator
from commonplace.library.readers._dates import parse_date
from commonplace.library.readers._pdf_layout import (
    Line,
    Paragraph,
    body_size,
    furniture,
    heading_level,
    is_item,
    is_section,
    lines_of,
    paragraph_starts,
    paragraphs,
    title_of,
)
from commonplace.library.readers._pdf_raw import Pdf, RawPage, Rectangle, union
from commonplace.library.readers._pdf_text import Sheet, Shown, display, sheet, unreadable_share

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?")
_NO_TITLE = re.compile(
    r"untitled.*|microsoft word.*|.*\.(?:dvi|ps|docx?|tex|pdf|indd|qxd)|\W*", re.I
)

_WEB = re.compile(r"(?:https?|ftp)://.|doi:", re.I)
_MOST_LINKS = 1_000  # annotations of one page that are looked at
_AROUND = 120  # characters of context on each side of a link


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that can be read: its characters, lines, paragraph starts and display text."""

    raw: RawPage
    lines: list[Line]
    starts: frozenset[int]
    sheet: Sheet
    shown: Shown


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a PDF.

    Raises:
        UnreadableError: it is encrypted or broken, or no page of it holds readable text.
    """
    with Pdf(data) as pdf:
        pages, notices = _pages(pdf, limits)
        if not any(page.shown.text for page in pages):
            raise UnreadableError(_nothing(pdf, notices))
        left_out = furniture([(page.raw, page.lines) for page in pages])
        blocks = [paragraphs(p.raw, p.lines, p.starts, left_out) for p in pages]
        title = _title(pdf, pages, blocks) or path.stem
        return Document(
            kind="pdf",
            title=title,
            sources={},
            drafts=tuple(_drafts(pages, blocks, limits)),
            links=tuple(_links(pdf, pages)),
            written_at=_date(pdf.metadata("CreationDate")) or _date(pdf.metadata("ModDate")),
            notices=tuple(notices),
        )


def page_text(data: bytes, locator: PageLocator) -> str:
    """The display text of a locator, read again from the PDF."""
    with Pdf(data) as pdf:
        page = _page(pdf.page(locator.page, locator.end))
        return display(page.sheet, locator.start, locator.end).text


def narrow(data: bytes, locator: PageLocator, start: int, end: int) -> PageLocator:
    """The locator of characters `start:end` of the display text of `locator`.

    Raises:
        ValueError: `start:end` is empty or does not lie inside the text.
    """
    with Pdf(data) as pdf:
        page = _page(pdf.page(locator.page, locator.end))
        shown = display(page.sheet, locator.start, locator.end)
        if not 0 <= start < end <= len(shown.text):
            raise ValueError(f"characters {start}:{end} of a text of {len(shown.text)}")
        return _locator(page, shown.starts[start], shown.ends[end - 1])


def render(data: bytes, locator: PageLocator, scale: float = 2.0) -> Image.Image:
    """The page drawn at `scale` pixels a point, with the locator's boxes highlighted."""
    with Pdf(data) as pdf:
        picture = pdf.picture(locator.page, scale)
        marks = Image.new("RGB", picture.size, "white")
        pen = ImageDraw.Draw(marks)
        for box in locator.boxes:
            corners = (box.left - 1, box.bottom - 1, box.right + 1, box.top + 1)
            pen.rectangle(pdf.to_device(locator.page, corners, picture.size), fill="#fff2a0")
        return ImageChops.multiply(picture, marks)  # as a marker does it: black stays black


def _page(raw: RawPage) -> _Page:
    lines = lines_of(raw)
    starts = paragraph_starts(lines)
    ready = sheet(raw, starts)
    return _Page(raw, lines, starts, ready, display(ready, 0, len(raw.text)))


def _pages(pdf: Pdf, limits: Limits) -> tuple[list[_Page], list[str]]:
    """The readable pages, and a sentence for each that was cut or left out."""
    pages: list[_Page] = []
    notices: list[str] = []
    unreadable: dict[int, float] = {}
    left = limits.text_characters
    for number in range(1, min(pdf.pages, limits.pages) + 1):
        try:
            raw = pdf.page(number, left + 1)
        except UnreadableError as error:
            notices.append(f"{error}; it was left out")
            continue
        share = unreadable_share(raw)
        if share > limits.unreadable_share:
            unreadable[number] = share
            continue
        if len(raw.text) > left:
            notices.append(
                f"the text was cut on page {number} ({limits.text_characters:,} characters)"
            )
            break
        left -= len(raw.text)
        pages.append(_page(raw))
    if pdf.pages > limits.pages:
        notices.append(f"only the first {limits.pages:,} of {pdf.pages:,} pages were read")
    return pages, [*_unreadable(unreadable), *notices]


def _unreadable(shares: Mapping[int, float]) -> list[str]:
    """One sentence for all pages whose characters have no meaning."""
    if not shares:
        return []
    percents = sorted({round(100 * share) for share in shares.values()})
    percent = "-".join(str(p) for p in dict.fromkeys((percents[0], percents[-1])))
    which, verb, whose = ("page", "is", "its") if len(shares) == 1 else ("pages", "are", "their")
    reason = f"{percent} % of {whose} characters have no meaning"
    need = "it needs OCR" if len(shares) == 1 else "they need OCR"
    return [f"{which} {_ranges(list(shares))} {verb} unreadable ({reason}); {need}"]


def _ranges(numbers: Sequence[int]) -> str:
    """1-3, 7, 9-10."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _nothing(pdf: Pdf, notices: Sequence[str]) -> str:
    """Why a PDF gave no text at all."""
    if pdf.pages == 0:
        return "broken or truncated PDF; it has no pages"
    if notices:
        return "; ".join(notices)
    return f"scanned or drawn PDF; its {pdf.pages:,} pages hold no text; it needs OCR"


def _drafts(
    pages: Sequence[_Page], blocks: Sequence[Sequence[Paragraph]], limits: Limits
) -> list[Draft]:
    """Passages page by page; the heading path lives on across pages."""
    body = body_size([line for page in pages for line in page.lines])
    outline = _Outline(limits.passage_characters)
    for page, found in zip(pages, blocks, strict=True):
        levels = [heading_level(paragraph, body) for paragraph in found]
        if page.raw.number == 1:
            levels = _after_front_matter(found, levels)
        for paragraph, level in zip(found, levels, strict=True):
            outline.take(page, paragraph, level)
        outline.flush()
    outline.close()
    return outline.drafts


def _after_front_matter(found: Sequence[Paragraph], levels: list[int]) -> list[int]:
    """The title and the authors are no headings, however large or bold."""
    title = [place for place, p in enumerate(found) if p in title_of(found)]
    sections = [place for place, p in enumerate(found) if levels[place] and is_section(p)]
    first = sections[0] if sections else title[-1] + 1 if title else 0
    return [0] * first + levels[first:]


class _Outline:
    """The heading path while reading on, and the drafts so far."""

    def __init__(self, limit: int) -> None:
        self.drafts: list[Draft] = []
        self._limit = limit
        self._stack: list[tuple[int, str]] = []
        self._bare: tuple[_Page, Paragraph] | None = None  # a heading with nothing under it yet
        self._page: _Page | None = None
        self._section: list[Paragraph] = []

    def take(self, page: _Page, paragraph: Paragraph, level: int) -> None:
        """The next paragraph, or heading where `level` is not 0."""
        self._page = page
        if not level:
            self._section.append(paragraph)
            self._bare = None
            return
        self.flush()
        if self._bare and self._stack and level <= self._stack[-1][0]:
            self._keep_bare()
        self._stack = [heading for heading in self._stack if heading[0] < level]
        title = display(page.sheet, paragraph.start, paragraph.end).text
        self._stack.append((level, " ".join(title.split())))
        self._bare = page, paragraph

    def flush(self) -> None:
        """Make passages of the section so far on this page."""
        if self._page and self._section:
            path = tuple(title for _, title in self._stack)
            self.drafts += _section(self._page, self._section, path, self._limit)
        self._section = []

    def close(self) -> None:
        """The end of the document."""
        self.flush()
        if self._bare:
            self._keep_bare()

    def _keep_bare(self) -> None:
        """A heading with nothing under it is a passage, so that nothing written is lost."""
        if self._bare:
            page, paragraph = self._bare
            path = tuple(title for _, title in self._stack[:-1])
            self.drafts += _section(page, [paragraph], path, self._limit)
            self._bare = None


def _section(
    page: _Page, found: Sequence[Paragraph], path: tuple[str, ...], limit: int
) -> list[Draft]:
    """The paragraphs of one section on one page as passages."""
    blocks = [_block(page.shown, paragraph) for paragraph in found]
    drafts = []
    for start, end in passages(page.shown.text, [b for b in blocks if b.end > b.start], limit):
        locator = _locator(page, page.shown.starts[start], page.shown.ends[end - 1])
        shown = display(page.sheet, locator.start, locator.end)
        drafts.append(Draft(shown.text, locator, path))
    return drafts


def _block(shown: Shown, paragraph: Paragraph) -> Block:
    """Where a paragraph stands in the page's display text."""
    start = bisect_left(shown.starts, paragraph.start)
    end = bisect_left(shown.starts, paragraph.end)
    start, end = trimmed(shown.text, start, end)
    return Block(start, end, "item" if is_item(paragraph) else "prose")


def _locator(page: _Page, start: int, end: int) -> PageLocator:
    """Raw characters `start:end`, with the box of what they draw on each line."""
    boxes = []
    for line in page.lines:
        inside = range(max(start, line.start), min(end, line.end))
        drawn = [page.raw.boxes[i] for i in inside if not page.raw.text[i].isspace()]
        if inked := [box for box in drawn if box[2] > box[0] or box[3] > box[1]]:
            boxes.append(Box(*(round(side, 2) for side in union(inked))))
    return PageLocator(page.raw.number, start, end, tuple(boxes))


def _title(pdf: Pdf, pages: Sequence[_Page], blocks: Sequence[Sequence[Paragraph]]) -> str:
    """The title that the file states, if it is one; else the largest text of the first page."""
    stated = " ".join(pdf.metadata("Title").split())
    if not _NO_TITLE.fullmatch(stated) and not any(c == "\ufffd" or c < " " for c in stated):
        return stated[:300]
    if pages[0].raw.number != 1 or not (largest := title_of(blocks[0])):
        return ""
    shown = display(pages[0].sheet, largest[0].start, largest[-1].end)
    return " ".join(shown.text.split())[:300]


def _links(pdf: Pdf, pages: Sequence[_Page]) -> Iterator[Link]:
    """The addresses that link annotations lead to, and those that stand in the text."""
    for page in pages:
        annotated = set()
        for url, box in pdf.urls(page.raw.number)[:_MOST_LINKS]:
            if _WEB.match(url) and (url, box) not in annotated:
                annotated |= {url, (url, box)}
                yield _annotated(page, url, box)
        yield from (link for link in find_links(page.shown.text) if link.url not in annotated)


def _annotated(page: _Page, url: str, box: Rectangle) -> Link:
    """A link annotation, labelled with the characters under it."""
    under = [
        index
        for line in page.lines
        if line.box[0] < box[2]
        and box[0] < line.box[2]
        and line.box[1] < box[3]
        and box[1] < line.box[3]
        for index in range(line.start, line.end)
        if _center_inside(page.raw.boxes[index], box)
    ]
    if not under or under[-1] - under[0] > 300:
        return Link(url, "", "")
    start = bisect_left(page.shown.starts, under[0])
    end = bisect_left(page.shown.starts, under[-1] + 1)
    around = page.shown.text[max(0, start - _AROUND) : end + _AROUND]
    return Link(url, " ".join(page.shown.text[start:end].split()), " ".join(around.split()))


def _center_inside(inner: Rectangle, outer: Rectangle) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return inner[2] > inner[0] and outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _date(value: str) -> datetime | None:
    """A PDF date (ISO 32000, 7.9.4: `D:20200131235959+01'00'`) in UTC; None if it is none."""
    found = _DATE.match(value)
    if not found:
        return parse_date(value)
    numbers = [int(part) if part else 0 for part in found.groups()[:6]]
    ahead = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
    zone = timezone(-ahead if found[7] == "-" else ahead)
    try:
        year, month, day, *clock = numbers
        return datetime(year, month or 1, day or 1, *clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""From the pages of a PDF to passages: headings become paths, paragraphs drafts with places."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from commonplace.corpus._types import Box, Draft, Limits, PageLocator
from commonplace.corpus.readers.pdf import _layout
from commonplace.corpus.readers.pdf._layout import Line, Paragraph
from commonplace.corpus.readers.pdf._raw import RawPage, turned_upright, union
from commonplace.corpus.readers.pdf._tables import tables_of
from commonplace.corpus.readers.pdf.display import DisplayText, Sheet, display, sheet
from commonplace.corpus.text.split import Block, passages, trimmed


@dataclass(frozen=True, slots=True)
class Page:
    """A page that can be read: its characters, lines, paragraph starts and display text.

    `upright` is the page as it is held to be read; its lines have the boxes of that.
    """

    raw: RawPage
    upright: RawPage
    lines: list[Line]
    starts: frozenset[int]
    rows: frozenset[int]  # the starts of those lines that are rows of a table
    sheet: Sheet
    display_text: DisplayText


def page_of(raw: RawPage) -> Page:
    """A page made ready to be cut into passages."""
    upright = turned_upright(raw)
    lines = _layout.lines_of(upright)
    starts = _layout.paragraph_starts(lines)
    tables = tables_of(upright, lines)
    ready = sheet(upright, starts | tables.breaks, tables.cells)
    return Page(raw, upright, lines, starts, tables.rows, ready, display(ready, 0, len(raw.text)))


def drafts_of(
    pages: Sequence[Page], blocks: Sequence[Sequence[Paragraph]], limits: Limits
) -> list[Draft]:
    """Passages page by page; the heading path lives on across pages."""
    body = _layout.body_size([line for page in pages for line in page.lines])
    outline = _Outline(limits.passage_characters)
    for page, page_paragraphs in zip(pages, blocks, strict=True):
        levels = [
            0 if paragraph.start in page.rows else _layout.heading_level(paragraph, body)
            for paragraph in page_paragraphs
        ]
        if page.raw.number == 1:
            levels = _after_front_matter(page_paragraphs, levels)
        for paragraph, level in zip(page_paragraphs, levels, strict=True):
            outline.take(page, paragraph, level)
        outline.flush()
    outline.close()
    return outline.drafts


def _after_front_matter(paragraphs: Sequence[Paragraph], levels: list[int]) -> list[int]:
    """The title and the authors are no headings, however large or bold."""
    title = [place for place, p in enumerate(paragraphs) if p in _layout.title_of(paragraphs)]
    sections = [
        place for place, p in enumerate(paragraphs) if levels[place] and _layout.is_section(p)
    ]
    first = sections[0] if sections else title[-1] + 1 if title else 0
    return [0] * first + levels[first:]


class _Outline:
    """The heading path while reading on, and the drafts so far."""

    def __init__(self, limit: int) -> None:
        self.drafts: list[Draft] = []
        self._limit = limit
        self._stack: list[tuple[int, str]] = []
        self._bare: tuple[Page, Paragraph] | None = None  # a heading with nothing under it yet
        self._page: Page | None = None
        self._section: list[Paragraph] = []

    def take(self, page: Page, paragraph: Paragraph, level: int) -> None:
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
    page: Page, paragraphs: Sequence[Paragraph], path: tuple[str, ...], limit: int
) -> list[Draft]:
    """The paragraphs of one section on one page as passages, none over a line that is left out."""
    drafts = []
    on_page = page.display_text
    for group in _unbroken(page, paragraphs):
        blocks = [_block(on_page, paragraph) for paragraph in group]
        for start, end in passages(on_page.text, [b for b in blocks if b.end > b.start], limit):
            locator = locator_of(page, on_page.starts[start], on_page.ends[end - 1])
            text = display(page.sheet, locator.start, locator.end).text
            drafts.append(Draft(text, locator, path))
    return drafts


def _unbroken(page: Page, paragraphs: Sequence[Paragraph]) -> list[list[Paragraph]]:
    """Paragraphs in groups between which lines of the page are left out."""
    places = {line.start: place for place, line in enumerate(page.lines)}
    groups: list[list[Paragraph]] = []
    after = -1
    for paragraph in paragraphs:
        if places[paragraph.start] == after:
            groups[-1].append(paragraph)
        else:
            groups.append([paragraph])
        after = places[paragraph.lines[-1].start] + 1
    return groups


def _block(display_text: DisplayText, paragraph: Paragraph) -> Block:
    """Where a paragraph stands in the page's display text."""
    start = bisect_left(display_text.starts, paragraph.start)
    end = bisect_left(display_text.starts, paragraph.end)
    start, end = trimmed(display_text.text, start, end)
    return Block(start, end, "item" if _layout.is_item(paragraph) else "prose")


def locator_of(page: Page, start: int, end: int) -> PageLocator:
    """The locator of raw characters `start:end`: with the box of what they draw on each line."""
    boxes = []
    for line in page.lines:
        inside = range(max(start, line.start), min(end, line.end))
        drawn = [page.raw.boxes[i] for i in inside if not page.raw.text[i].isspace()]
        if inked := [box for box in drawn if box[2] > box[0] or box[3] > box[1]]:
            boxes.append(Box(*(round(side, 2) for side in union(inked))))
    return PageLocator(page.raw.number, start, end, tuple(boxes))

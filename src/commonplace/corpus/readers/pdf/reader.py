"""PDF: pages, paragraphs and headings with exact places, read by PDFium (pypdfium2, Apache-2.0).

A passage lies on one page; its locator gives the raw characters and a box for each line. `narrow`
gives the locator of one sentence of it, `page_text` reads it again, `render` shows it on the page.

Notable: a page whose characters have no meaning (`Limits.unreadable_share`) is left out with a
notice instead of being indexed as if it were text.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from commonplace.corpus._types import Document, Limits, PageLocator
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.pdf._drafts import Page, drafts_of, locator_of, page_of
from commonplace.corpus.readers.pdf._furniture import furniture
from commonplace.corpus.readers.pdf._layout import Paragraph, paragraphs, title_of
from commonplace.corpus.readers.pdf._links import links_of
from commonplace.corpus.readers.pdf._raw import Pdf
from commonplace.corpus.readers.pdf.display import display, unreadable_share
from commonplace.foundation import UnreadableError

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?")
_WHOLE_PAGE = 1 << 30  # characters: what a page shows depends on all of it
_NO_TITLE = re.compile(
    r"untitled.*|microsoft word.*|.*\.(?:dvi|ps|docx?|tex|pdf|indd|qxd)|\W*", re.I
)


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a PDF.

    Raises:
        UnreadableError: it is encrypted or broken, or no page of it holds readable text.
    """
    with Pdf(data) as pdf:
        pages, notices = _pages(pdf, limits)
        if not any(page.display_text.text for page in pages):
            raise UnreadableError(_nothing(pdf, notices))
        left_out = furniture([(page.upright, page.lines) for page in pages])
        blocks = [paragraphs(p.raw, p.lines, p.starts, left_out) for p in pages]
        title = _title(pdf, pages, blocks) or path.stem
        return Document(
            kind="pdf",
            title=title,
            sources={},
            drafts=tuple(drafts_of(pages, blocks, limits)),
            links=tuple(links_of(pdf, pages)),
            written_at=parse_pdf_date(pdf.metadata("CreationDate"))
            or parse_pdf_date(pdf.metadata("ModDate")),
            notices=tuple(notices),
        )


def page_text(data: bytes, locator: PageLocator) -> str:
    """The display text of a locator, read again from the PDF."""
    with Pdf(data) as pdf:
        page = page_of(pdf.page(locator.page, _WHOLE_PAGE))
        return display(page.sheet, locator.start, locator.end).text


def narrow(data: bytes, locator: PageLocator, start: int, end: int) -> PageLocator:
    """The locator of characters `start:end` of the display text of `locator`.

    Raises:
        ValueError: `start:end` is empty or does not lie inside the text.
    """
    with Pdf(data) as pdf:
        page = page_of(pdf.page(locator.page, _WHOLE_PAGE))
        display_text = display(page.sheet, locator.start, locator.end)
        if not 0 <= start < end <= len(display_text.text):
            raise ValueError(f"characters {start}:{end} of a text of {len(display_text.text)}")
        return locator_of(page, display_text.starts[start], display_text.ends[end - 1])


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


def _pages(pdf: Pdf, limits: Limits) -> tuple[list[Page], list[str]]:
    """The readable pages, and a sentence for each that was cut or left out."""
    pages: list[Page] = []
    notices: list[str] = []
    unreadable: dict[int, float] = {}
    pictures: list[int] = []
    characters_left = limits.text_characters
    for number in range(1, min(pdf.pages, limits.pages) + 1):
        try:
            raw = pdf.page(number, characters_left + 1)  # one more shows that it had to be cut
        except UnreadableError as error:
            notices.append(f"{error}; it was left out")
            continue
        if raw.drawn and not raw.text.strip():
            pictures.append(number)
        share = unreadable_share(raw)
        if share > limits.unreadable_share:
            unreadable[number] = share
            continue
        if len(raw.text) > characters_left:
            notices.append(
                f"the text was cut on page {number} ({limits.text_characters:,} characters)"
            )
            break
        characters_left -= len(raw.text)
        pages.append(page_of(raw))
    if pdf.pages > limits.pages:
        notices.append(f"only the first {limits.pages:,} of {pdf.pages:,} pages were read")
    if pictures and len(pictures) < pdf.pages:
        which = "pages" if len(pictures) > 1 else "page"
        need = "they need" if len(pictures) > 1 else "it needs"
        notices.append(f"{which} {_ranges(pictures)}: pictures without text; {need} OCR")
    if pdf.attached:
        files = "1 attached file" if pdf.attached == 1 else f"{pdf.attached} attached files"
        notices.append(f"{files} not read")
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


def _title(pdf: Pdf, pages: Sequence[Page], blocks: Sequence[Sequence[Paragraph]]) -> str:
    """The title that the file states, if it is one; else the largest text of the first page."""
    stated = " ".join(pdf.metadata("Title").split())
    if not _NO_TITLE.fullmatch(stated) and not any(c == "\ufffd" or c < " " for c in stated):
        return stated[:300]
    if pages[0].raw.number != 1 or not (largest := title_of(blocks[0])):
        return ""
    text = display(pages[0].sheet, largest[0].start, largest[-1].end).text
    return " ".join(text.split())[:300]


def parse_pdf_date(value: str) -> datetime | None:
    """A PDF date (ISO 32000, 7.9.4: `D:20200131235959+01'00'`) in UTC; None if it is none."""
    match = _DATE.match(value)
    if not match:
        return parse_date(value)
    numbers = [int(part) if part else 0 for part in match.groups()[:6]]
    ahead = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    zone = timezone(-ahead if match[7] == "-" else ahead)
    try:
        year, month, day, hour, minute, second = numbers
        moment = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""PDFium's raw calls behind a small face: characters with boxes, metadata, links, pictures.

A page's text is built from per-character calls, so that `page.text[i]` is PDFium's character `i`.
(`FPDFText_GetText` may be longer or shorter than the character count: surrogate pairs, dropped
control characters.) Words of right-to-left scripts that PDFium gives in the order of the eye are
turned round; behind the page's own characters stand those of its annotations (`_annotations`), each
line `apart`. PDFium is not safe to share between threads: a `Pdf` holds a lock while open.
"""

import ctypes
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import hypot, pi
from typing import Any, Final, Self

import pypdfium2.raw as pdfium
from PIL import Image

from commonplace.corpus.readers.pdf._annotations import Characters, Rectangle, annotations
from commonplace.foundation import UnreadableError

HYPHEN: Final = "\x02"  # PDFium's sign for a hyphen at a line's end; it stands for the break too
_NOWHERE: Final[Rectangle] = (0.0, 0.0, 0.0, 0.0)
_ORIGIN: Final = (0, 0)  # where a drawn page begins
_URI_ACTION: Final = 3  # PDFACTION_URI
_LARGEST_PICTURE: Final = 40_000_000  # pixels of a rendered page
_REASONS: Final = {  # by what FPDF_GetLastError returns
    2: "the file could not be opened as a PDF",
    3: "broken or truncated PDF; it has no readable structure",
    4: "encrypted PDF; save a copy without its password and add that",
    5: "encrypted PDF; its kind of protection is not supported",
}
# Words of Hebrew, Arabic, Syriac and the like, with their presentation forms.
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{2,}")
_lock = threading.RLock()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive characters `start:end` without a line break, where they stand, in which font."""

    start: int
    end: int
    box: Rectangle
    size: float  # of the font, in points on the page
    bold: bool
    upright: bool  # it runs from left to right
    turned: int = 0  # quarters of a turn against the clock
    apart: bool = False  # an annotation


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as PDFium gives it: `text[i]` and `boxes[i]` are of character `i`."""

    number: int  # 1-based
    width: float
    height: float
    text: str
    boxes: list[Rectangle]
    stretches: list[Stretch]
    drawn: bool = False  # something is drawn on it, be it text or not


class Pdf:
    """An open PDF in memory. Use it as a context manager; `page` may raise `UnreadableError`."""

    def __init__(self, data: bytes) -> None:
        _lock.acquire()
        self._data = data  # PDFium reads from it as long as the document is open
        self._document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
        if not self._document:
            code = pdfium.FPDF_GetLastError()
            _lock.release()
            raise UnreadableError(_REASONS.get(code, "broken PDF; it could not be opened"))
        self.pages: int = max(0, pdfium.FPDF_GetPageCount(self._document))
        self.attached: int = max(0, pdfium.FPDFDoc_GetAttachmentCount(self._document))
        self._form: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._form:
            pdfium.FPDFDOC_ExitFormFillEnvironment(self._form)
        pdfium.FPDF_CloseDocument(self._document)
        _lock.release()

    def metadata(self, key: str) -> str:
        """A value of the document's information dictionary; "" when there is none."""
        size = pdfium.FPDF_GetMetaText(self._document, key.encode(), None, 0)
        buffer = ctypes.create_string_buffer(max(2, size))
        pdfium.FPDF_GetMetaText(self._document, key.encode(), buffer, size)
        return buffer.raw[:-2].decode("utf-16-le", "replace").strip("\0 \r\n\t")

    def page(self, number: int, most_characters: int) -> RawPage:
        """Page `number` (from 1), its text cut after `most_characters`."""
        with self._open(number) as page:
            return self._read(page, number, most_characters)

    def urls(self, number: int) -> list[tuple[str, Rectangle]]:
        """The addresses of the page's link annotations, and where on the page they are."""
        with self._open(number) as page:
            links = ((self._uri(link), _link_box(link)) for link in _links(page))
            return [(uri, box) for uri, box in links if uri]

    def picture(self, number: int, scale: float) -> Image.Image:
        """Page `number` drawn at `scale` pixels a point."""
        with self._open(number) as page:
            width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
            scale = min(scale, (_LARGEST_PICTURE / max(1.0, width * height)) ** 0.5)
            return _draw(page, (max(1, round(width * scale)), max(1, round(height * scale))))

    def to_device(self, number: int, box: Rectangle, size: tuple[int, int]) -> Rectangle:
        """A box of the page in pixels of its picture of `size`: left, top, right, bottom."""
        with self._open(number) as page:
            (x0, y0), (x1, y1) = _pixel(page, size, *box[:2]), _pixel(page, size, *box[2:])
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    @contextmanager
    def _open(self, number: int) -> Iterator[Any]:
        page = pdfium.FPDF_LoadPage(self._document, number - 1)
        if not page:
            raise UnreadableError(f"page {number} is broken")
        try:
            yield page
        finally:
            pdfium.FPDF_ClosePage(page)

    def _read(self, page: Any, number: int, most_characters: int) -> RawPage:
        text_page = pdfium.FPDFText_LoadPage(page)
        if not text_page:
            raise UnreadableError(f"page {number} has a broken text layer")
        try:
            count = min(max(0, pdfium.FPDFText_CountChars(text_page)), most_characters)
            text, boxes = _characters(text_page, count), _boxes(text_page, count)
            text = _right_to_left(text, boxes)
            spans = list(_spans(text, boxes))
            stretches = [_stretch(text_page, boxes, text, a, b) for a, b in spans]
            if (order := _from_the_right(stretches)) != stretches:
                text, boxes = _reordered(text, boxes, order)
                stretches = _moved(order)
        finally:
            pdfium.FPDFText_ClosePage(text_page)
        width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        drawn = pdfium.FPDFPage_CountObjects(page) > 0
        own = RawPage(number, width, height, text, boxes, stretches, drawn)
        written = annotations(page, self._open_form, Characters(text, boxes))
        lines = list(written)
        return _with_annotations(own, lines, most_characters) if lines else own

    def _open_form(self) -> Any:
        """PDFium's handle of the form, which says what its fields hold."""
        if self._form is None:
            # PDFium keeps a pointer to it.
            self._form_callbacks = pdfium.FPDF_FORMFILLINFO(version=2)
            self._form = pdfium.FPDFDOC_InitFormFillEnvironment(
                self._document, self._form_callbacks
            )
        return self._form

    def _uri(self, link: Any) -> str:
        action = pdfium.FPDFLink_GetAction(link)
        if not action or pdfium.FPDFAction_GetType(action) != _URI_ACTION:
            return ""
        size = pdfium.FPDFAction_GetURIPath(self._document, action, None, 0)
        buffer = ctypes.create_string_buffer(max(1, size))
        pdfium.FPDFAction_GetURIPath(self._document, action, buffer, size)
        return buffer.value.decode("utf-8", "replace").strip()


def _characters(text_page: Any, count: int) -> str:
    """One Python character for each PDFium character; what is none of Unicode's becomes U+FFFD."""
    unicode_of = pdfium.FPDFText_GetUnicode
    codes = [unicode_of(text_page, index) for index in range(count)]
    return "".join([chr(code) if code < 0x110000 else "\ufffd" for code in codes])


def _boxes(text_page: Any, count: int) -> list[Rectangle]:
    """The tight box of each character; an empty one where it has none."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    sides = ctypes.byref(left), ctypes.byref(right), ctypes.byref(bottom), ctypes.byref(top)
    box_of = pdfium.FPDFText_GetCharBox
    boxes = []
    for index in range(count):
        has_box = box_of(text_page, index, *sides)
        box = (left.value, bottom.value, right.value, top.value)
        boxes.append(box if has_box else _NOWHERE)
    return boxes


def _right_to_left(text: str, boxes: list[Rectangle]) -> str:
    """The text with words of right-to-left scripts in reading order; their boxes go with them."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    characters = list(text)
    for word in _RIGHT_TO_LEFT.finditer(text):
        start, end = word.span()
        if boxes[start][0] < boxes[end - 1][0]:
            characters[start:end] = characters[start:end][::-1]
            boxes[start:end] = boxes[start:end][::-1]
    return "".join(characters)


def _from_the_right(stretches: list[Stretch]) -> list[Stretch]:
    """Stretches in reading order where the page is read from its right side.

    PDFium gives the lines of such a page from the left, which are the last ones.
    """
    inked = [stretch for stretch in stretches if stretch.size]
    if len(inked) < 2 or any(stretch.turned != 3 for stretch in inked):
        return stretches
    if any(after.box[2] < before.box[0] for before, after in pairwise(inked)):
        return stretches
    lines: list[list[Stretch]] = []
    for stretch in stretches:
        if lines and stretch.size and stretch.box[0] > lines[-1][0].box[2]:
            lines.append([stretch])
        elif lines:
            lines[-1].append(stretch)
        else:
            lines = [[stretch]]
    return [stretch for line in reversed(lines) for stretch in line]


def _reordered(
    text: str, boxes: list[Rectangle], order: list[Stretch]
) -> tuple[str, list[Rectangle]]:
    indices = [index for stretch in order for index in range(stretch.start, stretch.end)]
    return "".join(text[index] for index in indices), [boxes[index] for index in indices]


def _moved(stretches: list[Stretch]) -> list[Stretch]:
    """The stretches one behind the other, from 0 on."""
    starts = accumulate((s.end - s.start for s in stretches), initial=0)
    return [
        replace(stretch, start=start, end=start + stretch.end - stretch.start)
        for stretch, start in zip(stretches, starts, strict=False)
    ]


def _with_annotations(
    page: RawPage, written: list[tuple[str, Rectangle]], most_characters: int
) -> RawPage:
    """The page with the words of its annotations behind its own, a line for each."""
    text, boxes, stretches = page.text, list(page.boxes), list(page.stretches)
    sizes = sorted(stretch.size for stretch in stretches if stretch.size)
    size = sizes[len(sizes) // 2] if sizes else 10.0
    for words, box in written:
        if len(text) + len(words) + 2 > most_characters:
            break
        start = len(text) + 2
        text += "\r\n" + words
        boxes += [_NOWHERE, _NOWHERE] + [box] * len(words)
        stretches.append(Stretch(start, len(text), box, size, False, True, apart=True))
    return replace(page, text=text, boxes=boxes, stretches=stretches)


def _spans(text: str, boxes: list[Rectangle]) -> Iterator[tuple[int, int]]:
    """Character ranges between the line breaks; a hyphen at a line's end belongs to its line.

    Where text jumps down and back behind a mere space, PDFium has overlooked a line break.
    """
    start, last = 0, -1
    for index, character in enumerate(text):
        ends = character == HYPHEN or (character == "\n" and text[index - 1 : index] == "\r")
        if ends:
            yield start, index + 1
            start, last = index + 1, -1
        elif character > " ":
            if last >= 0 and text[index - 1] == " " and _jumps(boxes[last], boxes[index]):
                yield start, index
                start = index
            last = index
    yield start, len(text)


def _jumps(before: Rectangle, after: Rectangle) -> bool:
    height = max(before[3] - before[1], after[3] - after[1])
    return after[3] < before[1] - 0.3 * height and after[0] < before[0]


def _stretch(text_page: Any, boxes: list[Rectangle], text: str, start: int, end: int) -> Stretch:
    inked = [i for i in range(start, end) if not text[i].isspace() and boxes[i] != _NOWHERE]
    if not inked:
        return Stretch(start, end, _NOWHERE, 0.0, False, True)
    samples = {inked[0], inked[len(inked) // 2], inked[-1]}
    size = sorted(_size(text_page, index) for index in samples)[len(samples) // 2]
    middle = inked[len(inked) // 2]
    angle = pdfium.FPDFText_GetCharAngle(text_page, middle)  # radians, 0 to a full turn, clockwise
    upright = -0.1 < angle < 0.1 or angle > 6.18
    turned = -round(angle / (pi / 2)) % 4
    box = union([boxes[index] for index in inked])
    bold = _is_bold(text_page, inked[0]) and _is_bold(text_page, inked[-1])
    return Stretch(start, end, box, size, bold, upright, turned)


def turned_upright(page: RawPage) -> RawPage:
    """The page turned so that most of its text runs from left to right."""
    length = Counter[int]()
    for stretch in page.stretches:
        if stretch.size:
            length[stretch.turned] += stretch.end - stretch.start
    quarters = length.most_common(1)[0][0] if length else 0
    if not quarters:
        return page
    sideways = quarters % 2 == 1
    size = page.width, page.height
    return replace(
        page,
        width=size[sideways],
        height=size[not sideways],
        boxes=[_turned(box, quarters, *size) for box in page.boxes],
        stretches=[
            replace(
                stretch,
                box=_turned(stretch.box, quarters, *size),
                upright=stretch.turned == quarters or stretch.apart,
            )
            for stretch in page.stretches
        ],
    )


def _turned(box: Rectangle, quarters: int, width: float, height: float) -> Rectangle:
    """A box after so many quarters of a turn with the clock."""
    if box == _NOWHERE:
        return box
    left, bottom, right, top = box
    if quarters == 1:
        return bottom, width - right, top, width - left
    if quarters == 2:
        return width - right, height - top, width - left, height - bottom
    return height - top, left, height - bottom, right


def union(boxes: list[Rectangle]) -> Rectangle:
    """The smallest rectangle around all of `boxes` (at least one)."""
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _size(text_page: Any, index: int) -> float:
    """The font size as drawn: the font's own, times the scale of its text matrix."""
    size = float(pdfium.FPDFText_GetFontSize(text_page, index))
    matrix = pdfium.FS_MATRIX()
    if pdfium.FPDFText_GetMatrix(text_page, index, matrix):
        size *= hypot(matrix.c, matrix.d) or 1.0
    return round(size, 1)


def _is_bold(text_page: Any, index: int) -> bool:
    if pdfium.FPDFText_GetFontWeight(text_page, index) >= 600:
        return True
    # Where a font states no weight, its name may tell.
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, buffer, 128, flags)
    name = buffer.value.decode("latin-1").lower()
    return any(sign in name for sign in ("bold", "black", "heavy", "-medi", "cmbx", "demi"))


def _links(page: Any) -> Iterator[Any]:
    position, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    while pdfium.FPDFLink_Enumerate(page, position, link):
        yield link


def _link_box(link: Any) -> Rectangle:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDFLink_GetAnnotRect(link, box):
        return _NOWHERE
    return box.left, box.bottom, box.right, box.top


def _draw(page: Any, size: tuple[int, int]) -> Image.Image:
    bitmap = pdfium.FPDFBitmap_Create(*size, 0)
    if not bitmap:
        raise UnreadableError("the page is too large to draw")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, *_ORIGIN, *size, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, *_ORIGIN, *size, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * size[1])
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return Image.frombuffer("RGB", size, pixels, "raw", ("BGRX", stride, 1)).copy()


def _pixel(page: Any, size: tuple[int, int], x: float, y: float) -> tuple[float, float]:
    device_x, device_y = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, *_ORIGIN, *size, 0, x, y, device_x, device_y)
    return float(device_x.value), float(device_y.value)

"""What was written onto a page afterwards: comments, highlights with their words, filled-in forms.

PDFium keeps it apart from the page's text (ISO 32000-1, 12.5.6 and 12.7). Each becomes a line of
words with the place where it stands, which `_raw` puts behind the page's characters; a form's value
stands behind the label that is printed beside its field.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pypdfium2.raw as pdfium

from commonplace.foundation.arrays import Float64s

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top, in points

_MARKED: Final = {9: "Highlighted", 10: "Underlined", 11: "Underlined", 12: "Struck out"}
_WRITTEN: Final = {1: "Note", 3: "Text box", 13: "Stamp", 17: "Attached file"}
_NOT_TEXT: Final = frozenset({0, 2, 16, 20})  # unknown, link, the window of a note, form field
_WIDGET: Final = 20
_CHECK_BOX, _RADIO_BUTTON = 2, 3
_FILLED_IN: Final = frozenset({4, 5, 6})  # combo box, list box, text field
_MOST: Final = 2_000  # annotations of one page
_MOST_QUADS: Final = 200  # lines of one highlight
_LONGEST_LABEL: Final = 80  # characters
_FARTHEST: Final = 300.0  # points between a field and its label


@dataclass(frozen=True)
class Characters:
    """The characters of a page and the box of each."""

    text: str
    boxes: Sequence[Rectangle]

    def inside(self, places: Sequence[Rectangle]) -> list[int]:
        """The characters whose middle is in one of these places."""
        mask = np.zeros(len(self.boxes), dtype=bool)
        for left, bottom, right, top in places:
            x, y = self._middles
            mask |= (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
        return np.flatnonzero(mask).tolist()

    @cached_property
    def _middles(self) -> tuple[Float64s, Float64s]:
        boxes = np.array(self.boxes, dtype=np.float64).reshape(-1, 4)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        middles[boxes[:, 2] <= boxes[:, 0]] = np.nan  # white space is nowhere
        return middles[:, 0], middles[:, 1]


def annotations(
    page: Any, form: Callable[[], Any], characters: Characters
) -> Iterator[tuple[str, Rectangle]]:
    """The words of each annotation and form field of a page, with its place.

    Args:
        page: PDFium's handle.
        form: opens PDFium's handle of the document's form; called where there is a field.
        characters: those of the page.
    """
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            box = _box(annotation)
            kind = int(pdfium.FPDFAnnot_GetSubtype(annotation))
            if kind == _WIDGET:
                words = _filled_in(annotation, form(), box, characters)
            else:
                words = _comment(annotation, kind, characters)
            if words:
                yield " ".join(words.split()), box
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _comment(annotation: Any, kind: int, characters: Characters) -> str:
    words = _value(annotation, "Contents").strip()
    quote = _marked(annotation, characters) if kind in _MARKED else ""
    if kind in _NOT_TEXT or not (words or quote):
        return ""
    author = _value(annotation, "T").strip()
    what = _MARKED.get(kind) or _WRITTEN.get(kind, "Comment")
    if author:
        what += f" by {author}"
    if quote:
        return f"{what} “{quote}”: {words}" if words else f"{what}: “{quote}”"
    return f"{what}: {words}"


def _marked(annotation: Any, characters: Characters) -> str:
    """The words under a highlight."""
    quads = []
    for index in range(min(pdfium.FPDFAnnot_CountAttachmentPoints(annotation), _MOST_QUADS)):
        quad = pdfium.FS_QUADPOINTSF()
        if pdfium.FPDFAnnot_GetAttachmentPoints(annotation, index, quad):
            across = sorted((quad.x1, quad.x2, quad.x3, quad.x4))
            up = sorted((quad.y1, quad.y2, quad.y3, quad.y4))
            quads.append((across[0], up[0], across[-1], up[-1]))
    inside = characters.inside(quads)
    if not inside:
        return ""
    between = characters.text[inside[0] : inside[-1] + 1]
    chosen = set(inside)
    kept = [c for i, c in enumerate(between, inside[0]) if i in chosen or c.isspace()]
    return " ".join("".join(kept).replace("\x02", "").split())


def _filled_in(annotation: Any, form: Any, box: Rectangle, characters: Characters) -> str:
    kind = int(pdfium.FPDFAnnot_GetFormFieldType(form, annotation))
    if kind in _FILLED_IN:
        value = _text(lambda *to: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, *to))
    elif kind in {_CHECK_BOX, _RADIO_BUTTON}:
        ticked = _value(annotation, "AS") not in {"", "Off"}
        value = "ticked" if ticked else "not ticked" if kind == _CHECK_BOX else ""
    else:
        value = ""
    if not value.strip():
        return ""
    label = _label(box, characters, beside=kind not in _FILLED_IN)
    named = label or _text(
        lambda *to: pdfium.FPDFAnnot_GetFormFieldAlternateName(form, annotation, *to)
    )
    named = named or _text(lambda *to: pdfium.FPDFAnnot_GetFormFieldName(form, annotation, *to))
    return f"{named.rstrip(' :')}: {value}" if named else value


def _label(field: Rectangle, characters: Characters, *, beside: bool) -> str:
    """The words left of a field on its line; else right of a box to tick, else above."""
    height = field[3] - field[1]
    level = [
        i
        for i, box in enumerate(characters.boxes)
        if box[2] > box[0] and box[1] < field[3] and box[3] > field[1]
    ]
    left = [i for i in level if characters.boxes[i][2] <= field[0] + 2]
    right = [i for i in level if characters.boxes[i][0] >= field[2] - 2]
    above = [
        i
        for i, box in enumerate(characters.boxes)
        if box[2] > box[0]
        and field[3] <= (box[1] + box[3]) / 2 < field[3] + max(height, 14)
        and field[0] - 4 <= box[0] < field[2]
    ]
    words = _run(left, characters, field[0], backwards=True)
    after = _run(right, characters, field[2], backwards=False) if beside else ""
    if words and not (after and _nearer(characters, right, left, field)):
        return words
    return after or _run(above, characters, field[0], backwards=False)


def _nearer(
    characters: Characters, right: Sequence[int], left: Sequence[int], field: Rectangle
) -> bool:
    """Whether what stands right of a box is nearer than what stands left of it."""
    after = min(characters.boxes[i][0] for i in right) - field[2]
    before = field[0] - max(characters.boxes[i][2] for i in left)
    return after < before


def _run(near: Sequence[int], characters: Characters, edge: float, *, backwards: bool) -> str:
    """The characters next to an edge, up to a wide gap."""
    if not near:
        return ""
    boxes = characters.boxes
    ordered = sorted(near, key=lambda i: boxes[i][0], reverse=backwards)
    run: list[int] = []
    at = edge
    for i in ordered:
        gap = at - boxes[i][2] if backwards else boxes[i][0] - at
        most = _FARTHEST if not run else 2 * max(6.0, boxes[i][3] - boxes[i][1])
        if gap > most or characters.text[i] == "_" or len(run) >= _LONGEST_LABEL:
            break
        run.append(i)
        at = boxes[i][0] if backwards else boxes[i][2]
    if not run:
        return ""
    first, last = min(run), max(run)
    return " ".join(characters.text[first : last + 1].split()) if last - first < 200 else ""


def _box(annotation: Any) -> Rectangle:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, box):
        return (0.0, 0.0, 0.0, 0.0)
    return box.left, min(box.bottom, box.top), box.right, max(box.bottom, box.top)


def _value(annotation: Any, key: str) -> str:
    return _text(lambda *to: pdfium.FPDFAnnot_GetStringValue(annotation, key.encode(), *to))


def _text(get: Callable[..., int]) -> str:
    """A UTF-16 string of PDFium, which says its length in bytes where there is no room for it."""
    size = get(None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    get(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[:-2].decode("utf-16-le", "replace").replace("\0", "")

"""OpenDocument (odt, ods, odp): headings, paragraphs, lists, tables, slides, notes and comments.

`content.xml` is read directly (OASIS OpenDocument 1.3, part 3). What has no text, such as charts
and pictures without a description, is counted in a notice.
"""

from pathlib import Path
from typing import Final

from lxml import etree

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._archive import Archive, text_of, xml
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers._source_text import unread_notice
from commonplace.corpus.readers.dates import parse_date
from commonplace.foundation import UnreadableError

_MOST_REPEATED: Final = 50  # cells that a row repeats
_APART: Final = frozenset({"annotation", "note", "tracked-changes"})


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a document, a table or a presentation.

    Raises:
        UnreadableError: it is broken, encrypted, unpacks to too much, or has no text.
    """
    archive = Archive(data, limits)
    if "META-INF/manifest.xml" in archive.names:
        manifest = archive.read("META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise UnreadableError("encrypted document; save a copy without its password")
    writer = _Writer(Composed(limits.text_characters))
    body = xml(archive.read("content.xml"), "content.xml").find(".//{*}body")
    if body is not None:
        writer.read(body)
    title, date = "", ""
    if "meta.xml" in archive.names:
        meta = xml(archive.read("meta.xml"), "meta.xml")
        title, date = text_of(meta, "title")[:300], text_of(meta, "date")
    return writer.text.document(
        "odf",
        title or path.stem,
        limits,
        written_at=parse_date(date) if date else None,
        notices=unread_notice(writer.unread),
    )


class _Writer:
    """Writes the elements of a body one after the other."""

    def __init__(self, text: Composed) -> None:
        self.text = text
        self.unread: dict[str, int] = {}
        self._slides = 0

    def read(self, element: etree._Element, level: int = 0) -> None:
        """The text below an element."""
        for child in element.iterchildren(tag=etree.Element):
            name = etree.QName(child).localname
            if name == "h":
                depth = _attribute(child, "outline-level")
                self.text.heading(int(depth) if depth.isdecimal() else 1, _words(child))
            elif name == "p":
                self._paragraph(child)
            elif name == "list":
                self._list(child, level)
            elif name == "table":
                self._table(child)
            elif name == "page":
                self._slides += 1
                self.text.heading(1, f"Slide {self._slides}: {_attribute(child, 'name')}")
                self.read(child)
            elif name == "notes":
                self.text.paragraph(f"Notes: {_words(child)}" if _words(child) else "")
            elif name in {"object", "plugin"}:
                self._count("chart or embedded object")
            elif name == "image":
                self._count("picture")
            elif name == "frame":
                self._frame(child, level)
            elif name not in _APART:
                self.read(child, level)

    def _paragraph(self, paragraph: etree._Element) -> None:
        self.text.paragraph(_words(paragraph))
        self._asides(paragraph)

    def _asides(self, element: etree._Element) -> None:
        """Notes, comments and frames that stand within a paragraph."""
        for inner in element.iter("{*}note-body"):
            self.text.paragraph(f"Note: {_words(inner)}")
        for inner in element.iter("{*}annotation"):
            author = text_of(inner, "creator")
            words = " ".join(_words(p) for p in inner.iter("{*}p"))
            self.text.paragraph(f"Comment{f' by {author}' if author else ''}: {words}")
        for frame in element.iter("{*}frame"):
            self._frame(frame, 0)

    def _frame(self, frame: etree._Element, level: int) -> None:
        """A text box, or a picture with what its author wrote about it."""
        boxes = list(frame.iter("{*}text-box"))
        for box in boxes:
            self.read(box, level)
        for table in frame.iterchildren("{*}table"):
            self._table(table)
        if boxes or any(frame.iterchildren("{*}table")):
            return
        if described := text_of(frame, "desc") or text_of(frame, "title"):
            self.text.paragraph(f"[Picture: {described}]")
        else:
            drawn = any(True for _ in frame.iter("{*}object"))
            self._count("chart or embedded object" if drawn else "picture")

    def _list(self, element: etree._Element, level: int) -> None:
        for item in element.iterchildren("{*}list-item", "{*}list-header"):
            for child in item.iterchildren(tag=etree.Element):
                if etree.QName(child).localname == "list":
                    self._list(child, level + 1)
                else:
                    self.text.item(_words(child), level)
                    self._asides(child)

    def _table(self, table: etree._Element) -> None:
        if etree.QName(table.getparent()).localname == "spreadsheet":
            self.text.heading(1, _attribute(table, "name"))
        for row in table.iter("{*}table-row"):
            cells: list[str] = []
            for cell in row.iterchildren("{*}table-cell", "{*}covered-table-cell"):
                words = " ".join(_words(p) for p in cell.iter("{*}p"))
                repeated = _attribute(cell, "number-columns-repeated")
                times = min(int(repeated), _MOST_REPEATED) if repeated.isdecimal() else 1
                cells += [words] * times
            self.text.row(cells)
            for cell in row.iterchildren("{*}table-cell"):
                self._asides(cell)

    def _count(self, kind: str) -> None:
        self.unread[kind] = self.unread.get(kind, 0) + 1


def _attribute(element: etree._Element, name: str) -> str:
    return next((v for k, v in element.attrib.items() if k.endswith(f"}}{name}")), "")


def _words(element: etree._Element) -> str:
    """The text of a paragraph, without the notes and comments within it."""
    pieces = [element.text or ""]
    for child in element.iterchildren():
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name == "s":
            count = _attribute(child, "c")
            pieces.append(" " * (min(int(count), 100) if count.isdecimal() else 1))
        elif name in {"tab", "line-break"}:
            pieces.append(" ")
        elif name == "note":
            pieces.append(f" [{text_of(child, 'note-citation')}]")
        elif name and name not in {*_APART, "frame"}:
            pieces += [_words(child), " " if name in {"p", "h", "list-item"} else ""]
        pieces.append(child.tail or "")
    return " ".join("".join(pieces).split())

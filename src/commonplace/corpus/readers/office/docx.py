"""Word documents (docx): text, headings, automatic numbers, tables, links, notes and comments.

The archive is read within the limits of `_archive`, its XML without entities or network. The text
is written by `_docx_text`; passages are exact slices of it.
"""

import posixpath
import re
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._archive import Archive, text_of, xml
from commonplace.corpus.readers._outline import Outline, title_of
from commonplace.corpus.readers._source_text import unread_notice
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.html.reader import links_of
from commonplace.corpus.readers.office._docx_numbers import Numbering
from commonplace.corpus.readers.office._docx_styles import Styles, styles
from commonplace.corpus.readers.office._docx_text import Watcher
from commonplace.foundation import UnreadableError

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAIN: Final = "word/document.xml"
_NOTES: Final = ("footnotes.xml", "endnotes.xml", "comments.xml")
_AROUND: Final = re.compile(r"(?:header|footer)\d*\.xml")


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a document.

    Raises:
        UnreadableError: it is broken, encrypted, unpacks to too much, or has no text.
    """
    if data.startswith(_OLD_OFFICE):
        raise UnreadableError("encrypted, or an old .doc; save it as a docx without a password")
    archive = Archive(data, limits)
    main = _main_part(archive)
    watcher = Watcher(_styles(archive, main), limits.text_characters)
    for name in _parts(archive, main):
        watcher.targets = _targets(archive, name)
        watcher.parse(archive.read(name), name)
    source = watcher.source_text()
    if not source.text:
        raise UnreadableError("the document has no text")
    title, date = _core(archive)
    notice = f"read the first {limits.text_characters:,} characters; the document is longer"
    return Document(
        kind="docx",
        title=title or title_of(source.parts, "") or path.stem,
        sources={"": source.text},
        drafts=tuple(Outline().drafts(source.text, source.parts, limits.passage_characters)),
        links=tuple(links_of(source)),
        written_at=parse_date(date) if date else None,
        notices=((notice,) if source.cut else ()) + unread_notice(source.unread),
    )


def _main_part(archive: Archive) -> str:
    """The part that holds the text: `word/document.xml`, or what the package says it is."""
    if _MAIN in archive.names:
        return _MAIN
    if "_rels/.rels" in archive.names:
        for relation in xml(archive.read("_rels/.rels"), "_rels/.rels").iter("{*}Relationship"):
            if (relation.get("Type") or "").endswith("/officeDocument"):
                return posixpath.normpath((relation.get("Target") or "").lstrip("/"))
    raise UnreadableError("not a Word document: it has no word/document.xml")


def _parts(archive: Archive, main: str) -> list[str]:
    """The parts that hold text: the body, notes, comments, and each header and footer once."""
    folder = posixpath.dirname(main)
    around: dict[bytes, str] = {}
    for name in sorted(archive.names):
        if posixpath.dirname(name) == folder and _AROUND.fullmatch(posixpath.basename(name)):
            around.setdefault(archive.read(name), name)
    others = [posixpath.join(folder, note) for note in _NOTES]
    return [main, *(name for name in others if name in archive.names), *around.values()]


def _styles(archive: Archive, main: str) -> Styles:
    folder = posixpath.dirname(main)
    roots = {
        name: xml(archive.read(path), path)
        for name in ("styles.xml", "numbering.xml")
        if (path := posixpath.join(folder, name)) in archive.names
    }
    if "styles.xml" in roots:
        known = styles(roots["styles.xml"])
    else:
        known = Styles({f"Heading{n}": n for n in range(1, 7)})
    known.numbering = Numbering(roots.get("numbering.xml"), roots.get("styles.xml"))
    return known


def _targets(archive: Archive, part: str) -> dict[str, str]:
    """Where a part's links lead outside of the document, by their ids."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations not in archive.names:
        return {}
    return {
        relation.get("Id") or "": relation.get("Target") or ""
        for relation in xml(archive.read(relations), relations).iter("{*}Relationship")
        if relation.get("TargetMode") == "External"
    }


def _core(archive: Archive) -> tuple[str, str]:
    """Title and date of last change, as the document states them."""
    if "docProps/core.xml" not in archive.names:
        return "", ""
    core = xml(archive.read("docProps/core.xml"), "docProps/core.xml")
    return text_of(core, "title")[:300], text_of(core, "modified") or text_of(core, "created")

"""PowerPoint presentations (pptx): each slide's title, text, tables, notes and picture words.

Slides stand in the order in which they are shown (ECMA-376, part 1, 19.3); "Slide 4: Budget" is the
heading of the fourth. What has no text, such as charts and drawings, is counted in a notice.
"""

import posixpath
from pathlib import Path

from lxml import etree

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._archive import Archive, text_of, xml
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers._source_text import unread_notice
from commonplace.corpus.readers.dates import parse_date
from commonplace.foundation import UnreadableError

_MAIN = "ppt/presentation.xml"
_TITLES = {"title", "ctrTitle"}
_SIDE = {"dt", "ftr", "sldNum", "hdr"}  # date, foot and number of each slide
_UNREAD = {"chart": "chart", "relIds": "diagram", "oleObj": "embedded object"}


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a presentation.

    Raises:
        UnreadableError: it is broken, encrypted, unpacks to too much, or has no text.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("encrypted, or an old .ppt; save it as a pptx without a password")
    archive = Archive(data, limits)
    if _MAIN not in archive.names:
        raise UnreadableError(f"not a presentation: it has no {_MAIN}")
    text = Composed(limits.text_characters)
    unread: dict[str, int] = {}
    targets = relations(archive, _MAIN)
    listed = xml(archive.read(_MAIN), _MAIN).iter("{*}sldId")
    names = [targets.get(_relation(slide), "") for slide in listed]
    notices = []
    for number, name in enumerate(names, start=1):
        if name not in archive.names:
            notices.append(f"slide {number} is missing")
            continue
        _slide(archive, name, number, text, unread)
    core = (
        xml(archive.read("docProps/core.xml"), "docProps/core.xml")
        if "docProps/core.xml" in archive.names
        else None
    )
    title = text_of(core, "title")[:300] if core is not None else ""
    date = text_of(core, "modified") or text_of(core, "created") if core is not None else ""
    return text.document(
        "pptx",
        title if title and title != "PowerPoint Presentation" else path.stem,
        limits,
        written_at=parse_date(date) if date else None,
        notices=(*notices, *unread_notice(unread)),
    )


def relations(archive: Archive, part: str) -> dict[str, str]:
    """What a part refers to inside of the package, by id."""
    folder, name = posixpath.split(part)
    place = posixpath.join(folder, "_rels", f"{name}.rels")
    if place not in archive.names:
        return {}
    return {
        relation.get("Id") or "": _inside(folder, relation.get("Target") or "")
        for relation in xml(archive.read(place), place).iter("{*}Relationship")
        if relation.get("TargetMode") != "External"
    }


def _inside(folder: str, target: str) -> str:
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(folder, target))


def _relation(element: etree._Element) -> str:
    """The id of a relationship, the attribute `r:id`."""
    return next((v for k, v in element.attrib.items() if k.endswith("}id")), "")


def _slide(
    archive: Archive, name: str, number: int, text: Composed, unread: dict[str, int]
) -> None:
    root = xml(archive.read(name), name)
    shapes = [each for each in root.iter("{*}sp") if _placeholder(each) not in _SIDE]
    titles = [_words(shape) for shape in shapes if _placeholder(shape) in _TITLES]
    hidden = " (hidden)" if root.get("show") == "0" else ""
    title = " ".join(filter(None, titles))
    text.heading(1, f"Slide {number}{hidden}" + (f": {title}" if title else ""))
    for element in root.iter("{*}sp", "{*}tbl", "{*}pic", *(f"{{*}}{tag}" for tag in _UNREAD)):
        tag = etree.QName(element).localname
        if tag in _UNREAD:
            unread[_UNREAD[tag]] = unread.get(_UNREAD[tag], 0) + 1
        elif tag == "tbl":
            for row in element.iter("{*}tr"):
                text.row(_words(cell) for cell in row.iter("{*}tc"))
        elif tag == "pic":
            _picture(element, text, unread)
        elif element in shapes and _placeholder(element) not in _TITLES:
            _shape(element, text)
    for target in relations(archive, name).values():
        if "/notesSlides/" in target and target in archive.names:
            _notes(xml(archive.read(target), target), text)
        elif "/comments/" in target and target in archive.names:
            for comment in xml(archive.read(target), target).iter("{*}cm"):
                text.paragraph(f"Comment: {' '.join(''.join(comment.itertext()).split())}")


def _shape(shape: etree._Element, text: Composed) -> None:
    """The paragraphs of a shape: of several each is an item."""
    paragraphs = [each for each in shape.iter("{*}p") if _words(each)]
    if len(paragraphs) == 1:
        text.paragraph(_words(paragraphs[0]))
        return
    for paragraph in paragraphs:
        properties = paragraph.find("{*}pPr")
        level = properties.get("lvl", "0") if properties is not None else "0"
        text.item(_words(paragraph), int(level) if level.isdecimal() else 0)


def _picture(picture: etree._Element, text: Composed, unread: dict[str, int]) -> None:
    """What its author wrote about a picture; one without is counted."""
    described = next((p.get("descr") or "" for p in picture.iter("{*}cNvPr")), "")
    if described:
        text.paragraph(f"[Picture: {described}]")
    else:
        unread["picture"] = unread.get("picture", 0) + 1


def _notes(root: etree._Element, text: Composed) -> None:
    for shape in root.iter("{*}sp"):
        if _placeholder(shape) == "body" and (words := _words(shape)):
            text.paragraph(f"Notes: {words}")


def _placeholder(shape: etree._Element) -> str:
    """What a shape is a placeholder for; "" if it is none."""
    return next((each.get("type") or "obj" for each in shape.iter("{*}ph")), "")


def _words(element: etree._Element) -> str:
    """The text below an element; its paragraphs are apart by spaces."""
    pieces = [
        (each.text or "") if etree.QName(each).localname == "t" else " "
        for each in element.iter("{*}t", "{*}br", "{*}p")
    ]
    return " ".join("".join(pieces).split())

"""EPUB: the chapters of its spine through the HTML reader; `part` is a chapter's file name.

https://www.w3.org/TR/epub-33/ (and EPUB 2). The archive is read within the limits of `_archive`.
A chapter that cannot be read is named in a notice, the others go on.
"""

import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from lxml import etree

from commonplace.corpus._types import Document, Draft, Limits, Link
from commonplace.corpus.readers._archive import Archive, BombError, text_of, xml
from commonplace.corpus.readers._outline import Outline
from commonplace.corpus.readers._source_text import SourceText, unread_notice
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.html._visible import look
from commonplace.corpus.readers.html.reader import decoded, links_of
from commonplace.corpus.text.words import words
from commonplace.foundation import UnreadableError

_CHAPTER_TYPES: Final = words(  # EPUB 2 allows more than the first
    "application/xhtml+xml text/html application/xml text/x-oeb1-document"
)
_AROUND: Final = frozenset({"nav"})  # a chapter's asides and footers belong to the book
_FONT_SCRAMBLING: Final = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a book.

    Raises:
        UnreadableError: it is broken, protected, unpacks to too much, or shows no text.
    """
    archive = Archive(data, limits)
    _refuse_protected(archive)
    package_name = _package_name(archive)
    package = xml(archive.read(package_name), package_name)
    chapters: dict[str, SourceText] = {}
    notices: list[str] = []
    characters_left = limits.text_characters
    folder = posixpath.dirname(package_name)
    navigation = _navigation(package, folder)
    for name in _spine(package, folder):
        if name in chapters or name not in archive.names:
            notices += [] if name in chapters else [f"the chapter {name} is missing"]
            continue
        try:
            chapters[name] = look(
                decoded(archive.read(name)),
                characters_left,
                _AROUND,
                may_be_all_around=name not in navigation,
            )
        except BombError:
            raise  # what breaks the limits ends the book, not the chapter
        except UnreadableError as error:
            notices.append(f"the chapter {name} was left out: {error}")
            continue
        characters_left -= len(chapters[name].text)
        if chapters[name].cut or characters_left <= 0:
            notices.append(f"the text was cut in {name} ({limits.text_characters:,} characters)")
            break
    notices += _other_chapters(package)
    unread: dict[str, int] = {}
    for chapter in chapters.values():
        for kind, count in chapter.unread.items():
            unread[kind] = unread.get(kind, 0) + count
    return _document(path, package, chapters, (*notices, *unread_notice(unread)), limits)


def _document(
    path: Path,
    package: etree._Element,
    chapters: dict[str, SourceText],
    notices: tuple[str, ...],
    limits: Limits,
) -> Document:
    sources = {name: chapter.text for name, chapter in chapters.items() if chapter.text}
    if not sources:
        raise UnreadableError("; ".join(notices[:3]) or "the book shows no text")
    drafts: list[Draft] = []
    links: list[Link] = []
    for name in sources:
        chapter = chapters[name]
        drafts += Outline().drafts(chapter.text, chapter.parts, limits.passage_characters, name)
        links += links_of(chapter)
    date = text_of(package, "date") or _modified(package)
    return Document(
        kind="epub",
        title=text_of(package, "title")[:300] or path.stem,
        sources=sources,
        drafts=tuple(drafts),
        links=tuple(replace(link, context=link.context[:600]) for link in links),
        written_at=parse_date(date) if date else None,
        notices=notices,
    )


def _refuse_protected(archive: Archive) -> None:
    """Digital rights management leaves nothing to read; scrambled fonts do not matter."""
    if "META-INF/encryption.xml" not in archive.names:
        return
    root = xml(archive.read("META-INF/encryption.xml"), "META-INF/encryption.xml")
    methods = (method.get("Algorithm") or "" for method in root.iter("{*}EncryptionMethod"))
    if not all(method in _FONT_SCRAMBLING for method in methods):
        raise UnreadableError("encrypted book (DRM); only its reading app can open it")


def _package_name(archive: Archive) -> str:
    """Where the book's table of files stands."""
    container = xml(archive.read("META-INF/container.xml"), "META-INF/container.xml")
    for rootfile in container.iter("{*}rootfile"):
        if name := rootfile.get("full-path"):
            return posixpath.normpath(str(name))
    raise UnreadableError("broken book: META-INF/container.xml names no package")


def _spine(package: etree._Element, folder: str) -> Iterator[str]:
    """The chapters' names in the archive, in reading order, then those that are in no order."""
    manifest = {item.get("id"): item for item in package.iter("{*}item")}
    listed = [manifest.get(reference.get("idref")) for reference in package.iter("{*}itemref")]
    in_order = set(listed)
    for item in [*listed, *manifest.values()]:
        if item is None or item.get("media-type", "").lower() not in _CHAPTER_TYPES:
            continue
        if item in in_order or not _is_navigation(item):
            yield _place(item, folder)


def _other_chapters(package: etree._Element) -> list[str]:
    """What stands in the reading order and is no text, such as a page that is one picture."""
    places = {reference.get("idref") for reference in package.iter("{*}itemref")}
    kinds = Counter(
        kind
        for item in package.iter("{*}item")
        if item.get("id") in places
        and (kind := (item.get("media-type") or "").lower()) not in _CHAPTER_TYPES
    )
    return [f"chapters that are no text were left out: {n} ({kind})" for kind, n in kinds.items()]


def _navigation(package: etree._Element, folder: str) -> set[str]:
    """The names of the pages of contents in the archive."""
    return {_place(item, folder) for item in package.iter("{*}item") if _is_navigation(item)}


def _is_navigation(item: etree._Element) -> bool:
    return "nav" in (item.get("properties") or "").split()


def _place(item: etree._Element, folder: str) -> str:
    href = unquote(str(item.get("href") or "").partition("#")[0])
    return posixpath.normpath(posixpath.join(folder, href))


def _modified(package: etree._Element) -> str:
    for meta in package.iter("{*}meta"):
        if meta.get("property") == "dcterms:modified":
            return str(meta.text or "").strip()
    return ""

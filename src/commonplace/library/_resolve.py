"""From a citation back to its source: the words in their place, and whether the place still stands.

A locator resolves to exactly the cited words as long as the file is what it was; whether it is, is
looked up each time. What the library holds of a passage stays citable when the file has changed.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from commonplace.foundation import CommonplaceError, UnreadableError
from commonplace.library._isolation import read_all
from commonplace.library._types import (
    Item,
    Limits,
    Locator,
    PageLocator,
    Passage,
    TextLocator,
)


@dataclass(frozen=True, slots=True)
class Source:
    """The file behind a passage: where it is, and one sentence if it is not what was read."""

    path: bytes
    changed: str


def find_source(item: Item | None, path: bytes | None, limits: Limits) -> Source:
    """Look whether an item's file still holds what was read; hashes it only if it was touched."""
    if item is None or path is None:
        return Source(b"", "no longer in the library")
    try:
        status = os.stat(path)
    except OSError:
        return Source(path, "no longer on disk")
    if (status.st_size, status.st_mtime_ns) == (item.size, item.modified_ns):
        return Source(path, "")
    if status.st_size == item.size and _content_hash(path, limits) == item.content_hash:
        return Source(path, "")
    return Source(path, f"changed on disk since it was read on {item.added_at:%Y-%m-%d}")


def _content_hash(path: bytes, limits: Limits) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.blake2b(file.read(limits.file_bytes), digest_size=16).hexdigest()
    except OSError:
        return ""


def narrow(passage: Passage, start: int, end: int, source: Source) -> Locator:
    """The exact locator of characters `start:end` of a passage's text.

    On a PDF page this reads the page again for the boxes of just these words; where the file is
    not what it was, the whole passage's locator is the best that can be said.
    """
    locator = passage.locator
    if (start, end) == (0, len(passage.text)):
        return locator
    if isinstance(locator, TextLocator):
        return replace(locator, start=locator.start + start, end=locator.start + end)
    if source.changed:
        return locator
    from commonplace.library.readers import _pdf

    try:
        return _pdf.narrow(Path(os.fsdecode(source.path)).read_bytes(), locator, start, end)
    except (OSError, CommonplaceError):
        return locator


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A citation in its place: the text before it, the cited words, the text after it."""

    before: str
    words: str
    after: str


def surroundings(passage: Passage, locator: Locator, source: Source, around: int) -> Surroundings:
    """Up to `around` characters on both sides, read from the file as it is on disk.

    Raises:
        UnreadableError: the file cannot be read now.
    """
    if not isinstance(locator, TextLocator):
        raise UnreadableError("only text has text around it; a page is drawn")
    ((_, reading),) = read_all([Path(os.fsdecode(source.path))], Limits())
    text = reading.document.sources.get(locator.part) if reading.document else None
    if text is None:
        raise UnreadableError(reading.reason or f"it no longer has a part {locator.part!r}")
    start, end = locator.start, locator.end
    before, after = text[max(0, start - around) : start], text[end : end + around]
    return Surroundings(before, text[start:end], after)


def draw_page(locator: PageLocator, source: Source, target: Path, scale: float = 2.0) -> Path:
    """Render the PDF page with the boxes of the citation marked, as a PNG file at `target`.

    Raises:
        UnreadableError: the file cannot be read now.
    """
    from commonplace.library.readers import _pdf

    try:
        data = Path(os.fsdecode(source.path)).read_bytes()
    except OSError as error:
        raise UnreadableError(f"the file cannot be read now ({error.strerror})") from error
    _pdf.render(data, locator, scale).save(target, format="PNG")
    return target

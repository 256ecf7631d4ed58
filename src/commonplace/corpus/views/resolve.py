"""From a citation back to its source: the words in their place, and whether the place still stands.

A locator resolves to exactly the cited words as long as the file is what it was; whether it is, is
looked up each time. What the library holds of a passage stays citable when the file has changed.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from commonplace.corpus._types import (
    Item,
    Limits,
    Locator,
    PageLocator,
    Passage,
    TextLocator,
)
from commonplace.corpus.store.snapshot import Snapshot
from commonplace.corpus.workers.isolation import read_all
from commonplace.foundation import CommonplaceError, InputError, UnreadableError

_SHORTEST_ID = 4  # characters of an id that may stand for it


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
    from commonplace.corpus.readers.pdf import reader as _pdf

    try:
        return _pdf.narrow(Path(os.fsdecode(source.path)).read_bytes(), locator, start, end)
    except (OSError, CommonplaceError):
        return locator


@dataclass(frozen=True, slots=True)
class Shown:
    """A citation in its place: words with the text around them, or a drawn page.

    `changed` says in one sentence what happened to the file since it was read ("" if nothing);
    if it is not empty, the words are those that the library holds, and nothing is around them.
    """

    passage: Passage
    locator: Locator
    before: str
    words: str
    after: str
    picture: Path | None
    changed: str


def find_cited(snapshot: Snapshot, citation: str) -> tuple[Passage, int, int]:
    """The passage and the characters of it that "id" or "id:start-end" names.

    Raises:
        InputError: no passage, or more than one, has an id that starts so.
    """
    prefix, _, span = citation.partition(":")
    found = snapshot.find(prefix.lower()) if len(prefix) >= _SHORTEST_ID else []
    if len(found) != 1:
        how_many = "several passages have" if found else "no passage has"
        raise InputError(
            f"{how_many} an id that starts with {prefix!r}; `search` and `ask` print the ids, and "
            "1, 2, ... name the citations of the last answer"
        )
    start, _, end = span.partition("-")
    length = len(found[0].text)
    if not span:
        return found[0], 0, length
    if not (start.isdecimal() and end.isdecimal() and int(start) < int(end) <= length):
        raise InputError(f"{span!r} is not a stretch of this passage of {length} characters")
    return found[0], int(start), int(end)


def show(passage: Passage, start: int, end: int, source: Source, cache: Path, around: int) -> Shown:
    """Characters `start:end` of a passage in their place; a PDF page is drawn into `cache`.

    `around`: how many characters of a text are shown before and after.

    Raises:
        UnreadableError: the file cannot be read now.
    """
    locator = narrow(passage, start, end, source)
    held = Shown(passage, locator, "", passage.text[start:end], "", None, source.changed)
    if source.changed:
        return held
    if isinstance(locator, PageLocator):
        picture = cache / f"page-{passage.id}-{start}-{end}.png"
        return replace(held, picture=_draw(locator, source, picture))
    before, words, after = _around(locator, source, around)
    if words != held.words:  # same size, same time, other words
        return replace(held, changed="no longer says this at this place")
    return replace(held, before=before, words=words, after=after)


def _around(locator: TextLocator, source: Source, around: int) -> tuple[str, str, str]:
    """The text before, the words themselves and the text after, as the file has them now."""
    ((_, reading),) = read_all([Path(os.fsdecode(source.path))], Limits())
    text = reading.document.sources.get(locator.part) if reading.document else None
    if text is None:
        raise UnreadableError(reading.reason or f"it no longer has a part {locator.part!r}")
    start, end = locator.start, locator.end
    return text[max(0, start - around) : start], text[start:end], text[end : end + around]


def _draw(locator: PageLocator, source: Source, target: Path) -> Path:
    """The page with the boxes of the citation marked, as a PNG file."""
    from commonplace.corpus.readers.pdf import reader as _pdf

    try:
        data = Path(os.fsdecode(source.path)).read_bytes()
    except OSError as error:
        raise UnreadableError(f"the file cannot be read now ({error.strerror})") from error
    _pdf.render(data, locator).save(target, format="PNG")
    return target

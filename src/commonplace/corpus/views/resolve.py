"""From a citation back to its source: the words in their place, and whether the place still stands.

A locator resolves to exactly the cited words as long as the file is what it was; whether it is, is
looked up each time. What the library holds of a passage stays citable when the file has changed.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from commonplace.corpus._types import Item, Limits, Locator, PageLocator, Passage, TextLocator
from commonplace.corpus.store.snapshot import Snapshot
from commonplace.corpus.workers.isolation import read_all
from commonplace.foundation import CommonplaceError, InputError, UnreadableError

_SHORTEST_ID = 4  # characters of an id that may stand for it


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file behind a passage: where it is, and one sentence if it is not what was read."""

    path: bytes
    changed: str


def find_source(passage: Passage, item: Item | None) -> SourceFile:
    """The file behind a passage, and whether it still holds what was read of it.

    `item` is the passage's; None where the library does not have it any more.
    """
    if item is None:
        return SourceFile(b"", "no longer in the library")
    changed = _change_on_disk(item)
    if passage.valid_to is not None and not changed:
        changed = f"superseded on {passage.valid_to:%Y-%m-%d}"
    return SourceFile(item.raw_path, changed)


def _change_on_disk(item: Item) -> str:
    """What happened to the file since it was read, "" if nothing; hashed only if it was touched."""
    try:
        status = os.stat(item.raw_path)
    except OSError:
        return "no longer on disk"
    if (status.st_size, status.st_mtime_ns) == (item.size, item.modified_ns):
        return ""
    if status.st_size == item.size and _content_hash(item.raw_path) == item.content_hash:
        return ""
    return f"changed on disk since it was read on {item.added_at:%Y-%m-%d}"


def _content_hash(path: bytes) -> str:
    try:
        with open(path, "rb") as file:
            # As the worker hashed it, which read no more than the limit either.
            return hashlib.blake2b(file.read(Limits().file_bytes), digest_size=16).hexdigest()
    except OSError:
        return ""


def narrow(passage: Passage, start: int, end: int, source: SourceFile) -> Locator:
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
    from commonplace.corpus.readers.pdf import reader  # PDFium takes a while to load

    try:
        return reader.narrow(Path(os.fsdecode(source.path)).read_bytes(), locator, start, end)
    except (OSError, CommonplaceError):
        return locator


@dataclass(frozen=True, slots=True)
class ShownCitation:
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
    passages = snapshot.find(prefix.lower()) if len(prefix) >= _SHORTEST_ID else []
    if len(passages) != 1:
        how_many = "several passages have" if passages else "no passage has"
        raise InputError(
            f"{how_many} an id that starts with {prefix!r}; `search` and `ask` print the ids, and "
            "1, 2, ... name the citations of the last answer"
        )
    start, _, end = span.partition("-")
    (passage,) = passages
    length = len(passage.text)
    if not span:
        return passage, 0, length
    if not (start.isdecimal() and end.isdecimal() and int(start) < int(end) <= length):
        raise InputError(f"{span!r} is not a stretch of this passage of {length} characters")
    return passage, int(start), int(end)


def show(
    passage: Passage, start: int, end: int, source: SourceFile, cache: Path, around: int
) -> ShownCitation:
    """Characters `start:end` of a passage in their place; a PDF page is drawn into `cache`.

    `around`: how many characters of a text are shown before and after.

    Raises:
        UnreadableError: the file cannot be read now.
    """
    locator = narrow(passage, start, end, source)
    words = passage.text[start:end]
    as_held = ShownCitation(
        passage, locator, before="", words=words, after="", picture=None, changed=source.changed
    )
    if source.changed:
        return as_held
    if isinstance(locator, PageLocator):
        picture = cache / f"page-{passage.id}-{start}-{end}.png"
        return replace(as_held, picture=_draw(locator, source, picture))
    before, words_now, after = _around(locator, source, around)
    if words_now != words:  # same size, same time, other words
        return replace(as_held, changed="no longer says this at this place")
    return replace(as_held, before=before, after=after)


def _around(locator: TextLocator, source: SourceFile, around: int) -> tuple[str, str, str]:
    """The text before, the words themselves and the text after, as the file has them now."""
    ((_, reading),) = read_all([Path(os.fsdecode(source.path))], Limits())
    text = reading.document.sources.get(locator.part) if reading.document else None
    if text is None:
        raise UnreadableError(reading.reason or f"it no longer has a part {locator.part!r}")
    start, end = locator.start, locator.end
    return text[max(0, start - around) : start], text[start:end], text[end : end + around]


def _draw(locator: PageLocator, source: SourceFile, target: Path) -> Path:
    """The page with the boxes of the citation marked, as a PNG file."""
    from commonplace.corpus.readers.pdf import reader

    try:
        data = Path(os.fsdecode(source.path)).read_bytes()
    except OSError as error:
        raise UnreadableError(f"the file cannot be read now ({error.strerror})") from error
    reader.render(data, locator).save(target, format="PNG")
    return target

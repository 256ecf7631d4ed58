"""The nouns of a library: item, passage, locator, link. All frozen, all plain data.

A *passage* is the smallest thing that can be cited; its *locator* resolves to exactly it. A reader
turns a file into a `Document`: source texts, drafts of passages cut from them, and links. What the
store adds to a draft (identity, revision, validity in time) makes it a `Passage`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

Kind = Literal[
    "text", "markdown", "html", "pdf", "code", "rst", "notebook", "epub", "docx", "pptx", "xlsx",
    "odf", "rtf", "mail", "mailbox", "page", "calendar", "canvas",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
State = Literal["indexed", "skipped", "superseded", "stale"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a PDF page, in points, origin at the lower left."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class TextLocator:
    """Characters `start:end` of a source text.

    `part` names which text of the file: "" for the only one (a note's decoded text, a page's
    visible text), else an EPUB chapter's file name or a notebook's "cell 7".
    """

    start: int
    end: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class PageLocator:
    """A stretch of a PDF page: 1-based page, raw characters `start:end` of it, and their boxes.

    Raw characters are counted by the PDF library's per-character calls, before normalisation.
    """

    page: int
    start: int
    end: int
    boxes: tuple[Box, ...]


Locator = TextLocator | PageLocator


@dataclass(frozen=True, slots=True)
class Draft:
    """A passage as a reader found it, before the store gives it an identity."""

    text: str
    locator: Locator
    heading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A URL mentioned in an item: as written, its label if it has one, and the words around it."""

    url: str
    label: str
    context: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader makes of one file.

    For every draft with a `TextLocator`: `sources[part][start:end] == draft.text`.
    `notices` say what was cut or left out (a page too long, an unreadable page), one sentence each.
    """

    kind: Kind
    title: str
    sources: Mapping[str, str]
    drafts: tuple[Draft, ...]
    links: tuple[Link, ...] = ()
    written_at: datetime | None = None
    notices: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What came of reading one file: a document, or the reason why there is none.

    `terms[i]` are the analysed terms of `document.drafts[i]`, joined by spaces. Where the reason
    may pass by itself (no time, no room, a lock), `passing` is true: the next add tries again.
    """

    size: int = 0
    modified_ns: int = 0
    content_hash: str = ""  # blake2b of the bytes, 32 hex digits; "" if they were not read
    document: Document | None = None
    terms: tuple[str, ...] = ()
    reason: str = ""
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """The smallest thing that can be cited.

    `id` stays the same while the passage stays the same, also when the item around it changes:
    it is a hash of the item, the text with its headings, and the how-many-th such passage it is.
    `valid_from` is when the library first held it, `valid_to` when it was superseded (None: now
    valid). All times are aware, UTC.
    """

    id: str
    item_id: str
    revision: int
    position: int
    kind: Kind
    path: str
    title: str
    text: str
    heading: tuple[str, ...]
    locator: Locator
    written_at: datetime
    valid_from: datetime
    valid_to: datetime | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class Item:
    """One file that the library knows, whether it could be read or not."""

    id: str
    path: str
    raw_path: bytes  # as the file system spells it, UTF-8 or not
    kind: Kind | None
    title: str
    state: State
    reason: str
    revision: int
    size: int
    modified_ns: int
    content_hash: str
    passages: int
    written_at: datetime | None
    added_at: datetime
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost before it is cut or skipped, with the reason in `status`."""

    file_bytes: int = 64 * 1024 * 1024  # larger files are skipped
    text_characters: int = 20_000_000  # extracted text beyond this is cut
    unpacked_bytes: int = 256 * 1024 * 1024  # what an EPUB or docx may unpack to
    unpacked_ratio: int = 200  # and how many times its packed size
    pages: int = 2_000  # PDF pages beyond this are cut
    seconds: float = 60.0  # of processor time for one file; then it is skipped until the next add
    wall_seconds: float = 600.0  # the same by the clock: for a reader that waits for something
    memory_bytes: int = 4 * 1024**3  # address space of the process that reads
    passage_characters: int = 1_800  # longest passage; longer blocks are split at sentences
    unreadable_share: float = 0.10  # a PDF page with more unreadable characters is not indexed


@dataclass(frozen=True, slots=True)
class Filter:
    """What a search may look at. Applied before ranking, never after.

    Attributes:
        paths: keep items at or under any of these paths (absolute, or as given to `add`).
        kinds: keep items of these kinds.
        since: keep items written at or after this moment.
        until: keep items written before or at this moment.
        as_of: search the library as it was at this moment.
        tags: keep items that bear all of these, or one below each: `a/b` is below `a`.
    """

    paths: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `add` did with one file."""

    path: str
    outcome: Literal["added", "changed", "unchanged", "skipped", "vanished"]
    reason: str
    passages: int


@dataclass(frozen=True, slots=True)
class AddReport:
    """What `add` did: every file it met, and where the time went (seconds by stage)."""

    files: tuple[FileReport, ...]
    passages: int
    vectors: int
    seconds: Mapping[str, float] = field(default_factory=dict)

    def count(self, outcome: str) -> int:
        """How many files had this outcome."""
        return sum(file.outcome == outcome for file in self.files)

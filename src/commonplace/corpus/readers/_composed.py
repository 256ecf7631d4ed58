"""A source text that a reader composes line by line, for formats that are no text themselves.

    text = Composed()
    text.heading(1, "Budget")
    text.row(["Item", "Price"])
    text.document("xlsx", "Budget", limits)

Blocks are apart by a blank line, rows and items by a line end; places count in the composed text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from commonplace.corpus._types import Document, Draft, Kind, Limits
from commonplace.corpus.readers._outline import LONGEST_HEADING, Heading, Outline
from commonplace.corpus.text.links import find_links
from commonplace.corpus.text.split import Block, BlockKind
from commonplace.foundation import UnreadableError


@dataclass(slots=True)
class Composed:
    """The text so far, and what is where in it."""

    most: int = 20_000_000  # characters
    parts: list[Heading | Block] = field(default_factory=list)
    cut: bool = False
    _pieces: list[str] = field(default_factory=list)
    _length: int = 0

    @property
    def text(self) -> str:
        """What was composed."""
        return "".join(self._pieces)

    def heading(self, level: int, title: str) -> None:
        """A heading; one that is too long for one is a paragraph."""
        title = " ".join(title.split())
        if len(title) > LONGEST_HEADING:
            self.paragraph(title)
        elif span := self._write(title, "\n\n"):
            self.parts.append(Heading(level, title, *span))

    def paragraph(self, text: str) -> None:
        """A paragraph, or several with blank lines between them."""
        for each in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
            if span := self._write(each.strip(), "\n\n"):
                self.parts.append(Block(*span))

    def item(self, text: str, level: int = 0) -> None:
        """An item of a list."""
        text = " ".join(text.split())
        if text and (span := self._write(f"{'  ' * level}- {text}", self._gap("item"))):
            self.parts.append(Block(span[0] + 2 * level, span[1], "item", level))

    def row(self, cells: Iterable[str]) -> None:
        """A row of a table."""
        line = " | ".join(" ".join(cell.split()) for cell in cells).rstrip(" |")
        if line and (span := self._write(line, self._gap("table"))):
            if self.parts and isinstance(last := self.parts[-1], Block) and last.kind == "table":
                self.parts[-1] = Block(last.start, span[1], "table")
            else:
                self.parts.append(Block(*span, "table"))

    def field(self, key: str, value: str) -> None:
        """A `key: value` line."""
        value = " ".join(value.split())
        if value and (span := self._write(f"{key}: {value}", self._gap("item"))):
            self.parts.append(Block(*span, "item"))

    def drafts(self, limits: Limits, part: str = "", path: Sequence[str] = ()) -> list[Draft]:
        """The passages, below the headings of `path`."""
        outline = Outline([Heading(0, title, 0, 0) for title in path])
        return outline.drafts(self.text, self.parts, limits.passage_characters, part)

    def document(
        self,
        kind: Kind,
        title: str,
        limits: Limits,
        *,
        written_at: datetime | None = None,
        notices: Sequence[str] = (),
    ) -> Document:
        """The document of this text.

        Raises:
            UnreadableError: there is no text.
        """
        text = self.text
        if not text:
            raise UnreadableError("; ".join(notices) or "the file holds no text")
        cut = [f"read the first {self.most:,} characters; there are more"] if self.cut else []
        return Document(
            kind=kind,
            title=title,
            sources={"": text},
            drafts=tuple(self.drafts(limits)),
            links=tuple(find_links(text)),
            written_at=written_at,
            notices=(*notices, *cut),
        )

    def _gap(self, kind: BlockKind) -> str:
        last = self.parts[-1] if self.parts else None
        return "\n" if isinstance(last, Block) and last.kind == kind else "\n\n"

    def _write(self, text: str, gap: str) -> tuple[int, int] | None:
        """Where the text stands now; None where there is none, or no more room for it."""
        text = text.replace("\0", "")
        if not text.strip() or self.cut:
            return None
        gap = gap if self._length else ""
        if self._length + len(gap) + len(text) > self.most:
            self.cut = True
            return None
        self._pieces += (gap, text)
        start = self._length + len(gap)
        self._length = start + len(text)
        return start, self._length

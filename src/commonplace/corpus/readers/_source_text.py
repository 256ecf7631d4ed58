"""What a page or document shows, written block by block, and then joined to one source text.

Shared by the readers of HTML, EPUB and docx. Blocks are apart by a blank line, list items by a line
end; a list item begins with its mark. The places of blocks, headings and links are those in the
joined text, which is what locators count in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from commonplace.corpus.readers._outline import Heading
from commonplace.corpus.text.split import Block, BlockKind

_PLURALS: Final = {
    "picture without a description": "pictures without a description",
    "aside outside of the article": "asides outside of the article",
    "footer of the site": "footers of the site",
    "canvas": "canvases",
}
_STRENGTH: Final = ("", " ", " | ", "\n")  # what is held back, the weakest first


@dataclass(slots=True)
class Anchor:
    """A link as written, and where in the text its label stands."""

    href: str
    start: int
    end: int


@dataclass(slots=True)
class SourceText:
    """What a page shows: its text, what is where in it, and what it says about itself."""

    text: str = ""
    parts: list[Heading | Block] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)  # by name, property or itemprop; first wins
    times: list[str] = field(default_factory=list)  # `datetime` of each `<time>`
    data: list[str] = field(default_factory=list)  # JSON-LD, as it stands
    cut: bool = False  # whether there was more than the limit
    unread: dict[str, int] = field(default_factory=dict)  # kinds of things without text: how many


class Writer:
    """The block that is being written: its text so far, and the space held back before more."""

    def __init__(self, kind: BlockKind, level: int, heading: int, mark: str) -> None:
        self.kind, self.level, self.heading, self.mark = kind, level, heading, mark
        self.anchors: list[Anchor] = []
        self.length = 0
        self._pieces: list[str] = []
        self._space = ""
        self._fenced = False

    @property
    def text(self) -> str:
        """What was written, less white space at its end."""
        return "".join(self._pieces).rstrip()

    @property
    def next(self) -> int:
        """Where the next character will stand."""
        return self.length + len(self._space) if self.length else 0

    def hold(self, space: str) -> None:
        """Ask for a space, a cell's or a line's end before the next text; the strongest wins."""
        if _STRENGTH.index(space) > _STRENGTH.index(self._space):
            self._space = space

    def write(self, text: str) -> None:
        """Text as it stands, after what was held back."""
        if self._space and self.length:
            self._append(self._space)
        elif self._fenced and self._pieces[-1][-1:].isdecimal() and text[:1].isdecimal():
            self._append(" ")
        self._space, self._fenced = "", False
        self._append(text)

    def fence(self) -> None:
        """Keep a number that was written apart from one that follows at once."""
        self._fenced = self.length > 0

    @property
    def tail(self) -> str:
        """The end of what was written, or the space that is held back behind it."""
        return self._space or "".join(self._pieces[-4:])[-40:]

    def script(self, text: str, place: Callable[[str, str], str]) -> None:
        """Raised or lowered text, which `place` keeps apart from a number before it."""
        if text.strip().isdecimal():
            self._undo_mark()
        if placed := place(text, self.tail):
            self.write(placed)
            self.fence()
            if text.strip("[]() ").isdecimal() and self.length == len(placed):
                self.hold(" ")  # the mark of the note that follows

    def _undo_mark(self) -> None:
        """A raised number before a stroke was no mark of a note, but the top of a fraction."""
        if self._pieces[-1:] in (["/"], ["\u2044"]) and len(self._pieces) > 1:
            top = self._pieces[-2].strip("[] ")
            if top.isdecimal() and self._pieces[-2] == f" [{top}]":
                self._pieces[-2] = f" {top}"
                self.length -= 2

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self.length += len(text)


def unread_notice(unread: Mapping[str, int]) -> tuple[str, ...]:
    """What was not read, with counts, as a notice; none if everything was."""
    counts = [
        f"{count:,} {kind if count == 1 else _PLURALS.get(kind, kind + 's')}"
        for kind, count in unread.items()
    ]
    return (f"not read: {', '.join(counts)}",) if counts else ()


def join(source: SourceText, written: Sequence[Writer]) -> None:
    """The blocks as one text, with the places of everything in it."""
    pieces: list[str] = []
    length = 0
    for place, block in enumerate(written):
        text = block.mark + block.text
        follows = bool(place) and block.kind == written[place - 1].kind == "item"
        gap = "" if not place else "\n" if follows else "\n\n"
        start = length + len(gap)
        inner = start + len(block.mark)
        pieces += (gap, text)
        length = start + len(text)
        indent = len(text) - len(text.lstrip(" ")) if block.kind != "code" else 0
        if block.heading:
            source.parts.append(Heading(block.heading, " ".join(text.split()), start, length))
        else:
            source.parts.append(Block(start + indent, length, block.kind, block.level))
        for anchor in block.anchors:
            end = anchor.start if anchor.end < 0 else anchor.end
            last = max(inner + anchor.start, min(inner + end, length))
            source.anchors.append(Anchor(anchor.href, min(inner + anchor.start, length), last))
    source.text = "".join(pieces)

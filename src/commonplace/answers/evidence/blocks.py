r"""The lines of a passage in blocks of one kind: text, items of a list, rows of a table, code.

    [block.kind for block in blocks("Flour:\n- rye\n- spelt\n")]    # ["text", "item"]

Notes mark their structure in many ways: bullets, boxes, pipes, columns that are aligned between
rules, indentation. A line is judged by itself first; then neighbours of one kind are a block, and
an indented line goes on with the item above it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Span = tuple[int, int]

ITEM: Final = re.compile(r"[ \t]*(?:[-*+•‣◦▪●·]|\d{1,3}[.)]|\[[ xX]\])[ \t]+")
FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")
RULE: Final = re.compile(r"[\s|:+=-]+$")
SECTION: Final = re.compile(r"\s*\[{1,2}[^\]\n]+\]{1,2}\s*$")
_KEY = re.compile(r"[ \t]*[\w\"'][\w \"'./()&-]{0,30}(?:::?(?:\s|$)|\s=\s|\s?\.{4,}\s)")
_PIPED = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_GRID_RULE = re.compile(r"[ \t]*\+[-=+]{3,}\+[ \t]*$")
_COLUMN_RULE = re.compile(r"[ \t]*(?:={3,}|-{3,})(?:[ \t]+(?:={3,}|-{3,}))+[ \t]*$")
_PROSE: Final = 40  # characters of a line of prose; lists without marks have shorter ones
_WORDS: Final = 4  # a line of prose has at least, on the average
_STOP = re.compile(r"[.!?:;][\"'\u201d\u2019)\]]*$")
_RUNS_ON = re.compile(
    r"(?:[,(&+=-]|\b(?:a|an|the|of|to|in|on|at|by|for|with|and|or|but|is|are))\s*$"
)


@dataclass(frozen=True, slots=True)
class Line:
    """Characters `start:end` of a passage, without the line's end."""

    start: int
    end: int
    text: str
    fenced: bool = False
    aligned: bool = False  # between the rules of a table whose columns are aligned

    @property
    def kind(self) -> str:
        """What a line is by itself; neighbours of one kind make a block."""
        if self.fenced:
            return "code"
        if not self.text.strip():
            return "blank"
        if self.aligned or _PIPED.match(self.text) or " | " in self.text:
            return "row"
        if _GRID_RULE.match(self.text):
            return "row"
        return "item" if ITEM.match(self.text) else "text"


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring lines of one kind."""

    kind: str
    lines: tuple[Line, ...] = ()


NO_BLOCK: Final = Block("text")


def blocks(text: str) -> Iterator[Block]:
    """Runs of lines of one kind; a line that is indented below an item belongs to it.

    A blank line ends a block of text, and is skipped between the items of a list.
    """
    run: list[Line] = []
    kind, gap = "", False
    for line in _aligned(list(_lines(text))):
        own = line.kind
        if own == "blank":
            gap = True
            continue
        if own == "text" and kind == "item" and not gap and line.text[:2].isspace():
            own = "item"
        if own != kind or (gap and own in ("text", "row")):
            if run:
                yield Block(kind, tuple(run))
            run, kind = [], own
        run.append(line)
        gap = False
    if run:
        yield Block(kind, tuple(run))


def paragraphs(lines: Sequence[Line]) -> Iterator[Span]:
    """Stretches of lines that were wrapped: whose next word would not have fitted.

    A line that breaks sooner was ended on purpose, as in a list without marks, unless it cannot
    be an end: after a comma, or before a small letter where prose is wrapped unevenly. A
    `key: value` or `[section]` begins a stretch of its own. Prose that is broken at its clauses, as
    in books that are kept in version control, is one stretch.
    """
    if _is_prose(lines):
        yield lines[0].start, lines[-1].end
        return
    width = max(len(line.text.rstrip()) for line in lines)
    start = lines[0].start
    for line, following in pairwise(lines):
        room = width - len(line.text.rstrip())
        word = following.text.split(maxsplit=1)[0]
        ended = room > len(word) and not _runs_on(line.text.rstrip(), following.text.lstrip())
        if ended or any(starts.match(following.text) for starts in (_KEY, SECTION)):
            yield start, line.end
            start = following.start
    yield start, lines[-1].end


def _is_prose(lines: Sequence[Line]) -> bool:
    """Whether lines are sentences that go on from one to the next: in small letters, to a stop."""
    texts = [line.text.strip() for line in lines]
    if len(texts) < 2 or any(_KEY.match(text) or SECTION.match(text) for text in texts):
        return False
    goes_on = sum(text[:1].islower() for text in texts[1:])
    words = sum(len(text.split()) for text in texts)
    stops = _STOP.search(texts[-1]) is not None and texts[0][:1].isupper()
    return stops and 3 * goes_on >= len(texts) - 1 and words >= _WORDS * len(texts)


def _runs_on(line: str, following: str) -> bool:
    """Whether a sentence goes on in the following line, though its first word had room."""
    if _RUNS_ON.search(line):
        return True
    return len(line) >= _PROSE and following[:1].islower() and not _STOP.search(line)


def groups(lines: Iterable[Line], code: bool) -> list[list[Line]]:
    """The lines of each item: an item goes on in the lines that carry no mark."""
    grouped: list[list[Line]] = []
    for line in lines:
        if grouped and not code and not ITEM.match(line.text):
            grouped[-1].append(line)
        elif line.text.strip():
            grouped.append([line])
    return grouped


def _lines(text: str) -> Iterator[Line]:
    start, fenced = 0, False
    for raw in text.splitlines(keepends=True):
        fence = bool(FENCE.match(raw))
        line = raw.rstrip("\r\n")
        yield Line(start, start + len(line), line, fenced or fence)
        fenced ^= fence
        start += len(raw)


def _aligned(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, those of a table between rules of `====  ===` marked as such."""
    rules = [i for i, line in enumerate(lines) if _COLUMN_RULE.match(line.text)]
    inside = set[int]()
    for first, second in pairwise(rules):
        if all(lines[i].text.strip() for i in range(first, second)):
            inside.update(range(first, second + 1))
    for number, line in enumerate(lines):
        table = number in inside and not line.fenced
        yield Line(line.start, line.end, line.text, aligned=True) if table else line

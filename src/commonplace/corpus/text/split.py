"""From blocks (paragraphs, list items, tables, code) to passages of a useful length.

A passage is always one contiguous slice of its source, so joining two blocks takes what lies
between them along. Blocks are joined only by whoever calls `passages`, section by section, so
never across a heading.

Notable: a stretch that is too long is cut into pieces of nearly equal length rather than filled to
the limit with a crumb left over, and it is cut where the cut hurts least: between sentences, before
a top-level list item rather than a nested one, at a blank or little-indented line of code.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from commonplace.corpus.text.sentences import sentence_spans

Span = tuple[int, int]
BlockKind = Literal["prose", "item", "table", "code", "math"]

TINY: Final = 100  # a block this short never stands alone if it can be helped
SHORT: Final = 200  # a block this short is joined with a neighbour up to TARGET
TARGET: Final = 900  # characters; about 200 tokens, a long paragraph
_LEAD: Final = 500  # a paragraph up to this length that ends in ":" stays with what it announces
_GAP: Final = 100  # a join never takes more left-out text along than this

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_CLAUSE = re.compile(r"[,;:)\]}|\u2014\u3001\uff0c\uff1b](?:\s+|(?=[\u3000-\u9fff]))")
_SPACE = re.compile(r"\s+")
_TABLE_RULE = re.compile(r"(?=.*[-=]{2})[ \t|+:=-]+")
_STOPPED = re.compile(r"""[.!?\u2026\u3002\uff01\uff1f]["'\u201d\u2019)\]*_`]*$""")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the source that a reader found to be one thing; `level` is its list depth."""

    start: int
    end: int
    kind: BlockKind = "prose"
    level: int = 0


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut if it can be helped.

    `rank` is how much a cut before it hurts: a list's depth, 50 inside a sentence or line, 99 where
    two belong together.
    """

    start: int
    end: int
    rank: int = 0


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends."""
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip())
    return (first, max(first, start + len(piece.rstrip())))


def split(text: str, start: int, end: int, limit: int) -> list[Span]:
    """Spans of at most `limit` characters, cut at sentence ends, else clauses, spaces, anywhere."""
    start, end = trimmed(text, start, end)
    if end - start <= limit:
        return [(start, end)] if end > start else []
    units: list[_Unit] = []
    for first, last in sentence_spans(text[start:end]):
        units += _clauses(text, start + first, start + last, limit)
    return _packed(units, limit)


def split_lines(text: str, start: int, end: int, limit: int) -> list[Span]:
    """The same for code and tables: cut at line ends, best at blank and little-indented lines."""
    if not text[start:end].strip():
        return []
    if end - start <= limit:
        return [(start, end)]
    units: list[_Unit] = []
    before = ""
    head = 0  # length of a table's head, which stays with the first row
    for first, last in lines(text, start, end):
        line = text[first:last].rstrip()
        if line:
            pieces = split(text, first, first + len(line), max(limit // 2, limit - head))
            exact = first if len(pieces) == 1 else pieces[0][0]  # a line keeps its indentation
            exact = exact if pieces[0][1] - exact <= limit else pieces[0][0]
            units.append(_Unit(exact, pieces[0][1], _line_rank(line, before)))
            units += [_Unit(*piece, 50) for piece in pieces[1:]]
            head = first + len(line) + 1 - start if _TABLE_RULE.fullmatch(line) else 0
        before = line
    return _packed(units, limit)


def _line_rank(line: str, before: str) -> int:
    """How much a cut before this line of code or of a table hurts."""
    if _TABLE_RULE.fullmatch(line) or _TABLE_RULE.fullmatch(before):
        return 99
    bare = line.lstrip()
    closing = bare[0] in ")]}" or bare.startswith("end")
    return 9 * closing + (1 + len(line) - len(bare) if before else 0)


def lines(text: str, start: int, end: int) -> list[Span]:
    """Spans of the lines in `start:end`, with their line ends."""
    return [line.span() for line in _LINE.finditer(text, start, end) if line[0]]


def passages(text: str, blocks: Sequence[Block], limit: int) -> list[Span]:
    """The passages of one section: long blocks split, short neighbours joined."""
    chunks: list[Block] = []
    at = 0
    while at < len(blocks):
        run = _run(text, blocks, at)
        chunks += _cut(text, run, limit)
        at += len(run)
    return [(chunk.start, chunk.end) for chunk in _joined(text, chunks, limit)]


def _run(text: str, blocks: Sequence[Block], at: int) -> Sequence[Block]:
    """The blocks from `at` on that are handled as one: a list, with the line announcing it."""
    stop = at + 1
    first = blocks[at]
    announces = first.kind == "prose" and _announces(text, first)
    if first.kind == "item" or (
        announces
        and stop < len(blocks)
        and blocks[stop].kind == "item"
        and _near(text, blocks, stop)
    ):
        while stop < len(blocks) and blocks[stop].kind == "item" and _near(text, blocks, stop):
            stop += 1
    return blocks[at:stop]


def _near(text: str, blocks: Sequence[Block], at: int) -> bool:
    return _gap(text, blocks[at - 1], blocks[at]) <= _GAP


def _gap(text: str, before: Block, after: Block) -> int:
    return len(text[before.end : after.start].strip())


def _cut(text: str, run: Sequence[Block], limit: int) -> list[Block]:
    """One run as chunks no longer than `limit`."""
    start, end, kind = run[0].start, run[-1].end, run[-1].kind
    if len(run) == 1:
        cutter = split_lines if kind in ("table", "code") else split
        return [Block(*span, kind, run[0].level) for span in cutter(text, start, end, limit)]
    units: list[_Unit] = []
    for place, block in enumerate(run):
        # The line that announces a list is not parted from its first item.
        rank = 99 if place == 1 and run[0].kind == "prose" else block.level
        pieces = _clauses(text, block.start, block.end, limit)
        if block.end - block.start > limit:
            pieces = [_Unit(*span, 9) for span in split(text, block.start, block.end, limit)]
        units.append(_Unit(pieces[0].start, pieces[0].end, rank))
        units += pieces[1:]
    return [Block(*span, kind) for span in _packed(units, limit)]


def _clauses(text: str, start: int, end: int, limit: int) -> list[_Unit]:
    """One sentence or line in pieces of at most `limit`: at clauses, else spaces, else anywhere."""
    units: list[_Unit] = []
    rank = 0
    while end - start > limit:
        target = -(-(end - start) // -(-(end - start) // limit))  # pieces of about equal length
        low, high = start + target // 2, start + min(limit, target * 5 // 4)
        cut = _last(_CLAUSE, text, low, high) or _last(_SPACE, text, low, high) or high
        first, last = trimmed(text, start, cut)
        if last > first:
            units.append(_Unit(first, last, rank))
        start, rank = cut, 50
    first, last = trimmed(text, start, end) if units else (start, end)
    return [*units, _Unit(first, last, rank)] if last > first else units


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int | None:
    ends = [match.end() for match in pattern.finditer(text, start, end)]
    return ends[-1] if ends else None


def _packed(units: Sequence[_Unit], limit: int) -> list[Span]:
    """Consecutive units as spans of nearly equal length, none over `limit`."""
    spans: list[Span] = []
    at = 0
    while at < len(units):
        start = units[at].start
        rest = units[-1].end - start
        stop = len(units) if rest <= limit else _best_stop(units, at, limit, rest)
        spans.append((start, units[stop - 1].end))
        at = stop
    return spans


def _best_stop(units: Sequence[_Unit], at: int, limit: int, rest: int) -> int:
    """Where the passage that begins with unit `at` had best stop."""
    start = units[at].start
    target = rest / -(-rest // limit)
    best, least = at + 1, (1 << 30, 0.0)
    for stop in range(at + 1, len(units)):
        length = units[stop - 1].end - start
        if length > limit:
            break
        cost = (units[stop].rank if length >= target / 2 else 1 << 20, abs(length - target))
        if cost <= least:
            best, least = stop, cost
    return best


def _announces(text: str, block: Block) -> bool:
    piece = text[block.start : block.end].rstrip("*_ \t")
    return len(piece) <= _LEAD and piece.endswith(":")


def _joined(text: str, chunks: Sequence[Block], limit: int) -> list[Block]:
    joined: list[Block] = []
    for place, chunk in enumerate(chunks):
        has_next = place + 1 < len(chunks)
        if joined and _belongs(text, joined[-1], chunk, limit, has_next):
            before = joined.pop()
            kind = chunk.kind if chunk.kind != "math" else "prose"
            chunk = Block(before.start, chunk.end, kind, chunk.level)
        joined.append(chunk)
    return joined


def _belongs(text: str, before: Block, after: Block, limit: int, has_next: bool) -> bool:
    """Whether `after` is to share a passage with what stands before it."""
    total = after.end - before.start
    before_length, after_length = before.end - before.start, after.end - after.start
    shortest = min(before_length, after_length)
    gap = _GAP if shortest >= TINY else 4 * _GAP  # a caption under a picture
    if total > limit or _gap(text, before, after) > gap:
        return False
    if after.kind == "math" or _announces(text, before) or _goes_on(text, before, after):
        return True
    if has_next and before_length >= SHORT and _leads(text, after):
        return False  # a bold line or "Results:" belongs to what follows
    return shortest < TINY or (shortest < SHORT and total <= TARGET)


def _goes_on(text: str, before: Block, after: Block) -> bool:
    """Prose that goes on in lower case after a formula or a break: the sentence is not over."""
    if after.kind != "prose" or before.kind not in ("prose", "math"):
        return False
    if text[after.start].islower():
        return not _STOPPED.search(text[max(before.start, before.end - 20) : before.end])
    return False


def _leads(text: str, block: Block) -> bool:
    piece = text[block.start : block.end]
    bold = piece.startswith(("**", "__", "<b>", "<strong>"))
    return block.kind == "prose" and len(piece) < TINY and (bold or piece.endswith(":"))

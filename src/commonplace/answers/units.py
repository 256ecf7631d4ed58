"""Units of evidence: what can be quoted of a passage, and how a reader should see it.

In notes an answer is seldom a sentence. It is a row of a table, which means nothing without the
names of its columns; a line of a list, or the whole list below the line that introduces it; a
`key: value` line below a heading that alone names the subject; a command in a block of code. Each
unit is characters of its passage, to be quoted word for word, and a text for the reader, in which
the unit stands behind its heading, its column names or its introduction.

    units(passage)    # [Unit(passage, 0, 58, "sentence", "Bees > Hives: Anna - Dadant, ..."), ...]
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from commonplace.answers.context import heading_of
from commonplace.corpus import Passage, analyse, sentence_spans, without_marker

Form = Literal["sentence", "item", "row", "field", "code", "list"]
Span = tuple[int, int]

LONGEST: Final = 400  # characters of a unit that the reader sees; of what stands before it, half
LONGEST_LIST: Final = 700  # a list is judged by its introduction and its first items
FEWEST_ITEMS: Final = 2  # fewer are no list
FEWEST_COLUMNS: Final = 3  # a line of prose may have a comma, too

_ITEM = re.compile(r"[ \t]*(?:[-*+•‣◦▪●·]|\d{1,3}[.)]|\[[ xX]\])[ \t]+")
_PIPED = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"[\s|:+=-]+$")
_FIELD = re.compile(r"[ \t]*[^\W\d][^:=\n]{0,40}?(?:::?|=| – | - |\s{2,})\s*\S")
_HEADING = re.compile(r"#{1,6}\s")
_RUNS_ON = re.compile(
    r"(?:[,(&+=-]|\b(?:a|an|the|of|to|in|on|at|by|for|with|and|or|but|is|are))\s*$"
)
_BOX = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+\[([ xX])\]")
_MARK_AT_END = re.compile(r"[-*+•\d.)\s]*(?:\[[ xX]\])?\s*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class Unit:
    """Characters `start:end` of a passage that can be quoted as one piece of evidence.

    Attributes:
        form: what it is in its text.
        context: what the reader sees before it: the line that introduces it, or what precedes it.
        columns: of a row, the names of its columns, as many as it has cells.
        parts: of a list, the spans of its items.
        state: of an item with a box, "open" or "done"; of a list, that it has these items only.
    """

    passage: Passage
    start: int
    end: int
    form: Form = "sentence"
    context: str = ""
    columns: tuple[str, ...] = ()
    parts: tuple[Span, ...] = ()
    state: str = ""

    @property
    def text(self) -> str:
        """The unit, word for word."""
        return self.passage.text[self.start : self.end]

    @property
    def read(self) -> str:
        """The unit as the reader sees it: behind its heading and context, cells by their column."""
        cut = LONGEST_LIST if self.form == "list" else LONGEST
        context = f"{self.context[-LONGEST // 2 :]} " if self.context else ""
        return f"{heading_of(self.passage)}{context}{self.plain[:cut]}"

    @property
    def plain(self) -> str:
        """The unit on one line; the cells of a row by the names of their columns."""
        if self.columns:
            named = zip(self.columns, cells(self.text), strict=False)
            return "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)
        if self.parts:
            texts = [self.passage.text[slice(*part)] for part in self.parts]
            introduction = self.passage.text[self.start : self.parts[0][0]]
            text = f"{_MARK_AT_END.sub('', introduction)} " + " • ".join(texts)
        else:
            text = self.text
        return " ".join(f"{self.state + ': ' if self.state else ''}{text}".split())


def units(passage: Passage) -> list[Unit]:
    """Everything of a passage that can be quoted as evidence, in reading order."""
    blocks = list(_blocks(_lines(passage.text)))
    names = _csv_names(passage)
    result: list[Unit] = []
    for before, block in pairwise([_NO_BLOCK, *blocks]):
        introduction = _introduction(passage, before, block)
        if names:
            rows = [line for line in block.lines if tuple(cells(line.text)) != names]
            result += _rows(passage, rows, names)
        elif block.kind == "row":
            result += _table(passage, block.lines)
        elif block.kind in ("item", "code"):
            result += _list(passage, block, introduction)
        else:
            result += _sentences(passage, block, introduction)
    return [unit for unit in result if analyse(unit.text)]


def cells(row: str) -> list[str]:
    """The cells of a row of a table: Markdown's, a reader's, or comma-separated."""
    text = row.strip()
    if text.startswith("|"):
        return [cell.strip() for cell in text.strip("|").split("|")]
    if " | " in text:
        return [cell.strip() for cell in text.split(" | ")]
    mark = max(",;\t", key=text.count)
    return [cell.strip() for cell in next(csv.reader([text], delimiter=mark), [])]


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    fenced: bool = False

    @property
    def kind(self) -> str:
        """What a line is by itself; neighbours of one kind make a block."""
        if self.fenced:
            return "code"
        if not self.text.strip():
            return "blank"
        if _ITEM.match(self.text):
            return "item"
        return "row" if _PIPED.match(self.text) or " | " in self.text else "text"


@dataclass(frozen=True, slots=True)
class _Block:
    kind: str
    lines: tuple[_Line, ...] = ()


_NO_BLOCK: Final = _Block("text")


def _lines(text: str) -> Iterator[_Line]:
    start, fenced = 0, False
    for raw in text.splitlines(keepends=True):
        fence = bool(_FENCE.match(raw))
        line = raw.rstrip("\r\n")
        yield _Line(start, start + len(line), line, fenced or fence)
        fenced ^= fence
        start += len(raw)


def _blocks(lines: Iterable[_Line]) -> Iterator[_Block]:
    """Runs of lines of one kind; a line that is indented below an item belongs to it.

    A blank line ends a block of text, and is skipped between the items of a list.
    """
    run: list[_Line] = []
    kind, gap = "", False
    for line in lines:
        own = line.kind
        if own == "blank":
            gap = True
            continue
        if own == "text" and kind == "item" and not gap and line.text[:2].isspace():
            own = "item"
        if own != kind or (gap and own == "text"):
            if run:
                yield _Block(kind, tuple(run))
            run, kind = [], own
        run.append(line)
        gap = False
    if run:
        yield _Block(kind, tuple(run))


def _introduction(passage: Passage, before: _Block, block: _Block) -> Span | None:
    """The last sentence of the text that stands right above a list or block of code."""
    if before.kind != "text" or not before.lines or not block.lines:
        return None
    gap = passage.text[before.lines[-1].end : block.lines[0].start]
    last = [s for p in _paragraphs(passage.text, before.lines) for s in _spans(passage, p)][-1:]
    near = gap.count("\n") < 2 or (last and passage.text[slice(*last[0])].endswith(":"))
    return last[0] if last and near else None


def _paragraphs(text: str, lines: Sequence[_Line]) -> Iterator[Span]:
    """Stretches of lines that were wrapped: whose next word would not have fitted.

    A line that breaks sooner was ended on purpose, as in a list without marks, unless it cannot
    be an end: after a comma, for instance.
    """
    width = max(len(line.text.rstrip()) for line in lines)
    start = lines[0].start
    for line, following in pairwise(lines):
        room = width - len(line.text.rstrip())
        word = following.text.split(maxsplit=1)[0]
        if room > len(word) and not _RUNS_ON.search(line.text):
            yield start, line.end
            start = following.start
    yield start, lines[-1].end


def _sentences(passage: Passage, block: _Block, introduction: Span | None) -> list[Unit]:
    """A unit for each sentence, behind the one before it; short lines are a list as well."""
    text = passage.text
    above = text[slice(*introduction)] if introduction else ""
    result: list[Unit] = []
    lines: list[Span] = []
    for paragraph in _paragraphs(text, block.lines):
        context = above if above.endswith(":") else ""
        spans = _spans(passage, paragraph)
        for span in spans:
            sentence = text[slice(*span)]
            form: Form = "field" if _FIELD.match(sentence) else "sentence"
            result.append(Unit(passage, *span, form, context=context))
            context = sentence
        if spans and spans[-1][1] - spans[0][0] <= LONGEST // 2:
            lines.append((spans[0][0], spans[-1][1]))
    if len(lines) >= FEWEST_ITEMS and len(lines) >= 0.8 * len(block.lines):
        start = introduction[0] if introduction and above.endswith(":") else lines[0][0]
        result.append(Unit(passage, start, lines[-1][1], "list", parts=tuple(lines)))
    return result


def _spans(passage: Passage, paragraph: Span) -> list[Span]:
    """The sentences of a stretch of text that are not headings, without list markers."""
    text, (start, end) = passage.text, paragraph
    return [
        without_marker(text, (start + a, start + b))
        for a, b in sentence_spans(text[start:end])
        if not (passage.kind == "markdown" and _HEADING.match(text[start + a : start + b]))
    ]


def _list(passage: Passage, block: _Block, introduction: Span | None) -> list[Unit]:
    """Each item of a list or line of code below its introduction, and the whole with it."""
    context = passage.text[slice(*introduction)] if introduction else ""
    code = block.kind == "code"
    lines = [line for line in block.lines if not _FENCE.match(line.text)]
    groups = _grouped(lines, code)
    items = [
        Unit(
            passage,
            *without_marker(passage.text, (group[0].start, group[-1].end)),
            "code" if code else "item",
            context=context,
            state=_state(group[0].text),
        )
        for group in groups
    ]
    lists = [_whole(items, introduction)]
    for state in ("open", "done"):  # "Which tasks are open?" asks for these alone
        marked = [item for item in items if item.state == state]
        if len(marked) < len(items):
            lists.append(_whole(marked, None, state))
    return items + [unit for unit in lists if unit]


def _whole(items: Sequence[Unit], introduction: Span | None, state: str = "") -> Unit | None:
    """The list of these items, with the line that introduces it; None where there are too few."""
    if len(items) < FEWEST_ITEMS:
        return None
    first, last = items[0], items[-1]
    start = introduction[0] if introduction else first.start
    parts = tuple((item.start, item.end) for item in items)
    context = f"{first.context}" if introduction is None else ""
    return Unit(first.passage, start, last.end, "list", context, parts=parts, state=state)


def _state(line: str) -> str:
    """Whether the box of an item is ticked; "" where it has none."""
    box = _BOX.match(line)
    return "" if box is None else "open" if box[1] == " " else "done"


def _grouped(lines: Sequence[_Line], code: bool) -> list[list[_Line]]:
    """The lines of each item: an item goes on in the lines that carry no mark."""
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not code and not _ITEM.match(line.text):
            groups[-1].append(line)
        elif line.text.strip():
            groups.append([line])
    return groups


def _table(passage: Passage, lines: Sequence[_Line]) -> list[Unit]:
    """The rows below the first, which names the columns where there is more than one."""
    head, *rest = lines
    rows = [line for line in rest if not _RULE.match(line.text)]
    if not rows:
        return _rows(passage, [head], ())
    return _rows(passage, rows, tuple(cells(head.text)))


def _rows(passage: Passage, lines: Sequence[_Line], columns: tuple[str, ...]) -> list[Unit]:
    rows = [Unit(passage, line.start, line.end, "row", columns=columns) for line in lines]
    whole = _whole(rows, None)
    return [*rows, whole] if whole else rows


def _csv_names(passage: Passage) -> tuple[str, ...]:
    """The names of the columns where the passage is the beginning of comma-separated values."""
    lines = passage.text.splitlines()
    widths = [len(cells(line)) for line in lines if "," in line or ";" in line or "\t" in line]
    if len(lines) < FEWEST_ITEMS or len(widths) < len(lines) or min(widths) < FEWEST_COLUMNS:
        return ()
    alike = sum(width == widths[0] for width in widths) >= 0.9 * len(widths)
    return tuple(cells(lines[0])) if alike else ()

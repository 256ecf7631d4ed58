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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from commonplace.answers.context import heading_of
from commonplace.answers.evidence.blocks import (
    FENCE,
    NO_BLOCK,
    RULE,
    SECTION,
    Block,
    Line,
    Span,
    blocks,
    groups,
    paragraphs,
)
from commonplace.corpus import Passage, analyse, sentence_spans, without_marker

Form = Literal["sentence", "item", "row", "field", "code", "list"]

LONGEST: Final = 400  # characters of a unit that the reader sees; of what stands before it, half
LONGEST_LIST: Final = 700  # a list is judged by its introduction and its first items
FEWEST_ITEMS: Final = 2  # fewer are no list
FEWEST_COLUMNS: Final = 3  # a line of prose may have a comma, too
MARK: Final = "\u00bb"  # stands before the unit, so that the reader tells it from what is around it
STRUCK_OUT: Final = re.compile(r"~~.+?~~|<(?:del|s|strike)>.+?</(?:del|s|strike)>", re.DOTALL)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_FIELD = re.compile(r"[ \t]*[^\W\d][^:=\n]{0,40}?(?:::?|=| \u2013 | - |\s?\.{4,}|\s{2,})\s*\S")
_HEADING = re.compile(r"#{1,6}\s")
_SENDER = re.compile(r"\s*(?:From|Von|De|Sender|Absender)\s*:\s*\S", re.IGNORECASE)
_BOX = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+\[([ xX])\]")
_MARK_AT_END = re.compile(r"[-*+•\d.)\s]*(?:\[[ xX]\])?\s*$")
_DATE = re.compile(r"(?<![\w.-])((?:19|20)\d\d)-(0[1-9]|1[0-2])(?:-([0-3]\d))?(?![\w-])")
_GERMAN_DATE = re.compile(r"(?<![\w.])([0-3]?\d)\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?![\w])")


@dataclass(frozen=True, slots=True)
class Unit:
    """Characters `start:end` of a passage that can be quoted as one piece of evidence.

    Attributes:
        form: what it is in its text.
        context: what the reader sees before it: the line that introduces it, or what precedes it.
        columns: of a row or a list of rows, the names of its columns, as many as it has cells.
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
        """The unit as the reader sees it: behind its heading, and its context with a mark.

        Dates are spelt out, as questions have them.
        """
        cut = LONGEST_LIST if self.form == "list" else LONGEST
        context = f"{self.context[-LONGEST // 2 :]} {MARK} " if self.context else ""
        return _spelt(f"{heading_of(self.passage)}{context}{self.plain[:cut]}")

    @property
    def plain(self) -> str:
        """The unit on one line; the cells of a row by the names of their columns."""
        if self.form == "row" and self.columns:
            named = zip(self.columns, self.cells, strict=False)
            return "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)
        return self.shortened(len(self.parts))

    @property
    def is_struck_out(self) -> bool:
        """Whether most of it is crossed out: a note that says so no longer."""
        return 2 * sum(map(len, STRUCK_OUT.findall(self.text))) > len(self.text)

    @property
    def cells(self) -> list[str]:
        """Of a row, its cells."""
        return cells(self.text, len(self.columns))

    def shortened(self, most: int) -> str:
        """A list on one line with its introduction, and `most` of its items; other units whole."""
        if not self.parts:
            text = self.text
        else:
            texts = [self.passage.text[slice(*part)] for part in self.parts[:most]]
            introduction = _MARK_AT_END.sub("", self.passage.text[self.start : self.parts[0][0]])
            if self.columns:
                introduction = f"{' | '.join(self.columns)}:"
                texts = [" | ".join(cells(text, len(self.columns))) for text in texts]
            text = f"{introduction} " + " • ".join(texts)
        return " ".join(f"{self.state + ': ' if self.state else ''}{text}".split())


def units(passage: Passage) -> list[Unit]:
    """Everything of a passage that can be quoted as evidence, in reading order."""
    names = _csv_names(passage)
    result: list[Unit] = []
    for before, block in pairwise([NO_BLOCK, *blocks(passage.text)]):
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
    return [unit for unit in result if _says_something(unit)]


def cells(row: str, count: int = 0) -> list[str]:
    """The cells of a row of a table: Markdown's, a reader's, aligned, or separated by commas.

    Args:
        row: a line.
        count: how many there should be, if that is known; aligned columns are told by it.
    """
    text = row.strip()
    if text.startswith("|"):
        return [cell.strip() for cell in text.strip("|").split("|")]
    if " | " in text:
        return [cell.strip() for cell in text.split(" | ")]
    if count and len(aligned := re.split(r"\s{2,}|\t+", text)) == count:
        return aligned
    mark = max(",;\t", key=text.count)
    return [cell.strip() for cell in next(csv.reader([text], delimiter=mark), [])]


def _says_something(unit: Unit) -> bool:
    """Whether a unit can be evidence: not one bare word, nor a line that only opens others."""
    if unit.form == "sentence" and (unit.text.endswith(":") or SECTION.match(unit.text)):
        return False
    terms = analyse(unit.text)
    return len(terms) > (unit.form == "sentence" and not re.search(r"\d", unit.text))


def _spelt(text: str) -> str:
    """A text whose numeric dates have the names of their months."""

    def of(year: str, month: str, day: str | None) -> str:
        return (
            f"{int(day)} {_MONTHS[int(month) - 1]} {year}"
            if day
            else (f"{_MONTHS[int(month) - 1]} {year}")
        )

    text = _DATE.sub(lambda match: of(match[1], match[2], match[3]), text)
    return _GERMAN_DATE.sub(lambda match: of(match[3], match[2], match[1]), text)


def _introduction(passage: Passage, before: Block, block: Block) -> Span | None:
    """The last sentence of the text that stands right above a list or block of code."""
    if before.kind != "text" or not before.lines or not block.lines:
        return None
    gap = passage.text[before.lines[-1].end : block.lines[0].start]
    last = [s for p in paragraphs(before.lines) for s in _spans(passage, p)][-1:]
    near = gap.count("\n") < 2 or (last and passage.text[slice(*last[0])].endswith(":"))
    return last[0] if last and near else None


def _sentences(passage: Passage, block: Block, introduction: Span | None) -> list[Unit]:
    """A unit for each sentence, behind the one before it; short lines are a list as well."""
    text = passage.text
    above = text[slice(*introduction)] if introduction else ""
    sender = _sender(text[: block.lines[0].start])
    result: list[Unit] = []
    lines: list[Span] = []
    for paragraph, opener in _below(text, paragraphs(block.lines)):
        context = opener or (above if above.endswith(":") else "")
        spans = _spans(passage, paragraph)
        for span in spans:
            sentence = text[slice(*span)]
            form: Form = "field" if _FIELD.match(sentence) else "sentence"
            result.append(Unit(passage, *span, form, context=f"{sender}{context}".strip()))
            context = sentence
        if spans and spans[-1][1] - spans[0][0] <= LONGEST // 2:
            lines.append((spans[0][0], spans[-1][1]))
    if len(lines) >= FEWEST_ITEMS and len(lines) >= 0.8 * len(block.lines):
        start = introduction[0] if introduction and above.endswith(":") else lines[0][0]
        result.append(
            Unit(passage, start, lines[-1][1], "list", sender.strip(), parts=tuple(lines))
        )
    return result


def _below(text: str, stretches: Iterator[Span]) -> Iterator[tuple[Span, str]]:
    """Each stretch with the lines that it stands below: a `[section]`, less indented `names:`."""
    openers: list[tuple[int, str]] = []
    for start, end in stretches:
        stretch = text[start:end]
        indent = len(stretch) - len(stretch.lstrip())
        section = bool(SECTION.match(stretch))
        openers = [o for o in openers if o[0] < indent and not section]
        yield (start, end), " ".join(name for _, name in openers)
        if section or stretch.rstrip().endswith(":"):
            openers.append((-1 if section else indent, " ".join(stretch.split())))


def _sender(before: str) -> str:
    """Who wrote the mail that a text goes on with: the last `From:` before it, or ""."""
    senders = [line.strip() for line in before.splitlines() if _SENDER.match(line)]
    return f"{senders[-1]} " if senders else ""


def _spans(passage: Passage, paragraph: Span) -> list[Span]:
    """The sentences of a stretch of text that are not headings, without list markers."""
    text, (start, end) = passage.text, paragraph
    return [
        without_marker(text, (start + a, start + b))
        for a, b in sentence_spans(text[start:end])
        if not (passage.kind == "markdown" and _HEADING.match(text[start + a : start + b]))
    ]


def _list(passage: Passage, block: Block, introduction: Span | None) -> list[Unit]:
    """Each item of a list or line of code below its introduction, and the whole with it."""
    context = passage.text[slice(*introduction)] if introduction else ""
    code = block.kind == "code"
    lines = [line for line in block.lines if not FENCE.match(line.text)]

    items = [
        Unit(
            passage,
            *without_marker(passage.text, (group[0].start, group[-1].end)),
            "code" if code else "item",
            context=context,
            state=_state(group[0].text),
        )
        for group in groups(lines, code)
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


def _table(passage: Passage, lines: Sequence[Line]) -> list[Unit]:
    """The rows below the first, which names the columns where there is more than one."""
    rows = [line for line in lines if not RULE.match(line.text)]
    if len(rows) < 2:
        return _rows(passage, rows, ())
    head, *rest = rows
    aligned = re.split(r"\s{2,}|\t+", head.text.strip()) if head.aligned else cells(head.text)
    return _rows(passage, rest, tuple(aligned))


def _rows(passage: Passage, lines: Sequence[Line], columns: tuple[str, ...]) -> list[Unit]:
    rows = [Unit(passage, line.start, line.end, "row", columns=columns) for line in lines]
    whole = _whole(rows, None)
    return [*rows, replace(whole, columns=columns)] if whole else rows


def _csv_names(passage: Passage) -> tuple[str, ...]:
    """The names of the columns where a passage is of comma-separated values.

    They stand in its first line, or where it goes on with a table, in its heading.
    """
    lines = passage.text.splitlines()
    widths = [len(cells(line)) for line in lines if "," in line or ";" in line or "\t" in line]
    above = passage.heading[-1].split(" | ") if passage.heading else []
    if passage.kind == "text" and len(above) >= FEWEST_COLUMNS and len(widths) == len(lines):
        return tuple(above)
    if len(lines) < FEWEST_ITEMS or len(widths) < len(lines) or min(widths) < FEWEST_COLUMNS:
        return ()
    alike = sum(width == widths[0] for width in widths) >= 0.9 * len(widths)
    return tuple(cells(lines[0])) if alike else ()

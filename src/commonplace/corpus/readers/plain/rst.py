"""reStructuredText: sections by their underlines, directives by their indentation.

Not by docutils: it does not say at which character a node stands, it includes files, and it takes
seconds for a long page. What is needed is little: a line with a line of punctuation under it (and
perhaps over it) is a heading whose level is the order in which its style first appeared; a
directive's options and a comment are noise, its content is text, and the content of
`.. code-block::` or `::` is code.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._outline import LONGEST_HEADING, Heading, Outline, title_of
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.decode import decode_within
from commonplace.corpus.text.links import find_links
from commonplace.corpus.text.split import Block, BlockKind, Span, lines, trimmed
from commonplace.corpus.text.words import words

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+\s*")
_DIRECTIVE = re.compile(r"[ \t]*\.\.[ \t]+(?:\|[^|]+\|[ \t]+)?([\w:+-]+?)::(?:[ \t]+(.*))?")
_COMMENT = re.compile(r"[ \t]*\.\.(?:[ \t]|$)")
_NOTE = re.compile(r"[ \t]*\.\.[ \t]+\[[^\]]+\][ \t]+\S")
_OPTION = re.compile(r"[ \t]*:[\w -]+:(?:[ \t].*)?")
_DATE = re.compile(
    r"^[ \t]*:(?:date|updated|last-?modified|published):[ \t]*(.+?)[ \t\r]*$", re.M | re.I
)
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+\u2022]|#\.|\d{1,3}[.)]|\(\w{1,3}\))[ \t]+\S")
_GRID = re.compile(r"[ \t]*(?:\+[-=+]+\+|={2,}(?:[ \t]+={2,})+|\|.*\|)[ \t]*")
_CODE: Final = words("code code-block sourcecode literalinclude math parsed-literal doctest prompt")
_HIDDEN: Final = words(
    """image figure toctree contents include raw index highlight currentmodule module automodule
    autoclass autofunction automethod autosummary plot video meta role default-role only
    sectionauthor codeauthor rubric tags"""
)
_KEEPS_CONTENT: Final = frozenset({"figure", "only"})


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """One reStructuredText file."""
    text, notices = decode_within(data, limits)
    parts = parse(text)
    drafts = Outline().drafts(text, parts, limits.passage_characters)
    title = title_of(parts, path.stem)
    return Document(
        kind="rst",
        title=title,
        sources={"": text},
        drafts=tuple(drafts),
        links=tuple(find_links(text)),
        written_at=_written(text),
        notices=notices,
    )


def parse(text: str) -> list[Heading | Block]:
    """The headings and blocks of a text, in order."""
    reader = _Reader(text, lines(text, 0, len(text)))
    while reader.at < len(reader.lines):
        reader.step()
    return reader.parts


def _written(text: str) -> datetime | None:
    match = _DATE.search(text[:2_000])
    return parse_date(match[1].strip("$").removeprefix("Date:")) if match else None


@dataclass(slots=True)
class _Reader:
    """Goes through the lines once; `at` is the next line."""

    text: str
    lines: list[Span]
    at: int = 0
    parts: list[Heading | Block] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    literal: int | None = None  # a paragraph ended in "::": deeper than this is code

    def line(self, number: int) -> str:
        """The line without its end; empty beyond the last."""
        if number >= len(self.lines):
            return ""
        return self.text[slice(*self.lines[number])].rstrip("\r\n")

    def step(self) -> None:
        """One heading, directive or paragraph."""
        line = self.line(self.at)
        if not line.strip():
            self.at += 1
        elif self._is_literal(line):
            self._take(self._block_end(self.at, _indent(line) - 1), "code")
        elif self._heading():
            return
        elif _COMMENT.match(line) and not _NOTE.match(line):
            self._directive(line)
        elif _ADORNMENT.fullmatch(line) and not _GRID.fullmatch(line):
            self.at += 1  # a transition, or an adornment of nothing
        else:
            self._paragraph(line)

    def _is_literal(self, line: str) -> bool:
        if self.literal is None:
            return False
        deeper = _indent(line) > self.literal
        self.literal = None
        return deeper

    def _heading(self) -> bool:
        """`Title` over `=====`, or between two of them."""
        over = bool(_ADORNMENT.fullmatch(self.line(self.at)))
        title = self.line(self.at + over)
        under = self.line(self.at + over + 1)
        if not _ADORNMENT.fullmatch(under) or not title.strip() or (_indent(title) and not over):
            return False
        if over and self.line(self.at).strip()[0] != under.strip()[0]:
            return False
        if len(under.strip()) < min(4, len(title.strip())) or len(title) > LONGEST_HEADING:
            return False
        if _ADORNMENT.fullmatch(title) or _GRID.fullmatch(title):
            return False
        style = under[0] * (2 if over else 1)  # `=====` above and below is another style
        if style not in self.styles:
            self.styles.append(style)
        last = self.at + over + 1
        span = trimmed(self.text, self.lines[self.at][0], self.lines[last][1])
        self.parts.append(Heading(self.styles.index(style) + 1, _plain(title), *span))
        self.at = last + 1
        return True

    def _directive(self, line: str) -> None:
        """Leave out the mark and its options; keep the content of those that have any."""
        match = _DIRECTIVE.match(line)
        end = self._block_end(self.at + 1, _indent(line))
        if match is None or (match[1] in _HIDDEN and match[1] not in _KEEPS_CONTENT):
            self.at = end
            return
        argument = (match[2] or "").strip()
        if argument and match[1] not in _CODE | _KEEPS_CONTENT:
            first = self.lines[self.at][0] + match.start(2)
            self.parts.append(Block(*trimmed(self.text, first, self.lines[self.at][1])))
        self.at += 1
        while self.at < end and _OPTION.fullmatch(self.line(self.at)):
            self.at += 1
        if match[1] in _CODE and self.at < end:
            self._take(end, "code")

    def _paragraph(self, line: str) -> None:
        start, indent = self.at, _indent(line)
        item = _ITEM.match(line)
        table = bool(_GRID.fullmatch(line))
        end = start + 1
        while end < len(self.lines) and self.line(end).strip():
            if not table and (_ITEM.match(self.line(end)) or _COMMENT.match(self.line(end))):
                break
            end += 1
        if table and line.lstrip().startswith("="):
            end = self._table_end(end)
        self._take(end, "table" if table else "item" if item else "prose", indent)
        if self.line(end - 1).rstrip().endswith("::"):
            self.literal = indent

    def _table_end(self, end: int) -> int:
        """A simple table may hold blank lines; it ends with its last rule."""
        following = end
        while following < len(self.lines) and following < end + 40:
            if _GRID.fullmatch(self.line(following)):
                return following + 1
            following += 1
        return end

    def _block_end(self, at: int, indent: int) -> int:
        """The first line from `at` on that is neither blank nor deeper than `indent`."""
        while at < len(self.lines) and (
            not self.line(at).strip() or _indent(self.line(at)) > indent
        ):
            at += 1
        return at

    def _take(self, end: int, kind: BlockKind, level: int = 0) -> None:
        start, stop = self.lines[self.at][0], self.lines[end - 1][1]
        first, last = trimmed(self.text, start, stop)
        if kind == "code" and last > first:
            first = max(self.text.rfind("\n", start, first) + 1, start)
        if last > first:
            self.parts.append(Block(first, last, kind, level))
        self.at = end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(title: str) -> str:
    """A heading without roles, targets and emphasis."""
    plain = re.sub(r":[\w:]+:`~?([^`<]+?)(?:\s*<[^>]*>)?`", r"\1", title)
    return " ".join(re.sub(r"`([^`<]+?)(?:\s*<[^>]*>)?`_*|\*+", r"\1", plain).split())

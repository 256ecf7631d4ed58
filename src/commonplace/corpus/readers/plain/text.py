"""Plain text, and what is read as if it were: Org, LaTeX, tables of values, settings, logs.

Paragraphs stand between blank lines; lines that begin with a bullet or a number are list items.
Org stars, LaTeX sections and underlined lines are headings. Rows (CSV, JSON, YAML, logs) are
gathered line by line up to the limit, and never split inside a line where it can be helped.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Draft, Limits
from commonplace.corpus.readers._outline import LONGEST_HEADING, Heading, Outline, title_of
from commonplace.corpus.readers._tags import tags_in
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.decode import decode_within
from commonplace.corpus.readers.plain import latex, org
from commonplace.corpus.text.links import find_links
from commonplace.corpus.text.split import Block, Span, lines, trimmed
from commonplace.corpus.text.words import words

_ROWS: Final = words(
    ".csv .tsv .json .jsonl .ndjson .yaml .yml .toml .ini .cfg .conf .xml .log .diff .patch"
)
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+\u2022\u25e6\u2013]|\d{1,3}[.)]|\(\w{1,3}\))[ \t]+\S")
_RULE = re.compile(r"[ \t]*([=~^\"#*_-])\1{2,}[ \t]*(?:\r\n?|\n|\Z)")
_ORG = re.compile(r"(\*{1,8})[ \t]+(.+)")
_TEX_LEVELS: Final = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_TEX = re.compile(rf"\\({'|'.join(_TEX_LEVELS)})\*?(?:\[[^\]]*\])?\{{(.+?)\}}")
_COLUMNS: Final = words(".csv .tsv")
_LONGEST_COLUMNS: Final = 300  # characters of a line that names columns
_TEX_NOISE = re.compile(
    r"\s*(?:%.*|\\(?:title|author|date)\b.*|\\(?:begin|end|label|usepackage|documentclass|maketitle|tableofcontents|newcommand"
    r"|bibliography|bibliographystyle|centering|includegraphics|def|setlength)"
    r"\b[^ ]*)\s*"
)
_ORG_NOISE = re.compile(r"\s*#\+(?:BEGIN|END)_\w+.*\s*", re.I)
_TITLE = re.compile(
    r"^[ \t]*(?:\\title\{(.+?)\}|#\+TITLE:[ \t]*(.+?)|Title:[ \t]*(.+?))[ \t\r]*$", re.M | re.I
)
_DATE = re.compile(
    r"^[ \t]*(?:\\date\{(.+?)\}|#\+DATE:[ \t]*(.+?)|Date:[ \t]*(.+?))[ \t\r]*$", re.M | re.I
)
_HEAD: Final = 2_000  # characters in which a title or a date counts as the file's own

_RESOLVED: Final[dict[str, Callable[[str], str]]] = {
    ".org": org.plain,
    ".tex": latex.plain,
    ".ltx": latex.plain,
}
HeadingRule = Callable[[str], tuple[int, str] | None]


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """One text file."""
    text, notices = decode_within(data, limits)
    suffix = path.suffix.lower()
    named, written = _head(text) if suffix not in _ROWS else ("", None)
    tags = tags_in(text, suffix) if suffix not in _ROWS else ()
    if resolve := _RESOLVED.get(suffix):
        text, named = resolve(text), resolve(named)
    parts = rows(text) if suffix in _ROWS else parse(text, suffix)
    drafts = Outline().drafts(text, parts, limits.passage_characters)
    if suffix in _COLUMNS:
        drafts = _below_columns(text, drafts)
    title = named or title_of(parts, path.stem)
    return Document(
        kind="text",
        title=title,
        sources={"": text},
        drafts=tuple(drafts),
        links=tuple(find_links(text)),
        written_at=written,
        notices=notices,
        tags=tags,
    )


def rows(text: str) -> list[Heading | Block]:
    """All of the text as one block that is split at line ends."""
    return [Block(*trimmed(text, 0, len(text)), "table")]


def parse(text: str, suffix: str = "") -> list[Heading | Block]:
    """Headings, paragraphs and list items, in order."""
    rule, noise = _RULES.get(suffix, (None, None))
    parts: list[Heading | Block] = []
    opened: Span | None = None  # the paragraph or item that is being read
    for start, end in lines(text, 0, len(text)):
        line = text[start:end]
        heading = _heading(rule, line, start) if rule else None
        underlined = opened is not None and _underlines(text, opened, line)
        blank = not line.strip() or (noise is not None and bool(noise.fullmatch(line)))
        if opened and underlined:
            parts.append(_underlined(text, opened, line, end))
            opened = None
        elif blank or heading:
            parts += _closed(text, opened)
            parts += [heading] if heading else []
            opened = None
        elif opened is None or _ITEM.match(line):
            parts += _closed(text, opened)
            opened = (start, end)
        else:
            opened = (opened[0], end)
    return parts + _closed(text, opened)


def _below_columns(text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """Rows of a table that goes on stand below the names of its columns."""
    names = text[: text.find("\n") + 1].strip()
    columns = " | ".join(cell.strip().strip('"') for cell in re.split(r"[;\t]|,(?!\d)", names))
    if " | " not in columns or len(columns) > _LONGEST_COLUMNS or not _names_columns(names):
        return list(drafts)
    first, *others = drafts
    return [first, *(replace(draft, heading=(columns,)) for draft in others)]


def _names_columns(line: str) -> bool:
    """Whether a first line names columns: it has words, and hardly a number."""
    letters, digits = sum(map(str.isalpha, line)), sum(map(str.isdigit, line))
    return letters > 3 * digits


def _closed(text: str, opened: Span | None) -> list[Heading | Block]:
    if opened is None or _RULE.fullmatch(text, *opened):
        return []
    start, end = trimmed(text, *opened)
    if item := _ITEM.match(text, *opened):
        return [Block(start, end, "item", len(item["indent"].expandtabs(4)))]
    return [Block(start, end)]


def _heading(rule: HeadingRule, line: str, start: int) -> Heading | None:
    heading = rule(line.strip())
    if not heading or len(heading[1]) > LONGEST_HEADING:
        return None
    return Heading(heading[0], heading[1], start, start + len(line.rstrip()))


def _underlines(text: str, opened: Span, line: str) -> bool:
    """A rule about as long as the single line above it makes that line a heading."""
    match = _RULE.fullmatch(line)
    if not match or match[1] not in "=-~" or opened[1] - opened[0] > LONGEST_HEADING:
        return False
    above = text[opened[0] : opened[1]].strip()
    if "\n" in above or "\r" in above or above.startswith("|"):
        return False
    return abs(len(line.strip()) - len(above)) <= 3


def _underlined(text: str, opened: Span, line: str, end: int) -> Heading:
    level = 1 if "=" in line else 2 if "-" in line else 3
    return Heading(level, text[opened[0] : opened[1]].strip(), *trimmed(text, opened[0], end))


def _org(line: str) -> tuple[int, str] | None:
    match = _ORG.fullmatch(line)
    if not match:
        return None
    title, tags = match[2], ""
    if marked := re.search(r"\s+:([\w@#%:]+):$", title):
        title, tags = title[: marked.start()], marked[1]
    return len(match[1]), " ".join([title, *(f"#{tag}" for tag in tags.split(":") if tag)])


def _tex(line: str) -> tuple[int, str] | None:
    match = _TEX.match(line)
    return (_TEX_LEVELS.index(match[1]) + 1, match[2]) if match else None


_RULES: Final[dict[str, tuple[HeadingRule, re.Pattern[str]]]] = {
    ".org": (_org, _ORG_NOISE),
    ".tex": (_tex, _TEX_NOISE),
    ".ltx": (_tex, _TEX_NOISE),
}


def _head(text: str) -> tuple[str, datetime | None]:
    head = text[:_HEAD]
    title, date = _TITLE.search(head), _DATE.search(head)
    named = next((group for group in title.groups() if group), "") if title else ""
    dated = next((group for group in date.groups() if group), "") if date else ""
    return named.strip(), parse_date(dated)

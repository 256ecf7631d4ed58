"""Jupyter notebooks: each cell is a source text of its own, named "cell 7" (the first is 1).

Markdown cells are read as Markdown, code cells as code; the heading path runs on from cell to cell.
What a cell wrote as text is a source of its own, "cell 7 output"; pictures and pages of HTML are
left out with a notice. The format is plain JSON (https://nbformat.readthedocs.io/en/latest/format_description.html),
read leniently, version 3 included, because half-broken notebooks are common.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from commonplace.corpus._types import Document, Draft, Limits, Link
from commonplace.corpus.readers._outline import Heading, Outline, title_of
from commonplace.corpus.readers._tags import unique
from commonplace.corpus.readers.decode import decode_within
from commonplace.corpus.readers.plain.code import drafts_of
from commonplace.corpus.readers.plain.front_matter import FrontMatter, front_matter
from commonplace.corpus.readers.plain.markdown import parse
from commonplace.corpus.readers.plain.text import rows
from commonplace.corpus.text.links import find_links
from commonplace.foundation import UnreadableError

_TEXTS: Final = ("text/markdown", "text/plain", "text/latex", "text")
_LONGEST_OUTPUT: Final = 20_000  # characters of one cell
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


class _Cell(NamedTuple):
    part: str
    kind: str
    source: str


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """One notebook."""
    text, notices = decode_within(data, limits)
    if notices:  # JSON that is cut cannot be parsed
        raise UnreadableError(f"too long: more than {limits.text_characters:,} characters of JSON")
    notebook = _loaded(text)
    cells = list(_cells(notebook))
    if not cells:
        raise UnreadableError("a notebook without cells that hold text")
    book = _Book(limits)
    for place, cell in enumerate(cells):
        book.take(cell, continues=place + 1 < len(cells))
    title = book.head.title or title_of(book.headings, path.stem)
    drafts, links = tuple(book.drafts), tuple(book.links)
    return Document(
        kind="notebook",
        title=title,
        sources=book.sources,
        drafts=drafts,
        links=links,
        written_at=book.head.written_at,
        notices=(*book.head.notices, *_not_read(notebook)),
        tags=unique([*book.head.tags]),
    )


@dataclass(slots=True)
class _Book:
    """What has been read so far; the outline runs on from cell to cell."""

    limits: Limits
    outline: Outline = field(default_factory=Outline)
    sources: dict[str, str] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    head: FrontMatter = field(default_factory=FrontMatter)

    def take(self, cell: _Cell, continues: bool) -> None:
        """Read one cell; `continues` if another follows."""
        first = not self.sources
        self.sources[cell.part] = cell.source
        self.links += find_links(cell.source)
        if cell.kind == "output":
            self.drafts += self.outline.drafts(
                cell.source, rows(cell.source), self.limits.passage_characters, cell.part, continues
            )
            return
        if cell.kind == "code":
            path = self.outline.path
            self.drafts += drafts_of(cell.source, self.limits, path, cell.part, python=True)
            return
        if first:
            self.head = front_matter(cell.source)
        parts = parse(cell.source, self.head.end if first else 0)
        self.headings += [part for part in parts if isinstance(part, Heading)]
        limit = self.limits.passage_characters
        drafts = self.outline.drafts(cell.source, parts, limit, cell.part, continues)
        if first:
            alone = not drafts and not continues
            self.drafts += self.head.drafts(cell.source, limit, cell.part, alone=alone)
        self.drafts += drafts


def _loaded(text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not a readable notebook: {str(error)[:100]}") from None
    if not isinstance(notebook, dict):
        raise UnreadableError("not a readable notebook: it holds no cells")
    return notebook


def _cells(notebook: dict[str, Any]) -> Iterator[_Cell]:
    """The cells that hold text."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):  # version 3 had worksheets
        sheets = notebook.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        cells = [
            cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells") or ()
        ]
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            continue
        source = _source(cell.get("source", cell.get("input")))
        if source.strip():
            yield _Cell(f"cell {number}", str(cell.get("cell_type")), _headed(cell, source))
        if output := _output(cell):
            yield _Cell(f"cell {number} output", "output", output)


def _output(cell: dict[str, Any]) -> str:
    """What a cell wrote as text, one output after the other."""
    outputs = cell.get("outputs")
    if not isinstance(outputs, list):
        return ""
    texts = [_written(output) for output in outputs if isinstance(output, dict)]
    plain = [_COLOUR.sub("", text).strip("\r\n") for text in texts]
    return "\n".join(filter(None, plain))[:_LONGEST_OUTPUT]


def _written(output: dict[str, Any]) -> str:
    if output.get("output_type") in {"error", "pyerr"}:
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    data = output.get("data", output)
    if not isinstance(data, dict):
        return ""
    return next(filter(None, (_source(data.get(name)) for name in _TEXTS)), "")


def _not_read(notebook: dict[str, Any]) -> tuple[str, ...]:
    """A sentence on the outputs that are no text."""
    cells = notebook.get("cells")
    outputs = [
        output
        for cell in (cells if isinstance(cells, list) else ())
        if isinstance(cell, dict) and isinstance(cell.get("outputs"), list)
        for output in cell["outputs"]
        if isinstance(output, dict) and isinstance(output.get("data"), dict)
    ]
    pictures = sum(any(str(key).startswith("image/") for key in o["data"]) for o in outputs)
    others = sum(not _written(o).strip() for o in outputs) - sum(
        any(str(key).startswith("image/") for key in o["data"]) and not _written(o).strip()
        for o in outputs
    )
    counts = [(pictures, "picture"), (others, "output without text")]
    named = [f"{n} {what}{'s' if n > 1 and what == 'picture' else ''}" for n, what in counts if n]
    return (f"{' and '.join(named)} in outputs not read",) if named else ()


def _headed(cell: dict[str, Any], source: str) -> str:
    """Version 3 had cells that were headings."""
    if cell.get("cell_type") != "heading":
        return source
    level = cell.get("level")
    return "#" * (level if isinstance(level, int) and 0 < level < 7 else 1) + " " + source


def _source(source: object) -> str:
    """Joined if it is a list of lines; lone surrogates, which JSON may hold, become "?"."""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return source.encode("utf-8", errors="replace").decode("utf-8")

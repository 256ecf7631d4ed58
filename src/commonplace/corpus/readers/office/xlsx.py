"""Excel workbooks (xlsx), by openpyxl (MIT): a sheet's rows, below the names of its columns.

Cells are shown as their format has it (dates, percentages), formulas by the value that was stored.
The first row of a sheet names its columns where it has words only; passages after the first of a
sheet stand below these names. Hidden sheets are read, and said to be hidden.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import openpyxl

from commonplace.corpus._types import Document, Draft, Limits
from commonplace.corpus.readers._archive import Archive
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers._source_text import unread_notice
from commonplace.foundation import UnreadableError

_MOST_ROWS: Final = 200_000  # of one sheet
_MOST_CELLS: Final = 200  # of a row
_LONGEST_NAMES: Final = 300  # characters of the names of columns


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a workbook.

    Raises:
        UnreadableError: it is broken, encrypted, unpacks to too much, or has no text.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("encrypted, or an old .xls; save it as an xlsx without a password")
    archive = Archive(data, limits)
    for name in archive.names:  # the limits, before a library unpacks it without them
        archive.read(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that it does not know
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            return _document(path, book, archive, limits)
    except UnreadableError:
        raise
    except Exception as error:  # a library's own errors are of many kinds
        raise UnreadableError(f"not a workbook that can be read ({str(error)[:100]})") from None


def _document(path: Path, book: Any, archive: Archive, limits: Limits) -> Document:
    sources: dict[str, str] = {}
    drafts: list[Draft] = []
    notices: list[str] = []
    room = limits.text_characters
    for sheet in book.worksheets:
        text = Composed(room)
        rows = list(islice(_rows(sheet), _MOST_ROWS + 1))
        if len(rows) > _MOST_ROWS:
            notices.append(f"only the first {_MOST_ROWS:,} rows of {sheet.title} were read")
        for row in rows[:_MOST_ROWS]:
            text.row(row)
        if text.cut:
            notices.append(f"the text was cut in {sheet.title}")
        if text.text:
            hidden = "" if sheet.sheet_state == "visible" else " (hidden)"
            sources[sheet.title] = text.text
            drafts += _below_names(text, rows, f"{sheet.title}{hidden}", limits, sheet.title)
            room -= len(text.text)
    if not sources:
        raise UnreadableError("the workbook holds no text")
    properties = book.properties
    return Document(
        kind="xlsx",
        title=(properties.title or "")[:300] or path.stem,
        sources=sources,
        drafts=tuple(drafts),
        written_at=_aware(properties.modified or properties.created),
        notices=(*notices, *unread_notice(_unread(archive))),
    )


def _unread(archive: Archive) -> dict[str, int]:
    kinds = {"xl/charts/chart": "chart", "xl/media/": "picture", "xl/comments": "sheet of comments"}
    counts = {
        kind: sum(name.startswith(start) for name in archive.names) for start, kind in kinds.items()
    }
    return {kind: count for kind, count in counts.items() if count}


def _below_names(
    text: Composed, rows: Sequence[Sequence[str]], sheet: str, limits: Limits, part: str
) -> list[Draft]:
    names = " | ".join(rows[0]) if rows and _names_columns(rows) else ""
    first, *others = text.drafts(limits, part, [sheet])
    if not names or len(names) > _LONGEST_NAMES:
        return [first, *others]
    return [first, *(Draft(d.text, d.locator, (*d.heading, names)) for d in others)]


def _names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has words only, several of them."""
    words = [cell for cell in rows[0] if cell]
    return len(words) > 1 and not any(any(map(str.isdigit, cell)) for cell in words)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The rows that hold something, each up to its last cell."""
    for row in sheet.iter_rows(max_col=_MOST_CELLS):
        cells = [shown(cell.value, getattr(cell, "number_format", "")) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield cells


def shown(value: object, form: str) -> str:
    """A cell's value about as its format shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return (
            value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        )
    if isinstance(value, date | time | timedelta):
        return str(value)
    if isinstance(value, int | float) and "%" in form:
        digits = len(form.partition("%")[0].partition(".")[2])
        return f"{100 * value:.{digits}f} %"
    if isinstance(value, float):
        return f"{value:.10g}"
    return " ".join(str(value).split())


def _aware(moment: datetime | None) -> datetime | None:
    return moment.astimezone() if moment else None

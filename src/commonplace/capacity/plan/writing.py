"""`write_plan`: a `Plan` becomes a folder that a person can read and a spreadsheet can write.

Notable: what is written reads back as an equal plan. Months are written as numbers, because a
spreadsheet turns 2027-03 into a date.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from commonplace.capacity.plan.head import FILE, head_text
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.tables import TABLES, Table
from commonplace.foundation import InputError, display_path, file_errors, write_atomically


def write_plan(plan: Plan, folder: Path | str, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write the plan's tables and return their files.

    Raises:
        InputError: the folder cannot be written to, or a table is there already.
    """
    folder = Path(folder)
    may_write(folder, overwrite=overwrite)
    with file_errors(f"cannot write a plan to {display_path(folder)}"):
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(folder, table, getattr(plan, table.attribute)) for table in TABLES]
        # last: a folder without it is not read as a plan
        write_atomically(folder / FILE, head_text(plan).encode(), shared=True)
    return (folder / FILE, *(path for path in written if path is not None))


def may_write(folder: Path, *, overwrite: bool) -> None:
    """Check before a long search that a plan may be written to the folder.

    Raises:
        InputError: a table is there already (without `overwrite`), or nothing can be written.
    """
    with file_errors(f"cannot write to {display_path(folder)}"):
        tables = (FILE, *(table.file for table in TABLES))
        there = [] if overwrite else [name for name in tables if (folder / name).exists()]
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if there:
        what = "a plan" if there[0] == FILE else there[0]
        raise InputError(
            f"there is {what} in {display_path(folder)} already; "
            "name another folder, or add --overwrite"
        )
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise InputError(
            f"cannot write a plan to {display_path(folder)}: {display_path(nearest)} is no folder "
            "that you may write to"
        )


def _write(folder: Path, table: Table, records: tuple[Any, ...]) -> Path | None:
    """Write the table's file; an optional one without rows only replaces an older one."""
    path = folder / table.file
    if not records and table.optional and not path.exists():
        return None
    write_atomically(path, table_text(table, records).encode(), shared=True)
    return path


def table_text(table: Table, records: tuple[Any, ...]) -> str:
    """The table as CSV."""
    names = [column.attribute for column in table.columns]
    rows = ([getattr(record, name) for name in names] for record in records)
    return csv_text([column.name for column in table.columns], rows)


def csv_text(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """A header and rows of values as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """A cell: lists are separated by `;`, objects are `name value, ...`."""
    if value is None:
        return ""
    if isinstance(value, bool):  # before numbers: a bool is an int
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        return str(int(value))  # as a spreadsheet writes it back
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(part)}" for name, part in value.items())
    return ";".join(map(_cell, value)) if isinstance(value, (list, tuple)) else str(value)

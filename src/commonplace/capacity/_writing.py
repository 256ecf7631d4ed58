"""`write_plan`: a `Plan` becomes a folder that a person can read and a spreadsheet can write.

Notable: what is written reads back as an equal plan. Months are written as numbers, for a
spreadsheet turns 2027-03 into a date of its own.
"""

import csv
import io
from pathlib import Path
from typing import Any

from commonplace.capacity._model import Plan
from commonplace.capacity._plan_yaml import FILE, head_text
from commonplace.capacity._tables import TABLES, Table
from commonplace.foundation import InputError, display_path, write_atomically


def write_plan(plan: Plan, folder: Path | str, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write the plan's tables; returns the files.

    Raises:
        InputError: a plan is there already (without `overwrite`), or nothing can be written there.
    """
    folder = Path(folder)
    if (folder / FILE).exists() and not overwrite:
        raise InputError(f"there is a plan in {display_path(folder)} already; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(folder, table, getattr(plan, table.attribute)) for table in TABLES]
        write_atomically(folder / FILE, head_text(plan).encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot write a plan to {display_path(folder)}: {reason}") from error
    return (folder / FILE, *(path for path in written if path is not None))


def _write(folder: Path, table: Table, records: tuple[Any, ...]) -> Path | None:
    """The table's file; an optional one without rows is only written over an older one."""
    path = folder / table.file
    if not records and table.optional and not path.exists():
        return None
    write_atomically(path, table_text(table, records).encode())
    return path


def table_text(table: Table, records: tuple[Any, ...]) -> str:
    """The table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    names = [column.attribute for column in table.columns]
    writer.writerows([_cell(getattr(record, name)) for name in names] for record in records)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return ";".join(value) if isinstance(value, tuple) else str(value)

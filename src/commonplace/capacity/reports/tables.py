"""The results of a command as CSV for a spreadsheet: a table for each list of its record.

    commonplace plan check DIR --csv tables

Notable: the names are those of `--json` (docs/json.md). Amounts by month become a row for each
month. A table without rows is written too, with its header, so that it replaces that of an earlier
run.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from commonplace.capacity.plan.head import FILE
from commonplace.capacity.plan.writing import csv_text
from commonplace.foundation import InputError, display_path, file_errors, write_atomically

Record = Mapping[str, Any]

_BY_MONTH = ("load", "capacity", "headroom")
_COLUMNS = {
    "breaks": "site resource month load capacity sentence",
    "resources": "site resource unit month load capacity headroom first_break run_out",
    "backbone": "month factor failure links",
    "stranded": "project house months resource racks cost sentence",
    "idle": "house item units months sentence",
    "purchases": "by place item units month usable cost instead_of",
    "orders": "place item units month",
    "late": "site resource need earliest slips cause sentence",
    "reconciled": "project house resource machines network ordered stranded stranded_then saved "
    "sentence",
    "placements": "project house month",
    "reasons": "project kind wanted month causes earliest costs sentence",
    "waiting": "project",
    "refused": "project",
    "broken_before": "site resource month load capacity sentence",
    "changes": "table kind row what",
    "moves": "project before after resource sentence",
    "verdicts": "site resource before after sentence",
}
# the orders of a difference are changes, not orders
_DIFFERENCE_COLUMNS = {**_COLUMNS, "orders": "table kind row what"}


def result_tables(record: Record) -> dict[str, str]:
    """The text of each table of a record, by the name of its file."""
    tables = _DIFFERENCE_COLUMNS if "changes" in record else _COLUMNS
    return {
        f"{name}.csv": _text(columns.split(), record[name])
        for name, columns in tables.items()
        if isinstance(record.get(name), list)
    }


def write_result_tables(record: Record, folder: Path) -> tuple[Path, ...]:
    """Write the tables of a record; those of an earlier run are replaced.

    Raises:
        InputError: a plan is in the folder, whose tables have some of the same names, or nothing
            can be written there.
    """
    if (folder / FILE).exists():
        raise InputError(f"there is a plan in {display_path(folder)}; name another folder")
    tables = result_tables(record)
    with file_errors(f"cannot write to {display_path(folder)}"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in tables.items():
            write_atomically(folder / name, text.encode(), shared=True)
    return tuple(folder / name for name in tables)


def _text(columns: list[str], rows: list[Any]) -> str:
    records = [row if isinstance(row, Mapping) else {columns[0]: row} for row in rows]
    by_month = (row for record in records for row in _by_month(record))
    return csv_text(columns, ([row[name] for name in columns] for row in by_month))


def _by_month(row: Record) -> Iterator[Record]:
    """A row for each month, where amounts are listed by month."""
    if not isinstance(row.get("load"), list):
        yield row
        return
    for at in range(len(row["load"])):
        yield {**row, "month": at + 1, **{name: row[name][at] for name in _BY_MONTH}}

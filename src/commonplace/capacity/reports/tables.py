"""What a command found as CSV: each list of its record a table, for a spreadsheet.

    commonplace plan check DIR --csv tables

Notable: the same names as in `--json` (docs/json.md). Lists by month are rows, one a month. A table
without rows is written too, with its header, so that none of an earlier run stays there unseen.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from commonplace.capacity.plan.head import FILE
from commonplace.foundation import InputError, display_path, write_atomically

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
_OF_A_DIFFERENCE = {**_COLUMNS, "orders": "table kind row what"}


def result_tables(record: Record) -> dict[str, str]:
    """Each table of a record, as the text of its CSV, by the name of its file."""
    known = _OF_A_DIFFERENCE if "changes" in record else _COLUMNS
    return {
        f"{name}.csv": _text(columns.split(), record[name])
        for name, columns in known.items()
        if isinstance(record.get(name), list)
    }


def write_result_tables(record: Record, folder: Path) -> tuple[Path, ...]:
    """Write them; tables of an earlier run are replaced.

    Raises:
        InputError: a plan is in the folder, some of whose tables have the same names, or nothing
            can be written there.
    """
    if (folder / FILE).exists():
        raise InputError(f"there is a plan in {display_path(folder)}; name another folder")
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in result_tables(record).items():
            write_atomically(folder / name, text.encode(), shared=True)
            written.append(folder / name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot write to {display_path(folder)}: {reason}") from error
    return tuple(written)


def _text(columns: list[str], rows: list[Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    records = [row if isinstance(row, Mapping) else {columns[0]: row} for row in rows]
    found = [one for row in records for one in _by_month(row)]
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in found)
    return text.getvalue()


def _by_month(row: Record) -> Iterator[Record]:
    """A row for each month, where amounts are listed by month."""
    if not isinstance(row.get("load"), list):
        yield row
        return
    for at in range(len(row["load"])):
        yield {**row, "month": at + 1, **{name: row[name][at] for name in _BY_MONTH}}


def _cell(value: Any) -> str:
    """Lists separated by `;` as in a plan's tables, objects as `name value, ...`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ";".join(map(_cell, value))
    return str(value)

"""Rows of NetBox's exports under one set of names, whichever of its three shapes they come in.

The shapes: a table's CSV (`Device A`, `Max Utilization`), the CSV that NetBox imports again
(`device_type`, `side_a_device`), and the JSON of its API (objects that have a name or a value).
Names of columns are those of NetBox 4.6 (its `dcim/tables`), whose users may choose the separator.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commonplace.capacity.importers._text import json_of, objects, text_of
from commonplace.foundation import InputError, display_path

Record = dict[str, str]
KINDS = ("sites", "devices", "racks", "cables", "feeds", "panels")
_SEPARATORS = ",;|\t"
_SYNONYMS = {
    "device_role": "role",
    "device_type": "type",
    "height": "u_height",
    "side_a_site": "site_a",
    "side_b_site": "site_b",
    "side_a_device": "device_a",
    "side_b_device": "device_b",
    "termination_a_device": "device_a",
    "termination_b_device": "device_b",
    "interfaces": "interface_count",
    "utilization": "max_utilization",
    "panel_site": "site",
    "powerfeed_count": "power_feeds",
    "a_terminations": "termination_a",
}
# The columns that mark a kind of export; the first that fits counts, for devices have a height too.
_MARKS = (
    ("feeds", {"voltage"}),
    ("cables", {"device_a"}),
    ("devices", {"role", "type", "rack"}),
    ("racks", {"u_height"}),
    ("devices", {"role", "type"}),
    ("panels", {"power_feeds"}),
    ("sites", {"region"}),
)


def read_records(paths: Sequence[Path]) -> tuple[dict[str, list[Record]], dict[str, int]]:
    """All rows by kind, and how many of a kind the API has and did not send.

    Raises:
        InputError: a file is no such export.
    """
    records: dict[str, list[Record]] = {kind: [] for kind in KINDS}
    totals: dict[str, int] = {}
    for path in paths:
        rows, count = _rows(path)
        if rows:
            kind = _kind(path, set().union(*rows[:100]))
            records[kind] += rows
            totals[kind] = max(count, totals.get(kind, 0))
    return records, {k: n - len(records[k]) for k, n in totals.items() if n > len(records[k])}


def _rows(path: Path) -> tuple[list[Record], int]:
    """The rows of a file, and how many rows its kind has in all; 0 if the file does not say."""
    text = text_of(path)
    if text.lstrip()[:1] in ("{", "["):
        answer = json_of(path, text)
        results, count = answer, None
        if isinstance(answer, dict):
            results, count = answer.get("results"), answer.get("count")
        problem = f"{display_path(path)}: expected a list of objects, or 'results'"
        rows = [_flat(result) for result in objects(results, problem)]
        return rows, count if isinstance(count, int) else 0
    header = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return [_named(row) for row in reader], 0
    except csv.Error as error:
        raise InputError(f"{display_path(path)} is not CSV: {error}") from error


def _kind(path: Path, columns: set[str]) -> str:
    for kind, marks in _MARKS:
        if marks <= columns:
            return kind
    if "termination_a" in columns:
        what = "cables without their devices: export all data, with the columns Device A and B"
        raise InputError(f"{display_path(path)}: {what}")
    what = "devices (role, type), racks (u_height), cables, power feeds (voltage), panels or sites"
    raise InputError(f"{display_path(path)} is no export of NetBox that is known: {what}")


def _named(row: dict[str, Any]) -> Record:
    """A row of a CSV under the shared names."""
    record = {}
    for column, cell in row.items():
        if isinstance(column, str) and isinstance(cell, str):
            name = "_".join(column.lower().replace("(", " ").replace(")", " ").split())
            name = name.removesuffix("_u")  # the column is `Height (U)`
            record[_SYNONYMS.get(name, name)] = cell.strip()
    return record


def _flat(result: dict[str, Any]) -> Record:
    """An object of the API under the shared names."""
    record = {_SYNONYMS.get(key, key): _text(value) for key, value in result.items()}
    for side in "ab":
        ends = result.get(f"{side}_terminations")
        if isinstance(ends, list):
            device = _inner(ends[0], "object", "device") if ends else None
            record[f"device_{side}"] = _text(device)
    return record


def _inner(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    """The name of a value."""
    if isinstance(value, dict):
        for key in ("name", "model", "value", "display", "slug"):
            if value.get(key) is not None:
                return _text(value[key])
        return ""
    return "" if value is None or isinstance(value, list) else str(value).strip()

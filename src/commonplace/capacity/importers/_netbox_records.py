"""Rows of NetBox's exports under one set of names, whichever of its three shapes they come in.

The shapes: a table's CSV (`Device A`, `Max Utilization`), the CSV that NetBox imports again
(`device_type`, `side_a_device`), and the JSON of its API (objects that have a name or a value).
Names of columns are those of NetBox 4.6 (its `dcim/tables`), whose users may choose what separates.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commonplace.capacity.importers._text import json_of, text_of
from commonplace.foundation import InputError, display_path

Record = dict[str, str]
KINDS = ("sites", "devices", "racks", "cables", "feeds", "panels")
_SEPARATORS = ",;|\t"
_SAME = {
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
# what this kind of export has, in our names; the first that fits: devices have a height too
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
    found: dict[str, list[Record]] = {kind: [] for kind in KINDS}
    there: dict[str, int] = {}
    for path in paths:
        rows, count = _rows(path)
        if rows:
            kind = _kind(path, set().union(*rows[:100]))
            found[kind] += rows
            there[kind] = max(count, there.get(kind, 0))
    return found, {k: n - len(found[k]) for k, n in there.items() if n > len(found[k])}


def _rows(path: Path) -> tuple[list[Record], int]:
    """The rows of a file, and how many its kind has in all, as far as it says."""
    text = text_of(path)
    if text.lstrip()[:1] in ("{", "["):
        given = json_of(path, text)
        objects = given.get("results") if isinstance(given, dict) else given
        if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
            raise InputError(f"{display_path(path)}: expected a list of objects, or 'results'")
        count = given.get("count") if isinstance(given, dict) else None
        return [_flat(one) for one in objects], count if isinstance(count, int) else 0
    header = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return [_named(row) for row in rows], 0
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
    """A CSV row under our names."""
    found = {}
    for column, cell in row.items():
        if isinstance(column, str) and isinstance(cell, str):
            name = "_".join(column.lower().replace("(", " ").replace(")", " ").split())
            found[_SAME.get(name.removesuffix("_u"), name.removesuffix("_u"))] = cell.strip()
    return found


def _flat(one: dict[str, Any]) -> Record:
    """An object of the API under our names."""
    found = {_SAME.get(key, key): _text(value) for key, value in one.items()}
    for side in "ab":
        ends = one.get(f"{side}_terminations")
        if isinstance(ends, list):
            device = _inner(ends[0], "object", "device") if ends else None
            found[f"device_{side}"] = _text(device)
    return found


def _inner(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    """What a value is called."""
    if isinstance(value, dict):
        for key in ("name", "model", "value", "display", "slug"):
            if value.get(key) is not None:
                return _text(value[key])
        return ""
    return "" if value is None or isinstance(value, list) else str(value).strip()

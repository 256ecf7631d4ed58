"""The log of a library: one JSON object a line, added with a single write, read from the end.

What was asked, which passages were used, which model, how long each stage took. It stays on this
machine: nothing is ever sent anywhere.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commonplace.foundation._files import append_line


def append_record(file: Path, record: Mapping[str, Any]) -> None:
    """Add one record; a log that cannot be written is no reason to withhold an answer."""
    try:
        append_line(file, json.dumps(record, ensure_ascii=True, default=str))
    except OSError:
        return


def read_records(file: Path, limit: int) -> list[dict[str, Any]]:
    """The last `limit` records, newest first; a line that was cut off by a crash is left out."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return []
    records: list[dict[str, Any]] = []
    for line in reversed(lines):
        if len(records) == limit:
            break
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records

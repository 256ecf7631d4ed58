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


def read_records(file: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """The last `limit` records (None: all), newest first; a line that a crash cut off is left out.

    A log that cannot be read is as an empty one, since it is only ever looked back at.
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return []
    records: list[dict[str, Any]] = []
    for line in reversed(lines):
        if len(records) == limit:
            break
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):  # a line that somebody edited may be JSON of another kind
            records.append(record)
    return records

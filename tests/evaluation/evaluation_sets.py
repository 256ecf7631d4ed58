"""Writing small evaluation sets."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_lines(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

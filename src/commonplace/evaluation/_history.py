"""The history of reports: one JSON file a run, so that a later run can say what a change did.

Reports of a set stand in the user's data folder, under the set's name and the hash of its files;
those of a library in its `learned/evaluations/`. They are not in a cache: a report of the code as
it was cannot be made again. They hold queries and numbers, and no passages.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from commonplace.foundation import InputError, LibraryError, display_path, write_atomically

Record = dict[str, Any]


def set_folder(name: str, hash: str) -> Path:
    """The folder with the reports of a set."""
    import platformdirs

    data = Path(platformdirs.user_data_dir("commonplace", appauthor=False))
    return data / "evaluations" / f"{name}-{hash}"


def library_folder(library: Path) -> Path:
    """The folder with the reports of a library."""
    return library / "learned" / "evaluations"


def save_report(record: Mapping[str, Any], folder: Path, file: Path | None = None) -> Path:
    """Write a report into its folder, or to `file`; returns where it is.

    Raises:
        LibraryError: the disk refuses.
    """
    now = datetime.now(UTC)
    report = {**record, "at": now.isoformat(), "version": version("commonplace")}
    path = file or folder / f"{record['kind']}-{now:%Y%m%dT%H%M%S.%f}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(report, indent=1).encode())
    except OSError as error:
        raise LibraryError(
            f"the report could not be kept in {display_path(path)} ({error.strerror or error}); "
            "--keep FILE writes it elsewhere"
        ) from error
    return path


def find_report(against: str, kind: str, folder: Path, hash: str) -> Record:
    """The report that "last" or a file's name refers to, to be compared with.

    Raises:
        InputError: there is none, it cannot be read, or it is of something else.
    """
    path = _last(folder, kind) if against == "last" else Path(against).expanduser()
    record = _read(path)
    if record.get("kind") != kind:
        raise InputError(f"{display_path(path)} is no report of this sort ({kind}); name one")
    if record.get("hash") != hash:
        raise InputError(
            f"{display_path(path)} measured something else ({record.get('set')}, "
            f"{record.get('hash')}); only reports of the same set can be compared"
        )
    return record


def _last(folder: Path, kind: str) -> Path:
    reports = sorted(folder.glob(f"{kind}-*.json"))
    if not reports:
        raise InputError(
            "no earlier report is kept of this; run once without --against, then change something"
        )
    return reports[-1]


def _read(path: Path) -> Record:
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{display_path(path)} cannot be read ({error.strerror}); "
            "name a report, or write --against last"
        ) from error
    except ValueError as error:
        raise InputError(f"{display_path(path)} is no report: it is not JSON") from error
    if not isinstance(record, dict) or not isinstance(record.get("rows"), list):
        raise InputError(f"{display_path(path)} is no report; name a file that `evaluate` made")
    return record


def values_by_configuration(record: Record, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The values by query of an earlier report's rows, for these configurations.

    Raises:
        InputError: it has none of them.
    """
    rows = {row["configuration"]: row.get("values", {}) for row in record["rows"]}
    values = {name: rows[name] for name in names if name in rows}
    if not values:
        raise InputError(
            f"the earlier report measured {', '.join(rows) or 'nothing'}, "
            f"and this one {', '.join(names)}; only the same can be compared"
        )
    return values


def moment_of(record: Record) -> str:
    """The time of an earlier report, in words."""
    return f"{str(record.get('at', 'an earlier run'))[:16].replace('T', ' ')} UTC"

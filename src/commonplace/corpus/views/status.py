"""What became of every file: indexed, skipped and why, superseded, or stale against the disk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from commonplace.corpus._paths import absolute, is_under, shown_path
from commonplace.corpus._types import Item, State
from commonplace.corpus.store.snapshot import Snapshot
from commonplace.corpus.store.tables import Store
from commonplace.corpus.store.upkeep import remove
from commonplace.foundation import InputError


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One file: its state and why, passages that are indexed, superseded ones that are kept."""

    path: str
    state: State
    reason: str
    passages: int
    superseded: int


@dataclass(frozen=True, slots=True)
class Status:
    """Every file that the library knows, and the counts: files by state, passages, vectors."""

    files: tuple[FileStatus, ...]
    totals: dict[str, int]


def read_status(snapshot: Snapshot, paths: Sequence[str] = ()) -> Status:
    """The state of the files at or under these paths (none: of all)."""
    roots = [shown_path(absolute(path)) for path in paths]
    files = tuple(
        _status(item, snapshot.superseded.get(item.id, 0))
        for item in snapshot.items
        if not roots or is_under(item.path, roots)
    )
    return Status(files, _totals(files, snapshot))


def find_items(snapshot: Snapshot, path: bytes) -> list[Item]:
    """The items at or under a path, whatever their state.

    Raises:
        InputError: there are none.
    """
    root = known_root(snapshot, path)
    return [item for item in snapshot.items if is_under(item.path, [root])]


def remove_paths(store: Store, paths: Sequence[str | bytes | os.PathLike[str]]) -> list[str]:
    """Make what is at or under these paths truly gone; returns the paths of the items.

    Raises:
        InputError: the library knows nothing at a path.
    """
    with store.snapshot() as snapshot:
        items = [item for path in paths for item in find_items(snapshot, absolute(path))]
    remove(store, [item.id for item in items])
    return sorted({item.path for item in items})


def known_root(snapshot: Snapshot, path: bytes) -> str:
    """The path as the library shows it; a path that was copied from what it shows is taken too.

    Raises:
        InputError: the library knows nothing at or under it.
    """
    for root in (shown_path(path), os.fsdecode(path)):  # the second is shown already
        if any(is_under(item.path, [root]) for item in snapshot.items):
            return root
    raise InputError(
        f"the library knows nothing at {shown_path(path)}; `commonplace status` lists it"
    )


def _status(item: Item, superseded: int) -> FileStatus:
    if item.state == "indexed":
        item = _against_disk(item)
    return FileStatus(item.path, item.state, item.reason, item.passages, superseded)


def _against_disk(item: Item) -> Item:
    """The item as stale where the disk no longer holds what was read; costs one `stat`."""
    try:
        status = os.stat(item.raw_path)
    except OSError:
        reason = "no longer on disk; run `commonplace add` on its folder, or `commonplace remove`"
        return replace(item, state="stale", reason=reason)
    if (status.st_size, status.st_mtime_ns) == (item.size, item.modified_ns):
        return item
    reason = "changed on disk since it was read; run `commonplace add` again"
    return replace(item, state="stale", reason=reason)


def _totals(files: Sequence[FileStatus], snapshot: Snapshot) -> dict[str, int]:
    states: tuple[State, ...] = ("indexed", "skipped", "superseded", "stale")
    totals: dict[str, int] = {state: sum(file.state == state for file in files) for state in states}
    totals |= {"files": len(files), "passages": sum(file.passages for file in files)}
    totals["superseded_passages"] = sum(file.superseded for file in files)
    return totals | {"vectors": _with_vector(snapshot, {file.path for file in files})}


def _with_vector(snapshot: Snapshot, paths: set[str]) -> int:
    """How many of the visible passages of these files have a vector, of the encoder with most."""
    table = snapshot["passages"].to_table(columns=["path", "key"], filter=snapshot.where_visible)
    keys = table.filter(pc.is_in(table["path"], pa.array(sorted(paths), pa.string())))["key"]
    encoded = [snapshot[name].to_table(columns=["key"])["key"] for name in snapshot.vector_tables]
    counts = [
        pc.sum(pc.is_in(keys, value_set=column.combine_chunks())).as_py() for column in encoded
    ]
    return max((count or 0 for count in counts), default=0)  # the sum of no rows is null

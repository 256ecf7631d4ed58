"""The accelerator makes a library that is held open quick; it is derived from the store, in memory.

    accelerator = Accelerator()
    view = open_view(snapshot, filter, table, cache, accelerator)

It holds BM25's postings (`postings`), the vectors, and the vectors as bytes (`codes`) for the first
pass over all of them.

The store stays the truth. For each snapshot the accelerator compares the visible rows with its own:
new ones are added, vanished ones deleted, and rows that the store only moved (it merges small files
now and then) are renamed, found again by the passage's id, which is a hash of what it says. When
most has changed, it starts anew. A search that began before a change keeps its version.

Why: at 300,000 passages the store's own BM25 takes milliseconds and this tenths of one, and the
nearest vectors are found in a fraction of the time (docs/measurements/speed.md). What it costs:
seconds, and some hundred megabytes; a single command never pays for it. Needs numba, which
nothing else does (`pip install 'commonplace[speed]'`).
"""

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonplace.corpus import Snapshot, Vectors, grown_vectors, load_vectors
from commonplace.foundation import InputError
from commonplace.foundation.arrays import Int64s
from commonplace.retrieval.index.codes import Codes
from commonplace.retrieval.index.postings import Postings

_TAKE_AT_MOST: Final = 20_000  # rows that are read one by one; more are read in one pass
_Key = tuple[str, int, int]  # a table of vectors, the passages' version and its own


@dataclass(frozen=True, slots=True)
class _State:
    """An index, the table versions that it is of, and the id of each of its rows (ascending)."""

    versions: tuple[int, int]
    postings: Postings
    ids: NDArray[np.uint64]


class Accelerator:
    """Holds the index of one library, and brings it up to date. Safe to share between threads."""

    def __init__(self) -> None:
        """An accelerator that holds nothing yet.

        Raises:
            InputError: numba is not installed.
        """
        if importlib.util.find_spec("numba") is None:
            raise InputError(
                "faster search needs numba; install it with `pip install 'commonplace[speed]'`, "
                "or go on without: the results are the same"
            )
        self._state: _State | None = None
        self._vectors: tuple[_Key, Vectors] | None = None
        self._codes: tuple[_Key, Codes] | None = None
        self._lock, self._joining = threading.Lock(), threading.Lock()

    def postings(self, snapshot: Snapshot) -> Postings | None:
        """The index of exactly this snapshot.

        None where a newer one has been made already, or another thread is making one: the store
        answers as well, and nobody waits.
        """
        versions = int(snapshot["items"].version), int(snapshot["passages"].version)
        state = self._state
        if state is not None and state.versions == versions:
            return state.postings
        with _if_free(self._lock) as is_mine:
            state = self._state
            if not is_mine or (state is not None and state.versions > versions):
                return None
            self._state = state = _updated(snapshot, state, versions)
            return state.postings

    def vectors(self, snapshot: Snapshot, table: str, cache: Path) -> Vectors | None:
        """The vectors of exactly this snapshot; None while nothing has been encoded.

        A thread that asks while they are made waits: making them again would take as long.
        """
        if table not in snapshot.versions:
            return None
        key = _key(snapshot, table)
        held = self._vectors
        if held is not None and held[0] == key:
            return held[1]
        with self._joining:
            held = self._vectors
            if held is None or held[0][0] != table:
                vectors = load_vectors(snapshot, table, cache)
            elif held[0] == key:
                return held[1]
            else:
                vectors = grown_vectors(snapshot, table, held[1])
            if vectors is not None and (held is None or held[0] < key):
                self._vectors = key, vectors
            return vectors

    def codes(self, snapshot: Snapshot, table: str, vectors: Vectors | None) -> Codes | None:
        """The vectors of exactly this snapshot as bytes; None as for `postings`, or without any."""
        if vectors is None or not len(vectors.rows):
            return None
        key = _key(snapshot, table)
        held = self._codes
        if held is not None and held[0] == key:
            return held[1]
        with _if_free(self._lock) as is_mine:
            held = self._codes
            earlier = held[1] if held is not None and held[0][0] == table else None
            if not is_mine or (held is not None and earlier is not None and held[0] > key):
                return None
            self._codes = key, Codes.of(vectors, earlier)
            return self._codes[1]

    def forget(self) -> None:
        """Hold nothing any more, nor what is only marked as deleted; made anew when needed."""
        with self._lock, self._joining:
            self._state = self._codes = self._vectors = None


def _key(snapshot: Snapshot, table: str) -> _Key:
    return table, int(snapshot["passages"].version), int(snapshot[table].version)


@contextmanager
def _if_free(lock: threading.Lock) -> Iterator[bool]:
    """Hold the lock if nobody else does; yields whether it is held here."""
    is_mine = lock.acquire(blocking=False)
    try:
        yield is_mine
    finally:
        if is_mine:
            lock.release()


def _updated(snapshot: Snapshot, old: _State | None, versions: tuple[int, int]) -> _State:
    """The state of a snapshot, from the one before it where that is less work."""
    rows = snapshot.rows(snapshot.where_visible)
    if old is None:
        return _anew(snapshot, versions)
    new = np.setdiff1d(rows, old.postings.rows, assume_unique=True)
    if not len(new) and len(rows) == len(old.ids):
        return _State(versions, old.postings, old.ids)
    if len(new) > max(_TAKE_AT_MOST, len(rows) // 4):
        return _anew(snapshot, versions)
    return _changed(snapshot, old, versions, rows, new)


def _anew(snapshot: Snapshot, versions: tuple[int, int]) -> _State:
    table = snapshot["passages"].to_table(
        columns=["id", "terms"], filter=snapshot.where_visible, with_row_id=True
    )
    rows = table["_rowid"].to_numpy().astype(np.int64)
    order = np.argsort(rows, kind="stable")
    if not np.array_equal(order, np.arange(len(order))):  # copying all texts takes time
        table = table.take(order)
    postings = Postings.build(_column(table, "terms"), rows[order])
    return _State(versions, postings, _ids(table))


def _changed(
    snapshot: Snapshot, old: _State, versions: tuple[int, int], rows: Int64s, new: Int64s
) -> _State:
    """Add, delete and rename: what is new but for its row has moved."""
    table = snapshot.take(new, ["id", "terms"])
    ids = _ids(table)
    vanished_at = np.flatnonzero(~np.isin(old.postings.rows, rows, assume_unique=True))
    vanished, vanished_ids = old.postings.rows[vanished_at], old.ids[vanished_at]
    _, from_at, to_at = np.intersect1d(vanished_ids, ids, return_indices=True)
    postings = old.postings
    if len(to_at):
        postings = postings.renamed(vanished[from_at], new[to_at])
    added = np.setdiff1d(np.arange(len(new)), to_at)
    deleted = np.delete(vanished, from_at)
    if len(added) or len(deleted):
        postings = postings.changed(_column(table.take(added), "terms"), new[added], deleted)
    all_rows = np.concatenate([np.delete(old.postings.rows, vanished_at), new])
    all_ids = np.concatenate([np.delete(old.ids, vanished_at), ids])
    return _State(versions, postings, all_ids[np.argsort(all_rows, kind="stable")])


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)


def _ids(table: pa.Table) -> NDArray[np.uint64]:
    """Passage ids as numbers: they are sixteen hexadecimal digits."""
    return np.fromiter((int(name, 16) for name in table["id"].to_pylist()), np.uint64)

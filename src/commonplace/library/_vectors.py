"""The vectors of the visible passages as one matrix, for exact search.

Up to some hundred thousand passages a product with the whole matrix beats an approximate index and
misses nothing (2.6 ms at 20,000, measured). The matrix is an accelerator: a float32 file in
`cache/` that is mapped, not read, so that a cold command does not pay for what it does not touch;
its name carries the tables' versions, and it is made again where it is missing.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonplace.library._snapshot import Rows, Scores, Snapshot


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors by row: `rows` [n] ascending, `matrix` [n, dimension] float32."""

    rows: Rows
    matrix: NDArray[np.float32]

    def nearest(
        self, query: NDArray[np.float32], limit: int, among: Rows | None = None
    ) -> tuple[Rows, Scores]:
        """The `limit` passages of largest cosine with the unit vector `query`, best first.

        `among`: only these rows (ascending). Equal cosines are in the order of their rows.
        """
        matrix, rows = self.matrix, self.rows
        if among is not None:
            at = self._positions(among)
            matrix, rows = matrix[at], rows[at]
        cosines = matrix @ query
        if limit < len(cosines):
            best = np.argpartition(-cosines, limit)[:limit]
            rows, cosines = rows[best], cosines[best]
        order = np.lexsort((rows, -cosines))
        return rows[order], cosines[order]

    def cosines(self, query: NDArray[np.float32], rows: Rows) -> Scores:
        """The cosine of each of these rows with the query; NaN where a row has no vector yet."""
        found = np.full(len(rows), np.nan, np.float32)
        if len(self.rows):
            at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
            there = self.rows[at] == rows
            found[there] = self.matrix[at[there]] @ query
        return found

    def at(self, rows: Rows) -> NDArray[np.float32]:
        """The vector of each of these rows [n, dimension]; NaN where a row has none yet."""
        found = np.full((len(rows), self.matrix.shape[1]), np.nan, np.float32)
        if len(self.rows):
            at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
            there = self.rows[at] == rows
            found[there] = self.matrix[at[there]]
        return found

    def _positions(self, rows: Rows) -> NDArray[np.int64]:
        """Where those of the rows stand that have a vector."""
        at = np.searchsorted(self.rows, rows)
        at = at[at < len(self.rows)] if len(self.rows) else at[:0]
        return np.unique(at[np.isin(self.rows[at], rows)])


def load_vectors(snapshot: Snapshot, table: str, cache: Path) -> Vectors | None:
    """The matrix of one encoder's table; None while nothing has been encoded."""
    if table not in snapshot.versions:
        return None
    name = f"{table}-{snapshot['passages'].version}-{snapshot[table].version}"
    files = cache / f"{name}.rows.npy", cache / f"{name}.matrix.npy"
    try:
        rows, matrix = (np.load(file, mmap_mode="r") for file in files)
        return Vectors(np.asarray(rows), matrix)
    except (OSError, ValueError):  # missing, or cut off by a full disk
        made = _join(snapshot, table)
    _forget(cache, table)
    _save(files[0], made.rows)
    _save(files[1], made.matrix)
    return made


def _join(snapshot: Snapshot, table: str) -> Vectors:
    """Each visible passage's row beside the vector that its key names."""
    visible = snapshot.where_visible
    passages = snapshot["passages"].to_table(columns=["key"], filter=visible, with_row_id=True)
    rows = passages["_rowid"].to_numpy().astype(np.int64)
    order = np.argsort(rows)
    matrix, at = lookup(snapshot, table, passages["key"].take(order))
    there = at >= 0
    return Vectors(rows[order][there], matrix[at[there]])


def lookup(
    snapshot: Snapshot, table: str, keys: object
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All vectors of a table [n, dimension], and for each key its row among them, or -1."""
    vectors = snapshot[table].to_table()
    column = vectors["vector"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    matrix = flat.reshape(len(column), -1).astype(np.float32)
    at = pc.index_in(keys, value_set=vectors["key"].combine_chunks())
    return matrix, at.fill_null(-1).to_numpy().astype(np.int64)


def _forget(cache: Path, table: str) -> None:
    for old in cache.glob(f"{table}-*.npy"):
        with contextlib.suppress(OSError):
            old.unlink(missing_ok=True)


def _save(file: Path, array: NDArray[np.generic]) -> None:
    """Write beside, then rename; a cache that cannot be written is no reason to fail."""
    beside = file.with_name(f".{os.getpid()}.{file.name}")
    with contextlib.suppress(OSError):
        with open(beside, "wb") as target:
            np.save(target, array)
        os.replace(beside, file)
    with contextlib.suppress(OSError):
        beside.unlink(missing_ok=True)

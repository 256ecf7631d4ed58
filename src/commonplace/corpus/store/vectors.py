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
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonplace.corpus.store.snapshot import Snapshot
from commonplace.foundation.arrays import Bools, Float32s, Int64s

_LOOK_UP_AT_MOST: Final = 1_000  # vectors by their row ids; more are read in one pass


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors by row: `rows` [n] ascending, `matrix` [n, dimension] float32."""

    rows: Int64s
    matrix: Float32s

    def nearest(
        self, query: Float32s, limit: int, among: Int64s | None = None
    ) -> tuple[Int64s, Float32s]:
        """The `limit` passages of largest cosine with the unit vector `query`, best first.

        `among`: only these rows (ascending). Equal cosines are in the order of their rows.
        """
        matrix, rows = self.matrix, self.rows
        if among is not None:
            _, places = self._find(among)
            matrix, rows = matrix[places], rows[places]
        cosines = matrix @ query
        if limit < len(cosines):
            best = np.argpartition(-cosines, limit)[:limit]  # linear, where sorting all is not
            rows, cosines = rows[best], cosines[best]
        order = np.lexsort((rows, -cosines))
        return rows[order], cosines[order]

    def cosines(self, query: Float32s, rows: Int64s) -> Float32s:
        """The cosine of each of these rows with the query; NaN where a row has no vector yet."""
        cosines = np.full(len(rows), np.nan, np.float32)
        has_vector, places = self._find(rows)
        cosines[has_vector] = self.matrix[places] @ query
        return cosines

    def at(self, rows: Int64s) -> Float32s:
        """The vector of each of these rows [n, dimension]; NaN where a row has none yet."""
        vectors = np.full((len(rows), self.matrix.shape[1]), np.nan, np.float32)
        has_vector, places = self._find(rows)
        vectors[has_vector] = self.matrix[places]
        return vectors

    def _find(self, rows: Int64s) -> tuple[Bools, Int64s]:
        """For each of these rows whether it has a vector, and the places of those that have."""
        places = np.searchsorted(self.rows, rows)
        has_vector = places < len(self.rows)
        has_vector[has_vector] = self.rows[places[has_vector]] == rows[has_vector]
        return has_vector, places[has_vector]


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
        vectors = _join(snapshot, table)
    _forget(cache, table)  # the names carry versions: those of earlier ones are read by nobody
    _save(files[0], vectors.rows)
    _save(files[1], vectors.matrix)
    return vectors


def grown_vectors(snapshot: Snapshot, table: str, earlier: Vectors) -> Vectors:
    """The matrix of one encoder's table, from that of an earlier snapshot of the library.

    A row never changes what it holds, so only rows that are new are looked up; `earlier` itself
    where nothing differs. When most has changed, it is made anew.
    """
    rows = snapshot.rows(snapshot.where_visible)
    new = np.setdiff1d(rows, earlier.rows, assume_unique=True)
    if len(new) > _LOOK_UP_AT_MOST:
        return _join(snapshot, table)
    standing = np.isin(earlier.rows, rows, assume_unique=True)
    new_rows, vectors = _of_rows(snapshot, table, new)
    if standing.all() and not len(new_rows):
        return earlier
    retained = (
        earlier if standing.all() else Vectors(earlier.rows[standing], earlier.matrix[standing])
    )
    rows = np.concatenate([retained.rows, new_rows])
    matrix = np.concatenate([retained.matrix, vectors])
    if np.all(rows[1:] > rows[:-1]):  # as they nearly always are; a copy of all takes a while
        return Vectors(rows, matrix)
    order = np.argsort(rows)
    return Vectors(rows[order], matrix[order])


def _of_rows(snapshot: Snapshot, table: str, rows: Int64s) -> tuple[Int64s, Float32s]:
    """The rows that have a vector, and their vectors; only these are read."""
    keys = snapshot[table].to_table(columns=["key"], with_row_id=True)
    keys_of_rows = snapshot.take(rows, ["key"])["key"]
    at = pc.index_in(keys_of_rows, value_set=keys["key"].combine_chunks())
    has_vector = at.is_valid().to_numpy()
    vector_rows = keys["_rowid"].take(at.drop_null()).to_pylist()
    return rows[has_vector], _matrix(snapshot[table]._take_rows(vector_rows, columns=["vector"]))


def _join(snapshot: Snapshot, table: str) -> Vectors:
    """Each visible passage's row beside the vector that its key names."""
    visible = snapshot.where_visible
    passages = snapshot["passages"].to_table(columns=["key"], filter=visible, with_row_id=True)
    rows = passages["_rowid"].to_numpy().astype(np.int64)
    order = np.argsort(rows)
    matrix, at = lookup(snapshot, table, passages["key"].take(order))
    has_vector = at >= 0
    return Vectors(rows[order][has_vector], matrix[at[has_vector]])


def lookup(snapshot: Snapshot, table: str, keys: object) -> tuple[Float32s, Int64s]:
    """All vectors of a table [n, dimension], and for each key its row among them, or -1."""
    vectors = snapshot[table].to_table()
    at = pc.index_in(keys, value_set=vectors["key"].combine_chunks())
    return _matrix(vectors), at.fill_null(-1).to_numpy().astype(np.int64)


def _matrix(table: pa.Table) -> Float32s:
    """The column "vector" as [n, dimension]."""
    column = table["vector"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    shape = len(column), column.type.list_size
    matrix: Float32s = flat.reshape(shape).astype(np.float32)
    return matrix


def _forget(cache: Path, table: str) -> None:
    for old in cache.glob(f"{table}-*.npy"):
        with contextlib.suppress(OSError):
            old.unlink(missing_ok=True)


def _save(file: Path, array: np.ndarray) -> None:
    """Write beside, then rename; a cache that cannot be written is no reason to fail."""
    beside = file.with_name(f".{os.getpid()}.{file.name}")
    with contextlib.suppress(OSError):
        with open(beside, "wb") as target:
            np.save(target, array)
        os.replace(beside, file)
    with contextlib.suppress(OSError):
        beside.unlink(missing_ok=True)

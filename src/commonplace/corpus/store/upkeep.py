"""Keeping a library quick and small, and making what was removed truly gone."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from filelock import Timeout

from commonplace.corpus.store.commit import settle
from commonplace.corpus.store.feedback import forget_items
from commonplace.corpus.store.schema import quoted
from commonplace.corpus.store.tables import Store
from commonplace.foundation import LibraryError

_QUICKLY_BUILT = 50_000  # passages: up to here BM25's statistics are kept exact at any time
_BENT_SHARE = 0.02  # of deleted rows that a larger index may go on counting
_FRAGMENTS = 16  # files of one table; more than this are merged
_PATIENCE = 60.0  # seconds that a removal waits for readers
_KEEP_VERSIONS = timedelta(minutes=10)  # longer than any request runs


def index_text(store: Store) -> None:
    """Bring BM25 up to date: merge new rows into its index, rebuild it when deleted ones count.

    Lance's statistics go on counting deleted rows; where a whole fragment was deleted neither
    merging nor compacting mends that, only building anew (half a second for 20,000 passages).
    """
    with store.writing():
        settle(store)
        store.attempt(lambda: store.open("passages").optimize.optimize_indices())
        passages = store.open("passages")
        searchable = passages.count_rows(filter="length > 0")
        indexes = passages.stats.index_stats("terms_idx")["indices"]
        indexed = sum(index.get("num_docs", 0) for index in indexes)  # an empty index has none
        deleted = indexed - searchable
        if deleted > (_BENT_SHARE * searchable if searchable > _QUICKLY_BUILT else 0):
            store.build_text_index()


def maintain(store: Store) -> None:
    """Merge small files and forget old versions: what a long write ends with."""
    with store.writing():
        for table in store.names():
            if len(store.open(table).get_fragments()) > _FRAGMENTS:
                _compact(store, table)
        index_text(store)
        with contextlib.suppress(Timeout):  # the next long write will
            _forget_versions(store, _KEEP_VERSIONS, wait=1)


def remove(store: Store, identities: Sequence[str]) -> None:
    """Make items gone from tables, links, indexes, vectors, feedback, old versions and cache.

    The first commit makes them invisible; this returns when nothing of them is left on disk. It
    waits for requests that are still reading.

    Raises:
        LibraryError: they went on for too long; old versions are still on the disk.
    """
    with store.writing():
        store.delete("items", f"id IN ({quoted(identities)})")
        for table in ("passages", "history", "links"):
            store.delete(table, f"item_id IN ({quoted(identities)})")
        settle(store)
        _drop_unused_vectors(store)  # after the passages are gone: it looks for what they name
        for table in store.names():
            _compact(store, table)
        store.build_text_index()
        clear_cache(store)
        forget_items(store, set(identities))
        try:
            _forget_versions(store, timedelta(0), wait=_PATIENCE)
        except Timeout as error:
            raise LibraryError(
                "removed from every index, but another program is still reading old versions; "
                "they leave the disk with the next `commonplace add` after ten minutes"
            ) from error


def clear_cache(store: Store) -> None:
    """Delete what can be made again."""
    for path in (store.folder / "cache").iterdir():
        path.unlink(missing_ok=True)


def _compact(store: Store, table: str) -> None:
    store.attempt(
        lambda: store.open(table).optimize.compact_files(materialize_deletions_threshold=0.0)
    )


def _drop_unused_vectors(store: Store) -> None:
    """Vectors are kept by content; one that no passage has any more goes too."""
    columns = [
        store.open(name).to_table(columns=["key"])["key"] for name in ("passages", "history")
    ]
    used = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.binary(16))
    for table in store.vector_tables():
        keys = store.open(table).to_table(columns=["key"], with_row_id=True)
        unused = pc.invert(pc.is_in(keys["key"], value_set=used.combine_chunks()))
        rows = keys.filter(unused)["_rowid"].to_pylist()
        if rows:
            store.delete(table, f"_rowid IN ({', '.join(map(str, rows))})")


def _forget_versions(store: Store, older_than: timedelta, wait: float) -> None:
    """Clean up versions once nobody reads.

    Raises:
        Timeout: requests went on reading for `wait` seconds.
    """
    with store.new_read_lock().write_lock(timeout=wait):
        for dataset in map(store.open, store.names()):
            clean_up = partial(dataset.cleanup_old_versions, delete_unverified=not older_than)
            store.attempt(partial(clean_up, older_than))

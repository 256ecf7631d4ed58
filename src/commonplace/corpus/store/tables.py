"""The store: Lance tables in a folder, their locks, and the snapshot that readers share.

Every commit of one table is atomic; `commit` orders them so that several look like one. Two locks
stand beside the tables: `write.lock` (one committer at a time, held for one commit and not for a
whole `add`, so that two can run beside each other) and `read.lock` (shared by requests; old
versions are only cleaned up while nobody reads).
"""

import errno
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock, local
from typing import TypeVar

import pyarrow as pa
from filelock import FileLock, ReadWriteLock

from commonplace.corpus.store._lance import lance
from commonplace.corpus.store._layout import lay_out
from commonplace.corpus.store.schema import ITEMS, LINKS, PASSAGES, READ
from commonplace.corpus.store.snapshot import Snapshot
from commonplace.foundation import LibraryError, display_path

TABLES = {"passages": PASSAGES, "history": PASSAGES, "links": LINKS, "read": READ, "items": ITEMS}
_RETRIES = 8  # waits of 0.05 s, doubled each time: some 13 s in all
_CANNOT_WRITE = {errno.EROFS, errno.EACCES, errno.EPERM}
_LANCE_FAILED = re.compile(r"LanceError|External error")  # how its failures reach us, not our own
_Result = TypeVar("_Result")


class Store:
    """The tables of one library: `snapshot` and `writing` give access, the rest is one table's."""

    def __init__(self, folder: Path) -> None:
        """Open the library in this folder, or lay out a new one there.

        Raises:
            LibraryError: the folder is something else, damaged, or written by a newer version.
        """
        lay_out(folder)
        self.folder = folder
        self._write_lock = FileLock(folder / "lance" / "write.lock")
        # These are among threads, the locks in files among processes.
        self._writers, self._readers = RLock(), RLock()
        self._held = local()  # whether this thread holds the read lock already
        self._snapshot: Snapshot | None = None
        missing = [name for name in TABLES if not self.exists(name)]
        if missing:
            self._refuse_damaged(missing)
            self._create_tables()

    def _refuse_damaged(self, missing: list[str]) -> None:
        """A creation that was broken off has no items yet, and nothing in the other tables."""
        rest = [name for name in TABLES if name not in missing]
        if "items" in rest or any(self.open(name).count_rows() for name in rest):
            raise self._damaged(f"the table {missing[0]} is missing")

    def _create_tables(self) -> None:
        """Items come last: where they are, all the rest is there and indexed."""
        with self.writing():
            for name, schema in TABLES.items():
                if name == "items" and not self.open("passages").describe_indices():
                    self.build_text_index()
                self.create(name, schema)

    # ---------------------------------------------------------------- access

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The library as it stands now, for one request.

        While it is held, no version is cleaned up under it. It is the same object again while
        nothing has changed.
        """
        with self._read_lock(), self._explained():
            with self._readers:
                if self._snapshot is None or not self._is_current(self._snapshot):
                    self._snapshot = self._take_snapshot()
                snapshot = self._snapshot
            yield snapshot

    @contextmanager
    def _read_lock(self) -> Iterator[None]:
        """Shared with all readers; a thread that holds it already does not ask again.

        Where the folder cannot be written there is no lock, and nobody who could clean up either.
        """
        if getattr(self._held, "read", False):
            yield
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(self.new_read_lock().read_lock())
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    raise LibraryError(
                        f"the library in {self.folder} is no longer there"
                    ) from error
                if error.errno not in _CANNOT_WRITE:
                    raise
            self._held.read = True
            stack.callback(setattr, self._held, "read", False)
            yield

    def new_read_lock(self) -> ReadWriteLock:
        """One for each use: an instance tells processes apart, but not threads."""
        return ReadWriteLock(self.folder / "lance" / "read.lock", is_singleton=False)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in one sentence that a table's files are damaged; a bug of ours stays one."""
        try:
            yield
        except (OSError, ValueError, RuntimeError) as error:
            if not _LANCE_FAILED.search(str(error)):
                raise
            raise self._damaged("a table cannot be read") from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock: one committer at a time, in this process and in all others."""
        with self._writers, ExitStack() as stack, self._explained():
            try:
                stack.enter_context(self._write_lock)
            except OSError as error:
                raise self._refused(error) from error
            yield

    def _is_current(self, snapshot: Snapshot) -> bool:
        return self.names() == sorted(snapshot.versions) and all(
            snapshot[name].latest_version == version for name, version in snapshot.versions.items()
        )

    def _take_snapshot(self) -> Snapshot:
        for _ in range(100):  # items first, and again at the end: see `snapshot`
            items = self.open("items")
            rest = {name: self.open(name) for name in self.names() if name != "items"}
            if items.latest_version == items.version:
                return Snapshot({"items": items, **rest})
        raise LibraryError("the library changes faster than it can be read; try again")

    # ---------------------------------------------------------------- one table

    def names(self) -> list[str]:
        """All tables, those of vectors included."""
        return sorted([*TABLES, *self.vector_tables()])

    def vector_tables(self) -> list[str]:
        """The tables that hold an encoder's vectors."""
        names = [path.stem for path in (self.folder / "lance").glob("vectors-*.lance")]
        return [name for name in names if self.exists(name)]

    def exists(self, table: str) -> bool:
        """Whether a table has a first version: its folder alone may be a creation broken off."""
        return any(Path(self.uri(table), "_versions").glob("*.manifest"))

    def uri(self, table: str) -> str:
        """Where a table stands."""
        return str(self.folder / "lance" / f"{table}.lance")

    def open(self, table: str) -> lance.LanceDataset:
        """A table at its latest version."""
        try:
            return lance.dataset(self.uri(table))
        except (ValueError, OSError) as error:
            raise self._damaged(f"the table {table} cannot be opened") from error

    def create(self, table: str, schema: pa.Schema) -> None:
        """Make an empty table, unless it is there."""
        if not self.exists(table):
            self.attempt(
                lambda: lance.write_dataset(schema.empty_table(), self.uri(table), mode="create")
            )

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows in one commit."""
        if rows.num_rows:
            self.attempt(lambda: lance.write_dataset(rows, self.uri(table), mode="append"))

    def delete(self, table: str, where: str) -> None:
        """Delete rows in one commit."""
        self.attempt(lambda: self.open(table).delete(where))

    def upsert(self, table: str, key: str, rows: pa.Table) -> None:
        """Insert rows, or replace those with the same key, in one commit."""

        def merge() -> None:
            into = self.open(table).merge_insert(key)
            into.when_matched_update_all().when_not_matched_insert_all().execute(rows)

        if rows.num_rows:
            self.attempt(merge)

    def build_text_index(self) -> None:
        """Index the terms for BM25 anew. They are analysed already: Lance only splits at spaces."""

        def build() -> None:
            self.open("passages").create_scalar_index(
                "terms",
                "INVERTED",
                replace=True,
                base_tokenizer="whitespace",
                stem=False,
                remove_stop_words=False,
                lower_case=False,
                ascii_folding=False,
                with_position=False,
                max_token_length=None,
            )

        self.attempt(build)

    def attempt(self, action: Callable[[], _Result]) -> _Result:
        """Run a commit, again where the commit of another process was in its way.

        Raises:
            LibraryError: the disk is full or refuses; what was committed before is kept.
        """
        for attempt in range(_RETRIES):
            try:
                return action()
            except (OSError, RuntimeError, ValueError) as error:
                # Lance has no class of its own for a conflict between two commits.
                if not any(word in str(error).lower() for word in ("conflict", "retry")):
                    raise self._refused(error) from error
                time.sleep(0.05 * 2**attempt)
        raise LibraryError("other writers keep the library busy; run the command again")

    def _damaged(self, what: str) -> LibraryError:
        return LibraryError(
            f"{display_path(self.folder)} is damaged ({what}); restore the folder from a backup, "
            "or add your files to a new library"
        )

    def _refused(self, error: Exception) -> LibraryError:
        reason = str(error).splitlines()[0][:200]
        return LibraryError(
            f"{display_path(self.folder)} could not be written ({reason}); free some space or "
            "check its permissions and run the command again: what was reported as added is kept"
        )

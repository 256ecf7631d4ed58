"""Adding files to a library: find, read, commit, then encode.

A file whose size and time are as they were costs one `stat`; a file that was touched costs a hash.
What is read is committed in batches of a second or two, so that a broken-off run loses little and
the next one goes on where it was: it finds the committed files unchanged, and encodes the passages
that have no vector yet.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonplace.foundation import Progress, Stopwatch
from commonplace.library import _commit
from commonplace.library._isolation import Reading, read_all
from commonplace.library._place import indexed_text
from commonplace.library._schema import Revision, item_id
from commonplace.library._snapshot import by_id
from commonplace.library._store import Store
from commonplace.library._types import AddReport, FileReport, Item, Limits
from commonplace.library._upkeep import index_text, maintain
from commonplace.library._walk import Found, absolute, is_under, shown_path, walk

_BATCH_PASSAGES = 2_000
_BATCH_SECONDS = 2.0
_UNINDEXED_SHARE = 0.01  # BM25's statistics follow its index: index the tail early
_ENCODE_AT_ONCE = 1_024  # passages between two commits of vectors


class Encoder(Protocol):
    """What turns passages into vectors: unit rows of float32."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """[n, dimension], each row of length 1; `on_batch` is told how many more are done."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an `add` has to do."""

    read: tuple[Found, ...]
    skip: tuple[Found, ...]
    unchanged: tuple[Item, ...]
    vanished: tuple[Item, ...]


def add_files(
    store: Store,
    paths: Sequence[str | bytes | os.PathLike[str]],
    limits: Limits,
    progress: Progress,
    on_file: Callable[[FileReport], None],
) -> AddReport:
    """Bring these files and folders into the library; everything but the vectors.

    `on_file` is told of each file once what is said of it is safely committed.

    Raises:
        InputError: a path does not exist.
        LibraryError: the disk is full, say; what `on_file` was told of is kept.
    """
    watch, reports = Stopwatch(), []

    def note(report: FileReport) -> None:
        reports.append(report)
        on_file(report)

    with watch.stage("find"):
        plan = _plan(store, paths)
    for item in plan.unchanged:
        note(_report_unchanged(item))
    for batch in _batches(_readings(plan, limits, progress), watch):
        with watch.stage("commit"):
            for report in _commit_batch(store, batch):
                note(report)
        with watch.stage("index"):
            _index_tail(store)
    with watch.stage("commit"):
        for report in _supersede(store, plan.vanished):
            note(report)
    with watch.stage("index"):
        maintain(store)
    added = sum(r.passages for r in reports if r.outcome in {"added", "changed"})
    return AddReport(tuple(reports), added, 0, watch.seconds)


def _plan(store: Store, paths: Sequence[str | bytes | os.PathLike[str]]) -> _Plan:
    with store.reading() as snapshot:
        known = by_id(snapshot.items)
    read, skip, unchanged, met = [], [], [], set()
    for found in walk(paths, store.folder):
        identity = item_id(found.path)
        met.add(identity)
        item = known.get(identity)
        if found.reason:
            skip.append(found)
        elif item and (item.size, item.modified_ns) == (found.size, found.modified_ns):
            unchanged.append(item)
        else:
            read.append(found)
    roots = [shown_path(absolute(path)) for path in paths]
    vanished = [
        item
        for item in known.values()
        if item.id not in met and item.state != "superseded" and is_under(item.path, roots)
    ]
    return _Plan(tuple(read), tuple(skip), tuple(unchanged), tuple(vanished))


def _readings(plan: _Plan, limits: Limits, progress: Progress) -> Iterator[Revision]:
    for found in plan.skip:
        yield Revision(found.path, found.size, found.modified_ns, "", reason=found.reason)
    sizes = {found.path: found.size for found in plan.read}
    total, done = sum(sizes.values()), 0
    progress("reading", 0, total, "bytes")
    paths = [Path(os.fsdecode(found.path)) for found in plan.read]
    for path, reading in read_all(paths, limits):
        yield _revision(os.fsencode(path), reading)
        done += sizes[os.fsencode(path)]
        progress("reading", done, total, "bytes")


def _revision(path: bytes, reading: Reading) -> Revision:
    return Revision(
        path,
        reading.size,
        reading.modified_ns,
        reading.content_hash,
        reading.document,
        tuple(reading.terms),
        reading.reason,
    )


def _batches(revisions: Iterator[Revision], watch: Stopwatch) -> Iterator[list[Revision]]:
    """Revisions in groups worth one commit; the time spent waiting for them counts as reading."""
    batch: list[Revision] = []
    began, passages = time.monotonic(), 0
    while True:
        with watch.stage("read"):
            revision = next(revisions, None)
        if revision is not None:
            batch.append(revision)
            passages += len(revision.terms)
        late = time.monotonic() - began > _BATCH_SECONDS
        if batch and (revision is None or late or passages > _BATCH_PASSAGES):
            yield batch
            batch, began, passages = [], time.monotonic(), 0
        if revision is None:
            return


def _commit_batch(store: Store, batch: Sequence[Revision]) -> list[FileReport]:
    with store.reading() as snapshot:
        before = by_id(snapshot.items)
    _commit.commit(store, batch)
    return [_report(revision, before.get(item_id(revision.path))) for revision in batch]


def _report(revision: Revision, before: Item | None) -> FileReport:
    path = shown_path(revision.path)
    if revision.document is None:
        return FileReport(path, "skipped", revision.reason, 0)
    reason, passages = " ".join(revision.document.notices), len(revision.document.drafts)
    if before and before.revision:
        same = before.content_hash == revision.content_hash
        return FileReport(path, "unchanged" if same else "changed", reason, passages)
    return FileReport(path, "added", reason, passages)


def _report_unchanged(item: Item) -> FileReport:
    """A file that cannot be read stays skipped until it changes."""
    if item.revision:
        return FileReport(item.path, "unchanged", item.reason, item.passages)
    return FileReport(item.path, "skipped", item.reason, 0)


def _supersede(store: Store, vanished: Sequence[Item]) -> list[FileReport]:
    """Items whose files are gone: out of every index, their passages kept for the past."""
    reason = "no longer on disk"
    if vanished:
        _commit.supersede(store, [item.id for item in vanished], reason)
    return [FileReport(item.path, "vanished", reason, 0) for item in vanished]


def _index_tail(store: Store) -> None:
    """Index new rows once they are a share that would bend the statistics."""
    passages = store.open("passages")
    unindexed = passages.stats.index_stats("terms_idx")["num_unindexed_rows"]
    if unindexed > _UNINDEXED_SHARE * passages.count_rows():
        index_text(store)


# -------------------------------------------------------------------- vectors


def vector_table(sha256: str) -> str:
    """The name of the table that holds the vectors of the encoder with these weights."""
    return f"vectors-{sha256[:12]}"


def missing_vectors(store: Store, table: str) -> pa.Table:
    """Key, title, heading and text of the visible passages without a vector, each content once."""
    with store.reading() as snapshot:
        columns = ["key", "title", "heading", "text"]
        where = snapshot.where_visible
        passages = snapshot["passages"].to_table(columns=columns, filter=where)
        if table in snapshot.versions:
            there = snapshot[table].to_table(columns=["key"])["key"].combine_chunks()
            passages = passages.filter(pc.invert(pc.is_in(passages["key"], value_set=there)))
    keys = passages["key"].to_pylist()
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    return passages.take(pa.array(sorted(first.values()), pa.int64()))


def encode_missing(
    store: Store, sha256: str, open_encoder: Callable[[], Encoder], progress: Progress
) -> int:
    """Give every visible passage its vector; returns how many were made.

    `sha256` names the encoder's weights; it is opened only if something is missing. Committed every
    thousand passages, so that a run that is broken off goes on from there.
    """
    table = vector_table(sha256)
    missing = missing_vectors(store, table)
    total, done = int(missing.num_rows), 0
    if not total:
        return 0
    encoder = open_encoder()

    def tell(more: int) -> None:
        nonlocal done
        done += more
        progress("encoding", done, total, "passages")

    for start in range(0, total, _ENCODE_AT_ONCE):
        rows = missing.slice(start, _ENCODE_AT_ONCE).to_pylist()
        texts = [embedded_text(row) for row in rows]
        vectors = encoder.encode_passages(texts, tell).astype(np.float16)
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), encoder.dimension)
        _commit.add_vectors(store, table, [row["key"] for row in rows], column)
    return total


def embedded_text(row: Mapping[str, str]) -> str:
    """What the encoder is given for a passage row: the same text that its key is a hash of."""
    return indexed_text(row["title"], json.loads(row["heading"]), row["text"])

"""Adding files to a library: find, read, commit; `encode` gives the vectors afterwards.

A file whose size and time are as they were costs one `stat`; a file that was touched costs a hash.
What is read is committed in batches of a second or two, so that a broken-off run loses little and
the next one goes on where it was: it finds the committed files unchanged.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from commonplace.corpus._paths import absolute, is_under, shown_path
from commonplace.corpus._types import AddReport, FileReport, Item, Limits, ReadResult
from commonplace.corpus.ingest._walk import PathEntry, look_at, walk
from commonplace.corpus.store.commit import commit, supersede
from commonplace.corpus.store.schema import Revision, item_id
from commonplace.corpus.store.snapshot import by_id
from commonplace.corpus.store.tables import Store
from commonplace.corpus.store.upkeep import index_text, maintain
from commonplace.corpus.workers.isolation import read_all
from commonplace.foundation import InputError, Progress, Stopwatch

_BATCH_PASSAGES = 2_000  # whichever of the two comes first ends a batch
_BATCH_SECONDS = 2.0
_UNINDEXED_SHARE = 0.01  # BM25's statistics follow its index: index the tail early


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an `add` has to do."""

    read: tuple[PathEntry, ...]
    skip: tuple[PathEntry, ...]
    unchanged: tuple[Item, ...]
    gone: tuple[tuple[Item, FileReport], ...]  # out of every index, with what is said of it


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
        InputError: there is no path, or nothing at one.
        LibraryError: the disk is full, say; what `on_file` was told of is kept.
    """
    if not paths:
        raise InputError("nothing to add; name a file or a folder")
    watch, reports = Stopwatch(), []

    def note(report: FileReport) -> None:
        reports.append(report)
        on_file(report)

    with watch.stage("find"):
        plan = _plan(store, paths)
    for item in plan.unchanged:
        note(_report_unchanged(item))
    for batch in _batches(_revisions(plan, limits, progress), watch):
        with watch.stage("commit"):
            before = commit(store, batch)
            for revision in batch:
                note(_report(revision, before.get(revision.item_id)))
        with watch.stage("index"):
            _index_tail(store)
    with watch.stage("commit"):
        for reason, gone in _by_reason(plan.gone):
            supersede(store, [item.id for item, _ in gone], reason)
            for _, report in gone:
                note(report)
    with watch.stage("index"):
        maintain(store)
    added = sum(r.passages for r in reports if r.outcome in {"added", "changed"})
    return AddReport(tuple(reports), added, 0, watch.seconds)


def _plan(store: Store, paths: Sequence[str | bytes | os.PathLike[str]]) -> _Plan:
    with store.snapshot() as snapshot:
        items = by_id(snapshot.items)
    read, skip, unchanged, present = [], [], [], set()
    for entry in walk(paths, store.folder):
        identity = item_id(entry.path)
        item = items.get(identity)
        if entry.by_name and item and item.state == "indexed":
            entry = look_at(entry.path)  # its user named it once
        if not (entry.left_out and item and item.state == "indexed"):
            present.add(identity)
        if entry.reason:
            skip.append(entry)
        elif item and (item.size, item.modified_ns) == (entry.size, entry.modified_ns):
            unchanged.append(item)
        else:
            read.append(entry)
    roots = [shown_path(absolute(path)) for path in paths]
    unread = [shown_path(entry.path) for entry in skip if not entry.left_out]
    left_out = {shown_path(entry.path): entry.reason for entry in skip if entry.left_out}
    # Only under the paths of this `add`: of the rest nobody looked whether it is there.
    gone = [
        (item, _report_gone(item, left_out))
        for item in items.values()
        if item.id not in present and item.state != "superseded" and is_under(item.path, roots)
        if not is_under(item.path, unread)  # nobody could look into that folder
    ]
    reported = {item.path for item, _ in gone}
    skip = [entry for entry in skip if shown_path(entry.path) not in reported]
    return _Plan(tuple(read), tuple(skip), tuple(unchanged), tuple(gone))


def _report_gone(item: Item, left_out: Mapping[str, str]) -> FileReport:
    """Of an item that is no longer on disk, or is left out now, itself or a folder above it."""
    for path in (item.path, *map(str, PurePath(item.path).parents)):
        if path in left_out:
            return FileReport(item.path, "skipped", left_out[path], 0)
    return FileReport(item.path, "vanished", "no longer on disk", 0)


def _by_reason(
    gone: Sequence[tuple[Item, FileReport]],
) -> Iterator[tuple[str, list[tuple[Item, FileReport]]]]:
    for reason in dict.fromkeys(report.reason for _, report in gone):
        yield reason, [each for each in gone if each[1].reason == reason]


def _revisions(plan: _Plan, limits: Limits, progress: Progress) -> Iterator[Revision]:
    for entry in plan.skip:
        yield Revision(entry.path, ReadResult(entry.size, entry.modified_ns, reason=entry.reason))
    sizes = {entry.path: entry.size for entry in plan.read}
    total, done = sum(sizes.values()), 0
    progress("reading", 0, total, "bytes")
    paths = [Path(os.fsdecode(entry.path)) for entry in plan.read]
    for path, result in read_all(paths, limits):
        yield Revision(os.fsencode(path), result)
        done += sizes[os.fsencode(path)]
        progress("reading", done, total, "bytes")


def _batches(revisions: Iterator[Revision], watch: Stopwatch) -> Iterator[list[Revision]]:
    """Revisions in groups worth one commit; the time spent waiting for them counts as reading."""
    batch: list[Revision] = []
    began, passages = time.monotonic(), 0
    while True:
        with watch.stage("read"):
            revision = next(revisions, None)
        if revision is not None:
            batch.append(revision)
            passages += len(revision.result.terms)
        late = time.monotonic() - began > _BATCH_SECONDS
        if batch and (revision is None or late or passages > _BATCH_PASSAGES):
            yield batch
            batch, began, passages = [], time.monotonic(), 0
        if revision is None:
            return


def _report(revision: Revision, before: Item | None) -> FileReport:
    path, result = shown_path(revision.path), revision.result
    if result.document is None:
        return FileReport(path, "skipped", result.reason, 0)
    reason, passages = " ".join(result.document.notices), len(result.document.drafts)
    if before and before.revision:  # 0: it was skipped, or had vanished
        same = before.content_hash == result.content_hash
        return FileReport(path, "unchanged" if same else "changed", reason, passages)
    return FileReport(path, "added", reason, passages)


def _report_unchanged(item: Item) -> FileReport:
    """A file that cannot be read stays skipped until it changes."""
    if item.revision:
        return FileReport(item.path, "unchanged", item.reason, item.passages)
    return FileReport(item.path, "skipped", item.reason, 0)


def _index_tail(store: Store) -> None:
    """Index new rows once they are a share that would bend the statistics."""
    passages = store.open("passages")
    unindexed = passages.stats.index_stats("terms_idx")["num_unindexed_rows"]
    if unindexed > _UNINDEXED_SHARE * passages.count_rows():
        index_text(store)

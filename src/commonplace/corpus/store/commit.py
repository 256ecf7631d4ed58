"""Changes to a library, each visible in one step although it takes several commits.

The order carries the promise. New passages and links go first: nobody names them yet. Then one
commit to `items` names their revision and makes all of them visible at once. Only then do the old
rows leave for the history (`settle`). A kill between any two of these leaves rows that no item
names, which no query sees; whoever next takes the write lock settles them.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from commonplace.corpus._paths import shown_path
from commonplace.corpus._types import Item
from commonplace.corpus.store import schema
from commonplace.corpus.store.schema import Revision, items_from, quoted
from commonplace.corpus.store.snapshot import by_id, unsettled_pairs
from commonplace.corpus.store.tables import Store
from commonplace.corpus.text.urls import canonical_url

_Row = dict[str, Any]
_CHUNK = 200  # pairs named in one filter expression


def commit(store: Store, revisions: Sequence[Revision]) -> dict[str, Item]:
    """Make these revisions of files the current ones, all in one step.

    A revision that equals what is already visible (another `add` was quicker) only notes the file's
    time. A file that was indexed and cannot be read any more keeps its passages, and says so.

    Returns:
        The items as they were before, by id; those of files that are new are missing.
    """
    with store.writing():
        settle(store)
        now, number = datetime.now(UTC), time.time_ns()
        before = _item_rows(store, [revision.item_id for revision in revisions])
        fresh = [r for r in revisions if r.result.document and not _is_visible(r, before)]
        standing = _valid_since(store, [r.item_id for r in fresh if r.item_id in before])
        passages = [row for r in fresh for row in schema.passage_rows(r, number, now, standing)]
        store.append("passages", pa.Table.from_pylist(passages, schema.PASSAGES))
        store.append("links", pa.Table.from_pylist(_link_rows(fresh, number), schema.LINKS))
        new = {revision.item_id for revision in fresh}
        rows = [_item_row(r, number if r.item_id in new else None, now, before) for r in revisions]
        store.upsert("items", "id", pa.Table.from_pylist(rows, schema.ITEMS))
        settle(store)
        return by_id(items_from(pa.Table.from_pylist([*before.values()], schema.ITEMS)))


def supersede(store: Store, identities: Sequence[str], reason: str) -> None:
    """Take vanished files out of all indexes; their passages stay in the history."""
    with store.writing():
        settle(store)
        # Without hash and time the file is read again should it come back.
        changes = {"state": "superseded", "reason": reason, "revision": 0, "passages": 0}
        changes |= {"added_at": datetime.now(UTC), "content_hash": "", "modified_ns": 0}
        rows = [row | changes for row in _item_rows(store, identities).values()]
        store.upsert("items", "id", pa.Table.from_pylist(rows, schema.ITEMS))
        settle(store)


def settle(store: Store) -> None:
    """Move superseded passages to the history, and drop rows that no item ever named.

    May be repeated after a kill at any point: the history is looked at before it is added to.
    """
    columns = ["id", "revision", "added_at"]
    items = {row["id"]: row for row in store.open("items").to_table(columns=columns).to_pylist()}
    revisions = {identity: row["revision"] for identity, row in items.items()}
    for where in _named(unsettled_pairs(store.open("passages"), revisions)):
        rows = store.open("passages").to_table(filter=where).to_pylist()
        # History first: a kill in between leaves a row in both, which is made good, never in none.
        past = _superseded(store, rows, items)
        store.append("history", pa.Table.from_pylist(past, schema.PASSAGES))
        store.delete("passages", where)
    for where in _named(unsettled_pairs(store.open("links"), revisions)):
        store.delete("links", where)


def _named(pairs: Sequence[tuple[str, int]]) -> Iterable[str]:
    """Filter expressions that name all rows of these (item id, revision) pairs."""
    for start in range(0, len(pairs), _CHUNK):
        yield " OR ".join(
            f"(item_id = '{identity}' AND revision = {revision})"
            for identity, revision in pairs[start : start + _CHUNK]
        )


def _superseded(store: Store, rows: Sequence[_Row], items: Mapping[str, _Row]) -> list[_Row]:
    """The rows that were visible once and that their item does not name any more."""
    past = [row for row in rows if row["item_id"] in items and _was_visible(row, items)]
    identities = sorted({row["item_id"] for row in past})
    if not identities:
        return []
    among = f"item_id IN ({quoted(identities)})"
    passages = store.open("passages").to_table(columns=["id", "item_id", "revision"], filter=among)
    current = {
        row["id"]
        for row in passages.to_pylist()
        if row["revision"] == items[row["item_id"]]["revision"]
    }
    history = store.open("history").to_table(columns=["id", "revision"], filter=among)
    recorded = {(row["id"], row["revision"]) for row in history.to_pylist()}
    return [
        row | {"valid_to": items[row["item_id"]]["added_at"]}
        for row in past
        if row["id"] not in current and (row["id"], row["revision"]) not in recorded
    ]


def _was_visible(row: _Row, items: Mapping[str, _Row]) -> bool:
    """Revisions are numbered by time, so an older number than the item's was visible before it."""
    item = items[row["item_id"]]
    return bool(row["revision"] < (item["revision"] or item["added_at"].timestamp() * 1e9))


def mark_read(store: Store, canonical: str, read: bool) -> None:
    """Note that an entry of the reading list was read, or take that back."""
    with store.writing():
        if read:
            row = {"canonical": canonical, "read_at": datetime.now(UTC)}
            store.upsert("read", "canonical", pa.Table.from_pylist([row], schema.READ))
        else:
            store.delete("read", f"canonical = {quoted([canonical])}")


def add_vectors(store: Store, table: str, keys: Sequence[bytes], vectors: pa.Array) -> None:
    """Append vectors to an encoder's table; keys that are there already are left out."""
    columns = schema.vectors_schema(vectors.type.list_size)
    rows = pa.table([pa.array(keys, pa.binary(16)), vectors], schema=columns)
    with store.writing():
        store.create(table, columns)
        existing = store.open(table).to_table(columns=["key"])["key"].combine_chunks()
        store.append(table, rows.filter(pc.invert(pc.is_in(rows["key"], value_set=existing))))


def _item_rows(store: Store, identities: Sequence[str]) -> dict[str, _Row]:
    """The rows of these items, by id."""
    if not identities:
        return {}
    rows = store.open("items").to_table(filter=f"id IN ({quoted(identities)})").to_pylist()
    return {row["id"]: row for row in rows}


def _is_visible(revision: Revision, before: Mapping[str, _Row]) -> bool:
    """Whether this very content is visible already."""
    row = before.get(revision.item_id)
    return bool(row and row["revision"] and row["content_hash"] == revision.result.content_hash)


def _valid_since(store: Store, identities: Sequence[str]) -> dict[str, datetime]:
    """Since when each passage of these items has been valid, by passage id."""
    if not identities:
        return {}
    where = f"item_id IN ({quoted(identities)})"
    table = store.open("passages").to_table(columns=["id", "valid_from"], filter=where)
    return dict(zip(table["id"].to_pylist(), table["valid_from"].to_pylist(), strict=True))


def _link_rows(fresh: Sequence[Revision], number: int) -> list[_Row]:
    return [
        {
            "item_id": revision.item_id,
            "revision": number,
            "path": shown_path(revision.path),
            "url": link.url,
            "canonical": canonical_url(link.url),
            "label": link.label,
            "context": link.context,
        }
        for revision in fresh
        for link in revision.document.links
    ]


def _item_row(
    revision: Revision, number: int | None, now: datetime, before: Mapping[str, _Row]
) -> _Row:
    """The item's new row; `number` is None where the visible passages stay as they are."""
    old = before.get(revision.item_id)
    row: _Row = {
        "id": revision.item_id,
        "path": shown_path(revision.path),
        "raw_path": revision.path,
        "size": revision.result.size,
        # Without its time the file is read again by the next add.
        "modified_ns": 0 if revision.result.passing else revision.result.modified_ns,
        "content_hash": revision.result.content_hash,
    }
    if number is not None:
        return row | _indexed(revision, number, now)
    if old and old["revision"]:
        return old | row | _retained(revision, old)
    nothing: _Row = {"kind": None, "title": "", "revision": 0, "passages": 0, "written_at": None}
    nothing |= {"tags": []}
    return row | nothing | {"state": "skipped", "reason": revision.result.reason, "added_at": now}


def _indexed(revision: Revision, number: int, now: datetime) -> _Row:
    document = revision.document
    return {
        "kind": document.kind,
        "title": document.title,
        "state": "indexed",
        "reason": " ".join(document.notices),
        "revision": number,
        "passages": len(document.drafts),
        "written_at": revision.written_at,
        "added_at": now,
        "tags": list(document.tags),
    }


def _retained(revision: Revision, old: _Row) -> _Row:
    """What changes in the row of an item that keeps its passages."""
    if revision.result.document:
        return {"state": "indexed", "reason": " ".join(revision.document.notices)}
    reason = (
        f"changed on disk and cannot be read now: {revision.result.reason}; "
        f"its passages are those of {old['added_at']:%Y-%m-%d}"
    )
    return {"state": "stale", "reason": reason}

"""A library as it stood at one moment: what every search and every listing reads from.

A snapshot pins a version of each table, so nothing moves under a request. Two tables cannot be
read in one step; the items are read first, and again afterwards: if their version is still the
same, the passages that were read between hold all that those items name. Rows that no item names
(an `add` that was killed, or one that is just being committed) are found once per snapshot and
kept out of every query by a filter that is applied before ranking.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonplace.corpus._types import Filter, Item, Passage
from commonplace.corpus.store._lance import lance
from commonplace.corpus.store.schema import PASSAGE_COLUMNS, items_from, passages_from, quoted
from commonplace.corpus.text.analyser import analyse, spellings
from commonplace.foundation.arrays import Float32s, Int64s

_FOLDERS = 2  # above a file, whose names are searched


class Snapshot:
    """One moment of a library. Made by `Store.snapshot`; holds no lock, only pinned versions."""

    def __init__(self, tables: Mapping[str, lance.LanceDataset]) -> None:
        self._tables = tables

    def __getitem__(self, table: str) -> lance.LanceDataset:
        """The pinned Lance table of this name."""
        return self._tables[table]

    @property
    def versions(self) -> dict[str, int]:
        """The version of each table, by name."""
        return {name: int(table.version) for name, table in self._tables.items()}

    @property
    def vector_tables(self) -> list[str]:
        """The tables that hold an encoder's vectors."""
        return [name for name in self._tables if name.startswith("vectors-")]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every file that the library knows, by path."""
        return tuple(sorted(items_from(self["items"].to_table()), key=lambda item: item.path))

    def items_by_id(self, identities: Collection[str]) -> dict[str, Item]:
        """These of the items, by id.

        An `Item` of each of 3,000 rows takes 130 ms to make, these few take one or two.
        """
        rows = [self._item_rows[name] for name in identities if name in self._item_rows]
        # `take` counts offsets, which deleted rows shift; `_take_rows` takes row ids.
        return by_id(items_from(self["items"]._take_rows(rows))) if rows else {}

    @cached_property
    def _item_rows(self) -> dict[str, int]:
        """The row of each item, by its id."""
        table = self["items"].to_table(columns=["id"], with_row_id=True)
        return dict(zip(table["id"].to_pylist(), table["_rowid"].to_pylist(), strict=True))

    @property
    def content_hashes(self) -> dict[str, str]:
        """The hash of what was last read of each item, by item id."""
        return {item.id: item.content_hash for item in self.items}

    @cached_property
    def names(self) -> dict[str, frozenset[str]]:
        """For each term of a file's name, or of the two folders above it: the items, by id.

        Without those of its title, which are in the index with each of its passages.
        """
        named: dict[str, set[str]] = {}
        columns = ["id", "path", "title"]
        for row in self["items"].to_table(columns=columns, filter="revision > 0").to_pylist():
            path, title = PurePath(row["path"]), row["title"]
            words = " ".join([path.stem, *(folder.name for folder in path.parents[:_FOLDERS])])
            for term in {*analyse(words), *spellings(words)} - {*analyse(title), *spellings(title)}:
                named.setdefault(term, set()).add(row["id"])
        return {term: frozenset(items) for term, items in named.items()}

    def first_rows(self, items: Collection[str]) -> dict[str, int]:
        """The row of the first passage of each of these items, by item id."""
        if not items:
            return {}
        where = f"position = 0 AND item_id IN ({quoted(sorted(items))})"
        where = " AND ".join([where, *self._only_visible])
        table = self["passages"].to_table(columns=["item_id"], filter=where, with_row_id=True)
        return dict(zip(table["item_id"].to_pylist(), table["_rowid"].to_pylist(), strict=True))

    @cached_property
    def copies(self) -> dict[str, tuple[str, ...]]:
        """For each item of which there are identical files: the paths of all of them, in order."""
        columns = ["id", "path", "content_hash"]
        table = self["items"].to_table(columns=columns, filter="revision > 0")
        counts = table.group_by("content_hash").aggregate([("id", "count")])
        repeated = counts.filter(pc.greater(counts["id_count"], 1))["content_hash"]
        rows = table.filter(pc.is_in(table["content_hash"], repeated.combine_chunks())).to_pylist()
        paths: dict[str, list[str]] = {}
        for row in rows:
            paths.setdefault(row["content_hash"], []).append(row["path"])
        return {row["id"]: tuple(sorted(paths[row["content_hash"]])) for row in rows}

    @cached_property
    def revisions(self) -> dict[str, int]:
        """The visible revision of each item (0: none of it is visible)."""
        table = self["items"].to_table(columns=["id", "revision"])
        return dict(zip(table["id"].to_pylist(), table["revision"].to_pylist(), strict=True))

    @cached_property
    def unsettled(self) -> tuple[tuple[str, int], ...]:
        """(item id, revision) pairs that have passage rows which no item names."""
        return unsettled_pairs(self["passages"], self.revisions)

    def where(self, filter: Filter) -> str | None:
        """The filter over visible passages as one SQL expression; None lets everything through.

        `as_of` is not part of it: the past is read by `past`.
        """
        conditions = [*_conditions(filter), *self._tagged(filter.tags), *self._only_visible]
        return " AND ".join(f"({condition})" for condition in conditions) or None

    def _tagged(self, tags: Sequence[str]) -> list[str]:
        """A condition that the item bears all of these tags, or one below each."""
        if not tags:
            return []
        wanted = [tag.strip().lstrip("#").casefold() for tag in tags]
        ids = [
            item.id
            for item in self.items
            if all(any(is_tag(own, tag) for own in item.tags) for tag in wanted)
        ]
        return [f"item_id IN ({quoted(ids)})" if ids else "false"]

    @property
    def where_visible(self) -> str | None:
        """The filter that keeps out rows which no item names; None where there are none."""
        return self.where(Filter())

    @property
    def _only_visible(self) -> list[str]:
        return [
            f"NOT (item_id = '{item}' AND revision = {revision})"
            for item, revision in self.unsettled
        ]

    def lexical(
        self, terms: Sequence[str], limit: int, where: str | None
    ) -> tuple[Int64s, Float32s]:
        """The best `limit` passages by the store's own BM25 (Okapi, k1 1.2, b 0.75), best first.

        The statistics are those of all passages, also under a filter. Equal scores are in the
        order of their rows, so that the same question gives the same answer.
        """
        if not terms:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scored = self._matches(" ".join(terms), where, limit)
        rows = scored["_rowid"].to_numpy().astype(np.int64)
        scores = scored["_score"].to_numpy().astype(np.float32)
        order = np.lexsort((rows, -scores))  # the last key is the first to sort by
        return rows[order], scores[order]

    def document_frequency(self, term: str) -> int:
        """How many passages hold the term, as the store's BM25 counts them."""
        return int(self._matches(term).num_rows)

    def _matches(self, query: str, where: str | None = None, limit: int | None = None) -> pa.Table:
        """Row id and score of the passages that hold a term of the query, in any order."""
        scanner = self["passages"].scanner(
            columns=["_score"],
            full_text_query=query,
            filter=where,
            prefilter=True,
            limit=limit,
            with_row_id=True,
            disable_scoring_autoprojection=True,
        )
        return scanner.to_table()

    @cached_property
    def lengths(self) -> tuple[int, float]:
        """How many passages BM25 counts (those with a term), and their mean number of terms."""
        counted = self["passages"].to_table(columns=["length"], filter="length > 0")["length"]
        return len(counted), float(pc.mean(counted).as_py() or 0.0)

    def rows(self, where: str | None) -> Int64s:
        """Row ids of the passages that a filter lets through, ascending."""
        table = self["passages"].to_table(columns=[], filter=where, with_row_id=True)
        return np.sort(table["_rowid"].to_numpy().astype(np.int64))

    def take(self, rows: Sequence[int] | Int64s, columns: Sequence[str]) -> pa.Table:
        """Columns of these rows, in the order of `rows`."""
        row_ids = [int(row) for row in rows]
        return self["passages"]._take_rows(row_ids, columns=list(columns))

    def passages(self, rows: Sequence[int] | Int64s) -> list[Passage]:
        """The passages at these rows, in their order."""
        return passages_from(self.take(rows, PASSAGE_COLUMNS)) if len(rows) else []

    def passages_of(self, item_id: str) -> list[Passage]:
        """The visible passages of an item, in reading order."""
        revision = self.revisions.get(item_id, 0)
        where = f"item_id = '{item_id}' AND revision = {revision}"
        passages = passages_from(self["passages"].to_table(columns=PASSAGE_COLUMNS, filter=where))
        return sorted(passages, key=lambda passage: passage.position)

    def find(self, prefix: str) -> list[Passage]:
        """Passages, visible or superseded, whose id starts so."""
        condition = f"starts_with(id, {quoted([prefix])})"
        visible = " AND ".join([condition, *self._only_visible])
        passages = [
            *passages_from(self["passages"].to_table(columns=PASSAGE_COLUMNS, filter=visible)),
            *passages_from(self["history"].to_table(columns=PASSAGE_COLUMNS, filter=condition)),
        ]
        # Reversed: of an id that stands in both, the visible passage is kept.
        return list({passage.id: passage for passage in reversed(passages)}.values())

    def past(self, filter: Filter) -> pa.Table:
        """All passages that the library held at `filter.as_of`, with their terms and vector keys.

        Superseded ones come from the history, those still valid from the current table. A row
        that is in both (an `add` killed between the two commits) comes once.
        """
        assert filter.as_of is not None, "the past needs a moment"
        moment = sql_moment(filter.as_of)
        already_held = f"valid_from <= {moment}"
        own = [*_conditions(filter), *self._tagged(filter.tags)]
        now = [already_held, *own, *self._only_visible]
        then = [already_held, f"valid_to > {moment}", *own]
        columns = [*PASSAGE_COLUMNS, "terms", "key"]
        tables = [
            self[name].to_table(columns=columns, filter=" AND ".join(f"({c})" for c in conditions))
            for name, conditions in (("passages", now), ("history", then))
        ]
        return pa.concat_tables(tables)

    @cached_property
    def beginning(self) -> datetime | None:
        """When the first passage that is still known was added; None for an empty library."""
        moments = [
            pc.min(self[name].to_table(columns=["valid_from"])["valid_from"]).as_py()
            for name in ("passages", "history")
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    @cached_property
    def superseded(self) -> dict[str, int]:
        """How many superseded passages the history keeps of each item."""
        ids = self["history"].to_table(columns=["item_id"])["item_id"]
        counts = pc.value_counts(ids.combine_chunks() if ids.num_chunks else pa.array([]))
        return {entry["values"]: entry["counts"] for entry in counts.to_pylist()}


def unsettled_pairs(
    passages: lance.LanceDataset, revisions: Mapping[str, int]
) -> tuple[tuple[str, int], ...]:
    """(item id, revision) pairs of passage rows that are not the visible revision of their item."""
    table = passages.to_table(columns=["item_id", "revision"])
    pairs = table.group_by(["item_id", "revision"]).aggregate([])
    return tuple(
        (item, revision)
        for item, revision in zip(
            pairs["item_id"].to_pylist(), pairs["revision"].to_pylist(), strict=True
        )
        if revisions.get(item) != revision
    )


def sql_moment(moment: datetime) -> str:
    """A moment as a literal in a filter expression."""
    return f"CAST('{moment.astimezone(UTC).isoformat()}' AS TIMESTAMP)"


def _conditions(filter: Filter) -> list[str]:
    """What the filter asks of a passage's own columns."""
    conditions = []
    if filter.paths:
        conditions.append(" OR ".join(_under(path) for path in filter.paths))
    if filter.kinds:
        conditions.append(f"kind IN ({quoted(filter.kinds)})")
    if filter.since:
        conditions.append(f"written_at >= {sql_moment(filter.since)}")
    if filter.until:
        conditions.append(f"written_at <= {sql_moment(filter.until)}")
    return conditions


def _under(path: str) -> str:
    """The path itself, or anything below it."""
    below = path.rstrip("/") + "/"
    return f"path = {quoted([path])} OR starts_with(path, {quoted([below])})"


def is_tag(own: str, wanted: str) -> bool:
    """Whether a tag is the wanted one (casefolded), or below it."""
    folded = own.casefold()
    return folded == wanted or folded.startswith(f"{wanted}/")


def by_id(items: Iterable[Item]) -> dict[str, Item]:
    """Items by their ids."""
    return {item.id: item for item in items}

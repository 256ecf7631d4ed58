"""The reading list: every link that the library mentions, once, with where and how it is mentioned.

Two spellings of one thing are one entry (`canonical_url`). Nothing is ever fetched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonplace.corpus._paths import absolute, is_under, shown_path
from commonplace.corpus.store.commit import mark_read
from commonplace.corpus.store.snapshot import Snapshot
from commonplace.corpus.store.tables import Store
from commonplace.corpus.text.urls import canonical_url, link_kind
from commonplace.corpus.text.words import words
from commonplace.foundation import InputError

# Labels that say what a link leads to or where, never what it is called.
_NO_NAMES = words("abs pdf paper link here arxiv code source url website blog")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that mentions a link, and the words around it."""

    path: str
    label: str
    context: str


@dataclass(frozen=True, slots=True)
class ReadingListEntry:
    """A canonical URL, what it is called, and everything that mentions it."""

    url: str
    kind: str
    title: str
    mentions: tuple[Mention, ...]
    read_at: datetime | None


def reading_list(snapshot: Snapshot, paths: Sequence[str] = ()) -> list[ReadingListEntry]:
    """Entries mentioned at or under these paths (none: anywhere), the most mentioned first."""
    roots = [shown_path(absolute(path)) for path in paths]
    entries: dict[str, list[dict[str, Any]]] = {}
    for row in _visible_links(snapshot):
        if not roots or is_under(row["path"], roots):
            entries.setdefault(row["canonical"], []).append(row)
    read = {row["canonical"]: row["read_at"] for row in snapshot["read"].to_table().to_pylist()}
    listed = [_entry(url, rows, read.get(url)) for url, rows in entries.items()]
    return sorted(listed, key=lambda entry: (-len(entry.mentions), entry.url))


def mark_entry(store: Store, url: str, read: bool) -> str:
    """Mark an entry as read or unread; returns its canonical URL.

    Raises:
        InputError: no item mentions it.
    """
    canonical = canonical_url(url)
    with store.snapshot() as snapshot:
        mentioned = {row["canonical"] for row in _visible_links(snapshot)}
    if canonical not in mentioned:
        raise InputError(f"no item mentions {url}; `commonplace reading` lists what is mentioned")
    mark_read(store, canonical, read)
    return canonical


def _visible_links(snapshot: Snapshot) -> list[dict[str, Any]]:
    rows = snapshot["links"].to_table().to_pylist()
    return [row for row in rows if snapshot.revisions.get(row["item_id"]) == row["revision"]]


def _entry(url: str, rows: list[dict[str, Any]], read_at: datetime | None) -> ReadingListEntry:
    mentions = tuple(Mention(row["path"], row["label"], row["context"]) for row in rows)
    return ReadingListEntry(url, link_kind(url), _title(rows), mentions, read_at)


def _is_name(label: str) -> bool:
    letters = "".join(filter(str.isalpha, label)).lower()
    return letters != "" and letters not in _NO_NAMES and "://" not in label


def _title(rows: list[dict[str, Any]]) -> str:
    """The label most often given to it; of equals the longest. "pdf" and numbers are no names."""
    labels = [row["label"].strip() for row in rows]
    named = [label for label in labels if _is_name(label)]
    return max(named, key=lambda label: (named.count(label), len(label)), default="")

"""The tables of a library as Arrow schemas, and the way between their rows and our nouns.

Six Lance tables: `items` (one row a file; its `revision` decides which passages are visible),
`passages` and `history` (current and superseded ones, same columns), `links`, `read` (which entries
of the reading list were read), and one `vectors-<model>` for each encoder. A passage's `terms` are
the analysed text that BM25 indexes; its `key` says which vector is its own, so that a passage that
did not change is never encoded twice.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from commonplace.corpus._paths import shown_path
from commonplace.corpus._types import (
    Box,
    Document,
    Draft,
    Item,
    Locator,
    PageLocator,
    Passage,
    ReadResult,
    TextLocator,
)
from commonplace.corpus.text.indexed import indexed_text

SCHEMA_VERSION = 1  # a library of a higher one is refused, see `_layout`
_MOMENT = pa.timestamp("us", tz="UTC")

ITEMS = pa.schema(
    [
        ("id", pa.string()),
        ("path", pa.string()),
        ("raw_path", pa.binary()),
        ("kind", pa.string()),
        ("title", pa.string()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("revision", pa.int64()),
        ("size", pa.int64()),
        ("modified_ns", pa.int64()),
        ("content_hash", pa.string()),
        ("passages", pa.int64()),
        ("written_at", _MOMENT),
        ("added_at", _MOMENT),
        ("tags", pa.list_(pa.string())),
    ]
)
PASSAGES = pa.schema(
    [
        ("id", pa.string()),
        ("item_id", pa.string()),
        ("revision", pa.int64()),
        ("position", pa.int32()),
        ("kind", pa.string()),
        ("path", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),
        ("heading", pa.string()),
        ("locator", pa.string()),
        ("written_at", _MOMENT),
        ("valid_from", _MOMENT),
        ("valid_to", _MOMENT),
        ("content_hash", pa.string()),
        ("key", pa.binary(16)),
        ("terms", pa.string()),
        ("length", pa.int32()),  # how many terms
    ]
)
LINKS = pa.schema(
    [
        ("item_id", pa.string()),
        ("revision", pa.int64()),
        ("path", pa.string()),
        ("url", pa.string()),
        ("canonical", pa.string()),
        ("label", pa.string()),
        ("context", pa.string()),
    ]
)
READ = pa.schema([("canonical", pa.string()), ("read_at", _MOMENT)])
PASSAGE_COLUMNS = [name for name in PASSAGES.names if name not in {"key", "terms", "length"}]


def vectors_schema(dimension: int) -> pa.Schema:
    """Rows of one encoder's vectors: half precision, which changes no ranking that we measured."""
    return pa.schema([("key", pa.binary(16)), ("vector", pa.list_(pa.float16(), dimension))])


@dataclass(frozen=True, slots=True)
class Revision:
    """What came of reading the file at an absolute path, ready to be committed."""

    path: bytes
    result: ReadResult

    @property
    def item_id(self) -> str:
        """The identity of the file."""
        return item_id(self.path)

    @property
    def document(self) -> Document:
        """The document that was read; only for a file that could be read."""
        assert self.result.document is not None, "only a file that was read has a document"
        return self.result.document

    @property
    def written_at(self) -> datetime:
        """When the document says it was written; where it does not, the file's own time."""
        modified = datetime.fromtimestamp(self.result.modified_ns / 1e9, UTC)
        return self.document.written_at or modified


def item_id(path: bytes) -> str:
    """The identity of the file at this absolute path."""
    return hashlib.blake2b(path, digest_size=8).hexdigest()


def vector_key(title: str, heading: Sequence[str], text: str) -> bytes:
    """Which vector belongs to a passage: a hash of what the encoder is given."""
    return hashlib.blake2b(indexed_text(title, heading, text).encode(), digest_size=16).digest()


def passage_rows(
    revision: Revision, number: int, now: datetime, valid_from: Mapping[str, datetime]
) -> list[dict[str, Any]]:
    """Rows of one revision's passages; `valid_from`: since when those stand that stood already."""
    document, identity = revision.document, revision.item_id
    path, written_at = shown_path(revision.path), revision.written_at
    occurrences: dict[str, int] = {}
    rows = []
    terms_of_drafts = zip(document.drafts, revision.result.terms, strict=True)
    for position, (draft, terms) in enumerate(terms_of_drafts):
        row = _draft_row(document.title, draft, terms, identity, occurrences)
        row |= {
            "item_id": identity,
            "revision": number,
            "position": position,
            "kind": document.kind,
            "path": path,
            "title": document.title,
            "written_at": written_at,
            "valid_from": valid_from.get(row["id"], now),
            "valid_to": None,
        }
        rows.append(row)
    return rows


def _draft_row(
    title: str, draft: Draft, terms: str, identity: str, occurrences: dict[str, int]
) -> dict[str, Any]:
    """The columns that a draft alone decides; `occurrences` counts equal passages of one item."""
    key = vector_key(title, draft.heading, draft.text)
    content = key.hex()
    occurrence = occurrences[content] = occurrences.get(content, 0) + 1
    name = f"{identity} {content} {occurrence}".encode()
    return {
        "id": hashlib.blake2b(name, digest_size=8).hexdigest(),
        "text": draft.text,
        "heading": json.dumps(draft.heading, ensure_ascii=False),
        "locator": encode_locator(draft.locator),
        "content_hash": content,
        "key": key,
        "terms": terms,
        "length": terms.count(" ") + 1 if terms else 0,
    }


def encode_locator(locator: Locator) -> str:
    """A locator as JSON, tagged by its kind: what `--json` prints and the store keeps."""
    tag = "page" if isinstance(locator, PageLocator) else "text"
    return json.dumps({"type": tag, **asdict(locator)}, ensure_ascii=False)


def decode_locator(text: str) -> Locator:
    """The inverse of `encode_locator`."""
    values = json.loads(text)
    if values.pop("type") == "text":
        return TextLocator(**values)
    boxes = tuple(Box(**box) for box in values.pop("boxes"))
    return PageLocator(**values, boxes=boxes)


def passages_from(table: pa.Table) -> list[Passage]:
    """Typed passages from rows that hold at least the columns of `PASSAGE_COLUMNS`."""
    rows = table.select(PASSAGE_COLUMNS).to_pylist()
    for row in rows:
        row["heading"] = tuple(json.loads(row["heading"]))
        row["locator"] = decode_locator(row["locator"])
    return [Passage(**row) for row in rows]


def items_from(table: pa.Table) -> list[Item]:
    """Typed items from rows of the items table."""
    rows = table.select(ITEMS.names).to_pylist()
    return [Item(**(row | {"tags": tuple(row["tags"] or ())})) for row in rows]


def quoted(values: Iterable[str]) -> str:
    """Values as a list in a filter expression, each quoted."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)

"""Giving passages their vectors, once each.

Vectors are kept by content and by the weights that made them, so a passage that did not change is
never encoded again, and a run that was broken off goes on with the passages that have none.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonplace.corpus.store.commit import add_vectors
from commonplace.corpus.store.tables import Store
from commonplace.corpus.text.indexed import indexed_text
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Float32s

_ENCODE_AT_ONCE = 1_024  # passages between two commits of vectors


class Encoder(Protocol):
    """What turns passages into vectors: unit rows of float32."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    def encode_passages(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> Float32s:
        """[n, dimension], each row of length 1; `on_batch` is told how many more are done."""


def vector_table(sha256: str) -> str:
    """The name of the table that holds the vectors of the encoder with these weights."""
    return f"vectors-{sha256[:12]}"


def missing_vectors(store: Store, table: str) -> pa.Table:
    """Key, title, heading and text of the visible passages without a vector, each content once."""
    with store.snapshot() as snapshot:
        columns = ["key", "title", "heading", "text"]
        where = snapshot.where_visible
        passages = snapshot["passages"].to_table(columns=columns, filter=where)
        if table in snapshot.versions:
            encoded = snapshot[table].to_table(columns=["key"])["key"].combine_chunks()
            passages = passages.filter(pc.invert(pc.is_in(passages["key"], value_set=encoded)))
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

    def report(count: int) -> None:
        nonlocal done
        done += count
        progress("encoding", done, total, "passages")

    for start in range(0, total, _ENCODE_AT_ONCE):
        rows = missing.slice(start, _ENCODE_AT_ONCE).to_pylist()
        texts = [embedded_text(row) for row in rows]
        vectors = encoder.encode_passages(texts, report).astype(np.float16)  # see `vectors_schema`
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), encoder.dimension)
        add_vectors(store, table, [row["key"] for row in rows], column)
    return total


def embedded_text(row: Mapping[str, str]) -> str:
    """What the encoder is given for a passage row: the same text that its key is a hash of."""
    return indexed_text(row["title"], json.loads(row["heading"]), row["text"])

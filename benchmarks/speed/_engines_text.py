"""BM25 engines behind one small interface, each given the same analysed terms, on one thread.

Each is made to split at spaces only, so that all index the same terms, with k1 1.2 and b 0.75. What
remains of differences is theirs: tantivy rounds lengths to one byte, and SQLite's tokenizer cannot
be told to leave every punctuation mark alone.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa

_AS_ANALYSED: dict[str, Any] = {  # Lance's tokenizer splits at spaces, and changes nothing
    "base_tokenizer": "whitespace",
    "stem": False,
    "remove_stop_words": False,
    "lower_case": False,
    "ascii_folding": False,
    "with_position": False,
    "max_token_length": None,
}


class TextEngine(Protocol):
    """Documents are numbered from 0; `add` goes on from there. Raises ImportError if not there."""

    name: ClassVar[str]
    updates: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None: ...
    def build(self, texts: Sequence[str]) -> None: ...
    def search(self, terms: Sequence[str], k: int) -> list[int]: ...
    def add(self, texts: Sequence[str]) -> None: ...
    def delete(self, document: int) -> None: ...


class Accelerated(TextEngine):
    name: ClassVar[str] = "commonplace, in memory"

    def __init__(self, folder: Path) -> None:
        from commonplace.retrieval.index.postings import Postings

        self._postings_of = Postings.build
        Postings.build(["warm up"], [0]).changed(["x y"], [1], [0]).top(["x"], 1)  # compile

    def build(self, texts: Sequence[str]) -> None:
        self._postings = self._postings_of(pa.array(texts), range(len(texts)))
        self._next = len(texts)

    def search(self, terms: Sequence[str], k: int) -> list[int]:
        rows: list[int] = self._postings.top(terms, k)[0].tolist()
        return rows

    def add(self, texts: Sequence[str]) -> None:
        rows = range(self._next, self._next + len(texts))
        self._postings = self._postings.changed(texts, rows)
        self._next += len(texts)

    def delete(self, document: int) -> None:
        self._postings = self._postings.changed(deleted=[document])


class Stored(TextEngine):
    """What `Snapshot.lexical` does, on a table of nothing but terms."""

    name: ClassVar[str] = "commonplace, the store (Lance)"

    def __init__(self, folder: Path) -> None:
        import lance

        self._lance, self._path = lance, str(folder / "store.lance")

    def build(self, texts: Sequence[str]) -> None:
        table = pa.table({"i": np.arange(len(texts)), "terms": texts})
        dataset = self._lance.write_dataset(table, self._path)
        dataset.create_scalar_index("terms", "INVERTED", **_AS_ANALYSED)
        self._dataset, self._next = self._lance.dataset(self._path), len(texts)

    def search(self, terms: Sequence[str], k: int) -> list[int]:
        scanner = self._dataset.scanner(
            columns=["i"],
            full_text_query=" ".join(terms),
            limit=k,
            disable_scoring_autoprojection=True,
        )
        rows: list[int] = scanner.to_table()["i"].to_pylist()
        return rows

    def add(self, texts: Sequence[str]) -> None:
        table = pa.table({"i": np.arange(self._next, self._next + len(texts)), "terms": texts})
        self._dataset = self._lance.write_dataset(table, self._path, mode="append")
        self._next += len(texts)

    def delete(self, document: int) -> None:
        self._dataset.delete(f"i = {document}")
        self._dataset = self._lance.dataset(self._path)


class Bm25s(TextEngine):
    name: ClassVar[str] = "bm25s (numba)"
    updates: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        import bm25s

        self._index = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend="numba")

    def build(self, texts: Sequence[str]) -> None:
        self._index.index([text.split() for text in texts], show_progress=False)

    def search(self, terms: Sequence[str], k: int) -> list[int]:
        hits = self._index.retrieve([list(terms)], k=k, show_progress=False, n_threads=1)
        rows: list[int] = hits.documents[0].tolist()
        return rows


class Tantivy(TextEngine):
    name: ClassVar[str] = "tantivy"

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        builder.add_integer_field("i", stored=True, indexed=True, fast=True)
        self._schema = builder.build()
        path = folder / "tantivy"
        path.mkdir()
        self._index = tantivy.Index(self._schema, path=str(path))
        self._writer = self._index.writer(heap_size=256_000_000, num_threads=1)
        self._next = 0

    def build(self, texts: Sequence[str]) -> None:
        self.add(texts)

    def add(self, texts: Sequence[str]) -> None:
        for number, text in enumerate(texts, self._next):
            self._writer.add_document(self._tantivy.Document(terms=[text], i=number))
        self._next += len(texts)
        self._commit()

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, terms: Sequence[str], k: int) -> list[int]:
        query, should = self._tantivy.Query, self._tantivy.Occur.Should
        words = [(should, query.term_query(self._schema, "terms", term)) for term in terms]
        hits = self._searcher.search(query.boolean_query(words), limit=k, count=False).hits
        return [self._searcher.doc(address)["i"][0] for _, address in hits]

    def delete(self, document: int) -> None:
        self._writer.delete_documents_by_term("i", document)
        self._commit()


class LanceDB(TextEngine):
    name: ClassVar[str] = "lancedb"

    def __init__(self, folder: Path) -> None:
        import lancedb

        self._base = lancedb.connect(str(folder / "lancedb"))

    def build(self, texts: Sequence[str]) -> None:
        table = pa.table({"i": np.arange(len(texts)), "terms": texts})
        self._table: Any = self._base.create_table("passages", table)
        self._table.create_fts_index("terms", **_AS_ANALYSED)
        self._next = len(texts)

    def search(self, terms: Sequence[str], k: int) -> list[int]:
        query = self._table.search(" ".join(terms), query_type="fts", fts_columns="terms")
        rows: list[int] = query.select(["i"]).limit(k).to_arrow()["i"].to_pylist()
        return rows

    def add(self, texts: Sequence[str]) -> None:
        rows = np.arange(self._next, self._next + len(texts))
        self._table.add(pa.table({"i": rows, "terms": texts}))
        self._next += len(texts)

    def delete(self, document: int) -> None:
        self._table.delete(f"i = {document}")


class Fts5(TextEngine):
    name: ClassVar[str] = "SQLite FTS5"

    def __init__(self, folder: Path) -> None:
        self._base = sqlite3.connect(folder / "fts5.db")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(terms, detail=none, "
            "tokenize=\"unicode61 remove_diacritics 0 tokenchars '+#._,-'\")"
        )
        self._next = 0

    def build(self, texts: Sequence[str]) -> None:
        self.add(texts)
        self._base.execute("INSERT INTO passages(passages) VALUES('optimize')")
        self._base.commit()

    def add(self, texts: Sequence[str]) -> None:
        rows = list(enumerate(texts, self._next))
        self._base.executemany("INSERT INTO passages(rowid, terms) VALUES (?, ?)", rows)
        self._base.commit()
        self._next += len(texts)

    def search(self, terms: Sequence[str], k: int) -> list[int]:
        quoted = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)
        rows = self._base.execute(
            "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?", (quoted, k)
        )
        return [row for (row,) in rows]

    def delete(self, document: int) -> None:
        self._base.execute("DELETE FROM passages WHERE rowid = ?", (document,))
        self._base.commit()


TEXT_ENGINES: tuple[type[TextEngine], ...] = (Accelerated, Bm25s, Tantivy, Stored, LanceDB, Fts5)

"""Sets of documents, queries and judgments in the BEIR layout, and the files made of them.

    corpus.jsonl    {"_id", "title", "text"} a line
    queries.jsonl   {"_id", "text"} a line
    qrels/*.tsv     query, document, grade, below a line of headings; test.tsv where there are more

Every document becomes a file of its own, so that it goes the way that a user's files go.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commonplace.corpus import absolute, shown_path
from commonplace.foundation import InputError, display_path

_HASH_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A set as it was read.

    Attributes:
        name: the name of its folder.
        hash: a hash of its files.
        documents: id -> (title, text).
        queries: id -> text, of those that have a relevant document.
        judgments: query -> document -> grade.
        notices: what a reader of the numbers should know.
    """

    name: str
    hash: str
    documents: dict[str, tuple[str, str]]
    queries: dict[str, str]
    judgments: dict[str, dict[str, int]]
    notices: tuple[str, ...] = ()


def read_beir(folder: Path) -> BeirSet:
    """Read a set.

    Raises:
        InputError: a file is missing or damaged, or no query has a relevant document.
    """
    corpus, topics, qrels = _files(folder)
    documents = {
        row["_id"]: (" ".join(row.get("title", "").split()), row["text"])
        for row in read_rows(corpus, ("_id", "text"))
    }
    if not documents:
        raise InputError(f"{display_path(corpus)} holds no document; there is nothing to search")
    texts = {row["_id"]: row["text"] for row in read_rows(topics, ("_id", "text"))}
    judgments = _relevant(_read_qrels(qrels), qrels)
    if unknown := next((query for query in judgments if query not in texts), None):
        raise InputError(
            f"{display_path(qrels)} judges the query {unknown}, "
            f"which is not in {topics.name}; both must be of the same set"
        )
    queries = {query: text for query, text in texts.items() if query in judgments}
    return BeirSet(
        folder.resolve().name,
        files_hash([corpus, topics, qrels]),
        documents,
        queries,
        {query: judgments[query] for query in queries},
        _notices(judgments, documents),
    )


def _files(folder: Path) -> tuple[Path, Path, Path]:
    require_files(folder, ("corpus.jsonl", "queries.jsonl"), "qrels/*.tsv")
    files = sorted((folder / "qrels").glob("*.tsv"))
    test = [file for file in files if file.name == "test.tsv"]
    if not files:
        raise InputError(f"{display_path(folder)} has no judgments; expected qrels/test.tsv in it")
    if len(files) > 1 and not test:
        names = " and ".join(file.name for file in files)
        raise InputError(f"{display_path(folder)}/qrels holds {names} and no test.tsv; leave one")
    return folder / "corpus.jsonl", folder / "queries.jsonl", (test or files)[0]


def require_files(folder: Path, names: Sequence[str], pattern: str = "") -> None:
    """Check that a folder holds these files; `pattern` names others in the error.

    Raises:
        InputError: it does not, or is no folder.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {display_path(folder)}; name one that holds a set")
    for name in names:
        if not (folder / name).is_file():
            listed = ", ".join(filter(None, (*names, pattern)))
            raise InputError(f"{display_path(folder)} has no {name}; a set consists of {listed}")


def read_rows(file: Path, required: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, each with at least these keys, which hold texts.

    Raises:
        InputError: a line is none such; the sentence says which.
    """
    with open(file, encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(line, required, f"{display_path(file)}, line {number}")
        except UnicodeDecodeError as error:
            raise InputError(f"{display_path(file)} is not UTF-8; save it as such") from error


def _row(line: str, required: Sequence[str], where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: this is no JSON ({error}); mend or remove the line") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected an object like {{{', '.join(required)}}}")
    for key in required:
        if not isinstance(row.get(key), str):
            raise InputError(f"{where}: {key!r} is missing or no text; mend or remove the line")
    return row


def _read_qrels(file: Path) -> Iterator[tuple[str, str, int]]:
    with open(file, encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if not row or (number == 1 and not row[-1].lstrip("-").isdigit()):
                continue
            if len(row) != 3 or not row[2].strip().lstrip("-").isdigit():
                raise InputError(
                    f"{display_path(file)}, line {number}: "
                    "expected a query, a document and a whole number, with tabs between them"
                )
            yield row[0], row[1], int(row[2])


def _relevant(rows: Iterable[tuple[str, str, int]], file: Path) -> dict[str, dict[str, int]]:
    """Grades by query, of the queries for which something is relevant."""
    grades: dict[str, dict[str, int]] = {}
    for query, document, grade in rows:
        grades.setdefault(query, {})[document] = grade
    relevant = {query: judged for query, judged in grades.items() if max(judged.values()) > 0}
    if not relevant:
        raise InputError(
            f"{display_path(file)} has no query with a relevant document; nothing can be measured"
        )
    return relevant


def _notices(
    judgments: dict[str, dict[str, int]], documents: dict[str, tuple[str, str]]
) -> tuple[str, ...]:
    relevant = {d for judged in judgments.values() for d, grade in judged.items() if grade > 0}
    missing = len(relevant - documents.keys())
    if not missing:
        return ()
    return (f"{missing} of {len(relevant)} relevant documents are not in corpus.jsonl",)


def files_hash(files: Iterable[Path]) -> str:
    """A short hash of what these files hold."""
    digest = hashlib.blake2b(digest_size=_HASH_BYTES)
    for file in files:
        digest.update(hashlib.blake2b(file.read_bytes()).digest())
    return digest.hexdigest()


def write_documents(texts: Iterable[tuple[str, str, str]], folder: Path) -> dict[str, str]:
    """A file for each (id, name, text); returns ids by path, as the library shows paths.

    Raises:
        InputError: the folder holds the files of something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identities, written = {}, set()
    for identity, name, text in texts:
        path = folder / name
        _write_once(path, text, folder)
        written.add(path)
        identities[shown_path(absolute(path))] = identity
    if any(path not in written for path in folder.iterdir()):
        raise _of_another_set(folder)
    return identities


def _write_once(path: Path, text: str, folder: Path) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8", newline="")
    elif path.read_bytes() != text.encode():
        raise _of_another_set(folder)


def _of_another_set(folder: Path) -> InputError:
    return InputError(
        f"{display_path(folder)} holds the files of another set; name an empty folder"
    )

"""The signals of every question of a set, asked of the library and of its own passage.

    from answerability_rows import rows_of

All passages become files of one library; each question is searched for with profile `best` and
read by the extractive reader, as `Library.ask` does, and then its own passage alone is read.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from commonplace import Filter, Library
from commonplace.answers import ExtractiveReader
from commonplace.answers._signals import SIGNALS, row, signals
from commonplace.models import open_cross_encoder, open_encoder
from commonplace.retrieval import Hit
from train_support import rarity, read_lines

_CONTEXT = 10  # passages that `Library.ask` answers from
Found = Mapping[str, "np.ndarray[Any, Any]"]
Record = dict[str, Any]


def rows_of(folder: Path, file: Path) -> Found:
    """What `file` holds; it is made first where it is missing.

    Arrays with a row for each question and condition: question (its id), own (asked of its own
    passage alone), signals [n, signals], states [n, width], retrieval [n, 3]; and names, of the
    signals.
    """
    if not file.exists():
        _make(folder, file)
    with np.load(file) as found:
        if tuple(found["names"]) != SIGNALS:
            raise SystemExit(f"{file} is of other signals; remove it to have it made anew")
        return dict(found)


def _make(folder: Path, file: Path) -> None:
    """Ask every question; its two records are kept as lines at once, so that it can go on."""
    kept = file.with_suffix(".jsonl")
    done = {each["question"] for each in read_lines(kept)} if kept.exists() else set()
    passages = read_lines(folder / "passages.jsonl")
    questions = read_lines(folder / "questions.jsonl")
    with tempfile.TemporaryDirectory() as temporary, open(kept, "a", encoding="utf-8") as lines:
        paths = write_passages(passages, Path(temporary) / "passages")
        library = Library.open(Path(temporary) / "library")
        library.add(Path(temporary) / "passages")
        ask = _asker(library, passages)
        for number, question in enumerate(questions):
            if question["id"] not in done:
                records = ask(question, paths[question["passage_id"]])
                lines.write("".join(json.dumps(record) + "\n" for record in records))
            print(f"\r{number + 1}/{len(questions)}", end="", file=sys.stderr)
    _pack(read_lines(kept), file)


def _asker(library: Library, passages: Sequence[Record]) -> Callable[[Record, str], list[Record]]:
    """What asks a question of a library, and of the file of its own passage alone."""
    weigh = rarity([f"{p['title']}. {p['text']}" for p in passages])
    encoder, reader = open_encoder(), ExtractiveReader(open_cross_encoder())

    def ask(question: Record, path: str) -> list[Record]:
        asked = question["question"]
        hits = library.search(asked, limit=_CONTEXT, profile="best", explain=True)
        only = Filter(paths=(path,))
        own = library.search(asked, limit=_CONTEXT, profile="fast", filter=only)
        records = []
        for is_own, ranked in ((False, hits), (True, own)):
            reading = reader.read(asked, [hit.passage for hit in ranked])
            assert reading.states is not None, "the cross-encoder gives no states"
            record = {
                "question": question["id"],
                "own": is_own,
                "signals": row(signals(asked, reading, encoder, weigh)).tolist(),
                "states": np.round(reading.states, 4).tolist(),
                "retrieval": _retrieval(hits),
            }
            records.append(record)
        return records

    return ask


def _pack(records: Sequence[Record], file: Path) -> None:
    columns: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        for name, value in record.items():
            columns[name].append(value)
    arrays: dict[str, Any] = {name: np.array(values) for name, values in columns.items()}
    np.savez(file, **arrays, names=np.array(SIGNALS))


def write_passages(passages: Sequence[Record], folder: Path) -> dict[str, str]:
    """One file a passage, below its article's title; returns paths by passage id."""
    paths = {}
    folder.mkdir(parents=True)
    for passage in passages:
        path = folder / f"{passage['id']}.md"
        path.write_text(f"# {passage['title']}\n\n{passage['text']}", encoding="utf-8")
        paths[passage["id"]] = str(path)
    return paths


def _retrieval(hits: Sequence[Hit]) -> list[float]:
    """The best BM25 score, cosine and reranker's score among the hits."""
    known = [hit.explanation for hit in hits if hit.explanation is not None]
    return [
        max((each.bm25 for each in known), default=0.0),
        max((each.cosine or 0.0 for each in known), default=0.0),
        max((each.reranked or 0.0 for each in known), default=0.0),
    ]

"""The signals of questions of a set, asked of the library or of their own passage.

    from benchmarks.answers.rows import load

All passages become files of one library; a question is searched for with profile `best` and read
by the extractive reader, as `Library.ask` does, or its own passage alone is read. What was asked is
kept as lines of a file, so that nothing is asked twice and an interrupted run goes on.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.train_support import rarity, read_lines
from commonplace import Filter, Library
from commonplace.answers import ExtractiveReader
from commonplace.answers.signals import SIGNALS, row, signals
from commonplace.foundation.arrays import Bools, Float64s
from commonplace.models import open_cross_encoder, open_encoder
from commonplace.retrieval import Hit

_CONTEXT = 10  # passages that `Library.ask` answers from
Found = Mapping[str, "np.ndarray[Any, Any]"]
Record = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """What is known of questions: signals [n, signals], states [n, width], and the truth."""

    signals: Float64s
    states: Float64s
    answerable: NDArray[np.bool_]
    article: NDArray[np.str_]
    retrieval: Float64s  # [n, 3]: the best BM25 score, cosine and reranker's score

    def at(self, chosen: Bools) -> "Rows":
        """The chosen rows."""
        return Rows(
            self.signals[chosen],
            self.states[chosen],
            self.answerable[chosen],
            self.article[chosen],
            self.retrieval[chosen],
        )


def load(
    folder: Path, file: Path, *, own: bool = False, articles: Collection[str] | None = None
) -> Rows:
    """The rows of one condition: asked of the library, or of the question's own passage.

    `articles` are those whose questions are asked; None: all.
    """
    title = {p["id"]: p["title"] for p in read_lines(folder / "passages.jsonl")}
    known = {q["id"]: q for q in read_lines(folder / "questions.jsonl")}
    found = rows_of(folder, file, own, articles or set(title.values()))
    asked = [known[identity] for identity in found["question"]]
    return Rows(
        found["signals"].astype(float),
        found["states"].astype(float),
        np.array([question["answerable"] for question in asked]),
        np.array([title[question["passage_id"]] for question in asked]),
        found["retrieval"].astype(float),
    )


def rates(confidence: Float64s, answerable: Bools, threshold: float) -> tuple[float, float]:
    """False answers and false refusals at a threshold."""
    given = confidence >= threshold
    return float(given[~answerable].mean()), float((~given[answerable]).mean())


def rows_of(folder: Path, file: Path, own: bool, articles: Collection[str]) -> Found:
    """What is known of the questions of some articles; what `file` lacks is asked first.

    Returns:
        Arrays with a row for each question, in their order: question (its id), signals [n,
        signals], states [n, width], retrieval [n, 3].
    """
    passages = read_lines(folder / "passages.jsonl")
    of = {passage["id"]: passage["title"] for passage in passages}
    questions = read_lines(folder / "questions.jsonl")
    wanted = [question for question in questions if of[question["passage_id"]] in articles]
    known = _kept(file, own)
    missing = [question for question in wanted if question["id"] not in known]
    if missing:
        _ask(passages, missing, own, file)
        known = _kept(file, own)
    return _columns([known[question["id"]] for question in wanted])


def _kept(file: Path, own: bool) -> dict[str, Record]:
    """The file's records of one condition by question."""
    kept = read_lines(file) if file.exists() else []
    if any(len(record["signals"]) != len(SIGNALS) for record in kept):
        raise SystemExit(f"{file} is of other signals; remove it to have it made anew")
    return {record["question"]: record for record in kept if record["own"] == own}


def _ask(passages: Sequence[Record], questions: Sequence[Record], own: bool, file: Path) -> None:
    """Ask questions; each record is kept at once."""
    with tempfile.TemporaryDirectory() as temporary, open(file, "a", encoding="utf-8") as lines:
        paths = write_passages(passages, Path(temporary) / "passages")
        library = Library.open(Path(temporary) / "library")
        library.add(Path(temporary) / "passages")
        ask = _asker(library, passages)
        for number, question in enumerate(questions, 1):
            only = Filter(paths=(paths[question["passage_id"]],)) if own else None
            record = ask(question["question"], only)
            lines.write(json.dumps({"question": question["id"], "own": own, **record}) + "\n")
            print(f"\r{number}/{len(questions)}", end="", file=sys.stderr)


def _asker(library: Library, passages: Sequence[Record]) -> Callable[[str, Filter | None], Record]:
    """What asks a question of a library, or of one file of it alone."""
    weigh = rarity([f"{p['title']}. {p['text']}" for p in passages])
    encoder, reader = open_encoder(), ExtractiveReader(open_cross_encoder())

    def ask(asked: str, only: Filter | None) -> Record:
        hits = library.search(asked, limit=_CONTEXT, profile="best", explain=True)
        ranked = library.search(asked, profile="fast", filter=only) if only else hits
        reading = reader.read(asked, [hit.passage for hit in ranked])
        assert reading.states is not None, "the cross-encoder gives no states"
        return {
            "signals": row(signals(asked, reading, encoder, weigh)).tolist(),
            "states": np.round(reading.states, 4).tolist(),
            "retrieval": _retrieval(hits),
        }

    return ask


def _columns(records: Sequence[Record]) -> Found:
    columns: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        for name in ("question", "signals", "states", "retrieval"):
            columns[name].append(record[name])
    return {name: np.array(values) for name, values in columns.items()}


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

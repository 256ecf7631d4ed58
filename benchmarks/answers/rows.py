"""The signals of questions of a set, asked of the library or of their own passage.

    from benchmarks.answers.rows import load

All passages become files of one library; a question is searched for with profile `best` and read
by the extractive reader, as `Library.ask` does, or its own passage alone is read. The signals are
written to a file, a line each, so that nothing is asked twice and an interrupted run goes on.
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
Columns = Mapping[str, "np.ndarray[Any, Any]"]
Record = dict[str, Any]


@dataclass(frozen=True)
class QuestionSignals:
    """The signals [n, signals] and states [n, width] of questions, and the truth about them."""

    signals: Float64s
    states: Float64s
    answerable: NDArray[np.bool_]
    article: NDArray[np.str_]
    retrieval: Float64s  # [n, 3]: the best BM25 score, cosine and reranker's score

    def at(self, mask: Bools) -> "QuestionSignals":
        """Only the questions of the mask [n]."""
        return QuestionSignals(**{name: column[mask] for name, column in vars(self).items()})


def load(
    folder: Path, file: Path, *, own: bool = False, articles: Collection[str] | None = None
) -> QuestionSignals:
    """The rows of one condition: asked of the library, or of the question's own passage.

    `articles` are those whose questions are asked; None: all.
    """
    title = {p["id"]: p["title"] for p in read_lines(folder / "passages.jsonl")}
    by_id = {q["id"]: q for q in read_lines(folder / "questions.jsonl")}
    columns = columns_of(folder, file, own, articles or set(title.values()))
    questions = [by_id[identity] for identity in columns["question"]]
    return QuestionSignals(
        signals=columns["signals"].astype(float),
        states=columns["states"].astype(float),
        answerable=np.array([question["answerable"] for question in questions]),
        article=np.array([title[question["passage_id"]] for question in questions]),
        retrieval=columns["retrieval"].astype(float),
    )


def rates(confidence: Float64s, answerable: Bools, threshold: float) -> tuple[float, float]:
    """False answers and false refusals at a threshold."""
    answered = confidence >= threshold
    return float(answered[~answerable].mean()), float((~answered[answerable]).mean())


def columns_of(folder: Path, file: Path, own: bool, articles: Collection[str]) -> Columns:
    """The signals of the questions of some articles; what `file` lacks is asked first.

    Returns:
        Arrays with a row for each question, in their order: question (its id), signals [n,
        signals], states [n, width], retrieval [n, 3].
    """
    passages = read_lines(folder / "passages.jsonl")
    article_of = {passage["id"]: passage["title"] for passage in passages}
    questions = [
        question
        for question in read_lines(folder / "questions.jsonl")
        if article_of[question["passage_id"]] in articles
    ]
    records = _read(file, own)
    missing = [question for question in questions if question["id"] not in records]
    if missing:
        _ask(passages, missing, own, file)
        records = _read(file, own)
    return _columns([records[question["id"]] for question in questions])


def _read(file: Path, own: bool) -> dict[str, Record]:
    """The file's records of one condition by question."""
    records = read_lines(file) if file.exists() else []
    if any(len(record["signals"]) != len(SIGNALS) for record in records):
        raise SystemExit(f"{file} holds other signals; remove it to have it made anew")
    return {record["question"]: record for record in records if record["own"] == own}


def _ask(passages: Sequence[Record], questions: Sequence[Record], own: bool, file: Path) -> None:
    """Ask questions; each record is written at once."""
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

    def ask(question: str, only: Filter | None) -> Record:
        hits = library.search(question, limit=_CONTEXT, profile="best", explain=True)
        ranked = library.search(question, profile="fast", filter=only) if only else hits
        extract = reader.read(question, [hit.passage for hit in ranked])
        assert extract.states is not None, "the cross-encoder gives no states"
        return {
            "signals": row(signals(question, extract, encoder, weigh)).tolist(),
            "states": np.round(extract.states, 4).tolist(),
            "retrieval": _retrieval(hits),
        }

    return ask


def _columns(records: Sequence[Record]) -> Columns:
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
    reasons = [hit.explanation for hit in hits if hit.explanation is not None]
    return [
        max((each.bm25 for each in reasons), default=0.0),
        max((each.cosine or 0.0 for each in reasons), default=0.0),
        max((each.reranked or 0.0 for each in reasons), default=0.0),
    ]

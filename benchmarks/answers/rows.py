"""The signals of questions, asked as `Library.ask` does, each kept in a file once it is asked.

    from benchmarks.answers.rows import collect

Nothing is asked twice, and an interrupted run goes on.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.questions import SEVERAL, AskedQuestion
from benchmarks.scaffold import read_lines
from commonplace.answers import READER_ADAPTER, ExtractiveReader
from commonplace.answers.signals import SIGNALS, row, signals
from commonplace.foundation.arrays import Bools, Float64s
from commonplace.models import open_cross_encoder, open_encoder

Record = dict[str, Any]


@dataclass(frozen=True)
class QuestionSignals:
    """The signals [n, signals] of questions, and the truth about them.

    Attributes:
        right: [n] whether what would be quoted is the answer; never for an unanswerable one.
        near: [n] whether the evidence is among what would be quoted or is closest.
    """

    signals: Float64s
    answerable: Bools
    right: Bools
    near: Bools
    group: NDArray[np.str_]
    kind: NDArray[np.str_]  # "absent SORT" for an unanswerable one

    def at(self, mask: Bools) -> "QuestionSignals":
        """Only the questions of the mask [n]."""
        return QuestionSignals(**{name: column[mask] for name, column in vars(self).items()})


def collect(
    file: Path, sources: Iterable[tuple[str, Callable[[], Iterable[AskedQuestion]]]]
) -> QuestionSignals:
    """The rows of some groups of questions; a group that the file lacks is asked first."""
    chosen = list(sources)
    held = {record["group"] for record in _records(file)}
    for name, ask in chosen:
        if name not in held:
            lines = [json.dumps({**record, "group": name}) for record in _measured(ask())]
            with open(file, "a", encoding="utf-8") as out:
                out.write("\n".join(lines) + "\n")
            print(f"{name}: {len(lines)} questions", file=sys.stderr)
    names = {name for name, _ in chosen}
    records = [record for record in _records(file) if record["group"] in names]
    return QuestionSignals(
        signals=np.array([record["signals"] for record in records], dtype=float),
        answerable=np.array([record["answerable"] for record in records]),
        right=np.array([record["right"] for record in records]),
        near=np.array([record["near"] for record in records]),
        group=np.array([record["group"] for record in records]),
        kind=np.array([record["kind"] for record in records]),
    )


def _records(file: Path) -> list[Record]:
    records: list[Record] = list(read_lines(file)) if file.exists() else []
    if any(len(record["signals"]) != len(SIGNALS) for record in records):
        raise SystemExit(f"{file} holds other signals; remove it to have it made anew")
    return records


def _measured(questions: Iterable[AskedQuestion]) -> Iterable[Record]:
    encoder = open_encoder()
    reader = ExtractiveReader(open_cross_encoder(adapter=READER_ADAPTER))
    for question in questions:
        extract = reader.read(question.text, question.passages)
        if extract.best is None:
            continue
        quoted = [question.touched(each.unit) for each in extract.evidence]
        closest = [question.touched(unit) for unit in extract.closest(3)]
        pieces = {piece for each in quoted for piece in each}
        needed = len(question.evidence) if question.kind in SEVERAL else 1
        yield {
            "id": question.id,
            "kind": question.kind if question.answerable else f"absent {question.absent}",
            "answerable": question.answerable,
            "right": question.answerable and len(pieces) >= needed,
            "near": any(quoted) or any(closest),
            "signals": row(signals(question.text, extract, encoder, question.weigh)).tolist(),
        }

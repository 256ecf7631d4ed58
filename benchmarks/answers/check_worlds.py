"""Checks the form of the invented worlds: every quote stands word for word in its file.

Needs nothing but the worlds beside this file.

    python -m benchmarks.answers.check_worlds
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.answers.questions import SEVERAL, WORLDS
from benchmarks.scaffold import read_lines

_ABSENT = {"topic", "detail", "near-miss", "premise", "other-time"}


def problems(world: Path) -> Iterator[str]:
    """What is wrong in a world, a sentence each."""
    notes = world / "notes"
    texts = {
        path.relative_to(notes).as_posix(): path.read_text("utf-8")
        for path in notes.rglob("*")
        if path.is_file()
    }
    rows = list(read_lines(world / "questions.jsonl"))
    if len({row["id"] for row in rows}) != len(rows):
        yield "two questions have one id"
    for row in rows:
        yield from (f"{row['id']}: {problem}" for problem in _of_question(row, texts))


def _of_question(row: dict[str, Any], texts: dict[str, str]) -> Iterator[str]:
    if not row["answerable"]:
        if row["evidence"] or row["answers"] or row["absent"] not in _ABSENT:
            yield "it is unanswerable, and has evidence, answers, or no sort of absence"
        return
    if not row["evidence"] or not row["answers"] or row["absent"]:
        yield "it is answerable, and has no evidence, no answers, or a sort of absence"
    for evidence in row["evidence"]:
        if evidence["quote"] not in texts.get(evidence["file"], ""):
            yield f"{evidence['quote']!r} does not stand in {evidence['file']}"
    quotes = " ".join(evidence["quote"] for evidence in row["evidence"]).lower()
    exempt = row["kind"] in SEVERAL | {"yes-no"}
    if not exempt and not any(answer.lower() in quotes for answer in row["answers"]):
        yield "no answer stands in its evidence"


def main() -> None:
    worlds = sorted(path for path in WORLDS.iterdir() if path.is_dir())
    found = [f"{world.name}: {problem}" for world in worlds for problem in problems(world)]
    print("\n".join([*found, f"{len(worlds)} worlds, {len(found)} problems"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()

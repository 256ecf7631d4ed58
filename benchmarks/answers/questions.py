"""Questions with the passages that are retrieved for them, of invented worlds and of SQuAD 2.0.

    from benchmarks.answers.questions import WORLDS, asked_of_world

A world is a folder with `notes/` and `questions.jsonl` (see worlds/README.md). Its notes become a
library, and each question is searched for as `Library.ask` does.
"""

import random
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.answers.train_support import rarity
from benchmarks.scaffold import read_lines
from commonplace import Library
from commonplace.answers import ExtractiveSettings
from commonplace.answers.evidence.units import Unit
from commonplace.answers.mismatch import Weigh
from commonplace.corpus import Passage, Store

WORLDS: Final = Path(__file__).with_name("worlds")
SEVERAL: Final = frozenset({"list", "multi", "compare", "count"})  # kinds that need every quote


@dataclass(frozen=True)
class Evidence:
    """Words that suffice for an answer, or for a part of it, and the file that has them."""

    file: str
    quote: str


@dataclass(frozen=True)
class AskedQuestion:
    """A question, the truth about it, and what was retrieved for it, best first.

    `absent` says why it has no answer: topic, detail, near-miss, premise, other-time, or trick.
    """

    group: str
    id: str
    text: str
    kind: str
    answerable: bool
    evidence: tuple[Evidence, ...]
    absent: str
    passages: tuple[Passage, ...]
    weigh: Weigh

    def touched(self, unit: Unit) -> list[int]:
        """Which pieces of the evidence a unit has, or is a part of."""
        text = plain(unit.text)
        return [
            number
            for number, evidence in enumerate(self.evidence)
            if unit.passage.path.endswith("/" + evidence.file)
            and text
            and (text in plain(evidence.quote) or plain(evidence.quote) in text)
        ]


def plain(text: str) -> str:
    """A text as it is compared: words only, in lower case."""
    return re.sub(r"\W+", " ", text.lower()).strip()


def asked_of_world(world: Path) -> Iterator[AskedQuestion]:
    """The questions of a world, asked of its notes."""
    questions = list(read_lines(world / "questions.jsonl"))
    yield from _asked(world.name, world / "notes", questions)


def asked_of_squad(
    folder: Path, articles: Collection[str], each: int, seed: int = 1
) -> Iterator[AskedQuestion]:
    """Some questions of each article of SQuAD 2.0, asked of the passages of all as one library."""
    passages = list(read_lines(folder / "passages.jsonl"))
    titles = {passage["id"]: passage["title"] for passage in passages}
    questions = list(read_lines(folder / "questions.jsonl"))
    chance, chosen = random.Random(seed), list[dict[str, Any]]()
    for article in sorted(articles):
        own = [q for q in questions if titles[q["passage_id"]] == article]
        chosen += map(_as_world_question, chance.sample(own, each))
    with tempfile.TemporaryDirectory() as temporary:
        write_passages(passages, Path(temporary) / "passages")
        yield from _asked("squad2", Path(temporary) / "passages", chosen)


def _as_world_question(question: dict[str, Any]) -> dict[str, Any]:
    shortest = min(question["answers"], key=len, default="")
    evidence = [{"file": f"{question['passage_id']}.md", "quote": shortest}] if shortest else []
    absent = "" if question["answerable"] else "trick"
    return {**question, "kind": "squad", "absent": absent, "evidence": evidence}


def _asked(group: str, notes: Path, questions: Sequence[dict[str, Any]]) -> Iterator[AskedQuestion]:
    with tempfile.TemporaryDirectory() as temporary:
        library = Library.open(Path(temporary) / "library")
        library.add(notes)
        with Store(library.folder).snapshot() as snapshot:
            passages = [p for item in snapshot.items for p in snapshot.passages_of(item.id)]
        weigh = rarity([f"{passage.title}. {passage.text}" for passage in passages])
        for question in questions:
            hits = library.search(
                question["question"], limit=ExtractiveSettings().passages, profile="best"
            )
            yield AskedQuestion(
                group=group,
                id=question["id"],
                text=question["question"],
                kind=question["kind"],
                answerable=question["answerable"],
                evidence=tuple(Evidence(e["file"], e["quote"]) for e in question["evidence"]),
                absent=question["absent"],
                passages=tuple(hit.passage for hit in hits),
                weigh=weigh,
            )


def write_passages(passages: Sequence[dict[str, Any]], folder: Path) -> None:
    """One file a passage, below its article's title."""
    folder.mkdir(parents=True)
    for passage in passages:
        text = f"# {passage['title']}\n\n{passage['text']}"
        (folder / f"{passage['id']}.md").write_text(text, encoding="utf-8")

"""Does it answer what is there, cite the right passage, and refuse what is not there?

Needs a folder with passages.jsonl and questions.jsonl (as SQuAD 2.0: some have no answer). All
passages become files of one library, and every question is asked of the whole of it.

    python benchmarks/answers.py DIR [--json] [--reader extractive,generative] [--sample 25]

`--sample N` asks N answerable and N unanswerable questions of each article (0: all), the same ones
each time. The refusal threshold was calibrated on four articles (`CALIBRATION`); only the others
are reported, unless `--all` is given. Columns: answered = share of all answerable questions that
got an answer; right passage, right answer = share of all answerable questions whose answer cites
the gold passage, contains a gold answer; false answers = share of the unanswerable that got an
answer; false refusals = share of the answerable that got none.
"""

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from commonplace import Answer, Library

Question = dict[str, Any]

# The articles on which answers/_answerability.py was fitted.
CALIBRATION = ("Normans", "Steam engine", "European Union law", "Harvard University")


def read_lines(file: Path) -> list[dict[str, Any]]:
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_passages(passages: Iterable[Mapping[str, Any]], folder: Path) -> dict[str, str]:
    """One file a passage, below its article's title; returns passage ids by path."""
    identities = {}
    for passage in passages:
        path = folder / f"{passage['id']}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(f"# {passage['title']}\n\n{passage['text']}", encoding="utf-8")
        identities[str(path)] = passage["id"]
    return identities


def choose(questions: Iterable[Question], article: Mapping[str, str], most: int) -> list[Question]:
    """At most so many answerable and unanswerable questions of each article; 0: all."""
    groups: dict[tuple[str, bool], list[Question]] = defaultdict(list)
    for question in questions:
        groups[article[question["passage_id"]], question["answerable"]].append(question)
    chosen = random.Random(11)
    return [
        question
        for key in sorted(groups)
        for question in (
            chosen.sample(groups[key], min(most, len(groups[key]))) if most else groups[key]
        )
    ]


def plain(text: str) -> str:
    """Without case, punctuation and articles, as SQuAD compares answers."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return " " + " ".join(word for word in words if word not in {"a", "an", "the"}) + " "


def ask(
    library: Library, question: Question, model: str | None, identities: Mapping[str, str]
) -> dict[str, Any]:
    """What came of one question."""
    start = time.perf_counter()
    found = library.ask(question["question"], model=model)
    seconds = time.perf_counter() - start
    if not isinstance(found, Answer):
        return {"answered": False, "passage": False, "gold": False, "seconds": seconds}
    cited = {identities[c.passage.path] for s in found.sentences for c in s.citations}
    said = plain(" ".join(sentence.text for sentence in found.sentences))
    return {
        "answered": True,
        "passage": question["passage_id"] in cited,
        "gold": any(plain(gold) in said for gold in question["answers"]),
        "seconds": seconds,
    }


def measure(
    library: Library,
    reader: str,
    model: str | None,
    questions: list[Question],
    identities: Mapping[str, str],
) -> dict[str, Any]:
    outcomes = []
    for number, question in enumerate(questions):
        outcomes.append(ask(library, question, model, identities))
        if sys.stderr.isatty():
            print(f"\r{reader} {number + 1}/{len(questions)}", end="", file=sys.stderr)
    pairs = list(zip(questions, outcomes, strict=True))
    yes = [outcome for question, outcome in pairs if question["answerable"]]
    no = [outcome for question, outcome in pairs if not question["answerable"]]

    def share(outcomes: list[dict[str, Any]], name: str) -> float:
        return round(sum(bool(outcome[name]) for outcome in outcomes) / max(len(outcomes), 1), 4)

    return {
        "reader": reader,
        "questions": len(questions),
        "answered": share(yes, "answered"),
        "right_passage": share(yes, "passage"),
        "right_answer": share(yes, "gold"),
        "false_answer_rate": share(no, "answered"),
        "false_refusal_rate": round(1 - share(yes, "answered"), 4),
        "p50_ms": round(1000 * statistics.median(o["seconds"] for o in outcomes), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--reader", default="extractive")
    parser.add_argument("--model", default="SmolLM2-135M-Instruct")
    parser.add_argument("--sample", type=int, default=25)
    parser.add_argument("--all", action="store_true", help="the calibration articles too")
    chosen = parser.parse_args()
    passages = read_lines(chosen.folder / "passages.jsonl")
    article = {passage["id"]: passage["title"] for passage in passages}
    questions = [
        question
        for question in choose(
            read_lines(chosen.folder / "questions.jsonl"), article, chosen.sample
        )
        if chosen.all or article[question["passage_id"]] not in CALIBRATION
    ]
    with tempfile.TemporaryDirectory() as temporary:
        identities = write_passages(passages, Path(temporary) / "passages")
        library = Library.open(Path(temporary) / "library")
        library.add(Path(temporary) / "passages")
        library.ask("What warms up the models?")
        rows = [
            measure(
                library, name, chosen.model if name == "generative" else None, questions, identities
            )
            for name in chosen.reader.split(",")
        ]
    if chosen.json:
        print(json.dumps({"set": chosen.folder.name, "rows": rows}))
        return
    print(f"{len(passages)} passages, {len(questions)} questions")
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()

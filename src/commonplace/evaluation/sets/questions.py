"""Sets of passages and questions, some of which have no answer, in the layout of SQuAD 2.0.

passages.jsonl    {"id", "title", "text"} a line; `title` is the article's
questions.jsonl   {"id", "question", "passage_id", "answers", "answerable"} a line
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commonplace.evaluation.sets.beir import files_hash, read_rows, require_files
from commonplace.foundation import InputError, display_path

# The articles of SQuAD 2.0 on which whatever decides about answers was fitted; never reported on.
CALIBRATION: Final = ("Normans", "Steam engine", "European Union law", "Harvard University")
_SEED: Final = 11  # for the choice of questions


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one passage; `answers` are empty where that passage holds none."""

    id: str
    text: str
    passage: str
    article: str
    answers: tuple[str, ...]
    answerable: bool


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A set as it was read: passages by id as (title, text), and the questions in their order."""

    name: str
    hash: str
    passages: Mapping[str, tuple[str, str]]
    questions: tuple[Question, ...]


def read_questions(folder: Path) -> QuestionSet:
    """Read a set.

    Raises:
        InputError: a file is missing, empty or damaged.
    """
    require_files(folder, ("passages.jsonl", "questions.jsonl"))
    files = folder / "passages.jsonl", folder / "questions.jsonl"
    passages = {
        row["id"]: (row["title"], row["text"])
        for row in read_rows(files[0], ("id", "title", "text"))
    }
    rows = read_rows(files[1], ("id", "question", "passage_id"))
    questions = tuple(
        _question(row, passages, f"{display_path(files[1])}, line {number}")
        for number, row in enumerate(rows, 1)
    )
    if not passages or not questions:
        raise InputError(f"{display_path(folder)} holds no passage or no question; nothing to ask")
    return QuestionSet(folder.resolve().name, files_hash(files), passages, questions)


def _question(
    row: Mapping[str, Any], passages: Mapping[str, tuple[str, str]], where: str
) -> Question:
    answers, answerable = row.get("answers"), row.get("answerable")
    if not isinstance(answers, list) or not isinstance(answerable, bool):
        raise InputError(f"{where}: expected 'answers' (a list) and 'answerable' (true or false)")
    if answerable and not any(isinstance(answer, str) and answer for answer in answers):
        raise InputError(f"{where}: the question is answerable and has no answer; name one")
    if row["passage_id"] not in passages:
        raise InputError(f"{where}: the passage {row['passage_id']} is not in passages.jsonl")
    return Question(
        row["id"],
        row["question"],
        row["passage_id"],
        passages[row["passage_id"]][0],
        tuple(map(str, answers)),
        answerable,
    )


def choose_articles(
    questions: QuestionSet, named: Sequence[str], everything: bool
) -> tuple[str, ...]:
    """The articles to ask about: the named ones, all, or those that nothing was fitted on.

    Raises:
        InputError: an article is not in the set, or every one was fitted on.
    """
    articles = tuple(dict.fromkeys(question.article for question in questions.questions))
    if unknown := next((name for name in named if name not in articles), None):
        raise InputError(
            f"there is no article {unknown!r} in {questions.name}; it has {', '.join(articles)}"
        )
    if named or everything:
        return tuple(named) or articles
    held_out = tuple(name for name in articles if name not in CALIBRATION)
    if not held_out:
        raise InputError(
            f"all questions of {questions.name} are of articles that refusals were fitted on; "
            "--all asks them all the same"
        )
    return held_out


def choose_questions(
    questions: QuestionSet, articles: Sequence[str], most: int
) -> tuple[Question, ...]:
    """At most `most` answerable and unanswerable questions of each article; 0: all.

    They are the same each time, and those of an article do not depend on the other articles.
    """
    groups: dict[tuple[str, bool], list[Question]] = defaultdict(list)
    for question in questions.questions:
        groups[question.article, question.answerable].append(question)
    random_choice = random.Random(_SEED)
    sample = {
        key: random_choice.sample(groups[key], min(most, len(groups[key]))) if most else groups[key]
        for key in sorted(groups)
    }
    return tuple(question for key in sample if key[0] in articles for question in sample[key])

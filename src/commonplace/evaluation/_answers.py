"""Measures answers: is what is there answered and cited rightly, and what is not there not?

All passages of the set become files of one library, and each question is asked of the whole
library. With `own_passage` a second row tells what happens when each question is asked of its own
passage alone: a question that its passage does not answer may well be answered by another.

    commonplace evaluate answers DIR
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from commonplace.answers import THRESHOLD
from commonplace.evaluation._answer_report import AnswerReport, AnswerRow, row_of_outcomes
from commonplace.evaluation._history import (
    Record,
    find_report,
    moment_of,
    save_report,
    set_folder,
    values_by_configuration,
)
from commonplace.evaluation._measures import require_measures
from commonplace.evaluation._outcomes import Outcome, ask
from commonplace.evaluation._quiet import QuietLibrary
from commonplace.evaluation._retrieval import place_for
from commonplace.evaluation._statistics import compare
from commonplace.evaluation._types import Comparison
from commonplace.evaluation.sets.beir import write_documents
from commonplace.evaluation.sets.questions import (
    Question,
    QuestionSet,
    choose_articles,
    choose_questions,
    read_questions,
)
from commonplace.foundation import InputError, Progress, silent
from commonplace.library import Library

READERS: Final = ("extractive", "generative")
_MODEL: Final = "SmolLM2-135M-Instruct"
_OF_ANSWERABLE: Final = ("answered", "right_answer")  # measures compared with an earlier report


def evaluate_answers(
    folder: Path,
    *,
    sample: int = 25,
    articles: Sequence[str] = (),
    everything: bool = False,
    own_passage: bool = False,
    threshold: float | None = None,
    readers: Sequence[str] = ("extractive",),
    model: str = _MODEL,
    library: Path | None = None,
    against: str | None = None,
    keep_in: Path | None = None,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda _: None,
) -> tuple[AnswerReport, Path]:
    """Measure answers, doubts and refusals on a set; returns the report and the file that keeps it.

    Args:
        folder: a set in the layout of SQuAD 2.0.
        sample: so many answerable and so many unanswerable questions of each article; 0: all.
        articles: the articles to ask about; none named: those that nothing was fitted on
            (`CALIBRATION`).
        everything: ask about all articles.
        own_passage: ask each question once more, of its own passage alone.
        threshold: the confidence below which a question is not answered, 0 to 1; None: the
            calibrated one.
        readers: "extractive", "generative" or both; `model` writes for the latter.
        model: see `Library.ask`.
        library: keep the set's files and library in this folder, and use them again.
        against: "last" or a kept report to compare with.
        keep_in: the file to keep the report in, in place of the user's data folder.
        progress: called with each question.
        announce: called when weights are fetched.

    Raises:
        InputError: the set, an article, a reader or the earlier report cannot be used.
        WeightsError: weights that are needed cannot be had.
    """
    require_measures()
    _check(readers, threshold, sample)
    question_set = read_questions(folder)
    named = choose_articles(question_set, articles, everything)
    questions = choose_questions(question_set, named, sample)
    history = set_folder(question_set.name, question_set.hash)
    before = find_report(against, "answers", history, question_set.hash) if against else None
    with place_for(library) as place:
        identities = write_documents(_texts(question_set), place / "documents")
        measured = QuietLibrary.open(place / "library", announce=announce)
        measured.add(place / "documents", progress=progress)
        measured.ask("What warms up the models?")  # weights are opened before the first is timed
        rows = tuple(
            _row(
                measured,
                reader,
                questions,
                identities,
                model=model,
                own=own,
                threshold=threshold,
                progress=progress,
            )
            for reader in readers
            for own in ((False, True) if own_passage else (False,))
        )
    report = AnswerReport(
        set=question_set.name,
        hash=question_set.hash,
        articles=named,
        passages=len(question_set.passages),
        rows=rows,
        against=_against(rows, before),
    )
    return report, save_report(report.record(), history, keep_in)


def _check(readers: Sequence[str], threshold: float | None, sample: int) -> None:
    if unknown := next((name for name in readers if name not in READERS), None):
        raise InputError(f"there is no reader {unknown!r}; choose of {', '.join(READERS)}")
    if not readers:
        raise InputError(f"no reader was named; choose of {', '.join(READERS)}")
    if threshold is not None and not 0 <= threshold <= 1:
        raise InputError(f"{threshold} is no threshold; a confidence is from 0 to 1")
    if sample < 0:
        raise InputError(f"{sample} is no number of questions; name 1 or more, or 0 for all")


def _texts(question_set: QuestionSet) -> Iterator[tuple[str, str, str]]:
    """(id, file name, text) of each passage, below its article's title."""
    for number, (identity, (title, text)) in enumerate(question_set.passages.items()):
        yield identity, f"{number}.md", f"# {title}\n\n{text}"


def _row(
    library: Library,
    reader: str,
    questions: Sequence[Question],
    identities: Mapping[str, str],
    *,
    model: str,
    own: bool,
    threshold: float | None,
    progress: Progress,
) -> AnswerRow:
    """Ask all questions under one condition."""
    paths = {identity: path for path, identity in identities.items()}
    outcomes: list[Outcome] = []
    for number, question in enumerate(questions, 1):
        outcomes.append(
            ask(
                library,
                question,
                identities,
                model=model if reader == "generative" else None,
                threshold=threshold,
                paths=[paths[question.passage]] if own else (),
            )
        )
        activity = f"{reader}, own passage" if own else reader
        progress(activity, number, len(questions), "questions")
    condition = "own passage" if own else "whole library"
    return row_of_outcomes(
        reader, condition, outcomes, THRESHOLD if threshold is None else threshold
    )


def _against(rows: Sequence[AnswerRow], before: Record | None) -> tuple[Comparison, ...]:
    """Each row against the same row of an earlier report: answered, right, near, false answers.

    Raises:
        InputError: the earlier report has no row or no question in common.
    """
    if before is None:
        return ()
    then = values_by_configuration(before, [row.name for row in rows])
    at = moment_of(before)
    comparisons = []
    for row in rows:
        for measure, old, new in _paired(then.get(row.name, {}), row):
            if old.keys() & new.keys():
                before_and_after = (f"{row.name} of {at}", old), (row.name, new)
                comparisons.append(compare(measure, *before_and_after))
    if not comparisons:
        raise InputError("the earlier report has no question in common with this one")
    return tuple(comparisons)


def _paired(
    then: Mapping[str, Mapping[str, bool]], row: AnswerRow
) -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
    """(measure, values then, values now), each by question."""
    now = row.record()["values"]
    for measure in _OF_ANSWERABLE:
        yield measure, _values(then, measure, True), _values(now, measure, True)
    yield "right_or_closest", _near(then), _near(now)
    yield "false_answer_rate", _values(then, "answered", False), _values(now, "answered", False)


def _near(values: Mapping[str, Mapping[str, bool]]) -> dict[str, float]:
    """Whether each answerable question has its answer, or its evidence among the closest quotes."""
    return {
        question: float(v["right_answer"] or v.get("evidence_closest", False))
        for question, v in values.items()
        if v["answerable"]
    }


def _values(
    values: Mapping[str, Mapping[str, bool]], measure: str, answerable: bool
) -> dict[str, float]:
    return {q: float(v[measure]) for q, v in values.items() if v["answerable"] == answerable}

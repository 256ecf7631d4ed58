"""Answers and refusals of a set, asked of a library whose answers are known beforehand."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commonplace import Answer, Citation, Filter, InputError, Library, Refusal, Sentence, Unsure
from commonplace.answers import THRESHOLD, Reply
from commonplace.cli import program
from commonplace.evaluation import CALIBRATION, AnswerRow, evaluate_answers
from evaluation_sets import write_lines
from outcomes import account

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
PASSAGES = [
    {"id": "saw-0", "title": "Saws", "text": "A saw cuts trees. It has 40 teeth."},
    {"id": "saw-1", "title": "Saws", "text": "The first saw was made of bronze."},
    {"id": "fit-0", "title": CALIBRATION[0], "text": "The Normans came from the north."},
]
QUESTIONS: list[dict[str, Any]] = [
    {"id": "1", "question": "teeth?", "passage_id": "saw-0", "answers": ["The 40 teeth"]},
    {"id": "2", "question": "bronze?", "passage_id": "saw-1", "answers": ["iron"]},
    {"id": "3", "question": "trees?", "passage_id": "saw-1", "answers": ["trees"]},
    {"id": "4", "question": "refused?", "passage_id": "saw-0", "answers": ["saw"]},
    {"id": "5", "question": "bronze!", "passage_id": "saw-0", "answers": []},
    {"id": "6", "question": "refused!", "passage_id": "saw-0", "answers": []},
    {"id": "7", "question": "Normans?", "passage_id": "fit-0", "answers": ["north"]},
]
CONFIDENCE = {"1": 0.9, "2": 0.8, "3": 0.7, "4": 0.3, "5": 0.6, "6": 0.2, "7": 0.9}


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    folder = tmp_path / "squad"
    write_lines(folder / "passages.jsonl", PASSAGES)
    rows = [{**question, "answerable": bool(question["answers"])} for question in QUESTIONS]
    write_lines(folder / "questions.jsonl", rows)
    return folder


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Replace the readers: the first passage by words is quoted whole, if sure enough."""
    seen: list[tuple[str, Any]] = []
    ids = {str(question["question"]): str(question["id"]) for question in QUESTIONS}

    def ask(
        self: Library,
        question: str,
        *,
        filter: Filter | None = None,
        model: str | None = None,
        threshold: float | None = None,
    ) -> Reply:
        seen.append((question, filter))
        sure = CONFIDENCE.get(ids.get(question, ""), 0.0)
        hits = self.search(question, limit=1, profile="bm25", filter=filter) if sure else []
        if question.startswith("refused") and not (filter and filter.paths):
            hits = self.search("saw", limit=1, profile="bm25")
        if not hits or sure < (THRESHOLD if threshold is None else threshold):
            return Refusal("no", (), **account(question, sure))
        passage = hits[0].passage
        citation = Citation(passage, 0, len(passage.text), passage.locator)
        sentence = Sentence(passage.text, (citation, citation))
        return Answer((sentence,), MOMENT, MOMENT, **account(question, sure))

    monkeypatch.setattr(Library, "ask", ask)
    return seen


@pytest.fixture
def doubted(monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, Any]]) -> None:
    """Where the reader would answer and is not sure enough, the passage is the closest quote."""
    answer = Library.ask

    def ask(self: Library, question: str, **values: Any) -> Reply:
        reply = answer(self, question, **values)
        sure = answer(self, question, **{**values, "threshold": 0.0})
        if reply.answered or not isinstance(sure, Answer):
            return reply
        (sentence,) = sure.sentences
        quotes = sentence.citations[:1]
        return Unsure(quotes, "no", **account(question, reply.confidence))

    monkeypatch.setattr(Library, "ask", ask)


def row_of(folder: Path, **chosen: Any) -> AnswerRow:
    report, _ = evaluate_answers(folder, **chosen)
    return report.rows[0]


def test_rates(squad: Path) -> None:
    """1 is right; 2 cites its passage, answers wrongly; 3 is answered from another; 4 refused."""
    rates = row_of(squad).rates
    assert rates["answered"] == 3 / 4
    assert rates["right_passage"] == 2 / 4
    assert rates["right_answer"] == 2 / 4
    assert rates["wrong_answer"] == 1 / 4
    assert rates["false_refusal_rate"] == rates["refused"] == 1 / 4
    assert rates["false_answer_rate"] == rates["unanswerable_refused"] == 1 / 2
    assert rates["unsure"] == rates["evidence_closest"] == rates["unanswerable_unsure"] == 0
    assert rates["citation_precision"] == rates["citation_recall"] == 2 / 3


def test_rates_of_doubts(squad: Path, doubted: None) -> None:
    """1 shows its evidence; 2 its passage, where no answer is right; 3 and 4 another passage."""
    row = row_of(squad, threshold=0.95)
    rates, values = row.rates, row.record()["values"]
    assert [q for q, value in values.items() if value["evidence_closest"]] == ["1"]
    assert rates["answered"] == rates["right_answer"] == rates["wrong_answer"] == 0
    assert rates["unsure"] == 1
    assert rates["evidence_closest"] == rates["right_or_closest"] == 1 / 4
    assert rates["refused"] == 0
    assert rates["false_refusal_rate"] == 1
    assert rates["false_answer_rate"] == rates["unanswerable_refused"] == 0
    assert rates["unanswerable_unsure"] == 1


def test_the_table_counts_the_outcomes_apart(squad: Path, doubted: None) -> None:
    words = ["evaluate", "answers", str(squad), "--threshold", "0.75"]

    def run(*more: str) -> Result:
        return CliRunner().invoke(program, [*words, *more], prog_name="commonplace")

    result = run()
    assert result.exit_code == 0, result.output
    lines = {line[2:21].strip(): line[21:].split() for line in result.stdout.splitlines()}
    assert lines["answered"][0] == ".500"
    assert lines["wrong answer"][0] == ".250"
    assert lines["unsure"][0] == ".500"
    assert lines["unsure, evidence"][0] == ".000"
    assert lines["right or closest"][0] == ".250"
    assert lines["refused"][0] == ".000"
    assert lines["false refusals"][0] == ".500"
    assert lines["false answers"][0] == ".000"
    assert lines["unsure of those"][0] == "1.000"
    record = json.loads(run("--json").stdout)
    assert (record["unsure"], record["unanswerable_refused"]) == (0.5, 0)


def test_every_question_has_one_of_three_outcomes(squad: Path, doubted: None) -> None:
    row = row_of(squad, threshold=0.75)
    rates = {name: rate or 0.0 for name, rate in row.rates.items()}
    answered = rates["right_answer"] + rates["wrong_answer"]
    assert answered == rates["answered"] == 2 / 4
    assert answered + rates["unsure"] + rates["refused"] == 1
    unanswerable = ("false_answer_rate", "unanswerable_unsure", "unanswerable_refused")
    assert sum(rates[name] for name in unanswerable) == 1
    values = row.record()["values"]
    assert values["3"]["unsure"] is True
    assert values["1"]["unsure"] is values["1"]["evidence_closest"] is False  # it is answered


def test_the_record_has_the_documented_keys(squad: Path) -> None:
    report, kept = evaluate_answers(squad, own_passage=True)
    record = report.record()
    keys = "answered right_passage right_answer false_answer_rate false_refusal_rate".split()
    keys += "citation_precision citation_recall questions p50_ms intervals points".split()
    shares = "wrong_answer unsure evidence_closest right_or_closest refused".split()
    shares += ["unanswerable_unsure", "unanswerable_refused"]
    assert {*keys, *shares} <= set(record)
    assert record["questions"] == 6
    assert record["articles"] == ["Saws"]
    assert [row["condition"] for row in record["rows"]] == ["whole library", "own passage"]
    assert set(record["intervals"]) == {*keys[:7], *shares}
    assert json.loads(kept.read_text())["rows"][0]["values"]["1"]["right_answer"] is True


def test_asked_of_its_own_passage_alone(squad: Path, asked: list[tuple[str, Any]]) -> None:
    report, _ = evaluate_answers(squad, own_passage=True)
    own = report.rows[1]
    assert own.rates["false_answer_rate"] == 0  # saw-0 says nothing of bronze
    assert own.rates["answered"] == 2 / 4
    paths = {question: Path(part.paths[0]).name for question, part in asked[-6:]}
    assert paths["teeth?"] == paths["bronze!"] == "0.md"
    assert paths["bronze?"] == "1.md"


def test_the_price_of_a_threshold_is_what_that_threshold_does(squad: Path) -> None:
    points = {round(point.threshold, 2): point for point in row_of(squad).points}
    for threshold in (0.15, 0.25, 0.65, 0.75, 0.95):
        rates = row_of(squad, threshold=threshold).rates
        assert points[threshold].false_answer_rate == rates["false_answer_rate"]
        assert points[threshold].false_refusal_rate == rates["false_refusal_rate"]


def test_fewest_refusals_for_the_false_answers_that_are_allowed(squad: Path) -> None:
    (allowed, point), *_ = row_of(squad).prices
    assert allowed == 0.05
    assert 0.6 < point.threshold < 0.61
    assert (point.false_answer_rate, point.false_refusal_rate) == (0, 1 / 4)


def test_below_its_threshold_nothing_is_known_of_a_model_that_writes(squad: Path) -> None:
    points = row_of(squad, readers=["generative"], model="x").points
    assert min(point.threshold for point in points) >= THRESHOLD


def test_articles_that_refusals_were_fitted_on_are_left_out(squad: Path) -> None:
    assert len(row_of(squad).outcomes) == 6
    assert len(row_of(squad, everything=True).outcomes) == 7
    assert len(row_of(squad, articles=[CALIBRATION[0]]).outcomes) == 1
    write_lines(squad / "questions.jsonl", [{**QUESTIONS[6], "answerable": True}])
    with pytest.raises(InputError, match="were fitted on; --all asks them all the same"):
        evaluate_answers(squad)


def test_rates_of_nothing_are_none(squad: Path) -> None:
    row = row_of(squad, articles=[CALIBRATION[0]])
    assert row.rates["false_answer_rate"] is None
    assert row.record()["false_answer_rate"] is None
    assert "false_answer_rate" not in row.record()["intervals"]
    assert row.points == ()


def test_a_sample_is_the_same_each_time(squad: Path) -> None:
    first = [one.question.id for one in row_of(squad, sample=1).outcomes]
    assert len(first) == 2
    assert first == [one.question.id for one in row_of(squad, sample=1).outcomes]


def test_a_change_is_seen_question_by_question(squad: Path) -> None:
    evaluate_answers(squad, threshold=0.75)
    report, _ = evaluate_answers(squad, against="last")
    found = {one.measure: (one.better, one.worse, one.equal) for one in report.against}
    assert found == {
        "answered": (1, 0, 3),
        "right_answer": (1, 0, 3),
        "right_or_closest": (1, 0, 3),
        "false_answer_rate": (1, 0, 1),
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"id": "1", "question": "?"}', "line 1: 'passage_id' is missing"),
        ('{"id": "1", "question": "?", "passage_id": "saw-0"}', "line 1: expected 'answers'"),
        (
            '{"id": "1", "question": "?", "passage_id": "x", "answers": [], "answerable": false}',
            "line 1: the passage x is not in passages.jsonl",
        ),
        (
            '{"id": "", "question": "", "passage_id": "saw-0", "answers": [], "answerable": true}',
            "line 1: the question is answerable and has no answer",
        ),
        ("", "holds no passage or no question"),
    ],
)
def test_a_damaged_set_of_questions(squad: Path, line: str, sentence: str) -> None:
    (squad / "questions.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        evaluate_answers(squad)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"articles": ["Planes"]}, "there is no article 'Planes' in squad; it has Saws, Normans"),
        ({"readers": ["oracle"]}, "there is no reader 'oracle'; choose of extractive, generative"),
        ({"readers": []}, "no reader was named"),
        ({"threshold": 2.0}, "2.0 is no threshold; a confidence is from 0 to 1"),
        ({"sample": -1}, "-1 is no number of questions"),
    ],
)
def test_what_cannot_be_asked(squad: Path, chosen: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        evaluate_answers(squad, **chosen)


def test_progress_is_told(squad: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    note: Callable[..., None] = lambda stage, done, total, unit: told.append((stage, done, total))  # noqa: E731
    evaluate_answers(squad, progress=note)
    assert [step for step in told if step[0] == "extractive"][-1] == ("extractive", 6, 6)

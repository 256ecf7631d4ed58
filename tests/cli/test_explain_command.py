"""`explain`: the parts of a score are the score, feedback is one of them."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from commonplace import Library
from commonplace.answers import Assessment, Reason
from commonplace.answers.evidence.units import Unit
from commonplace.corpus import Store, record_feedback
from commonplace.foundation import append_record
from commonplace.library import assessment_record

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def clean(filled: tuple[Path, Path]) -> Iterator[None]:
    """The library is shared by all tests here: each leaves it as it was."""
    yield
    Library.open(filled[0]).forget_feedback()


def test_the_parts_are_the_score(run: Run) -> None:
    run("search", "update of matrices", "--profile", "bm25")
    result = run("explain", "1")
    assert result.stdout.startswith("1. LoRA › Why two matrices\n")
    assert "\nfor “update of matrices”\n" in result.stdout
    parts = re.findall(r"^bm25 +([+-]\d+\.\d{4})  \++$", result.stdout, re.M)
    score = re.search(r"^score +([+-]\d+\.\d{4})$", result.stdout, re.M)
    assert score
    assert parts == [score[1]]
    assert "features bm25" in result.stdout


def test_in_json_and_by_id(run: Run) -> None:
    first = json.loads(run("search", "matrices", "--json").stdout)["hits"][0]
    found = json.loads(run("explain", first["id"], "--query", "matrices", "--json").stdout)
    assert (found["query"], found["profile"], found["rank"]) == ("matrices", "fast", 1)
    parts = found["hit"]["explanation"]["contributions"]
    assert sum(value for _, value in parts) == pytest.approx(found["hit"]["score"], abs=1e-9)


def found(run: Run) -> list[dict[str, Any]]:
    return list(json.loads(run("search", "weight update", "--json").stdout)["hits"])


def test_feedback_is_a_part_of_its_own(run: Run) -> None:
    first, second = found(run)
    run("feedback", "down", "1")
    after = found(run)
    assert after[0]["score"] - after[1]["score"] < first["score"] - second["score"]
    explained = json.loads(run("explain", "1", "--json").stdout)["hit"]["explanation"]
    parts = dict(explained["contributions"])
    assert parts["feedback"] < 0
    assert parts["bm25"] == pytest.approx(first["score"], rel=1e-5)
    assert re.search(r"^feedback +-\d+\.\d{4}  -+$", run("explain", "1").stdout, re.M)


def test_a_habit_turns_the_ranking_until_it_is_switched_off(
    run: Run, filled: tuple[Path, Path]
) -> None:
    before = found(run)
    for days in range(5):
        for hit, verdict in zip(before, ("down", "up"), strict=True):
            said: Any = verdict
            record = Library.open(filled[0]).give_feedback("weight update", hit["id"], said)
            day = replace(record, id=f"{days}{record.id}", at=record.at - timedelta(days=days + 1))
            record_feedback(Store(filled[0]), day)
    assert [hit["id"] for hit in found(run)] == [hit["id"] for hit in reversed(before)]
    run("feedback", "off")
    try:
        assert found(run) == before
    finally:
        run("feedback", "on")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("99",), "there is no number 99"),
        (("abcdef0123456789", "--query", "x"), "abcdef0123456789"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    run("search", "update")
    result = run("explain", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_was_not_found_has_no_place(run: Run) -> None:
    other = json.loads(run("search", "BM25 passages", "--json").stdout)["hits"][0]["id"]
    result = run("explain", other, "--query", "magnitude")
    assert result.exit_code == 2
    assert "not among the 1 best passages of fast" in result.stderr
    assert "with --query" in run("explain", other).stderr


def logged(library: Path, **more: Any) -> None:
    """A question as `ask` writes it to the log."""
    passage = Library.open(library).search("two small matrices", profile="bm25")[0].passage
    start = passage.text.index("LoRA trains")
    quote = Unit(passage, start, start + 31)
    reasons = (
        Reason("score", 5.0, 1.25),
        Reason("number_missing", 1.0, -2.0),
        Reason("negation", 0.0, 0.1),
        Reason("typed", float("nan"), -0.1),
    )
    made = Assessment(0.2227, 0.4, -0.5, reasons, quote)
    record = {"verb": "ask", "query": "Who won in 1966?", "answered": False, "left_out": []}
    kept = {"assessment": assessment_record(made)}
    append_record(library / "log" / "log.jsonl", {**record, **kept, **more})


def test_why_the_last_question_was_refused(run: Run, filled: tuple[Path, Path]) -> None:
    logged(filled[0])
    run("search", "matrices")
    text = run("explain").stdout
    assert text.startswith("refused: “Who won in 1966?”\nconfidence 0.22, answered from 0.40 on\n")
    assert "“LoRA trains two small matrices.”" in text
    assert re.search(r"^  \+1\.25  \++ +how well the passage's words answer \(5\)$", text, re.M)
    assert re.search(
        r"^  -2\.00  -+ +numbers of the question that the passage lacks \(1\)$", text, re.M
    )
    assert "the question negates, the words do not (no)\n" in text
    assert "dates, names or numbers of the kind asked for\n" in text
    assert "-0.50" in text
    assert "-1.25" in text
    assert "-0.41" in text  # the logit of .4, which was needed


def test_why_the_last_question_is_in_doubt(run: Run, filled: tuple[Path, Path]) -> None:
    logged(filled[0], outcome="unsure")
    text = run("explain").stdout
    assert text.startswith("unsure: “Who won in 1966?”\nconfidence 0.22, answered from 0.40 on\n")
    found = json.loads(run("explain", "--json").stdout)
    assert (found["answered"], found["outcome"]) == (False, "unsure")


def test_why_in_json_adds_up(run: Run, filled: tuple[Path, Path]) -> None:
    logged(filled[0], left_out=[{"text": "It is 7.", "reason": "the passage has no 7"}])
    found = json.loads(run("explain", "--json").stdout)
    assert found["logit"] == found["start"] + sum(reason["adds"] for reason in found["reasons"])
    assert found["logit"] == pytest.approx(-1.25)
    assert found["outcome"] == "refused"  # the record is of a version that did not name outcomes
    assert set(found["reasons"][0]) == {"signal", "value", "adds", "phrase", "measured"}
    assert "left out: “It is 7.”  the passage has no 7" in run("explain").stdout


def test_why_needs_a_question(run: Run, filled: tuple[Path, Path]) -> None:
    assert run("explain", "--query", "x").exit_code == 2
    append_record(filled[0] / "log" / "log.jsonl", {"verb": "ask", "query": "Why?"})
    result = run("explain")
    assert result.exit_code != 0
    assert "ask it again" in str(result.exception) + result.stderr

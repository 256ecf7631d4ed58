"""`feedback`: said by number or id, listed, taken back, switched off."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from commonplace import Library

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def clean(filled: tuple[Path, Path]) -> Iterator[None]:
    """The library is shared by all tests here: each leaves it as it was."""
    yield
    library = Library.open(filled[0])
    library.forget_feedback()
    library.learn_from_feedback()


def records(run: Run) -> list[dict[str, object]]:
    return list(json.loads(run("feedback", "--json").stdout)["records"])


def test_a_number_means_the_last_search(run: Run) -> None:
    hits = json.loads(run("search", "update", "matrices", "--json").stdout)["hits"]
    result = run("feedback", "up", "1")
    assert result.exit_code == 0
    assert "“update matrices”" in result.stdout
    (record,) = records(run)
    assert (record["passage_id"], record["query"]) == (hits[0]["id"], "update matrices")
    assert (record["verdict"], record["rank"], record["source"]) == ("up", 1, "search")


def test_an_id_needs_its_query(run: Run) -> None:
    identity = json.loads(run("search", "DoRA", "--json").stdout)["hits"][0]["id"]
    assert "with --query" in run("feedback", "down", identity).stderr
    assert run("feedback", "down", identity, "--query", "magnitude").exit_code == 0
    (record,) = records(run)
    assert (record["verdict"], record["query"], record["rank"]) == ("down", "magnitude", None)


def test_showing_a_number_counts_as_opened(run: Run) -> None:
    run("search", "BM25 passages")
    assert run("show", "1").exit_code == 0
    (record,) = records(run)
    assert (record["verdict"], record["rank"]) == ("opened", 1)
    run("show", str(record["passage_id"]))
    assert len(records(run)) == 1


def test_what_was_said_can_be_taken_back(run: Run) -> None:
    run("search", "update")
    run("feedback", "up", "1")
    first = records(run)[0]["id"]
    run("search", "magnitude")
    run("feedback", "down", "1")
    assert run("feedback", "forget", str(first)).stdout.startswith("forgotten: ")
    assert len(records(run)) == 1
    run("feedback", "forget", "--all")
    assert "no feedback was given yet" in run("feedback").stdout
    assert "nothing to forget" in run("feedback", "forget", "--all").stdout


def test_it_can_be_switched_off(run: Run) -> None:
    run("search", "update")
    run("feedback", "up", "1")
    assert run("feedback", "off").stdout == "feedback is off for this library\n"
    assert "feedback is off" in run("feedback").stdout
    run("show", "1")
    assert len(records(run)) == 1
    run("feedback", "on")
    run("show", "1")
    assert len(records(run)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up",), "name a passage"),
        (("up", "77"), "no number 77"),
        (("forget",), "or all of it by --all"),
        (("forget", "abcdef"), "no feedback is called abcdef"),
        (("like", "1"), "'like' is not one of"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    run("search", "update")
    result = run("feedback", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1

"""`judge`: verdicts line by line, each kept at once, from candidates whose order says nothing."""

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from commonplace import Library
from patience import PATIENCE

Run = Callable[..., Result]


@pytest.fixture
def own(filled: tuple[Path, Path], tmp_path: Path) -> Library:
    """The filled library, to write into, without what other tests asked and said."""
    folder = shutil.copytree(filled[0], tmp_path / "own")
    for name in ("log", "learned"):
        shutil.rmtree(folder / name)
        (folder / name).mkdir()
    return Library.open(folder)


def verdicts(library: Library) -> list[str]:
    return [record.verdict for record in library.feedback()]


def test_verdicts_are_kept(run: Run, own: Library) -> None:
    where = ["--library", str(own.folder)]
    result = run("judge", "low-rank", "update", *where, input="y\nx\nn\ns\n")
    assert result.exit_code == 0, result.output
    assert "“low-rank update”" in result.stdout
    assert "1/" in result.stdout
    assert "lora.md" in result.stdout
    assert verdicts(own) == ["up", "down"]
    assert {record.source for record in own.feedback()} == {"judge"}
    assert {record.query for record in own.feedback()} == {"low-rank update"}
    assert "2 passages judged of 1 query, 1 fitting" in result.stdout
    assert own.log() == []


def test_what_was_judged_is_not_asked_again(run: Run, own: Library) -> None:
    where = ["--library", str(own.folder)]
    run("judge", "rank", *where, input="y\n" * 20)
    count = len(verdicts(own))
    again = run("judge", "rank", *where, input="y\n" * 20)
    assert "nothing is left to judge" in again.stdout
    assert "nothing was judged" in again.stdout
    assert len(verdicts(own)) == count > 1


def test_quitting_keeps_what_was_said(run: Run, own: Library) -> None:
    for text in ("y\nq\n", "y\n"):  # q, or the end of the input
        before = len(verdicts(own))
        result = run("judge", "rank matrices", "--library", str(own.folder), input=text)
        assert result.exit_code == 0
        assert len(verdicts(own)) == before + 1


def test_without_a_query_those_of_the_log_are_taken(run: Run, own: Library) -> None:
    where = ["--library", str(own.folder)]
    nothing = run("judge", *where)
    assert nothing.exit_code == 2
    assert "name a query: commonplace judge QUERY..." in nothing.stderr
    for query in ("rare words", "magnitude"):
        own.search(query, profile="bm25")
    result = run("judge", *where, "--queries", "1", input="y\n" * 20)
    assert "“magnitude”" in result.stdout
    assert "“rare words”" not in result.stdout
    assert {record.query for record in own.feedback()} == {"magnitude"}


def test_one_object_and_nothing_else_on_the_output(run: Run, own: Library) -> None:
    where = ["--library", str(own.folder)]
    result = run("judge", "magnitude", "--json", *where, input="y\n")
    found = json.loads(result.stdout)
    assert [(one["query"], one["verdict"]) for one in found["judged"]] == [("magnitude", "up")]
    assert (found["queries"], found["fitting"]) == (1, 1)
    assert "does it fit?" in result.stderr


def test_a_terminal_takes_single_keys(own: Library) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "commonplace", "judge", "rank", "--library", str(own.folder)],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    deadline = time.monotonic() + PATIENCE
    while not verdicts(own) and time.monotonic() < deadline:
        os.write(ours, b"y")  # and no line end; what comes before it listens is lost
        time.sleep(0.2)
    while process.poll() is None and time.monotonic() < deadline:
        os.write(ours, b"q")
        time.sleep(0.2)
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    assert set(verdicts(own)) == {"up"}


def test_evaluate_measures_by_what_was_judged(run: Run, own: Library) -> None:
    where = ["--library", str(own.folder)]
    run("judge", "magnitude and direction", *where, input="y\n")
    found = json.loads(run("evaluate", "--answers", "0", "--json", *where).stdout)
    assert found["made_from"] == "your judgments"
    assert list(found["rows"][0]["values"]) == ["magnitude and direction"]

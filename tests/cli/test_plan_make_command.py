"""`plan make`: what is printed, written and returned; an interrupt; a kill in the middle."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from commonplace.capacity import Size, check, demo, read_plan, write_plan
from json_page import differences
from patience import PATIENCE

Run = Callable[..., Result]
ENOUGH = "600"  # seconds: the search ends by itself once nothing can be better


@pytest.fixture
def region(tmp_path: Path) -> Path:
    """A small region with a pool."""
    write_plan(demo(Size(3, 10), 1), tmp_path / "region")
    return tmp_path / "region"


def test_a_made_plan_is_shown_and_written_and_holds(run: Run, region: Path, tmp_path: Path) -> None:
    out = tmp_path / "made"
    result = run("plan", "make", str(region), "--seconds", ENOUGH, "--out", str(out))
    assert result.exit_code == 0, result.output
    for text in ("holds in all 12 months", "optimal", "no plan costs less than", "gap 0.0%"):
        assert text in result.stdout
    made = read_plan(out)
    assert check(made).feasible
    assert made.placements
    again = run("plan", "make", str(region), "--out", str(out))
    assert again.exit_code == 2
    assert "there is a plan in" in again.output
    over = run("plan", "make", str(out), "--seconds", ENOUGH, "--out", str(out), "--overwrite")
    assert over.exit_code == 0
    assert "placed 0 of 0 projects, cost 0" in over.stdout


def test_a_plan_that_cannot_be_written_is_shown_all_the_same(
    run: Run, region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("commonplace.capacity.plan.writing.write_atomically", full)
    result = run("plan", "make", str(region), "--seconds", "1", "--out", str(tmp_path / "made"))
    assert result.exit_code == 2
    assert "no plan costs less than" in result.stdout
    assert "No space left on device" in result.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("wrong", [("--seconds", "nan"), ("--seconds", "0"), ("--seed", "-1")])
def test_no_time_and_no_seed_is_named(run: Run, region: Path, wrong: tuple[str, str]) -> None:
    result = run("plan", "make", str(region), *wrong)
    assert result.exit_code == 2
    assert f"Invalid value for '{wrong[0]}'" in result.stderr


def test_where_nothing_can_be_written_is_said_before_the_search(
    run: Run, region: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "orders.csv").write_text("not of a plan")
    for out in ("file", "file/made", "own"):
        result = run("plan", "make", str(region), "--out", str(tmp_path / out))
        assert result.exit_code == 2
        assert result.stdout == ""
    assert "there is orders.csv in" in result.stderr
    assert (tmp_path / "own" / "orders.csv").read_text() == "not of a plan"


def test_a_plan_is_written_though_nobody_reads_to_the_end(
    run: Run, region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_pipe(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("click.echo", broken_pipe)
    run("plan", "make", str(region), "--seconds", "1", "--out", str(tmp_path / "made"))
    assert check(read_plan(tmp_path / "made")).feasible


def test_the_record_is_as_documented(run: Run, region: Path) -> None:
    record = json.loads(run("plan", "make", str(region), "--seconds", ENOUGH, "--json").stdout)
    assert list(differences(record, "plan make", "plan make")) == []
    assert record["bound"] <= record["cost"] * (1 + 1e-6)
    assert set(record["costs"]) == {"orders", "late", "refused"}


def test_the_documented_example_is_what_is_printed(run: Run) -> None:
    root = Path(__file__).parents[2]
    documented = (root / "docs" / "capacity.md").read_text()
    shown = documented.split("$ commonplace plan make examples/plan\n")[1].split("\n```")[0]
    printed = run("plan", "make", str(root / "examples" / "plan")).stdout
    assert plain(printed) == plain(shown)


def plain(text: str) -> str:
    """Without seconds and without blanks at the ends of lines."""
    lines = (re.sub(r"[0-9.]+ s\b", "- s", line).rstrip() for line in text.splitlines())
    return "\n".join(lines).strip()


# A signal some seconds after the search has begun, however long the imports took.
INTERRUPTED = """
import os, signal, sys, threading, time
from commonplace.cli import main

number, seconds = int(sys.argv.pop(1)), float(sys.argv.pop(1))

def interrupt():
    while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        time.sleep(0.01)
    time.sleep(seconds)
    os.kill(os.getpid(), number)

threading.Thread(target=interrupt, daemon=True).start()
main()
"""


def interrupted(
    region: Path, out: Path, number: signal.Signals, seconds: float
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            INTERRUPTED,
            str(number.value),
            str(seconds),
            "plan",
            "make",
            str(region),
            "--seconds",
            "60",
            "--out",
            str(out),
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_returns_the_best_plan_so_far(tmp_path: Path) -> None:
    write_plan(demo(Size(8, 40), 1), tmp_path / "region")
    process = interrupted(tmp_path / "region", tmp_path / "made", signal.SIGINT, 1)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["ended"] in {"stopped", "optimal"}
    assert check(read_plan(tmp_path / "made")).feasible


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_kill_leaves_nothing_half_written(tmp_path: Path) -> None:
    write_plan(demo(Size(8, 40), 1), tmp_path / "region")
    process = interrupted(tmp_path / "region", tmp_path / "made", signal.SIGKILL, 0.2)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "made").exists()

"""docs/scoreboard.md is what the kept results say, and each figure has a command that exists."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.results import goals, scoreboard
from benchmarks.results.scoreboard import PAGE, page, read_results

RESULTS = read_results()
ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_script_prints() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(RESULTS)


def test_every_kept_result_is_the_figure_of_a_goal() -> None:
    assert {goal.result for goal in goals.GOALS} == RESULTS.keys()


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_says_where_it_comes_from(name: str) -> None:
    result = RESULTS[name]
    assert result.keys() == {"command", "date", "commit", "machine", "source", "figures"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", result["date"])
    assert re.fullmatch(r"[0-9a-f]{7,}", result["commit"])


@pytest.mark.parametrize("name", RESULTS)
def test_the_command_of_a_result_exists(name: str) -> None:
    command = RESULTS[name]["command"]
    for module in re.findall(r"-m (\S+)", command):
        assert module == "venv" or find_spec(module)
    for file in re.findall(r"tests/\S+", command):
        assert (ROOT / file).is_file()


def test_a_figure_is_compared_as_measured_and_not_as_rounded() -> None:
    goal = goals.Goal("", "", "", figure=lambda f: float(f), limit=0.76)
    assert goal.is_met(0.7601)
    assert not goal.is_met(0.7599)
    assert scoreboard.written(0.7599, goal) == "0.76"


def test_a_figure_that_its_decimals_would_make_nothing_is_shown_in_powers_of_ten() -> None:
    goal = goals.Goal("", "", "", figure=lambda f: float(f), limit=0.0)
    assert scoreboard.written(1e-13, goal) == "1e-13"
    assert scoreboard.written(0.0, goal) == "0.00"

"""Prints docs/scoreboard.md: a row for each goal, made of the results kept beside this file.

    python -m benchmarks.results.scoreboard [--write]

A test holds the page to what this prints. `benchmarks.results.keep` measures a result again and
keeps it.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.results.goals import GOALS, Goal
from benchmarks.scaffold import argument_parser

RESULTS = Path(__file__).parent
PAGE = RESULTS.parents[1] / "docs" / "scoreboard.md"
MEASURED = "measured"  # any other source: carried over from notes of that day

Result = Mapping[str, Any]

TOPIC_PAGES = {
    "Ranking": "ranking",
    "Answers": "answers",
    "Speed": "speed",
    "Adapters, PEFT's time over ours": "adapters",
    "Adapters": "adapters",
    "Capacity": "capacity",
}


def read_results(folder: Path = RESULTS) -> dict[str, Result]:
    """The kept results by their names."""
    files = sorted(folder.glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def page(results: Mapping[str, Result], goals: Iterable[Goal] = GOALS) -> str:
    """The whole page in Markdown."""
    rows = [(goal, results[goal.result]) for goal in goals]
    lines = introduction(rows)
    for topic, members in groupby(rows, key=lambda each: each[0].topic):
        lines += ["", f"## [{topic}](measurements/{TOPIC_PAGES[topic]}.md)"]
        lines += ["", "| what | figure | goal | met | measured | command |"]
        lines += ["|---|---|---|---|---|---|"]
        previous = ""
        for goal, result in members:
            lines.append(table_row(goal, result, result["command"] == previous))
            previous = result["command"]
    return "\n".join(lines) + "\n"


def introduction(rows: list[tuple[Goal, Result]]) -> list[str]:
    """The heading, how many goals are met, and how the page is made."""
    met = sum(goal.is_met(result["figures"]) for goal, result in rows)
    carried = sum(result["source"] != MEASURED for _, result in rows)
    return [
        "# Scoreboard",
        "",
        f"{len(rows)} goals: {met} are met, {len(rows) - met} are missed."
        f" {len(rows) - carried} figures were kept as the command printed them on the day that is"
        f" named. {carried}, marked ¹, were carried over from notes of that day; the next run of"
        " the command replaces them.",
        "",
        "`.venv/bin/python -m benchmarks.results.scoreboard --write` makes this page of"
        " [benchmarks/results](../benchmarks/results), where each figure has its commit and its"
        " machine. `$DATA` is a folder of evaluation sets that is not part of this repository."
        " Until November 2026 the scripts stood at other paths.",
    ]


def table_row(goal: Goal, result: Result, same_command: bool) -> str:
    figures = result["figures"]
    sign = "≤" if goal.at_most else "≥"
    cells = [
        goal.what,
        written(goal.figure(figures), goal),
        f"{sign} {written(goal.limit_of(figures), goal)}",
        "yes" if goal.is_met(figures) else "**no**",
        result["date"] + ("" if result["source"] == MEASURED else " ¹"),
        "same" if same_command else f"`{result['command']}`",
    ]
    return f"| {' | '.join(cells)} |"


def written(number: float, goal: Goal) -> str:
    """A number as the page shows it; one that its decimals would make 0 is in powers of ten."""
    if number and abs(number) < 10**-goal.decimals / 2:
        return f"{number:.1g}{goal.unit}"
    return f"{number:,.{goal.decimals}f}{goal.unit}"


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} instead")
    text = page(read_results())
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()

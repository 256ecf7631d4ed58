"""The goals, read from `goals.toml`: each with the place of its figure in a kept result.

A goal names the file in `benchmarks/results` that holds its figure, and where in that file's
`figures` (what the benchmark printed with `--json`) it stands. Where a goal depends on other
figures of the same run, such as "not below the better of BM25 and dense", its limit is a place too.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

Figures = Any  # JSON, as the benchmark printed it
Number = Callable[[Figures], float]


@dataclass(frozen=True)
class Goal:
    """A figure that is to be at least, or at most, a limit."""

    topic: str
    what: str
    result: str
    figure: Number
    limit: float | Number
    at_most: bool = False
    decimals: int = 2
    unit: str = ""

    def limit_of(self, figures: Figures) -> float:
        """The limit, which may be another figure of the same run."""
        return self.limit(figures) if callable(self.limit) else self.limit

    def is_met(self, figures: Figures) -> bool:
        """Whether the figure as measured, not as rounded for the page, is within the limit."""
        figure, limit = self.figure(figures), self.limit_of(figures)
        return figure <= limit if self.at_most else figure >= limit


def _read_goals(file: Path) -> tuple[Goal, ...]:
    topics = tomllib.loads(file.read_text(encoding="utf-8"))["topic"]
    return tuple(_goal(topic["name"], goal) for topic in topics for goal in topic["goal"])


def _goal(topic: str, options: Mapping[str, Any]) -> Goal:
    fields = dict(options)
    at_most = "at_most" in fields
    limit = fields.pop("at_most" if at_most else "at_least")
    return Goal(
        topic=topic,
        figure=_number(fields.pop("figure")),
        limit=_number(limit) if isinstance(limit, dict) else limit,
        at_most=at_most,
        **fields,
    )


def _number(place: Mapping[str, Any]) -> Number:
    """The number at a place, which is a table of these keys.

    `less` and `over` are subtracted from and divided into `path`, number by number; `take` is the
    `least` or the `most` of them, without which there must be one; `times` is a factor.
    """

    def number(figures: Figures) -> float:
        numbers = _at(figures, place["path"])
        if "less" in place:
            others = _at(figures, place["less"])
            numbers = [a - b for a, b in zip(numbers, others, strict=True)]
        if "over" in place:
            others = _at(figures, place["over"])
            numbers = [a / b for a, b in zip(numbers, others, strict=True)]
        if "take" in place:
            numbers = [{"least": min, "most": max}[place["take"]](numbers)]
        (value,) = numbers
        return float(place.get("times", 1) * value)

    return number


def _at(figures: Figures, path: Sequence[Any]) -> list[Any]:
    """What stands at the end of a path.

    A step is a name or an index, several names, `{column = [values]}` for the rows that have one of
    these values, "*" for all rows, or "median()" of the numbers there.
    """
    values = [figures]
    for step in path:
        if step == "*":
            values = [row for rows in values for row in rows]
        elif step == "median()":
            values = [median(numbers) for numbers in values]
        elif isinstance(step, list):
            values = [value[name] for value in values for name in step]
        elif isinstance(step, dict):
            values = [row for rows in values for row in rows if _matches(row, step)]
        else:
            values = [value[step] for value in values]
    return values


def _matches(row: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]) -> bool:
    return all(row.get(column) in values for column, values in columns.items())


GOALS = _read_goals(Path(__file__).with_name("goals.toml"))

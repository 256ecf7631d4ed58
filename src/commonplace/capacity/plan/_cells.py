"""Cells as values: a column of text becomes numbers, months or choices, and a problem a bad cell.

Notable: polars does this column by column, so that a million rows take seconds. A cell that cannot
be used is a problem, and a harmless value stands in for it, so that the rest of its row is checked.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from itertools import starmap
from typing import TYPE_CHECKING, Any

from commonplace.capacity.plan.problems import STORED, Problems, did_you_mean
from commonplace.capacity.plan.tables import REQUIRED, Column, Table

if TYPE_CHECKING:
    import polars

LONGEST_ID = 100  # characters
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_INSTEAD: dict[str, Any] = {"id": "", "ids": (), "number": 1.0, "count": 1, "flag": True}


class Calendar:
    """The months of a horizon, as they may be written: `3`, or `2027-03`.

    Where the start is missing (which is a problem of its own), any `2027-03` passes.
    """

    def __init__(self, start: date | None, horizon: int) -> None:
        self.start, self.horizon = start, horizon

    def written(self, month: int) -> str:
        """A month as YYYY-MM."""
        if self.start is None:
            return "YYYY-MM"
        count = self.start.year * 12 + self.start.month - 1 + month - 1
        return f"{count // 12:04d}-{count % 12 + 1:02d}"

    @property
    def expected(self) -> str:
        """What a cell may hold, in words."""
        last = self.horizon
        return f"expected a month 1..{last}, or {self.written(1)}..{self.written(last)}"


def read_rows(
    frame: "polars.DataFrame", table: Table, calendar: Calendar, problems: Problems
) -> list[tuple[int, Any]]:
    """Each row's number and record."""
    rows = frame["row"].to_list()
    values = {}
    for column in table.columns:
        if column.name in frame.columns:
            cells = frame[column.name]
            values[column.attribute], wrong = _values(cells, column, calendar)
            for place, text, expected in wrong:
                problems.add(table.file, rows[place], column.name, found=text, expected=expected)
        else:
            values[column.attribute] = [_instead(column, calendar)] * len(rows)
    in_order = [values[field.name] for field in fields(table.record)]
    return list(zip(rows, starmap(table.record, zip(*in_order, strict=True)), strict=True))


def _instead(column: Column, calendar: Calendar) -> Any:
    """What stands in for a cell that cannot be used, or that is empty."""
    if column.default is not REQUIRED:
        return column.default
    if column.kind == "month":
        return calendar.horizon
    return column.choices[0] if column.kind == "choice" else _INSTEAD[column.kind]


def _values(
    cells: "polars.Series", column: Column, calendar: Calendar
) -> tuple[list[Any], list[tuple[int, str | None, str]]]:
    """The column's values; and of each bad cell its place, its text and what is expected."""
    values, expected = _READERS[column.kind](cells, column, calendar)
    instead = _instead(column, calendar)
    empty = cells.is_null()
    unusable = values.is_null()  # an empty cell too, which is wrong only where one is required
    if column.default is not REQUIRED:
        unusable = unusable & ~empty
    wrong = []
    for count, place in enumerate(unusable.arg_true().to_list()):
        hint = "expected a value, the cell is empty"
        if (text := cells[place]) is not None:
            hint = expected(text) if count < STORED else ""  # what is not stored needs no hint
        wrong.append((place, text, hint))
    if column.kind == "ids":
        return [tuple(ids) if ids is not None else instead for ids in values.to_list()], wrong
    if instead is not None and values.null_count():
        values = values.fill_null(instead)
    return values.to_list(), wrong


Expected = Callable[[str], str]  # a cell -> what is expected of it
Reader = Callable[["polars.Series", Column, Calendar], "tuple[polars.Series, Expected]"]


def _only(values: "polars.Series", good: "polars.Series") -> "polars.Series":
    """The values that are good, null for the others."""
    import polars

    nothing = polars.Series([None], dtype=values.dtype)
    return values.zip_with(good.fill_null(False), nothing)  # what compares with null is null


def _ids(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    good = (cells.str.len_chars() <= LONGEST_ID) & ~cells.str.contains(r"[\p{C};]")
    expected = f"expected at most {LONGEST_ID} printable characters, none of them ';'"
    return _only(cells, good), lambda _: expected


def _lists(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    parts = cells.str.split(";").list.eval(_stripped())
    return parts.list.unique(maintain_order=True), lambda _: ""


def _stripped() -> "polars.Expr":
    import polars

    each = polars.element().str.strip_chars()
    return each.filter(each != "")


def _numbers(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    numbers = cells.cast(polars.Float64, strict=False)
    good = numbers.is_finite() & (numbers >= column.low) & (numbers <= column.high)
    good = good & ~cells.str.contains("_", literal=True)  # Python's 1_000 is no number of a table

    def expected(text: str) -> str:
        point = " (a decimal point, not a comma)" if "," in text else ""
        return f"expected a number {_short(column.low)}..{_short(column.high)}{point}"

    return _only(numbers, good), expected


def _counts(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    numbers, _ = _numbers(cells, column, calendar)
    counts = _only(numbers, numbers == numbers.round())
    expected = f"expected a whole number {_short(column.low)}..{_short(column.high)}"
    return counts.cast(polars.Int64), lambda _: expected


def _months(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    number = cells.cast(polars.Float64, strict=False)
    written = cells.str.extract_groups(r"^(\d{4})-(\d{2})$").struct.unnest()
    year, month = (written[name].cast(polars.Float64, strict=False) for name in written.columns)
    start = calendar.start
    dated = year * 0 + 1 if start is None else (year - start.year) * 12 + month - start.month + 1
    dated = dated.zip_with(month.is_between(1, 12).fill_null(False), number)
    good = (dated == dated.round()) & dated.is_between(1, calendar.horizon)
    return _only(dated, good).cast(polars.Int64), lambda _: calendar.expected


def _choices(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    lower = cells.str.to_lowercase()

    def expected(text: str) -> str:
        return f"expected {' or '.join(column.choices)}{did_you_mean(text, column.choices)}"

    return _only(lower, lower.is_in(list(column.choices))), expected


def _flags(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    lower = cells.str.to_lowercase()
    flags = lower.replace_strict(_FLAGS, default=None, return_dtype=polars.Boolean)
    return flags, lambda _: "expected yes or no"


_READERS: dict[str, Reader] = {
    "id": _ids,
    "ids": _lists,
    "number": _numbers,
    "count": _counts,
    "month": _months,
    "choice": _choices,
    "flag": _flags,
}


def _short(number: float) -> str:
    return f"{number:g}".replace("e+0", "e").replace("e+", "e")

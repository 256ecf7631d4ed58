"""Cells as values: a column of text becomes numbers, months, choices, or a complaint for each cell.

Notable: done column by column by polars, so that a million rows take seconds. A cell that cannot be
used is complained about and replaced by a harmless value: the rest of its row is still looked at.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from itertools import starmap
from typing import TYPE_CHECKING, Any

from commonplace.capacity.plan.problems import KEPT, Problems, did_you_mean
from commonplace.capacity.plan.tables import REQUIRED, Column, Table

if TYPE_CHECKING:
    import polars

LONGEST_ID = 100
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_INSTEAD: dict[str, Any] = {"id": "", "ids": (), "number": 1.0, "count": 1, "flag": True}


class Calendar:
    """The months of a horizon, as they may be written: `3`, or `2027-03`.

    Where the start is not known (a problem that was said already), any `2027-03` passes.
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
            values[column.attribute] = _values(cells, rows, column, table.file, calendar, problems)
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
    cells: "polars.Series",
    rows: list[int],
    column: Column,
    file: str,
    calendar: Calendar,
    problems: Problems,
) -> list[Any]:
    """The column's values; every cell that has none is complained about."""
    found, expected = _READERS[column.kind](cells, column, calendar)
    instead = _instead(column, calendar)
    empty, texts = cells.is_null(), cells
    missing = empty if column.default is REQUIRED else empty & False
    wrong = (missing | (found.is_null() & ~empty)).arg_true().to_list()
    for count, place in enumerate(wrong):
        text = texts[place]
        hint = "expected a value, the cell is empty"
        if text is not None:
            hint = expected(text) if count < KEPT else ""
        problems.add(file, rows[place], column.name, text, hint)
    if column.kind == "ids":
        return [tuple(each) if each is not None else instead for each in found.to_list()]
    if instead is not None and found.null_count():
        found = found.fill_null(instead)
    return found.to_list()


Expected = Callable[[str], str]  # what was found -> what is expected
Reader = Callable[["polars.Series", Column, Calendar], "tuple[polars.Series, Expected]"]


def _ids(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    good = (cells.str.len_chars() <= LONGEST_ID) & ~cells.str.contains(r"[\p{C};]")
    found = cells.zip_with(good.fill_null(False), polars.Series([None], dtype=polars.String))
    return found, lambda _: f"expected at most {LONGEST_ID} printable characters, none of them ';'"


def _lists(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    parts = cells.str.split(";").list.eval(_stripped())
    return parts.list.unique(maintain_order=True), lambda _: ""


def _stripped() -> "polars.Expr":
    import polars

    each = polars.element().str.strip_chars()
    return each.filter(each != "")


def _numbers(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    found = cells.cast(polars.Float64, strict=False)
    good = found.is_finite() & (found >= column.low) & (found <= column.high)
    good = good & ~cells.str.contains("_", literal=True)
    kept = found.zip_with(good.fill_null(False), polars.Series([None], dtype=polars.Float64))

    def expected(text: str) -> str:
        point = " (a decimal point, not a comma)" if "," in text else ""
        return f"expected a number {_shown(column.low)}..{_shown(column.high)}{point}"

    return kept, expected


def _counts(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    found, _ = _numbers(cells, column, calendar)
    whole = (found == found.round()).fill_null(False)
    kept = found.zip_with(whole, polars.Series([None], dtype=polars.Float64))
    expected = f"expected a whole number {_shown(column.low)}..{_shown(column.high)}"
    return kept.cast(polars.Int64), lambda _: expected


def _months(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    number = cells.cast(polars.Float64, strict=False)
    written = cells.str.extract_groups(r"^(\d{4})-(\d{2})$").struct.unnest()
    year, month = (written[name].cast(polars.Float64, strict=False) for name in written.columns)
    start = calendar.start
    dated = year * 0 + 1 if start is None else (year - start.year) * 12 + month - start.month + 1
    dated = dated.zip_with(month.is_between(1, 12).fill_null(False), number)
    good = (dated == dated.round()) & dated.is_between(1, calendar.horizon)
    none = polars.Series([None], dtype=polars.Float64)
    return dated.zip_with(good.fill_null(False), none).cast(
        polars.Int64
    ), lambda _: calendar.expected


def _choices(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    lower = cells.str.to_lowercase()
    good = lower.is_in(list(column.choices)).fill_null(False)
    found = lower.zip_with(good, polars.Series([None], dtype=polars.String))

    def expected(text: str) -> str:
        return f"expected {' or '.join(column.choices)}{did_you_mean(text, column.choices)}"

    return found, expected


def _flags(cells: "polars.Series", column: Column, calendar: Calendar) -> tuple[Any, Expected]:
    import polars

    lower = cells.str.to_lowercase()
    found = lower.replace_strict(_FLAGS, default=None, return_dtype=polars.Boolean)
    return found, lambda _: "expected yes or no"


_READERS: dict[str, Reader] = {
    "id": _ids,
    "ids": _lists,
    "number": _numbers,
    "count": _counts,
    "month": _months,
    "choice": _choices,
    "flag": _flags,
}


def _shown(number: float) -> str:
    return f"{number:g}".replace("e+0", "e").replace("e+", "e")

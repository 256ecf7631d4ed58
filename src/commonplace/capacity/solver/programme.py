"""A mixed-integer programme as arrays: built in blocks, solved whole or with most of it held still.

Notable: `restricted` takes the free columns only, puts what is held into the right sides, and
leaves out every row that nothing free touches (a large plan, in part, is small).
Rows are scaled to a largest coefficient of 1 when they are added (see `_solver`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from commonplace.capacity.solver.highs import Status, solved, solver
from commonplace.foundation.arrays import Bools, Float64s, Int64s

INFINITE = float("inf")


@dataclass(frozen=True, eq=False)
class Matrix:
    """Columns, rows and entries: minimise cost · v, row_lower <= A v <= row_upper.

    `start`, `index`, `value` are A by rows (compressed); `integer` marks columns.
    """

    cost: Float64s
    lower: Float64s
    upper: Float64s
    integer: Bools
    row_lower: Float64s
    row_upper: Float64s
    start: Int64s
    index: Int64s
    value: Float64s

    @property
    def entry_row(self) -> Int64s:
        """The row of each entry."""
        return np.repeat(np.arange(len(self.row_lower)), np.diff(self.start))

    def activity(self, values: Float64s) -> Float64s:
        """A v, one for each row."""
        weights = self.value * values[self.index]
        return np.asarray(
            np.bincount(self.entry_row, weights, minlength=len(self.row_lower)), np.float64
        )

    def columns_product(self, duals: Float64s) -> Float64s:
        """A^T y, one for each column."""
        weights = self.value * duals[self.entry_row]
        return np.asarray(np.bincount(self.index, weights, minlength=len(self.cost)), np.float64)


@dataclass
class Programme:
    """A matrix while it grows: columns first, rows after the columns that they name."""

    cost: list[Float64s] = field(default_factory=list)
    lower: list[Float64s] = field(default_factory=list)
    upper: list[Float64s] = field(default_factory=list)
    integer: list[Bools] = field(default_factory=list)
    row_lower: list[Float64s] = field(default_factory=list)
    row_upper: list[Float64s] = field(default_factory=list)
    entries: list[tuple[Int64s, Int64s, Float64s]] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def add_columns(
        self,
        count: int,
        cost: Any = 0.0,
        lower: Any = 0.0,
        upper: Any = INFINITE,
        integer: Any = False,
    ) -> Int64s:
        """Their numbers; what is given for all may be one value."""
        for kept, given in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            kept.append(np.broadcast_to(np.asarray(given, float), count).copy())
        self.integer.append(np.broadcast_to(np.asarray(integer, bool), count).copy())
        self.columns += count
        return np.arange(self.columns - count, self.columns)

    def add_rows(self, count: int, lower: Any = -INFINITE, upper: Any = INFINITE) -> Int64s:
        """Their numbers."""
        self.row_lower.append(np.broadcast_to(np.asarray(lower, float), count).copy())
        self.row_upper.append(np.broadcast_to(np.asarray(upper, float), count).copy())
        self.rows += count
        return np.arange(self.rows - count, self.rows)

    def add_entries(self, rows: Any, columns: Any, values: Any) -> None:
        """Coefficients; zeros are left out, and those of one place are added up."""
        rows, columns, values = np.broadcast_arrays(
            np.asarray(rows, np.int64), np.asarray(columns, np.int64), np.asarray(values, float)
        )
        kept = values != 0
        self.entries.append((rows[kept], columns[kept], values[kept]))

    def add_row(
        self, terms: dict[int, float], lower: float = -INFINITE, upper: float = INFINITE
    ) -> int:
        """One row of a few terms, scaled to a largest coefficient of 1."""
        largest = max((abs(v) for v in terms.values()), default=0.0) or 1.0
        row = int(self.add_rows(1, lower / largest, upper / largest)[0])
        self.add_entries(row, list(terms), np.array(list(terms.values())) / largest)
        return row

    def matrix(self) -> Matrix:
        """The whole, compressed by rows."""
        rows, columns, values = (
            np.concatenate([e[k] for e in self.entries]) if self.entries else np.zeros(0)
            for k in range(3)
        )
        order = np.lexsort((columns, rows))
        rows, columns, values = rows[order].astype(np.int64), columns[order], values[order]
        first = np.ones(len(rows), bool)
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        group = np.cumsum(first) - 1
        values = np.bincount(group, values, minlength=int(first.sum())) if len(rows) else values
        start = np.searchsorted(rows[first], np.arange(self.rows + 1))
        return Matrix(
            cost=np.concatenate(self.cost),
            lower=np.concatenate(self.lower),
            upper=np.concatenate(self.upper),
            integer=np.concatenate(self.integer),
            row_lower=np.concatenate(self.row_lower) if self.rows else np.zeros(0),
            row_upper=np.concatenate(self.row_upper) if self.rows else np.zeros(0),
            start=start.astype(np.int64),
            index=columns[first].astype(np.int64),
            value=values.astype(float),
        )


@dataclass(frozen=True, eq=False)
class Solution:
    """What HiGHS found: `values` [columns] or None, the objective, and the bound below it."""

    status: Status
    values: Float64s | None
    objective: float
    bound: float


def with_rows(matrix: Matrix, rows: list[tuple[Int64s, Float64s, float, float]]) -> Matrix:
    """The matrix with more rows: each its columns, coefficients, lower and upper side."""
    if not rows:
        return matrix
    lengths = np.array([len(columns) for columns, *_ in rows])
    return replace(
        matrix,
        row_lower=np.append(matrix.row_lower, [low for *_, low, _ in rows]),
        row_upper=np.append(matrix.row_upper, [high for *_, high in rows]),
        start=np.append(matrix.start, matrix.start[-1] + np.cumsum(lengths)),
        index=np.append(matrix.index, np.concatenate([columns for columns, *_ in rows])),
        value=np.append(matrix.value, np.concatenate([values for _, values, *_ in rows])),
    )


def restricted(matrix: Matrix, free: Bools, values: Float64s) -> tuple[Matrix, Int64s]:
    """The programme of the free columns, all others held at `values`; and the rows that it kept."""
    row, on = matrix.entry_row, free[matrix.index]
    count = len(matrix.row_lower)
    kept_rows = np.flatnonzero(np.bincount(row[on], minlength=count))
    held = np.bincount(row[~on], matrix.value[~on] * values[matrix.index[~on]], minlength=count)
    new_column = np.cumsum(free) - 1
    lengths = np.bincount(row[on], minlength=count)[kept_rows]
    return (
        Matrix(
            matrix.cost[free],
            matrix.lower[free],
            matrix.upper[free],
            matrix.integer[free],
            (matrix.row_lower - held)[kept_rows],
            (matrix.row_upper - held)[kept_rows],
            np.append(0, np.cumsum(lengths)).astype(np.int64),
            new_column[matrix.index[on]],
            matrix.value[on],
        ),
        kept_rows,
    )


def loaded(
    matrix: Matrix,
    seconds: float | None = None,
    *,
    relaxed: bool = False,
    stopped: Callable[[], bool] | None = None,
) -> Any:
    """A HiGHS object that holds the matrix; `relaxed` forgets which columns are integer.

    It gives up, as at its time limit, once `stopped()` is true.
    """
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(matrix.cost), len(matrix.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = matrix.cost, matrix.lower, matrix.upper
    lp.row_lower_, lp.row_upper_ = matrix.row_lower, matrix.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.start, matrix.index
    lp.a_matrix_.value_ = matrix.value
    if not relaxed and matrix.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(one)] for one in matrix.integer]
    highs = solver(seconds)
    highs.passModel(lp)
    if stopped is not None:
        _heed(highs, stopped)
    return highs


def _heed(highs: Any, stopped: Callable[[], bool]) -> None:
    """Let every algorithm ask whether to go on."""

    def asked(event: Any) -> None:
        if stopped():
            event.interrupt()

    highs.cbSimplexInterrupt += asked
    highs.cbIpmInterrupt += asked
    highs.cbMipInterrupt += asked


def minimise(
    matrix: Matrix,
    seconds: float,
    *,
    start: Float64s | None = None,
    gap: float = 1e-4,
    relaxed: bool = False,
    stopped: Callable[[], bool] | None = None,
) -> Solution:
    """The best that is found in the time; `start` is a solution to begin with."""
    if not len(matrix.cost):
        return Solution("optimal", np.zeros(0), 0.0, 0.0)
    highs = loaded(matrix, max(seconds, 0.05), relaxed=relaxed, stopped=stopped)
    highs.setOptionValue("mip_rel_gap", gap)
    if start is not None:
        highs.setSolution(_solution(start))
    found = outcome(highs, solved(highs), relaxed or not matrix.integer.any())
    if start is not None and found.status == "optimal" and _is_start(matrix, found):
        return minimise(matrix, seconds, gap=gap, relaxed=relaxed, stopped=stopped)
    return found


def _is_start(matrix: Matrix, found: Solution) -> bool:
    """Whether the values are those of the start, and not of the better objective that is told.

    So HiGHS 1.16 ends where presolve leaves nothing to solve.
    """
    assert found.values is not None
    cost = float(matrix.cost @ found.values)
    return cost > found.objective + 1e-6 * max(1.0, abs(found.objective))


def outcome(highs: Any, status: Status, relaxed: bool) -> Solution:
    """Read a solved object."""
    info = highs.getInfo()
    there = info.primal_solution_status == 2  # a feasible point
    values = np.array(highs.getSolution().col_value) if there else None
    bound = -INFINITE
    if not relaxed:
        bound = float(info.mip_dual_bound)
    elif status == "optimal":
        bound = float(info.objective_function_value)
    objective = float(info.objective_function_value) if there else INFINITE
    return Solution(status, values, objective, bound)


def _solution(values: Float64s) -> Any:
    import highspy

    found = highspy.HighsSolution()
    found.col_value = list(values)
    return found

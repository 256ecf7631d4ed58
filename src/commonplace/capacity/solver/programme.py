"""A mixed-integer programme as arrays: built in blocks, solved as it is or with most of it fixed.

Notable: `loaded` is the one place where a matrix is handed to HiGHS. `restricted` has the free
columns only: it moves the fixed ones into the right-hand sides and leaves out every row without a
free column, so that a part of a large plan is a small programme. `add_row` scales a row to a
largest coefficient of 1 (see `highs`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from commonplace.capacity.solver.highs import SolverError, Status, solved, solver
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
        weights, count = self.value * values[self.index], len(self.row_lower)
        return np.asarray(np.bincount(self.entry_row, weights, minlength=count), np.float64)

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
        """Add columns and return their numbers; a single value holds for all of them."""
        for blocks, values in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            blocks.append(np.full(count, values, float))
        self.integer.append(np.full(count, integer, bool))
        self.columns += count
        return np.arange(self.columns - count, self.columns)

    def add_rows(self, count: int, lower: Any = -INFINITE, upper: Any = INFINITE) -> Int64s:
        """Add rows and return their numbers; a single value holds for all of them."""
        self.row_lower.append(np.full(count, lower, float))
        self.row_upper.append(np.full(count, upper, float))
        self.rows += count
        return np.arange(self.rows - count, self.rows)

    def add_stock(self, cost: Any, lower: Float64s, upper: Float64s) -> Int64s:
        """Add whole numbers that never fall, one for each entry of the bounds: units by month."""
        columns = self.add_columns(len(lower), cost, lower, upper, integer=True)
        for before, after in pairwise(columns.tolist()):
            self.add_row({after: 1.0, before: -1.0}, lower=0.0)
        return columns

    def add_entries(self, rows: Any, columns: Any, values: Any) -> None:
        """Add coefficients; zeros are left out, and those of one place are added up."""
        rows, columns, values = np.broadcast_arrays(
            np.asarray(rows, np.int64), np.asarray(columns, np.int64), np.asarray(values, float)
        )
        nonzero = values != 0
        self.entries.append((rows[nonzero], columns[nonzero], values[nonzero]))

    def add_row(
        self, terms: dict[int, float], lower: float = -INFINITE, upper: float = INFINITE
    ) -> int:
        """Add one row of a few terms, scaled to a largest coefficient of 1."""
        largest = max((abs(v) for v in terms.values()), default=0.0) or 1.0
        row = int(self.add_rows(1, lower / largest, upper / largest)[0])
        self.add_entries(row, list(terms), np.array(list(terms.values())) / largest)
        return row

    def matrix(self) -> Matrix:
        """The programme so far, compressed by rows."""
        rows, columns, values = (
            np.concatenate([e[k] for e in self.entries]) if self.entries else np.zeros(0)
            for k in range(3)
        )
        # HiGHS wants a row's entries together, each column once
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
    """The answer of HiGHS: `values` [columns] or None, the objective, and a lower bound of it."""

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
    """The programme of the free columns, all others fixed at `values`; and which rows it has."""
    row, on = matrix.entry_row, free[matrix.index]
    count = len(matrix.row_lower)
    touched = np.flatnonzero(np.bincount(row[on], minlength=count))
    fixed = np.bincount(row[~on], matrix.value[~on] * values[matrix.index[~on]], minlength=count)
    new_column = np.cumsum(free) - 1
    lengths = np.bincount(row[on], minlength=count)[touched]
    part = Matrix(
        cost=matrix.cost[free],
        lower=matrix.lower[free],
        upper=matrix.upper[free],
        integer=matrix.integer[free],
        row_lower=(matrix.row_lower - fixed)[touched],
        row_upper=(matrix.row_upper - fixed)[touched],
        start=np.append(0, np.cumsum(lengths)).astype(np.int64),
        index=new_column[matrix.index[on]],
        value=matrix.value[on],
    )
    return part, touched


def loaded(
    matrix: Matrix,
    seconds: float | None = None,
    *,
    relaxed: bool = False,
    stopped: Callable[[], bool] | None = None,
) -> Any:
    """A HiGHS object that holds the matrix; `relaxed` forgets which columns are integer.

    It gives up, as at its time limit, once `stopped()` is true.

    Raises:
        SolverError: HiGHS refuses the programme.
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
        lp.integrality_ = [kinds[int(integer)] for integer in matrix.integer]
    highs = solver(seconds)
    if highs.passModel(lp) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the programme")
    if stopped is not None:

        def interrupt(event: Any) -> None:
            if stopped():
                event.interrupt()

        highs.cbSimplexInterrupt += interrupt  # each algorithm asks its own callback only
        highs.cbIpmInterrupt += interrupt
        highs.cbMipInterrupt += interrupt
    return highs


def minimise(
    matrix: Matrix,
    seconds: float,
    *,
    start: Float64s | None = None,
    gap: float = 1e-4,
    relaxed: bool = False,
    stopped: Callable[[], bool] | None = None,
) -> Solution:
    """The best solution within the time; `start` is a solution to begin with."""
    if not len(matrix.cost):
        return Solution("optimal", np.zeros(0), objective=0.0, bound=0.0)
    # HiGHS takes a negative limit for none, and does nothing within one of 0.
    highs = loaded(matrix, max(seconds, 0.05), relaxed=relaxed, stopped=stopped)
    highs.setOptionValue("mip_rel_gap", gap)
    if start is not None:
        import highspy

        hint = highspy.HighsSolution()
        hint.col_value = list(start)
        highs.setSolution(hint)
    solution = outcome(highs, solved(highs), relaxed or not matrix.integer.any())
    if start is not None and solution.status == "optimal" and _is_start(matrix, solution):
        return minimise(matrix, seconds, gap=gap, relaxed=relaxed, stopped=stopped)
    return solution


def _is_start(matrix: Matrix, solution: Solution) -> bool:
    """Whether the values are those of the start, and worse than the objective that is reported.

    HiGHS 1.16 ends like this where presolve leaves nothing to solve.
    """
    assert solution.values is not None
    cost = float(matrix.cost @ solution.values)
    return cost > solution.objective + 1e-6 * max(1.0, abs(solution.objective))


def outcome(highs: Any, status: Status, relaxed: bool) -> Solution:
    """The solution that a HiGHS object holds after a run that ended with `status`."""
    info = highs.getInfo()
    feasible = info.primal_solution_status == 2  # kSolutionStatusFeasible, an int in highspy
    values = np.array(highs.getSolution().col_value) if feasible else None
    bound = -INFINITE
    if not relaxed:
        # it holds at a time limit too; a linear programme's does not
        bound = float(info.mip_dual_bound)
    elif status == "optimal":
        bound = float(info.objective_function_value)
    objective = float(info.objective_function_value) if feasible else INFINITE
    return Solution(status, values, objective=objective, bound=bound)

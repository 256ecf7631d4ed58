"""The programme of `make` with its cuts: a start that always holds, solutions of a part, the bound.

Every solution that leaves this module satisfies every failure: what `solve_part` finds is asked
about, and solved again with what it violates. Notable: what is decided may break a row already;
each row is then as wide as that needs (`widened`), so that nothing is made worse, and the plan as
it is always is a solution. And the bound is arithmetic. For any duals y,

    sum_i y_i b_i + sum_j min over lower <= v <= upper of (c - A^T y)_j v_j

is at most the cost of every solution (Neumaier and Shcherbina 2004), whatever state the solver was
in; and a choice whose reduced cost exceeds what the best plan costs above the bound is in no better
plan (`promising`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from commonplace.capacity.feasibility.resources import site_rows
from commonplace.capacity.placement._backbone import Backbone, add_backbone
from commonplace.capacity.placement._cuts import Cut, FailureCuts
from commonplace.capacity.placement._houses import house_rows
from commonplace.capacity.placement._rows import HouseRows
from commonplace.capacity.placement._values import Translation, arrivals
from commonplace.capacity.placement.choices import Choices, choices
from commonplace.capacity.plan.model import Order, Plan
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.solver.highs import solved
from commonplace.capacity.solver.programme import Matrix, loaded, minimise, restricted, with_rows
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_ROUNDS = 40  # of adding the cuts that a solution violates, before a part is given up
_LARGE = 20_000  # columns from which the relaxation is solved by interior point
Stopped = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The programme without whole numbers: None where its time ended before it was solved."""

    duals: Float64s | None
    bound: float


@dataclass(eq=False)
class MasterProgramme:
    """All choices, gear and links of a plan; `matrix` grows by the cuts that solutions violate."""

    plan: Plan  # what is placed is only what is decided
    choices: Choices
    rows: HouseRows
    backbone: Backbone
    translation: Translation
    cuts: FailureCuts
    matrix: Matrix
    start: Float64s  # the plan as it is, with the orders that what is decided needs
    constant: int  # the column of what no choice changes
    house: Int64s  # of each column; -1: of none
    is_choice: Bools
    headroom: Float64s  # of the start: of each resource of each site by month

    def selected(self, values: Float64s) -> Bools:
        """The choices that these values make."""
        return np.asarray(values[self.rows.choice] > 0.5)

    def holds(self, values: Float64s) -> bool:
        """Whether no resource breaks that what is decided does not break, as `check` counts."""
        room = _headroom(self.translation.plan(values))
        allowed = np.minimum(self.headroom, 0.0)
        return bool((room >= allowed - 1e-6 * np.maximum(1.0, np.abs(allowed)) - 1e-6).all())

    def cost(self, values: Float64s) -> float:
        """Orders beside the present ones, lateness and refusals, in the plan's currency."""
        return float(self.matrix.cost @ values) * self.rows.unit

    def violation(self, values: Float64s) -> float:
        """By how much the worst row is violated, as a part of its side."""
        activity = self.matrix.activity(values)
        side = np.maximum(1.0, np.abs(activity))
        low = (self.matrix.row_lower - activity) / side
        return float(np.maximum(low, (activity - self.matrix.row_upper) / side).max(initial=0.0))

    def add(self, cuts: list[Cut]) -> None:
        """Holds these cuts too; what is decided may violate them already."""
        if cuts:
            self.matrix = widened(with_rows(self.matrix, cuts), self.start)

    def solve_part(
        self, free: Bools, values: Float64s, deadline: float, stopped: Stopped, gap: float = 1e-3
    ) -> tuple[Float64s | None, float]:
        """The best solution in which only `free` columns differ, and a bound on all such.

        None: none was found in time. The bound is the solver's, over the cuts known by then.
        """
        bound = -np.inf
        held = float(self.matrix.cost[~free] @ values[~free])
        for _ in range(_ROUNDS):
            seconds = deadline - monotonic()
            if seconds <= 0.05 or stopped():  # no less is worth it: `minimise` takes as long
                break
            part, _ = restricted(self.matrix, free, values)
            solution = minimise(part, seconds, start=values[free], gap=gap, stopped=stopped)
            bound = max(bound, (solution.bound + held) * self.rows.unit)
            if solution.values is None:
                break
            new = values.copy()
            new[free] = solution.values
            new = self.translation.completed(new)
            cuts = self.cuts.separate(new).cuts
            if not cuts:
                return (new if self.violation(new) < 1e-5 and self.holds(new) else None), bound
            self.add(cuts)
        return None, bound

    def relax(self, deadline: float, stopped: Stopped) -> Relaxation:
        """Duals and bound of the relaxation with all cuts that it violates."""
        duals, bound = None, -np.inf
        for _ in range(_ROUNDS):
            seconds = deadline - monotonic()
            if seconds <= 0.05 or stopped():
                break
            highs = loaded(self.matrix, seconds, relaxed=True, stopped=stopped)
            if len(self.matrix.cost) > _LARGE:
                highs.setOptionValue("solver", "ipm")
            status = solved(highs)
            solution = highs.getSolution()
            if status != "optimal":  # whatever the duals are by now, what they bound is bounded
                if len(solution.row_dual) == len(self.matrix.row_lower) and duals is None:
                    bound = max(bound, self.dual_bound(np.array(solution.row_dual)))
                break
            duals = np.array(solution.row_dual)
            bound = max(bound, self.dual_bound(duals))
            cuts = self.cuts.separate(np.array(solution.col_value)).cuts
            if not cuts:
                break
            self.add(cuts)
        return Relaxation(None if duals is None else self._for_all_rows(duals), bound)

    def _for_all_rows(self, duals: Float64s) -> Float64s:
        """Duals with zeros for the cuts that came after them."""
        return np.append(duals, np.zeros(len(self.matrix.row_lower) - len(duals)))

    def _reduced_costs(self, duals: Float64s) -> tuple[Float64s, Float64s]:
        """Reduced costs [columns], and the duals without those of sides that are not there."""
        lower, upper = np.isfinite(self.matrix.row_lower), np.isfinite(self.matrix.row_upper)
        # A solver's duals may have the wrong sign by rounding, and inf would bound nothing.
        duals = np.where(((duals > 0) & ~lower) | ((duals < 0) & ~upper), 0.0, duals)
        return self.matrix.cost - self.matrix.columns_product(duals), duals

    def promising(self, duals: Float64s, cost: float) -> Bools:
        """The columns that a plan of less than this cost may use: by their reduced costs."""
        duals = self._for_all_rows(duals)
        costs, _ = self._reduced_costs(duals)
        spare = cost - self.dual_bound(duals)
        return np.asarray(~self.is_choice | (costs * self.rows.unit <= spare))

    def dual_bound(self, duals: Float64s) -> float:
        """No solution costs less, in the plan's currency."""
        costs, duals = self._reduced_costs(duals)
        side = np.where(duals > 0, self.matrix.row_lower, self.matrix.row_upper)
        rows = float(np.sum(duals * np.where(duals != 0, side, 0.0)))  # 0 * inf would be nan
        columns = np.minimum(costs * self.matrix.lower, costs * self.matrix.upper)
        return (rows + float(columns.sum())) * self.rows.unit


def master_programme(plan: Plan, orders: tuple[Order, ...]) -> MasterProgramme:
    """The programme of a plan; `orders` are those with which what is decided holds if it can."""
    rows = house_rows(plan, choices(plan))
    backbone = add_backbone(rows)
    # A column fixed at 1: without the cost of all refusals the solver's relative gap would be that
    # of a large negative number.
    constant = int(rows.programme.add_columns(1, rows.constant / rows.unit, 1.0, 1.0)[0])
    matrix = rows.programme.matrix()
    assert len(rows.family) == rows.programme.rows
    translation = Translation(rows, arrivals(rows), matrix)
    start = translation.values(replace(plan, orders=orders))
    is_choice = np.zeros(len(matrix.cost), bool)
    is_choice[rows.choice] = True
    master = MasterProgramme(
        plan=plan,
        choices=rows.choices,
        rows=rows,
        backbone=backbone,
        translation=translation,
        cuts=FailureCuts(backbone),
        matrix=widened(matrix, start),
        start=start,
        constant=constant,
        house=_house_of_columns(rows),
        is_choice=is_choice,
        headroom=_headroom(translation.plan(start)),
    )
    _accept_broken_months(master)
    return master


def _house_of_columns(rows: HouseRows) -> Int64s:
    house = np.full(rows.programme.columns, -1)
    for number, (first, end) in enumerate(rows.columns_of):
        house[first:end] = number
    house[rows.choice] = rows.choices.house
    return house


def _headroom(plan: Plan) -> Float64s:
    """Headroom of every resource of every site by month."""
    return np.array([row.headroom for row in site_rows(plan, stocks(plan))])


def _accept_broken_months(master: MasterProgramme) -> None:
    """Months in which the flows of what is decided do not fit are only made no worse."""
    for _ in range(_ROUNDS):
        violations = master.cuts.separate(master.start)
        if not violations.cuts:
            return
        master.cuts.give_up(violations.months)
        master.add(violations.cuts)


def widened(matrix: Matrix, values: Float64s) -> Matrix:
    """Every row as wide as these values need."""
    activity = matrix.activity(values)
    return replace(
        matrix,
        row_lower=np.minimum(matrix.row_lower, activity),
        row_upper=np.maximum(matrix.row_upper, activity),
    )

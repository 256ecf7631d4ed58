"""The programme of `make` with its cuts: a start that always holds, solutions of a part, the bound.

Every solution that leaves this module satisfies every failure: what `part` finds is asked about,
and solved again with what it violates. Notable: the bound is arithmetic. For any duals y,

    sum_i y_i b_i + sum_j min over lower <= v <= upper of (c - A^T y)_j v_j

is at most the cost of every solution (Neumaier and Shcherbina 2004), whatever state the solver was
in; and a choice whose reduced cost exceeds what the best plan costs above the bound is in no better
plan (`promising`).
"""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import numpy as np

from commonplace.capacity.feasibility.resources import site_rows
from commonplace.capacity.placement._backbone import Backbone, Cut
from commonplace.capacity.placement._choices import Choices, choices
from commonplace.capacity.placement._gear_rows import needs
from commonplace.capacity.placement._rows import Rows
from commonplace.capacity.plan.model import Order, Plan
from commonplace.capacity.plan.stock import stocks
from commonplace.capacity.procurement.purchases import Ordered, as_orders, present
from commonplace.capacity.solver.highs import solved
from commonplace.capacity.solver.programme import Matrix, loaded, minimise, restricted, with_rows
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_ROUNDS = 40
_LARGE = 20_000  # columns from which the relaxation is solved by interior point


class Whole:
    """All choices, gear and links of a plan, with the cuts that are known."""

    def __init__(
        self,
        plan: Plan,
        started: tuple[Order, ...],
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`started`: orders with which what is decided holds as far as it can."""
        self.plan, self.stopped = plan, stopped
        self.choices: Choices = choices(plan)
        self.rows = Rows(plan, self.choices, needs)
        self.backbone = Backbone(self.rows)
        self.constant = int(
            self.rows.programme.add_columns(1, self.rows.constant / self.rows.unit, 1.0, 1.0)[0]
        )
        self.matrix = self.rows.programme.matrix()
        self._recurring = self._recurrences()
        self.start = self.valued(replace(plan, orders=started))
        self.matrix = opened(self.matrix, self.start)
        self.house = np.full(len(self.matrix.cost), -1)  # of each column: its house
        for number, (first, last) in enumerate(self.rows.columns_of):
            self.house[first:last] = number
        self.house[self.rows.choice] = self.choices.house
        assert len(self.rows.family) == self.rows.programme.rows
        self.is_choice = np.zeros(len(self.matrix.cost), bool)
        self.is_choice[self.rows.choice] = True
        self.room = self._rooms(self.planned(self.start))
        self._hold_what_holds()

    def _hold_what_holds(self) -> None:
        """Months in which the flows of what is decided do not fit are only made no worse."""
        for _ in range(_ROUNDS):
            cuts = self.backbone.separate(self.start)
            if not cuts:
                return
            self.backbone.held[self.backbone.broken] = False
            self.add(cuts)

    @staticmethod
    def _rooms(plan: Plan) -> Float64s:
        """Headroom of every resource of every site by month."""
        return np.array([row.headroom for row in site_rows(plan, stocks(plan))])

    def holds(self, values: Float64s) -> bool:
        """Whether no resource breaks that what is decided does not break, as `check` counts."""
        room = self._rooms(self.planned(values))
        allowed = np.minimum(self.room, 0.0)
        return bool((room >= allowed - 1e-6 * np.maximum(1.0, np.abs(allowed)) - 1e-6).all())

    def valued(self, plan: Plan) -> Float64s:
        """The values of a plan: the choices that are its placements, the units of its orders."""
        values = self.matrix.lower.copy()
        for (house, item), columns in self.rows.units.items():
            values[columns] = present(plan, house, plan.item[item])
        for number, link in enumerate(plan.links):
            values[self.backbone.units[number]] = present(plan, link.id, plan.item[link.item])
        placed = {one.project: (one.house, one.month - 1) for one in plan.placements}
        c = self.choices
        for at, (p, h, month) in enumerate(zip(c.project, c.house, c.month, strict=True)):
            if placed.get(c.pool[p].id) == (c.houses[h], month):
                values[self.rows.choice[at]] = 1.0
        return self.completed(np.clip(values, self.matrix.lower, self.matrix.upper))

    def _recurrences(self) -> tuple[Int64s, Int64s, Float64s, Int64s]:
        """Columns [loads, horizon]; of what arrives: choice, amount, and place in the columns."""
        parts, horizon = self.rows.recurrences, self.plan.horizon
        none = np.zeros(0, np.int64)
        columns = np.array([c for c, _, _ in parts], np.int64).reshape(len(parts), horizon)
        at = np.concatenate([none, *(a for _, a, _ in parts)])
        amount = np.concatenate([np.zeros(0), *(v for _, _, v in parts)])
        load = np.repeat(np.arange(len(parts)), [len(a) for _, a, _ in parts])
        return columns, at, amount, load * horizon + self.choices.month[at]

    def completed(self, values: Float64s) -> Float64s:
        """Loads and alternatives that follow from choices and units; whole numbers made whole."""
        values = np.where(self.matrix.integer, np.round(values), values)
        column, at, amount, place = self._recurring
        arrived = np.bincount(place, amount * values[self.rows.choice[at]], column.size)
        values[column] = arrived.reshape(column.shape).cumsum(1)
        for columns, alternatives in self.rows.eithers:
            short = [
                lower - sum(v * values[c] for c, v in terms.items())
                for terms, lower in alternatives
            ]
            values[columns] = 0.0
            values[columns[int(np.argmin(short))]] = 1.0
        return values

    # ------------------------------------------------------------------ solutions

    def cost(self, values: Float64s) -> float:
        """Orders beside the present ones, lateness and refusals, in the plan's currency."""
        return float(self.matrix.cost @ values) * self.rows.unit

    def broken(self, values: Float64s) -> float:
        """By how much the worst row is violated, of its side."""
        found = self.matrix.activity(values)
        side = np.maximum(1.0, np.abs(found))
        low = (self.matrix.row_lower - found) / side
        return float(np.maximum(low, (found - self.matrix.row_upper) / side).max(initial=0.0))

    def planned(self, values: Float64s) -> Plan:
        """The plan with these choices and orders."""
        placements = self.choices.placements(values[self.rows.choice] > 0.5)
        none = [
            Ordered(house, self.plan.item[item], np.round(values[columns]))
            for (house, item), columns in self.rows.units.items()
        ]
        none += [
            Ordered(k.id, self.plan.item[k.item], np.round(values[self.backbone.units[n]]))
            for n, k in enumerate(self.plan.links)
        ]
        return replace(
            self.plan,
            placements=self.plan.placements + placements,
            orders=as_orders(self.plan, none),
        )

    def add(self, cuts: list[Cut]) -> None:
        """Hold these too; what is decided may violate them already."""
        if cuts:
            self.matrix = opened(with_rows(self.matrix, cuts), self.start)

    def part(
        self, free: Bools, values: Float64s, deadline: float, gap: float = 1e-3
    ) -> tuple[Float64s | None, float]:
        """The best solution in which only `free` columns differ, and a bound on all such.

        None: none was found in time. The bound is the solver's, over the cuts known by then.
        """
        bound = -np.inf
        held = float(self.matrix.cost[~free] @ values[~free])
        for _ in range(_ROUNDS):
            left = deadline - monotonic()
            if left <= 0.05 or self.stopped():
                break
            some, _rows = restricted(self.matrix, free, values)
            found = minimise(some, left, start=values[free], gap=gap, stopped=self.stopped)
            bound = max(bound, (found.bound + held) * self.rows.unit)
            if found.values is None:
                break
            new = values.copy()
            new[free] = found.values
            new = self.completed(new)
            cuts = self.backbone.separate(new)
            if not cuts:
                return (new if self.broken(new) < 1e-5 and self.holds(new) else None), bound
            self.add(cuts)
        return None, bound

    # ------------------------------------------------------------------ the bound

    def relaxed(self, deadline: float) -> tuple[Float64s | None, Float64s | None, float]:
        """Solution, duals and bound of the relaxation with all cuts that it violates."""
        values, duals, bound = None, None, -np.inf
        for _ in range(_ROUNDS):
            left = deadline - monotonic()
            if left <= 0.05 or self.stopped():
                break
            highs = loaded(self.matrix, left, relaxed=True, stopped=self.stopped)
            if len(self.matrix.cost) > _LARGE:
                highs.setOptionValue("solver", "ipm")
            ended = solved(highs)
            found = highs.getSolution()
            if ended != "optimal":  # whatever the duals are by now, what they bound is bounded
                if len(found.row_dual) == len(self.matrix.row_lower) and duals is None:
                    bound = max(bound, self.bound(np.array(found.row_dual)))
                break
            values, duals = np.array(found.col_value), np.array(found.row_dual)
            bound = max(bound, self.bound(duals))
            cuts = self.backbone.separate(values)
            if not cuts:
                break
            self.add(cuts)
            duals = np.append(duals, np.zeros(len(cuts)))
        return values, duals, bound

    def reduced(self, duals: Float64s) -> tuple[Float64s, Float64s]:
        """Reduced costs [columns], and the duals without those of sides that are not there."""
        lower, upper = np.isfinite(self.matrix.row_lower), np.isfinite(self.matrix.row_upper)
        duals = np.where(((duals > 0) & ~lower) | ((duals < 0) & ~upper), 0.0, duals)
        return self.matrix.cost - self.matrix.columns_product(duals), duals

    def promising(self, duals: Float64s, bound: float, cost: float) -> Bools:
        """The columns that a plan of less than this cost may use: by their reduced costs."""
        costs, _ = self.reduced(duals)
        return np.asarray(~self.is_choice | (costs * self.rows.unit <= cost - bound))

    def bound(self, duals: Float64s) -> float:
        """No solution costs less, in the plan's currency."""
        costs, duals = self.reduced(duals)
        side = np.where(duals > 0, self.matrix.row_lower, self.matrix.row_upper)
        rows = float(np.sum(np.where(duals != 0, duals * np.where(duals != 0, side, 0.0), 0.0)))
        columns = np.minimum(costs * self.matrix.lower, costs * self.matrix.upper)
        return (rows + float(columns.sum())) * self.rows.unit


def opened(matrix: Matrix, values: Float64s) -> Matrix:
    """Every row as wide as these values need."""
    activity = matrix.activity(values)
    return replace(
        matrix,
        row_lower=np.minimum(matrix.row_lower, activity),
        row_upper=np.maximum(matrix.row_upper, activity),
    )

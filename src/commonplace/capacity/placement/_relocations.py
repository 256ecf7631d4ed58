"""One project of a plan put elsewhere: where it fits, from when on, and what stands against it.

Everything else is held where the plan has it; the gear of the house and the links are free. Where
that does not hold, every family of rows (a resource of a site in all months; the cuts) is let go,
then taken back by halves: what cannot be taken back is the cause, without which the project fits (a
deletion filter; Chinneck and Dravnieks 1991, here over integer programmes).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.placement.choices import unreachable
from commonplace.capacity.placement.master import MasterProgramme
from commonplace.capacity.plan.model import Project
from commonplace.capacity.solver.highs import SolverError
from commonplace.capacity.solver.programme import Matrix, minimise, restricted
from commonplace.foundation.arrays import Bools, Float64s, Int64s

ORDER = (  # in which families are taken back: what is named, if there is a choice, stands last
    "backbone",
    "skeleton",
    "north",
    "south",
    "ports",
    "network_power",
    "network_space",
    "power",
    "space",
)
_SECONDS = 10.0  # of one programme
_ROUNDS = 12  # of adding the cuts that a solution violates
_HOLDING = 1e-3  # of a unit's cost a month: what is ordered is ordered at the last moment
Family = tuple[str, str]  # site, resource


@dataclass(frozen=True, eq=False)
class EarliestPlacement:
    """From which month (from 0) a house takes a project, at least cost with `values`.

    What is to be ordered for it is the difference from the plan `before` to that of `after`.
    """

    month: int
    values: Float64s
    before: Float64s
    after: Float64s


@dataclass(frozen=True, eq=False)
class _Part:
    """A programme in which one project may move; `rest` are the values without it."""

    matrix: Matrix
    rows: Int64s  # of the master programme
    free: Bools
    rest: Float64s


class Relocations:
    """Questions about a plan in which one project (a number of the pool) is put elsewhere.

    Houses and months are numbers from 0.
    """

    def __init__(self, master: MasterProgramme, values: Float64s) -> None:
        self.master, self.values = master, values
        self._unreachable = unreachable(master.plan)

    def no_way(self, project: Project, house: str) -> str | None:
        """That no link joins the house with where the project's flows go, if it is so."""
        if project.side != "machine" or (project.product, house) not in self._unreachable:
            return None
        end = self._unreachable[project.product, house]
        return f"links.csv has no way between {house} and {end} for its flows"

    def current(self, project: int) -> int | None:
        """The choice that the plan has made for a project; None: it is refused."""
        selected = self.master.selected(self.values) & (self.master.choices.project == project)
        return int(np.flatnonzero(selected)[0]) if selected.any() else None

    def cheapest(self, project: int, house: int, month: int) -> Float64s | None:
        """The cheapest plan with the project there, all else in place; None: there is none."""
        return self._solved(project, house, [month], self.master.matrix.cost)

    def earliest(self, project: int, house: int) -> EarliestPlacement | None:
        """The first month from which the house takes it; orders are as few and late as can be.

        Where the project stands elsewhere, the orders of the plan stay or come earlier: what is to
        be ordered for it is beside them. Where it stands in the house, it is among them.
        """
        choices = self.master.choices
        there = (choices.project == project) & (choices.house == house)
        months = sorted(choices.month[there].tolist())
        by_month = np.zeros(len(self.master.matrix.cost))
        by_month[self.master.rows.choice] = choices.month  # the cheapest is the first month
        first = self._solved(project, house, months, by_month)
        if first is None:
            return None
        month = next(m for m in months if first[self._column(project, house, m)] > 0.5)
        late = self._costs_of_late_orders()
        values = self._solved(project, house, [month], late)
        values = first if values is None else values
        if self._house(project) != house:
            after = self._solved(project, house, [month], late, keep_orders=True)
            if after is not None:
                return EarliestPlacement(month, values, self.values, after)
        before = self._solved(project, house, [], late)
        return EarliestPlacement(month, values, values if before is None else before, values)

    def against(self, project: int, house: int, month: int) -> tuple[Family, ...]:
        """What stands against the project: without all of it it fits, with a part it does not.

        Empty: nothing does. The last in `ORDER` is named where there is a choice.
        """
        costs = np.zeros(len(self.master.matrix.cost))
        leaves = self._house(project)
        for _ in range(_ROUNDS):
            part = self._part(project, house, [month], costs)
            families = self._families(part.rows, -1 if leaves == house else leaves)
            causes = _irreducible(part.matrix, families)
            fits = minimise(_without(part.matrix, families, causes), _SECONDS, gap=1e-7)
            if fits.values is None or ("backbone", "backbone") in causes:
                return causes
            cuts = self.master.cuts.separate(self._completed(part, fits.values)).cuts
            if not cuts:
                return causes
            self.master.add(cuts)
        raise SolverError("what stands against a project was not found")

    # ------------------------------------------------------------------ programmes

    def _solved(
        self,
        project: int,
        house: int,
        months: list[int],
        costs: Float64s,
        *,
        keep_orders: bool = False,
    ) -> Float64s | None:
        """The cheapest plan by `costs`; `keep_orders`: its orders stay, or come earlier."""
        for _ in range(_ROUNDS):
            part = self._part(project, house, months, costs)
            matrix = part.matrix
            if keep_orders:
                matrix = replace(matrix, lower=self._lower_of_orders()[part.free])
            solution = minimise(matrix, _SECONDS, gap=1e-7)
            if solution.values is None:
                return None
            values = self._completed(part, solution.values)
            if not (cuts := self.master.cuts.separate(values).cuts):
                return values if self.master.violation(values) < 1e-5 else None
            self.master.add(cuts)
        return None

    def _part(self, project: int, house: int, months: list[int], costs: Float64s) -> _Part:
        """The project in one of the months, with the gear where it goes and stands, and links."""
        master, backbone = self.master, self.master.backbone
        houses = {house, self._house(project)} - {-1}  # -1: links and what is sent
        free: Bools = np.asarray(np.isin(master.house, sorted(houses)) & ~master.is_choice)
        free[backbone.units] = True
        # What other products send stays: with all of it free, reasons took three times as long.
        for (product, _), sends in backbone.parts.items():
            free[sends] |= product == master.choices.pool[project].product
        rest = self.values.copy()
        rest[master.rows.choice[master.choices.project == project]] = 0.0
        free[[self._column(project, house, month) for month in months]] = True
        lower = master.matrix.row_lower.copy()
        lower[project] = 1.0 if months else -np.inf  # the first rows give each project one place
        priced = replace(master.matrix, cost=costs, row_lower=lower)
        matrix, rows = restricted(priced, free, rest)
        return _Part(matrix, rows, free, rest)

    def _column(self, project: int, house: int, month: int) -> int:
        c = self.master.choices
        at = np.flatnonzero((c.project == project) & (c.house == house) & (c.month == month))
        return int(self.master.rows.choice[at[0]])

    def _house(self, project: int) -> int:
        """The house in which the plan has it; -1: none."""
        choice = self.current(project)
        return -1 if choice is None else int(self.master.choices.house[choice])

    def _lower_of_orders(self) -> Float64s:
        """Lower sides at which no unit that is ordered goes away, or comes later."""
        lower = self.master.matrix.lower.copy()
        for units in self.master.rows.units.values():
            lower[units] = np.maximum(lower[units], np.round(self.values[units]))
        return lower

    def _costs_of_late_orders(self) -> Float64s:
        """Costs in which each month that a unit is there costs a little."""
        costs = self.master.matrix.cost.copy()
        for units in self.master.rows.units.values():
            costs[units] += _HOLDING * costs[units[-1]] + 1e-6
        return costs

    def _completed(self, part: _Part, free_values: Float64s) -> Float64s:
        values = part.rest.copy()
        values[part.free] = free_values
        return self.master.translation.completed(values)

    def _families(self, rows: Int64s, house: int) -> list[Family | None]:
        """The family of each row; None where it does not stand against the project.

        The rows of the house that the project leaves (-1: it leaves none) cannot.
        """
        names = self.master.rows.family
        departed = self.master.plan.houses[house] if house >= 0 else ""
        families = [names[r] if r < len(names) else ("backbone", "backbone") for r in rows]
        return [f if f[1] in ORDER and f[0] != departed else None for f in families]


def _without(matrix: Matrix, families: list[Family | None], dropped: Collection[Family]) -> Matrix:
    """The programme with the rows of these families let go."""
    free = np.array([family in dropped for family in families], bool)
    return replace(
        matrix,
        row_lower=np.where(free, -np.inf, matrix.row_lower),
        row_upper=np.where(free, np.inf, matrix.row_upper),
    )


def _irreducible(matrix: Matrix, families: list[Family | None]) -> tuple[Family, ...]:
    """The families that cannot hold together with the rest; they are taken back half by half."""
    # Of one resource the house comes before campus and region, as its rows do.
    named = dict.fromkeys(family for family in families if family)
    names = sorted(named, key=lambda family: ORDER.index(family[1]))
    dropped = set(names)

    def take_back(some: list[Family]) -> None:
        trial = _without(matrix, families, dropped - set(some))
        if minimise(trial, _SECONDS).values is not None:
            dropped.difference_update(some)
        elif len(some) > 1:
            half = len(some) // 2
            take_back(some[:half])
            take_back(some[half:])

    take_back(names)
    return tuple(name for name in names if name in dropped)

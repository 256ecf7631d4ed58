"""Why a project is refused, late, or not where it was wanted: from the rows that stand against it.

Everything else is held where the plan has it, the gear of the house and the links are free, and the
project is put where it was wanted. If that holds, cost is the reason (and if it is cheaper, it is
the plan). If not, every family of rows (a resource of a site in all months; the cuts) is let go,
then taken back one by one: what cannot be taken back is the cause. So the cause is true: without it
the project fits, and with any part of it it does not (a deletion filter; Chinneck and Dravnieks
1991, here over integer programmes).
"""

from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.placement._choices import unreachable
from commonplace.capacity.placement._master import Whole
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
_SECONDS = 10.0
_ROUNDS = 12
_HOLDING = 1e-3  # of a unit's cost a month: what is ordered is ordered at the last moment
Family = tuple[str, str]  # site, resource


@dataclass(frozen=True, eq=False)
class Soonest:
    """From which month (from 0) a house takes a project, at least cost with `values`.

    What is to be ordered for it is the difference from the plan `before` to that of `after`.
    """

    month: int
    values: Float64s
    before: Float64s
    after: Float64s


class Trials:
    """Questions about a plan in which one project (a number of the pool) is put elsewhere.

    Houses and months are numbers from 0.
    """

    def __init__(self, whole: Whole, values: Float64s) -> None:
        self.whole, self.values = whole, values
        self.closed = unreachable(whole.plan)

    def no_way(self, project: Project, house: str) -> str | None:
        """That no link joins the house with where the project's flows go, if it is so."""
        end = self.closed.get((project.product, house)) if project.side == "machine" else None
        if end is None:
            return None
        return f"links.csv has no way between {house} and {end} for its flows"

    def moved(self, project: int, house: int, month: int) -> Float64s | None:
        """The cheapest plan with the project there, all else in place; None: there is none."""
        costs = self.whole.matrix.cost
        return self._solved(project, house, [month], costs)

    def earliest(self, project: int, house: int) -> "Soonest | None":
        """The first month from which the house takes it; orders are as few and late as can be.

        Where the project stands elsewhere, the orders of the plan stay or come earlier: what is to
        be ordered for it is beside them. Where it stands in the house, it is among them.
        """
        choice = self.whole.choices
        mine = (choice.project == project) & (choice.house == house)
        months = sorted(choice.month[mine].tolist())
        by_month = np.zeros(len(self.whole.matrix.cost))
        by_month[self.whole.rows.choice] = choice.month
        found = self._solved(project, house, months, by_month)
        if found is None:
            return None
        month = next(m for m in months if found[self._column(project, house, m)] > 0.5)
        late = self._held_late()
        values = self._solved(project, house, [month], late)
        values = found if values is None else values
        if self._where(project) != house:
            after = self._solved(project, house, [month], late, kept=True)
            if after is not None:
                return Soonest(month, values, self.values, after)
        before = self._solved(project, house, [], late)
        return Soonest(month, values, values if before is None else before, values)

    def against(self, project: int, house: int, month: int) -> tuple[Family, ...]:
        """What stands against the project: without all of it it fits, with a part it does not.

        Empty: nothing does. The last in `ORDER` is named where there is a choice.
        """
        costs = np.zeros(len(self.whole.matrix.cost))
        for _ in range(_ROUNDS):
            some, rows, free, without = self._placed(project, house, [month], costs)
            left = self._where(project)
            family = self._families(rows, -1 if left == house else left)
            causes = _deletion(some, family)
            let_go = _without_rows(some, np.isin(family, [_key(c) for c in causes]))
            found = minimise(let_go, _SECONDS, gap=1e-7)
            if found.values is None or ("backbone", "backbone") in causes:
                return causes
            cuts = self.whole.backbone.separate(self._filled(free, without, found.values))
            if not cuts:
                return causes
            self.whole.add(cuts)
        raise SolverError("what stands against a project was not found")

    # ------------------------------------------------------------------ programmes

    def _solved(
        self, project: int, house: int, months: list[int], costs: Float64s, *, kept: bool = False
    ) -> Float64s | None:
        """`kept`: the orders of the plan stay, or come earlier."""
        for _ in range(_ROUNDS):
            some, _, free, without = self._placed(project, house, months, costs)
            if kept:
                some = replace(some, lower=self._with_orders()[free])
            found = minimise(some, _SECONDS, gap=1e-7)
            if found.values is None:
                return None
            values = self._filled(free, without, found.values)
            if not (cuts := self.whole.backbone.separate(values)):
                return values if self.whole.broken(values) < 1e-5 else None
            self.whole.add(cuts)
        return None

    def _placed(
        self, project: int, house: int, months: list[int], costs: Float64s
    ) -> tuple[Matrix, Int64s, Bools, Float64s]:
        """The project in one of the months: programme, its rows, its columns, and all values."""
        whole = self.whole
        mine = whole.rows.choice[whole.choices.project == project]
        here = {house, self._where(project)} - {-1}  # -1: links and what is sent
        free: Bools = np.asarray(np.isin(whole.house, sorted(here)) & ~whole.is_choice)
        free[whole.backbone.units] = True
        for (product, _), sends in whole.backbone.parts.items():
            free[sends] |= product == whole.choices.pool[project].product
        columns = [self._column(project, house, month) for month in months]
        without = self.values.copy()
        without[mine] = 0.0
        free[columns] = True
        lower = whole.matrix.row_lower.copy()
        lower[project] = 1.0 if months else -np.inf  # the first rows give each project one place
        some, rows = restricted(replace(whole.matrix, cost=costs, row_lower=lower), free, without)
        return some, rows, free, without

    def _column(self, project: int, house: int, month: int) -> int:
        c = self.whole.choices
        at = np.flatnonzero((c.project == project) & (c.house == house) & (c.month == month))
        return int(self.whole.rows.choice[at[0]])

    def _where(self, project: int) -> int:
        """The house in which the plan has it; -1: none."""
        choice = self.whole.choices
        now = (self.values[self.whole.rows.choice] > 0.5) & (choice.project == project)
        return int(choice.house[now][0]) if now.any() else -1

    def _with_orders(self) -> Float64s:
        """Lower sides at which no unit that is ordered goes away, or comes later."""
        lower = self.whole.matrix.lower.copy()
        for units in [*self.whole.rows.units.values(), *self.whole.backbone.units]:
            lower[units] = np.maximum(lower[units], np.round(self.values[units]))
        return lower

    def _held_late(self) -> Float64s:
        """Costs in which each month that a unit is there costs a little."""
        costs = self.whole.matrix.cost.copy()
        for units in [*self.whole.rows.units.values(), *self.whole.backbone.units]:
            costs[units] += _HOLDING * costs[units[-1]] + 1e-6
        return costs

    def _filled(self, free: Bools, without: Float64s, found: Float64s) -> Float64s:
        values = without.copy()
        values[free] = found
        return self.whole.completed(values)

    def _families(
        self, rows: Int64s, left: int
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
        """Of each row its family as text; empty where none stands against the project.

        The house that it leaves (-1: none) cannot.
        """
        named = self.whole.rows.family
        house = self.whole.plan.houses[left] if left >= 0 else ""
        found = [named[r] if r < len(named) else ("backbone", "backbone") for r in rows]
        kept = [f[1] in ORDER and f[0] != house for f in found]
        return np.array([_key(f) if k else "" for f, k in zip(found, kept, strict=True)], object)


def _key(family: Family) -> str:
    return f"{family[1]}\n{family[0]}"


def _without_rows(some: Matrix, gone: Bools) -> Matrix:
    """The programme with these rows let go."""
    return replace(
        some,
        row_lower=np.where(gone, -np.inf, some.row_lower),
        row_upper=np.where(gone, np.inf, some.row_upper),
    )


def _deletion(
    some: Matrix, family: np.ndarray[tuple[int, ...], np.dtype[np.object_]]
) -> tuple[Family, ...]:
    """Take the families back, half of them at once and so on; what cannot be stays let go."""
    names = sorted(set(family.tolist()) - {""}, key=lambda k: ORDER.index(k.split("\n")[0]))
    let_go = set(names)

    def take_back(some_names: list[str]) -> None:
        trial = let_go - set(some_names)
        rest = _without_rows(some, np.isin(family, list(trial)))
        if minimise(rest, _SECONDS).values is not None:
            let_go.difference_update(some_names)
        elif len(some_names) > 1:
            half = len(some_names) // 2
            take_back(some_names[:half])
            take_back(some_names[half:])

    take_back(names)
    kept = [name for name in names if name in let_go]
    return tuple((site, resource) for resource, site in (name.split("\n") for name in kept))

"""The columns and rows of `make`'s programme while they are written, and what each of them means.

The rows are those of docs/capacity.md, by house and month, in recurrence form: what stands in a
house is a load of its own for each resource, last month's and what arrives, so that a choice stands
once in each resource and not in every month after it. Notable: nothing here decides what is
written, or in which order; `_houses`, `_gear_rows` and `_backbone` do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from commonplace.capacity.feasibility.resources import NEEDS, Row, Stock, machine_needs, site_rows
from commonplace.capacity.placement.choices import Choices
from commonplace.capacity.plan.model import Item, Plan, Project
from commonplace.capacity.procurement.purchases import given_stock, present_units, too_soon
from commonplace.capacity.solver.highs import scale
from commonplace.capacity.solver.programme import Programme
from commonplace.foundation.arrays import Float64s, Int64s

SHARED = ("space", "power", "network_space", "network_power")
_SLACK = 1e-7  # of a side: the next check is not to fail by rounding
Terms = dict[int, float]  # column -> coefficient


def load_of(project: Project, resource: str) -> float:
    """What a machine project takes of a resource."""
    return machine_needs(project)[resource] if project.side == "machine" else 0.0


class GrowingValues:
    """The entries of a list of arrays that still grows, as one list."""

    def __init__(self, parts: list[Float64s]) -> None:
        self._parts, self._read = parts, 0
        self._values: list[float] = []

    def values(self) -> list[float]:
        """All of them."""
        for part in self._parts[self._read :]:
            self._values += part.tolist()
        self._read = len(self._parts)
        return self._values


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Columns [horizon] that add up, month by month, the `amount` of each choice in `choices`."""

    columns: Int64s
    choices: Int64s
    amount: Float64s


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Columns of which one says which row `terms . v >= lower` holds."""

    columns: Int64s
    rows: list[tuple[Terms, float]]


@dataclass(frozen=True, eq=False)
class HouseRows:
    """A programme with the meaning of its columns and rows; its lists grow as it is written.

    `family` says of each row what it holds: (site, resource). Columns of a house are kept by
    (house, item) or (house, resource), of links by (link, item), each [horizon].
    """

    plan: Plan
    choices: Choices
    programme: Programme
    choice: Int64s  # the column of each choice
    stock: Stock
    base: Mapping[tuple[str, str], Row]  # loads and headroom of what is decided
    items: list[Item]  # skeletons last: what they need depends on the others
    unit: float  # costs are divided by it
    unit_of: Mapping[str, float]  # loads are divided by it
    lower: GrowingValues
    upper: GrowingValues
    family: list[tuple[str, str]] = field(default_factory=list)
    load: dict[tuple[str, str], Int64s] = field(default_factory=dict)
    units: dict[tuple[str, str], Int64s] = field(default_factory=dict)  # that are ordered
    brought: dict[tuple[str, str], Int64s] = field(default_factory=dict)  # by network projects
    recurrences: list[Recurrence] = field(default_factory=list)
    alternatives: list[Alternatives] = field(default_factory=list)
    columns_of: list[tuple[int, int]] = field(default_factory=list)  # of a house: first, last + 1
    present_costs: list[float] = field(default_factory=list)  # of orders that the plan has already

    @property
    def constant(self) -> float:
        """What to place nothing and order nothing new costs, less the orders that there are."""
        return float(self.choices.refused.sum()) - sum(self.present_costs)

    def row(
        self,
        family: tuple[str, str],
        terms: Terms,
        *,
        lower: float = -np.inf,
        upper: float = np.inf,
    ) -> None:
        """A row of a family; one without terms says nothing and is left out."""
        if not terms:
            return
        lower -= _SLACK * max(1.0, abs(lower)) if np.isfinite(lower) else 0.0
        upper += _SLACK * max(1.0, abs(upper)) if np.isfinite(upper) else 0.0
        self.programme.add_row(terms, lower, upper)
        self.family.append(family)

    def recurrence(self, site: str, choices: Int64s, amount: Float64s, upper: float) -> Int64s:
        """Columns [horizon] of what these choices have brought to a site by each month."""
        horizon = self.plan.horizon
        columns = self.programme.add_columns(horizon, 0.0, 0.0, upper)
        rows = self.programme.add_rows(horizon, 0.0, 0.0)
        self.programme.add_entries(rows, columns, 1.0)
        self.programme.add_entries(rows[1:], columns[:-1], -1.0)
        arrivals = rows[self.choices.month[choices]]
        self.programme.add_entries(arrivals, self.choice[choices], -amount)
        self.family.extend([(site, "load")] * horizon)
        self.recurrences.append(Recurrence(columns, choices, amount))
        return columns

    def add_units(self, place: str, item: Item, most: float) -> Int64s:
        """Columns [horizon] of cumulative units of gear or of a link, up to `most`.

        They are the present orders' at least, and no more while it is too soon.
        """
        horizon, now = self.plan.horizon, present_units(self.plan, place, item)
        soon = too_soon(self.plan, item)
        cost = np.zeros(horizon)
        cost[-1] = item.cost / self.unit
        upper = np.maximum(most, now)
        upper[:soon] = now[:soon]
        columns = self.programme.add_columns(horizon, cost, now, upper, integer=True)
        self.present_costs.append(float(now[-1]) * item.cost)
        for before, after in pairwise(columns):
            self.row((place, "units"), {int(after): 1.0, int(before): -1.0}, lower=0.0)
        self.units[place, item.id] = columns
        return columns

    def gear_terms(
        self, house: str, month: int, weight: Mapping[str, float]
    ) -> tuple[Terms, float]:
        """Coefficients of the units that are decided on, and what the units in stock come to."""
        terms: Terms = {}
        in_stock = 0.0
        for item, value in weight.items():
            if value:
                terms[int(self.units[house, item][month])] = value
                if (house, item) in self.brought:
                    terms[int(self.brought[house, item][month])] = value
                if (house, item) in self.stock:
                    in_stock += value * float(self.stock[house, item][month])
        return terms, in_stock

    def load_terms(self, house: str, resource: str, month: int, sign: float) -> Terms:
        """The coefficient of what comes to stand here, in the resource's own unit."""
        if (house, resource) not in self.load:
            return {}
        return {int(self.load[house, resource][month]): sign * self.unit_of[resource]}

    def shared_terms(self, house: str, resource: str, month: int) -> Terms:
        """What comes to a house takes of space, power or the gray box."""
        weight: dict[str, float] = {}
        if resource in ("power", "network_power"):
            weight = {item.id: item.kw for item in self.items}
        elif resource == "network_space":
            weight = {item.id: item.positions for item in self.items}
        terms, _ = self.gear_terms(house, month, weight)
        if resource in ("space", "power"):
            terms |= self.load_terms(house, resource, month, 1.0)
        return terms


def choice_rows(plan: Plan, choices: Choices) -> HouseRows:
    """The columns of all choices, and a row a project: it stands in at most one place."""
    programme, stock = Programme(), given_stock(plan)
    unit = scale(np.array([i.cost for i in plan.items] + [plan.policies.late_cost]))
    saved = choices.refused[choices.project]
    cost = (choices.late - saved) / unit
    columns = programme.add_columns(len(choices), cost, 0.0, 1.0, integer=True)
    rows = programme.add_rows(len(choices.pool), upper=1.0)
    programme.add_entries(rows[choices.project], columns, 1.0)
    items = [item for item in plan.items if item.role != "line"]
    # Without orders: what they bring is the lower side of the units' columns.
    resources = site_rows(replace(plan, orders=()), stock)
    return HouseRows(
        plan=plan,
        choices=choices,
        programme=programme,
        choice=columns,
        stock=stock,
        base={(row.site, row.resource): row for row in resources},
        items=sorted(items, key=lambda item: item.role == "skeleton"),
        unit=unit,
        unit_of={name: scale(np.array([load_of(p, name) for p in choices.pool])) for name in NEEDS},
        lower=GrowingValues(programme.lower),
        upper=GrowingValues(programme.upper),
        family=[(project.id, "once") for project in choices.pool],
    )

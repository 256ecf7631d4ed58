"""The programme of `make`: every choice, the gear of every house, the units of every link.

The rows are those of docs/capacity.md, by house and month, in recurrence form: what stands in a
house is a load of its own for each resource, last month's and what arrives, so that a choice stands
once in each resource and not in every month after it. Gear is cumulative units, whole numbers, held
at the present orders as long as nothing ordered now could be there. Notable: what is decided may
break a row already; each row is then as wide as what is decided needs (`opened`), so that nothing
is made worse, and the plan as it is always is a solution.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from commonplace.capacity.feasibility.resources import fbr_gbps, site_rows
from commonplace.capacity.placement._choices import Choices
from commonplace.capacity.plan.model import Item, Plan, Project
from commonplace.capacity.procurement.purchases import given_stock, present, too_soon
from commonplace.capacity.solver.highs import scale
from commonplace.capacity.solver.programme import Programme
from commonplace.foundation.arrays import Float64s, Int64s

LOADS = ("space", "power", "ports", "south", "north")
SHARED = ("space", "power", "network_space", "network_power")
_SLACK = 1e-7  # of a side: the next check is not to fail by rounding


def load_of(project: Project, resource: str) -> float:
    """What a machine project takes of a resource."""
    if project.side != "machine":
        return 0.0
    return {
        "space": project.racks,
        "power": project.kw,
        "ports": float(project.ports),
        "south": project.south_gbps,
        "north": project.north_gbps,
    }[resource]


class Rows:
    """Columns and rows of the houses; `family` says of each row what it holds: (site, resource)."""

    def __init__(
        self, plan: Plan, choices: Choices, gear_rows: Callable[["Rows", str, int], None]
    ) -> None:
        """`plan` has only what is decided placed; its orders are those that may come earlier.

        `gear_rows` adds the rows of what gear brings to a house in a month.
        """
        self.plan, self.choices, self.gear_rows = plan, choices, gear_rows
        self.horizon = plan.horizon
        self.programme = Programme()
        self.family: list[tuple[str, str]] = []
        self.row_month: list[int] = []
        self.stock = given_stock(plan)
        self.unit = scale(np.array([i.cost for i in plan.items] + [plan.policies.late_cost]))
        refused = choices.refused[choices.project]
        self.choice = self.programme.add_columns(
            len(choices), (choices.late - refused) / self.unit, 0.0, 1.0, integer=True
        )
        self.constant = float(choices.refused.sum())
        self.base = {
            (r.site, r.resource): r for r in site_rows(replace(plan, orders=()), self.stock)
        }
        items = [item for item in plan.items if item.role != "line"]
        self.items = sorted(items, key=lambda item: item.role == "skeleton")
        self.unit_of = {
            name: scale(np.array([load_of(p, name) for p in choices.pool])) for name in LOADS
        }
        self.lower, self.upper = Growing(self.programme.lower), Growing(self.programme.upper)
        self._once()
        self.load: dict[tuple[str, str], Int64s] = {}
        self.units: dict[tuple[str, str], Int64s] = {}
        self.brought: dict[tuple[str, str], Int64s] = {}
        self.recurrences: list[tuple[Int64s, Int64s, Float64s]] = []
        self.eithers: list[tuple[Int64s, list[tuple[dict[int, float], float]]]] = []
        self.columns_of: list[tuple[int, int]] = []  # of each house: first and last + 1
        for number, house in enumerate(plan.houses):
            before = self.programme.columns
            self._house(number, house)
            self.columns_of.append((before, self.programme.columns))
        self._sites()

    # ------------------------------------------------------------------ columns

    def _named(self, site: str, resource: str, month: int, count: int = 1) -> None:
        self.family += [(site, resource)] * count
        self.row_month += [month] * count

    def row(
        self,
        site: str,
        resource: str,
        month: int,
        terms: dict[int, float],
        lower: float = -np.inf,
        upper: float = np.inf,
    ) -> None:
        """A row with its name; one that says nothing is left out."""
        if not terms:
            return
        lower -= _SLACK * max(1.0, abs(lower)) if np.isfinite(lower) else 0.0
        upper += _SLACK * max(1.0, abs(upper)) if np.isfinite(upper) else 0.0
        self.programme.add_row(terms, lower, upper)
        self._named(site, resource, month)

    def _once(self) -> None:
        """Each project in at most one place."""
        count = len(self.choices.pool)
        rows = self.programme.add_rows(count, upper=1.0)
        self.programme.add_entries(rows[self.choices.project], self.choice, 1.0)
        for project in self.choices.pool:
            self._named(project.id, "once", -1)

    def recurrence(
        self, site: str, resource: str, at: Int64s, amount: Float64s, upper: float
    ) -> Int64s:
        """Columns [horizon] of what choices `at` have brought by each month, `amount` each."""
        columns = self.programme.add_columns(self.horizon, 0.0, 0.0, upper)
        rows = self.programme.add_rows(self.horizon, 0.0, 0.0)
        self.programme.add_entries(rows, columns, 1.0)
        self.programme.add_entries(rows[1:], columns[:-1], -1.0)
        self.programme.add_entries(rows[self.choices.month[at]], self.choice[at], -amount)
        for month in range(self.horizon):
            self._named(site, resource, month)
        self.recurrences.append((columns, at, amount))
        return columns

    def _house(self, number: int, house: str) -> None:
        mine = np.flatnonzero(self.choices.house == number)
        projects = [self.choices.pool[p] for p in self.choices.project[mine]]
        for resource in LOADS:
            amount = np.array([load_of(p, resource) for p in projects])
            at = amount > 0
            if at.any():
                each = dict(
                    zip(self.choices.project[mine[at]].tolist(), amount[at].tolist(), strict=True)
                )
                most = sum(each.values())  # each project once
                unit = self.unit_of[resource]
                self.load[house, resource] = self.recurrence(
                    house, "load", mine[at], amount[at] / unit, most / unit
                )
        for item in self.items:
            at = np.array([p.item == item.id for p in projects], bool)
            if at.any():
                units = np.array([float(p.units) for p in projects])
                total = float(sum(p.units for p in self.choices.pool if p.item == item.id))
                self.brought[house, item.id] = self.recurrence(
                    house, "load", mine[at], units[at], total
                )
        for item in self.items:
            self.units[house, item.id] = self._gear(house, item)
        for month in range(self.horizon):
            self._limits(house, month)
            self.gear_rows(self, house, month)

    def _gear(self, house: str, item: Item) -> Int64s:
        """Cumulative units: the present orders' at least, and no more while it is too soon."""
        now = present(self.plan, house, item)
        cost = np.zeros(self.horizon)
        cost[-1] = item.cost / self.unit
        upper = np.full(self.horizon, self._most_units(house, item, now))
        soon = too_soon(self.plan, item)
        upper[:soon] = now[:soon]
        columns = self.programme.add_columns(self.horizon, cost, now, upper, integer=True)
        self.constant -= float(now[-1]) * item.cost
        for before, after in pairwise(columns):
            self.row(house, "units", -1, {int(after): 1.0, int(before): -1.0}, lower=0.0)
        return columns

    def _most_units(self, house: str, item: Item, now: Float64s) -> float:
        """What all that could come here would need of this item alone, and one more."""
        policies = self.plan.policies
        wide = item.ports_north * item.gbps
        lit = self._most_load(house, "south") / max(policies.residual, 1e-9)
        if item.role == "superblock":
            needed = _over(self._most_load(house, "ports"), item.ports_south)
            needed += _over(lit, wide * (policies.first_optics or 1.0))
        elif item.role == "optics":
            needed = _over(lit, wide)
        elif item.role == "fbr":
            needed = _over(self._most_load(house, "north"), fbr_gbps(item)) + policies.lost_fbrs
        else:
            needed = _over(self._facing(house), item.ports_south)
        return float(max(needed + 1.0 + now.max(initial=0.0), now.max(initial=0.0)))

    def _most_load(self, house: str, resource: str) -> float:
        """All that stands and could stand here."""
        upper = 0.0
        if (house, resource) in self.load:
            upper = self.upper.values()[int(self.load[house, resource][0])]
        return float(self.base[house, resource].load.max()) + upper * self.unit_of[resource]

    def _facing(self, house: str) -> float:
        """Ports of a skeleton that everything else could take; its items come last."""
        upper, found = self.upper.values(), 0.0
        for other in self.items:
            ports = other.ports_south if other.role == "fbr" else other.ports_north
            units = float(self.stock.get((house, other.id), np.zeros(1)).max(initial=0.0))
            if other.role != "skeleton":
                units += upper[int(self.units[house, other.id][-1])]
                found += ports * units
        return found

    # ------------------------------------------------------------------ rows

    def gear_terms(
        self, house: str, month: int, weight: dict[str, float]
    ) -> tuple[dict[int, float], float]:
        """Coefficients of the units that are chosen, and what the given ones come to."""
        terms: dict[int, float] = {}
        given = 0.0
        for item, value in weight.items():
            if value:
                terms[int(self.units[house, item][month])] = value
                if (house, item) in self.brought:
                    terms[int(self.brought[house, item][month])] = value
                if (house, item) in self.stock:
                    given += value * float(self.stock[house, item][month])
        return terms, given

    def load_terms(self, house: str, resource: str, month: int, sign: float) -> dict[int, float]:
        """The coefficient of what comes to stand here, in the resource's own unit."""
        if (house, resource) not in self.load:
            return {}
        return {int(self.load[house, resource][month]): sign * self.unit_of[resource]}

    def taken(self, house: str, resource: str, month: int) -> dict[int, float]:
        """What is chosen takes of space, power or the gray box."""
        weight = {
            "space": dict[str, float](),
            "power": {item.id: item.kw for item in self.items},
            "network_space": {item.id: item.positions for item in self.items},
            "network_power": {item.id: item.kw for item in self.items},
        }[resource]
        terms, _ = self.gear_terms(house, month, weight)
        if resource in ("space", "power"):
            terms |= self.load_terms(house, resource, month, 1.0)
        return terms

    def _limits(self, house: str, month: int) -> None:
        for resource in SHARED:
            if (row := self.base.get((house, resource))) is not None:
                terms = self.taken(house, resource, month)
                self.row(house, resource, month, terms, upper=float(row.headroom[month]))

    def _sites(self) -> None:
        """What campus and region limit in sum."""
        for site in self.plan.sites:
            for resource in SHARED if site.kind != "house" else ():
                if (row := self.base.get((site.id, resource))) is None:
                    continue
                for month in range(self.horizon):
                    terms: dict[int, float] = {}
                    for house in self.plan.houses:
                        if site.id in self.plan.above(house):
                            terms |= self.taken(house, resource, month)
                    self.row(site.id, resource, month, terms, upper=float(row.headroom[month]))


def _over(load: float, per: float) -> float:
    return float(np.ceil(load / per)) if per > 0 else 0.0


class Growing:
    """The entries of a list of arrays that still grows, as one list."""

    def __init__(self, parts: list[Float64s]) -> None:
        self._parts, self._seen = parts, 0
        self._values: list[float] = []

    def values(self) -> list[float]:
        """All of them."""
        for part in self._parts[self._seen :]:
            self._values += part.tolist()
        self._seen = len(self._parts)
        return self._values

"""The gear of one house at least cost: a small integer programme over cumulative stocks by month.

Rows are those of `_house`. Two of them are not linear, and are stated exactly, with a choice:
what is lit is min(U, f U + O), so a skeleton is enough if it is enough for either; and border
routers n carry a load with the largest k lost if and only if for some m of their sizes

    sum_i min(c_i, m) n_i - k m >= load    (by the dual of the loss, max c x: x <= n, sum x <= k).

First the fewest months in which anything is missing, then the least cost, and of that the latest
orders. Notable: a requirement that stays unmet is asked again without each limit of the house; the
limit without which it is met is the named cause, so the cause is true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from commonplace.capacity.feasibility.resources import Row, Stock, fbr_gbps, house_rows
from commonplace.capacity.plan.model import Item, Plan, Role
from commonplace.capacity.plan.stock import Months
from commonplace.capacity.procurement.purchases import Ordered, present, too_soon
from commonplace.capacity.solver.highs import scale
from commonplace.capacity.solver.programme import Programme, Solution, minimise

NEEDS = ("ports", "south", "north", "skeleton")
LIMITS = ("network_space", "network_power", "power")
_HOLDING = 1e-3  # of a unit's cost, for each month that it is there before it must be
_SECONDS = 20.0


@dataclass(frozen=True, eq=False)
class HouseOrders:
    """What is ordered for a house; `unmet`: resource -> months in which it is missing still."""

    chosen: list[Ordered]
    unmet: dict[str, tuple[int, ...]]
    causes: dict[str, str]  # of what is missing in the last month: the limit that stands against it


def order_house(plan: Plan, stock: Stock, house: str, shared: Mapping[str, Months]) -> HouseOrders:
    """The cheapest gear beside `stock` (which has no orders in it) for the projects as placed.

    `shared`: what campus and region leave of a limit for more gear than is ordered now, [horizon].
    """
    rows = {row.resource: row for row in house_rows(plan, stock, house)}
    items = [item for item in plan.items if item.role != "line"]
    now = [Ordered(house, item, present(plan, house, item)) for item in items]
    model = _Model(plan, stock, house, rows, now, shared)
    if model.holds(now):
        return HouseOrders([], {}, {})
    chosen, unmet = model.solve(LIMITS)
    lasting = [need for need, months in unmet.items() if plan.horizon in months]
    causes = {need: model.cause(need) for need in lasting}
    return HouseOrders(chosen, unmet, causes)


class _Model:
    """The rows of a house over the months in which something is needed."""

    def __init__(
        self,
        plan: Plan,
        stock: Stock,
        house: str,
        rows: dict[str, Row],
        now: list[Ordered],
        shared: Mapping[str, Months],
    ) -> None:
        self.shared = shared
        self.plan, self.house, self.rows, self.now = plan, house, rows, now
        none = np.zeros(plan.horizon)
        self.given = {one.item.id: stock.get((house, one.item.id), none) for one in now}
        skeleton = next(r for r in self._rows(now) if r.resource == "skeleton")
        self.enough = skeleton.headroom >= -1e-6  # [horizon]

    def holds(self, chosen: list[Ordered]) -> bool:
        """Whether nothing is missing with these orders; then there is nothing to solve."""
        return all((r.headroom >= -1e-6).all() for r in self._rows(chosen) if r.resource in NEEDS)

    def _rows(self, chosen: list[Ordered]) -> Iterable[Row]:
        """The house's rows with these orders."""
        bought = {(self.house, one.item.id): one.units for one in chosen}
        stock = {(self.house, i): n + bought[self.house, i] for i, n in self.given.items()}
        return house_rows(self.plan, stock, self.house)

    def solve(self, limits: Iterable[str]) -> tuple[list[Ordered], dict[str, tuple[int, ...]]]:
        """The fewest missing months, then the least cost."""
        all_met = self._solve(limits, frozenset(), priced=True)
        if all_met is not None:
            return all_met, {}
        first = self._build(limits, None, priced=False)
        found = minimise(first.programme.matrix(), _SECONDS, gap=1e-6)
        assert found.values is not None  # nothing ordered and everything missing is a solution
        missing = frozenset(k for k, c in first.missing.items() if found.values[c] > 0.5)
        chosen = self._solve(limits, missing, priced=True) or first.read(found)
        unmet = {
            need: tuple(sorted(month + 1 for n, month in missing if n == need))
            for need in NEEDS
            if any(n == need for n, _ in missing)
        }
        return chosen, unmet

    def cause(self, need: str) -> str:
        """The limit without which the need is met in the last month; else the plan's items."""
        last = self.plan.horizon
        for limit in LIMITS:
            if limit in self.rows or limit in self.shared:
                _, unmet = self.solve([other for other in LIMITS if other != limit])
                if last not in unmet.get(need, ()):
                    return limit
        _, unmet = self.solve(())
        return "several" if last not in unmet.get(need, ()) else "lead"

    def _solve(
        self, limits: Iterable[str], missing: frozenset[tuple[str, int]], *, priced: bool
    ) -> list[Ordered] | None:
        """The cheapest with exactly these left out; None where there is none."""
        built = self._build(limits, missing, priced=priced)
        found = minimise(built.programme.matrix(), _SECONDS, gap=1e-6)
        return built.read(found) if found.values is not None else None

    def _build(
        self, limits: Iterable[str], missing: frozenset[tuple[str, int]] | None, *, priced: bool
    ) -> "_Built":
        """The programme; `missing` None: each need of each month may be left out, at a price."""
        built = _Built(self, missing, priced)
        for month in range(self.plan.horizon):
            built.limit(month, limits)
            built.need(month)
        return built


class _Built:
    """Columns: units of each item by month, cumulative; choices; what is missing."""

    def __init__(
        self, model: _Model, missing: frozenset[tuple[str, int]] | None, priced: bool
    ) -> None:
        self.model, self.plan, self.left_out = model, model.plan, missing
        self.programme = Programme()
        self.missing: dict[tuple[str, int], int] = {}
        unit = scale(np.array([one.item.cost for one in model.now]))
        self.most = _most(model)
        self.units = {one.item.id: self._columns(one, unit, priced) for one in model.now}

    def _columns(self, one: Ordered, unit: float, priced: bool) -> list[int]:
        """Cumulative units: at least the present orders', and nothing more that is too soon."""
        horizon, soon = self.plan.horizon, too_soon(self.plan, one.item)
        cost = np.full(horizon, _HOLDING * one.item.cost / unit) + 1e-6
        cost[-1] += one.item.cost / unit
        upper = np.full(horizon, self.most[one.item.id])
        upper[:soon] = one.units[:soon]
        priced_cost = cost if priced else 1e-7
        columns = self.programme.add_columns(horizon, priced_cost, one.units, upper, integer=True)
        for before, after in pairwise(columns):
            self.programme.add_row({int(after): 1.0, int(before): -1.0}, lower=0.0)
        return [int(column) for column in columns]

    def read(self, found: Solution) -> list[Ordered]:
        """The chosen units of each item."""
        assert found.values is not None
        return [
            Ordered(one.place, one.item, np.round(found.values[self.units[one.item.id]]))
            for one in self.model.now
        ]

    def limit(self, month: int, limits: Iterable[str]) -> None:
        """Gear in the gray box and under the house's power; never worse than it is."""
        for limit in limits:
            if limit not in self.model.rows and limit not in self.model.shared:
                continue
            weights = {
                one.item.id: one.item.positions if limit == "network_space" else one.item.kw
                for one in self.model.now
            }
            now = sum(weights[one.item.id] * one.units[month] for one in self.model.now)
            rooms = [float(now + room[month]) for room in self._shared(limit)]
            if limit in self.model.rows:
                rooms.append(float(self.model.rows[limit].headroom[month]))
            room = max(min(rooms), float(now))
            terms = {self.units[i][month]: w for i, w in weights.items() if w}
            if terms:
                self.programme.add_row(terms, upper=room + 1e-7 * max(1.0, abs(room)))

    def _shared(self, limit: str) -> list[Months]:
        return [self.model.shared[limit]] if limit in self.model.shared else []

    def need(self, month: int) -> None:
        """Ports, south, north and skeleton of one month."""
        rows = self.model.rows
        for need, load in ((n, float(rows[n].load[month])) for n in ("ports", "south", "north")):
            if load <= 0 or not self._open(need, month):
                continue
            if need == "ports":
                self._carry(need, month, load, self._ports("superblock"))
            elif need == "south":
                self._south(month, load)
            else:
                self._north(month, load)
        if self._open("skeleton", month):
            self._skeleton(month)

    def _open(self, need: str, month: int) -> bool:
        return self.left_out is None or (need, month) not in self.left_out

    def _carry(self, need: str, month: int, load: float, gains: dict[str, float]) -> None:
        """Given units and ordered ones carry the load, unless it is left out, at a price."""
        given = sum(g * self.model.given[i][month] for i, g in gains.items())
        terms = {self.units[i][month]: g for i, g in gains.items() if g}
        short = load - given - 1e-7 * max(1.0, load)
        if short <= 0:
            return
        if (free := self._free(need, month)) is not None:
            terms[free] = short
        self.programme.add_row(terms or {self._zero(): 1.0}, lower=short)

    def _zero(self) -> int:
        """A column that is nothing: a row that cannot hold says so."""
        return int(self.programme.add_columns(1, 0.0, 0.0, 0.0)[0])

    def _free(self, need: str, month: int) -> int | None:
        """The column that says that a need is left out in a month; None where it may not be.

        A skeleton that is enough as ordered now stays so: orders break nothing that held.
        """
        if self.left_out is not None or (need == "skeleton" and self.model.enough[month]):
            return None
        if (need, month) not in self.missing:
            price = 3.0 if need == "skeleton" else 1.0  # without it the others are on paper
            added = self.programme.add_columns(1, price, 0.0, 1.0, integer=True)
            self.missing[need, month] = int(added[0])
        return self.missing[need, month]

    def _items(self, role: Role) -> list[Item]:
        return [one.item for one in self.model.now if one.item.role == role]

    def _ports(self, role: Role) -> dict[str, float]:
        return {item.id: float(item.ports_south) for item in self._items(role)}

    def _uplinks(self, *, gbps: bool, part: float, optics: float) -> dict[str, float]:
        """`part` of the superblocks' uplinks and `optics` of the optics', in ports or Gb/s."""
        found: dict[str, float] = {}
        roles: tuple[tuple[Role, float], ...] = (("superblock", part), ("optics", optics))
        for role, weight in roles:
            for item in self._items(role):
                found[item.id] = weight * item.ports_north * (item.gbps if gbps else 1.0)
        return found

    def _south(self, month: int, load: float) -> None:
        """What is lit: residual . min(U, f U + O) >= load."""
        residual, first = self.plan.policies.residual, self.plan.policies.first_optics
        lit = load / max(residual, 1e-9)
        for part, optics in ((1.0, 0.0), (first, 1.0)):
            gains = self._uplinks(gbps=True, part=part, optics=optics)
            self._carry("south", month, lit, gains)

    def _north(self, month: int, load: float) -> None:
        """For one m of the routers' sizes: sum min(c, m) n - k m >= load."""
        routers = {item.id: fbr_gbps(item) for item in self._items("fbr")}
        sizes = sorted({size for size in routers.values() if size > 0})
        rows = [
            ({i: min(c, m) for i, c in routers.items()}, load + self.plan.policies.lost_fbrs * m)
            for m in sizes
        ]
        self._either("north", month, rows)

    def _skeleton(self, month: int) -> None:
        """Skeleton ports for what is lit and for the border routers: U, or f U + O, is enough."""
        first, spine = self.plan.policies.first_optics, self._ports("skeleton")
        rows = []
        for part, optics in ((1.0, 0.0), (first, 1.0)):
            gains = {i: -g for i, g in self._uplinks(gbps=False, part=part, optics=optics).items()}
            gains |= {i: -g for i, g in self._ports("fbr").items()} | spine
            rows.append((gains, 0.0))
        self._either("skeleton", month, rows)

    def _either(self, need: str, month: int, rows: list[tuple[dict[str, float], float]]) -> None:
        """At least one of the rows `gains . n >= load` holds, unless the need is left out."""
        choices = [
            int(c) for c in self.programme.add_columns(len(rows), 0.0, 0.0, 1.0, integer=True)
        ]
        terms = dict.fromkeys(choices, 1.0)
        if (free := self._free(need, month)) is not None:
            terms[free] = 1.0
        self.programme.add_row(terms or {self._zero(): 1.0}, lower=1.0)
        for choice, (gains, load) in zip(choices, rows, strict=True):
            given = sum(g * self.model.given[i][month] for i, g in gains.items())
            row = {self.units[i][month]: g for i, g in gains.items() if g}
            short = load - given - 1e-7 * max(1.0, abs(load))
            worst = short + sum(-g * self.most[i] for i, g in gains.items() if g < 0)
            if worst > 0:  # else it holds whatever is ordered
                self.programme.add_row(row | {choice: -worst}, lower=short - worst)


def _most(model: _Model) -> dict[str, float]:
    """More of each item than a house will ever have: what the worst month needs of it alone."""
    policies = model.plan.policies
    peak = {need: float(row.load.max()) for need, row in model.rows.items()}
    lit = peak["south"] / max(policies.residual, 1e-9)
    most: dict[str, float] = {}
    for one in sorted(model.now, key=lambda one: one.item.role == "skeleton"):
        item, uplinks = one.item, one.item.ports_north * one.item.gbps
        if item.role == "superblock":
            needed = _over(peak["ports"], item.ports_south)
            needed += _over(lit, uplinks * (policies.first_optics or 1.0))
        elif item.role == "optics":
            needed = _over(lit, uplinks)
        elif item.role == "fbr":
            needed = _over(peak["north"], fbr_gbps(item)) + policies.lost_fbrs
        else:
            facing = sum(
                (most[o.item.id] + model.given[o.item.id].max()) * _facing(o.item)
                for o in model.now
                if o.item.role != "skeleton"
            )
            needed = _over(facing, item.ports_south)
        most[item.id] = needed + 1.0 + float(one.units.max(initial=0.0))
    return most


def _over(load: float, per: float) -> float:
    return float(np.ceil(load / per)) if per > 0 else 0.0


def _facing(item: Item) -> int:
    """Ports of a skeleton that a unit may take."""
    return item.ports_south if item.role == "fbr" else item.ports_north

"""The integer programme of one house: cumulative units of each item by month, and what they meet.

Rows are those of `house_rows`. Two of them are not linear, and are stated exactly, with a choice:
what is lit is min(U, f U + O), so a skeleton is enough if it is enough for either; and border
routers n carry a load with the largest k lost if and only if for some m of their sizes

    sum_i min(c_i, m) n_i - k m >= load    (by the dual of the loss, max c x: x <= n, sum x <= k).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from commonplace.capacity.feasibility.resources import Row
from commonplace.capacity.plan.model import Item, Plan
from commonplace.capacity.plan.stock import Months
from commonplace.capacity.procurement.purchases import (
    OrderedUnits,
    facing_ports,
    router_gbps,
    south_ports,
    too_soon,
    units_for,
    uplinks,
)
from commonplace.capacity.solver.highs import scale
from commonplace.capacity.solver.programme import Programme
from commonplace.foundation.arrays import Bools, Float64s, Int64s

NEEDS = ("ports", "south", "north", "skeleton")
LIMITS = ("network_space", "network_power", "power")
_HOLDING = 1e-3  # of a unit's cost, for each month that it is there before it must be
Missing = frozenset[tuple[str, int]]  # a need and the month in which it is left out


@dataclass(frozen=True, eq=False)
class House:
    """What a house has and needs, without and with its present orders."""

    plan: Plan
    items: list[Item]  # that can be ordered
    rows: Mapping[str, Row]  # without orders
    present: list[OrderedUnits]  # of every item
    in_stock: Mapping[str, Months]
    shared: Mapping[str, Months]  # what campus and region leave of a limit for more
    skeleton_holds: Bools  # [horizon], with the present orders


class HouseProgramme:
    """Columns: units of each item by month, cumulative; choices; what is missing."""

    def __init__(
        self, house: House, limits: Iterable[str], missing: Missing | None, *, priced: bool
    ) -> None:
        """`missing` None: each need of each month may be left out, at a price."""
        self.house, self.left_out = house, missing
        self.programme = Programme()
        self.missing: dict[tuple[str, int], int] = {}
        unit = scale(np.array([ordered.item.cost for ordered in house.present]))
        self.most = _most_units(house)
        self.units: dict[str, list[int]] = {
            o.item.id: self._columns(o, unit, priced).tolist() for o in house.present
        }
        for month in range(house.plan.horizon):
            self._limit(month, limits)
            self._need(month)

    def _columns(self, ordered: OrderedUnits, unit: float, priced: bool) -> Int64s:
        """Cumulative units: at least the present orders', and nothing more that is too soon."""
        plan, item = self.house.plan, ordered.item
        soon = too_soon(plan, item)
        # Not even what costs nothing is ordered for nothing, nor before it is needed: the 1e-6.
        cost = np.full(plan.horizon, _HOLDING * item.cost / unit) + 1e-6
        cost[-1] += item.cost / unit
        upper = np.full(plan.horizon, self.most[item.id])
        upper[:soon] = ordered.units[:soon]
        return self.programme.add_stock(cost if priced else 1e-7, ordered.units, upper)

    def units_of(self, values: Float64s) -> list[OrderedUnits]:
        """The units of each item in a solution."""
        return [
            OrderedUnits(o.place, o.item, np.round(values[self.units[o.item.id]]))
            for o in self.house.present
        ]

    def _limit(self, month: int, limits: Iterable[str]) -> None:
        """Gear in the gray box and under the house's power; never worse than it is."""
        rows, shared, present = self.house.rows, self.house.shared, self.house.present
        for limit in limits:
            if limit not in rows and limit not in shared:
                continue
            weights = {
                o.item.id: o.item.positions if limit == "network_space" else o.item.kw
                for o in present
            }
            now = sum(weights[o.item.id] * o.units[month] for o in present)
            rooms = [float(now + shared[limit][month])] if limit in shared else []
            if limit in rows:
                rooms.append(float(rows[limit].headroom[month]))
            room = max(min(rooms), float(now))  # present orders stand, even where they exceed it
            terms = {self.units[item][month]: weight for item, weight in weights.items() if weight}
            if terms:
                self.programme.add_row(terms, upper=room + 1e-7 * max(1.0, abs(room)))

    def _need(self, month: int) -> None:
        """Ports, south, north and skeleton of one month."""
        loads = {n: float(self.house.rows[n].load[month]) for n in ("ports", "south", "north")}
        if loads["ports"] > 0 and self._is_open("ports", month):
            self._carry("ports", month, loads["ports"], south_ports(self.house.items, "superblock"))
        if loads["south"] > 0 and self._is_open("south", month):
            self._south(month, loads["south"])
        if loads["north"] > 0 and self._is_open("north", month):
            self._north(month, loads["north"])
        if self._is_open("skeleton", month):
            self._skeleton(month)

    def _is_open(self, need: str, month: int) -> bool:
        return self.left_out is None or (need, month) not in self.left_out

    def _carry(self, need: str, month: int, load: float, gains: dict[str, float]) -> None:
        """Units in stock and ordered ones carry the load, unless it is left out, at a price."""
        in_stock = sum(g * self.house.in_stock[i][month] for i, g in gains.items())
        terms = {self.units[i][month]: g for i, g in gains.items() if g}
        short = load - in_stock - 1e-7 * max(1.0, load)
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
        must_hold = need == "skeleton" and self.house.skeleton_holds[month]
        if self.left_out is not None or must_hold:
            return None
        if (need, month) not in self.missing:
            price = 3.0 if need == "skeleton" else 1.0  # without it the others are on paper
            added = self.programme.add_columns(1, price, 0.0, 1.0, integer=True)
            self.missing[need, month] = int(added[0])
        return self.missing[need, month]

    def _south(self, month: int, load: float) -> None:
        """What is lit: residual . min(U, f U + O) >= load."""
        policies = self.house.plan.policies
        lit = load / max(policies.residual, 1e-9)  # the residual may be 0: then nothing is enough
        for part, optics in ((1.0, 0.0), (policies.first_optics, 1.0)):
            gains = uplinks(self.house.items, part, optics, gbps=True)
            self._carry("south", month, lit, gains)

    def _north(self, month: int, load: float) -> None:
        """For one m of the routers' sizes: sum min(c, m) n - k m >= load."""
        routers = router_gbps(self.house.items)
        lost = self.house.plan.policies.lost_fbrs
        sizes = sorted({size for size in routers.values() if size > 0})
        rows = [({i: min(c, m) for i, c in routers.items()}, load + lost * m) for m in sizes]
        self._either("north", month, rows)

    def _skeleton(self, month: int) -> None:
        """Skeleton ports for what is lit and for the border routers: U, or f U + O, is enough."""
        items, first = self.house.items, self.house.plan.policies.first_optics
        facing = {i: -ports for i, ports in south_ports(items, "fbr").items()}
        rows = []
        for part, optics in ((1.0, 0.0), (first, 1.0)):
            lit = uplinks(items, part, optics, gbps=False)
            gains = {i: -ports for i, ports in lit.items()} | facing
            rows.append((gains | south_ports(items, "skeleton"), 0.0))
        self._either("skeleton", month, rows)

    def _either(self, need: str, month: int, rows: list[tuple[dict[str, float], float]]) -> None:
        """At least one of the rows `gains . n >= load` holds, unless the need is left out."""
        added = self.programme.add_columns(len(rows), 0.0, 0.0, 1.0, integer=True)
        choices = [int(column) for column in added]
        terms = dict.fromkeys(choices, 1.0)
        if (free := self._free(need, month)) is not None:
            terms[free] = 1.0
        self.programme.add_row(terms or {self._zero(): 1.0}, lower=1.0)
        for choice, (gains, load) in zip(choices, rows, strict=True):
            in_stock = sum(g * self.house.in_stock[i][month] for i, g in gains.items())
            row = {self.units[i][month]: g for i, g in gains.items() if g}
            short = load - in_stock - 1e-7 * max(1.0, abs(load))
            # No more than what the row can be short by: the relaxation is weaker with more.
            worst = short + sum(-g * self.most[i] for i, g in gains.items() if g < 0)
            if worst > 0:  # else it holds whatever is ordered
                self.programme.add_row(row | {choice: -worst}, lower=short - worst)


def _most_units(house: House) -> dict[str, float]:
    """More of each item than a house will ever have: what the worst month needs of it alone."""
    peak = {need: float(row.load.max()) for need, row in house.rows.items()}
    most: dict[str, float] = {}
    facing = 0.0
    # Skeletons last: what they need depends on what the others may come to.
    for ordered in sorted(house.present, key=lambda ordered: ordered.item.role == "skeleton"):
        item = ordered.item
        needed = units_for(house.plan, item, peak, facing)
        most[item.id] = needed + 1.0 + float(ordered.units.max(initial=0.0))
        if item.role != "skeleton":
            facing += (most[item.id] + house.in_stock[item.id].max()) * facing_ports(item)
    return most

"""From a plan to the values of the programme's columns, and back.

A solution is one array of values until the search is over; what follows from choices and units
(loads, and which alternative holds) is filled in by `completed`.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.placement._rows import HouseRows
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.procurement.purchases import OrderedUnits, as_orders, present_units
from commonplace.capacity.solver.programme import Matrix
from commonplace.foundation.arrays import Float64s, Int64s


@dataclass(frozen=True, eq=False)
class Arrivals:
    """All recurrences at once: what arrives, and where in `columns` [loads, horizon] it counts."""

    columns: Int64s
    choices: Int64s
    amount: Float64s
    place: Int64s


def arrivals(rows: HouseRows) -> Arrivals:
    """The recurrences of these rows as arrays."""
    horizon, recurrences = rows.plan.horizon, rows.recurrences
    none = np.zeros(0, np.int64)
    columns = np.array([load.columns for load in recurrences], np.int64)
    choices = np.concatenate([none, *(load.choices for load in recurrences)])
    number = np.repeat(np.arange(len(recurrences)), [len(load.choices) for load in recurrences])
    return Arrivals(
        columns=columns.reshape(len(recurrences), horizon),
        choices=choices,
        amount=np.concatenate([np.zeros(0), *(load.amount for load in recurrences)]),
        place=number * horizon + rows.choices.month[choices],
    )


@dataclass(frozen=True, eq=False)
class Translation:
    """Which columns stand for what of a plan, with their bounds."""

    rows: HouseRows
    arrivals: Arrivals
    bounds: Matrix  # of which only the columns are used

    def values(self, plan: Plan) -> Float64s:
        """The values of a plan: the choices that are its placements, the units of its orders."""
        rows, choices = self.rows, self.rows.choices
        values = self.bounds.lower.copy()
        for (place, item), columns in rows.units.items():
            values[columns] = present_units(plan, place, plan.item[item])
        placed = {p.project: (p.house, p.month - 1) for p in plan.placements}
        places = zip(choices.project, choices.house, choices.month, strict=True)
        for column, (p, h, month) in zip(rows.choice, places, strict=True):
            if placed.get(choices.pool[p].id) == (choices.houses[h], month):
                values[column] = 1.0
        return self.completed(np.clip(values, self.bounds.lower, self.bounds.upper))

    def completed(self, values: Float64s) -> Float64s:
        """Loads and alternatives that follow from choices and units; whole numbers made whole."""
        values = np.where(self.bounds.integer, np.round(values), values)
        loads = self.arrivals
        amount = loads.amount * values[self.rows.choice[loads.choices]]
        arrived = np.bincount(loads.place, amount, loads.columns.size)
        values[loads.columns] = arrived.reshape(loads.columns.shape).cumsum(1)
        for either in self.rows.alternatives:
            rows = either.rows
            short = [lower - sum(v * values[c] for c, v in terms.items()) for terms, lower in rows]
            values[either.columns] = 0.0
            values[either.columns[int(np.argmin(short))]] = 1.0
        return values

    def plan(self, values: Float64s) -> Plan:
        """The plan with these choices and orders."""
        plan = self.rows.plan
        placements = self.rows.choices.placements(values[self.rows.choice] > 0.5)
        ordered = [
            OrderedUnits(place, plan.item[item], np.round(values[columns]))
            for (place, item), columns in self.rows.units.items()
        ]
        orders = as_orders(plan, ordered)
        return replace(plan, placements=plan.placements + placements, orders=orders)

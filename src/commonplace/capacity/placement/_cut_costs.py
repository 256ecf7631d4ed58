"""The cuts of the master programme as the packing sees them: what sends over them, what they cost.

Notable: links are not packed. A cut carries what its links carry when they are full; what is
missing until then is priced by the cheapest of its links, and by the duals of the relaxation.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.capacity.placement.master import MasterProgramme
from commonplace.foundation.arrays import Float64s, Int64s


@dataclass(frozen=True, eq=False)
class CutCosts:
    """One entry for each cut, but where said otherwise."""

    weight: Float64s  # [sources + 1, cuts] of what a source sends; the last row: of no source
    month: Int64s
    now: Float64s  # room with the present orders
    room: Float64s  # room with all links full
    link: Int64s  # the link that is cheapest for the cut
    gain: Float64s  # room that a unit of that link adds
    price: Float64s  # of what is sent over it, in the plan's currency
    link_cost: Float64s  # of a unit, [links]

    def missing_links(self, use: Float64s) -> float:
        """About what the links cost that are missing: for each the most that a cut asks of it."""
        short = np.maximum(use - self.now - 1e-9, 0.0)
        units = np.zeros(len(self.link_cost))
        np.maximum.at(units, self.link, np.ceil(short / self.gain))
        return float(units @ self.link_cost)


def cut_costs(master: MasterProgramme, price: Float64s, duals: Float64s | None = None) -> CutCosts:
    """The cuts known by now.

    `duals` of the relaxation, one for each row, say what sending over a cut costs in links; without
    them the prices stay, and cuts that came since are free.
    """
    matrix, plan, first = master.matrix, master.plan, len(master.rows.family)
    count = len(matrix.row_lower) - first
    if duals is not None:
        price = np.maximum(duals[first:], 0.0) * master.rows.unit
    costs = CutCosts(
        weight=np.zeros((len(master.backbone.parts) + 1, count)),
        month=np.zeros(count, np.int64),
        now=-matrix.row_lower[first:],
        room=-matrix.row_lower[first:],
        link=np.zeros(count, np.int64),
        gain=np.full(count, np.inf),
        price=np.append(price, np.zeros(count - len(price))),
        link_cost=np.array([plan.item[link.item].cost for link in plan.links] or [0.0]),
    )
    _read_rows(master, costs, first)
    return costs


def _read_rows(master: MasterProgramme, costs: CutCosts, first: int) -> None:
    """Fills in what the entries of the cuts' rows say."""
    matrix = master.matrix
    sources = {
        int(column): (source, month)
        for source, columns in enumerate(master.backbone.parts.values())
        for month, column in enumerate(columns)
    }
    links = {int(c): link for link, columns in enumerate(master.backbone.units) for c in columns}
    for cut in range(len(costs.room)):
        at = slice(matrix.start[first + cut], matrix.start[first + cut + 1])
        entries = zip(matrix.index[at].tolist(), matrix.value[at].tolist(), strict=True)
        for column, value in entries:
            if column in sources:
                source, costs.month[cut] = sources[column]
                costs.weight[source, cut] = -value
            else:
                lower, upper = matrix.lower[column], matrix.upper[column]
                costs.now[cut] += value * lower
                costs.room[cut] += value * upper
                if upper > lower:
                    _prefer_cheaper(costs, cut, links[column], value)


def _prefer_cheaper(costs: CutCosts, cut: int, link: int, gain: float) -> None:
    """Each cut names the link that adds to it at least cost."""
    best = costs.link_cost[costs.link[cut]] / costs.gain[cut]
    if np.isinf(costs.gain[cut]) or costs.link_cost[link] / gain < best:
        costs.link[cut], costs.gain[cut] = link, gain

"""Where each project stands, as arrays that small changes keep up to date.

A project is tried in all its choices at once: its house's gear by formula (`_gear`), what campus
and region limit in sum, and the cuts known of the backbone, at links as full as they may be.
Notable: it only proposes. What it finds is ordered for, asked about and priced by the programme
before it counts.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from commonplace.capacity.network.topology import shares
from commonplace.capacity.placement._backbone import nodes_of_houses
from commonplace.capacity.placement._cut_costs import CutCosts, cut_costs
from commonplace.capacity.placement._gear import PARTS, TOLERANCE, Gear
from commonplace.capacity.placement._rows import SHARED
from commonplace.capacity.placement.choices import Choices
from commonplace.capacity.placement.master import MasterProgramme
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_OVERLOOKED = 0.02  # of the choices, each time others


@dataclass(frozen=True, eq=False)
class PackingOptions:
    """What may be packed, and the limits of campuses and regions on it."""

    choices: Choices
    first: Int64s  # the first choice of each project, and the number of choices
    needs: Float64s  # [pool, parts] of the house's gear and limits
    node: Int64s  # of each house
    source: Int64s  # [pool, nodes]: the row of `CutCosts.weight`
    share: Float64s  # [pool] of its product
    site_part: Int64s  # the number in `SHARED` that a site limits
    site_room: Float64s  # [limits, horizon]
    inside: Bools  # [limits, houses]

    def of(self, project: int) -> Int64s:
        """The choices of a project."""
        return np.arange(self.first[project], self.first[project + 1])


@dataclass(frozen=True, eq=False)
class PackingLoads:
    """What stands where and what that uses; these arrays are what a change changes."""

    standing: Int64s  # the choice of each project; -1: it has none
    load: Float64s  # [houses, parts, horizon]
    gear_cost: Float64s  # [houses]
    uses: Float64s  # [houses, SHARED, horizon]
    site_use: Float64s  # [limits, horizon]
    cut_use: Float64s  # [cuts]

    def copy(self) -> "PackingLoads":
        """The same in arrays of its own."""
        return PackingLoads(**{f.name: getattr(self, f.name).copy() for f in fields(self)})


def _packing_options(master: MasterProgramme, gear: Gear) -> PackingOptions:
    plan, choices = master.plan, master.choices
    sites = [site.id for site in plan.sites if site.kind != "house"]
    limits = [(s, n) for s in sites for n, r in enumerate(SHARED) if (s, r) in gear.base]
    room = [np.maximum(gear.base[s, SHARED[n]].headroom, 0.0) for s, n in limits]
    inside = [[s in plan.above(house) for house in plan.houses] for s, _ in limits]
    source, share = _sources(master)
    return PackingOptions(
        choices=choices,
        first=np.searchsorted(choices.project, np.arange(len(choices.pool) + 1)),
        needs=np.array([gear.needs(p) for p in choices.pool]).reshape(-1, len(PARTS)),
        node=nodes_of_houses(plan, master.backbone.net),
        source=source,
        share=share,
        site_part=np.array([n for _, n in limits], np.int64),
        site_room=np.array(room).reshape(len(limits), plan.horizon),
        inside=np.array(inside, bool).reshape(len(limits), len(plan.houses)),
    )


def _sources(master: MasterProgramme) -> tuple[Int64s, Float64s]:
    """The row of the cuts' weights of each project at each node, and its share of the product."""
    pool, nodes = master.choices.pool, len(master.backbone.net.nodes)
    number = {source: n for n, source in enumerate(master.backbone.parts)}
    row, share = np.full((len(pool), nodes), -1), np.zeros(len(pool))
    for p, project in enumerate(pool):
        if project.side == "machine":
            share[p] = shares(master.plan, project.product).get(project.id, 0.0)
            row[p] = [number.get((project.product, n), -1) for n in range(nodes)]
    return row, share


@dataclass(eq=False)
class Packing:
    """A state of the packing, and what its changes are measured by."""

    gear: Gear
    random: np.random.Generator
    options: PackingOptions
    costs: CutCosts
    loads: PackingLoads

    def put(self, project: int) -> bool:
        """Puts a project where it is cheapest, in time if it can; False: nothing is worth it."""
        at = self.options.of(project)
        at = at[self.random.random(len(at)) > _OVERLOOKED]
        in_time = self.options.choices.late[at] <= 0
        return self._put(project, at[in_time]) or self._put(project, at[~in_time])

    def _put(self, project: int, at: Int64s) -> bool:
        if not len(at):
            return False
        choices, loads = self.options.choices, self.loads
        houses = choices.house[at]
        load = loads.load[houses] + self._needs(project, at)
        fits, cost, uses = self.gear.evaluate(load, houses)
        fits &= self._sites_hold(houses, uses)
        price = choices.late[at] + cost - loads.gear_cost[houses]
        if len(self.costs.room):
            sends = self.sends(project, at)
            # What sends nothing over a full cut may still be put there.
            over = (loads.cut_use + sends > self.costs.room) & (sends > 1e-12)
            fits &= ~over.any(1)
            price = price + sends @ self.costs.price
        price = np.where(fits, price, np.inf)
        best = int(price.argmin())
        if price[best] >= choices.refused[project]:
            return False
        loads.standing[project] = at[best]
        loads.cut_use[:] += self.sends(project, at[best : best + 1])[0]
        self._set_house(int(houses[best]), load[best], float(cost[best]), uses[best])
        return True

    def take_out(self, project: int) -> None:
        """Takes a project out of where it stands."""
        at = self.loads.standing[project : project + 1].copy()
        if at[0] < 0:
            return
        houses = self.options.choices.house[at]
        load = self.loads.load[houses] - self._needs(project, at)
        _, cost, uses = self.gear.evaluate(load, houses)
        self.loads.cut_use[:] -= self.sends(project, at)[0]
        self.loads.standing[project] = -1
        self._set_house(int(houses[0]), load[0], float(cost[0]), uses[0])

    def _needs(self, project: int, at: Int64s) -> Float64s:
        """What choices of a project add to their houses, [choices, parts, horizon]."""
        months = np.arange(self.loads.load.shape[2])
        stands = months >= self.options.choices.month[at][:, None]
        return np.asarray(self.options.needs[project][None, :, None] * stands[:, None, :])

    def _sites_hold(self, houses: Int64s, uses: Float64s) -> Bools:
        """Whether campus and region have room for uses of these houses, or are used no more."""
        more = (uses - self.loads.uses[houses])[:, self.options.site_part]
        more = more * self.options.inside.T[houses][..., None]
        over = self.loads.site_use + more > self.options.site_room + TOLERANCE
        return np.asarray(~(over & (more > TOLERANCE)).any((1, 2)))

    def sends(self, project: int, at: Int64s) -> Float64s:
        """What choices of a project add to each cut, [choices, cuts]."""
        source = self.options.source[project, self.options.node[self.options.choices.house[at]]]
        stands = self.options.choices.month[at][:, None] <= self.costs.month
        return np.asarray(self.costs.weight[source] * self.options.share[project] * stands)

    def _set_house(self, house: int, load: Float64s, cost: float, uses: Float64s) -> None:
        loads = self.loads
        more = (uses - loads.uses[house])[self.options.site_part]
        loads.site_use[:] += more * self.options.inside[:, house][:, None]
        loads.load[house], loads.gear_cost[house], loads.uses[house] = load, cost, uses

    def learn(self, master: MasterProgramme, duals: Float64s | None = None) -> None:
        """Takes over the cuts that the programme has by now."""
        self.costs = cut_costs(master, self.costs.price, duals)
        use = np.zeros(len(self.costs.room))
        for project in np.flatnonzero(self.loads.standing >= 0).tolist():
            use += self.sends(project, self.loads.standing[project : project + 1])[0]
        self.loads = replace(self.loads, cut_use=use)

    def project_costs(self) -> Float64s:
        """Lateness or refusal of each project, [pool]."""
        standing = self.loads.standing
        return self.options.choices.costs(standing[standing >= 0])

    def cost(self) -> float:
        """Lateness, refusals, gear, and about what links cost."""
        houses = float(self.project_costs().sum() + self.loads.gear_cost.sum())
        return houses + self.costs.missing_links(self.loads.cut_use)

    def selected(self) -> Bools:
        """The choices that are taken."""
        selected = np.zeros(len(self.options.choices), bool)
        selected[self.loads.standing[self.loads.standing >= 0]] = True
        return selected

    def values(self, master: MasterProgramme, values: Float64s) -> Float64s:
        """These values with the places, and the gear for them, of the packing."""
        rows, values, houses = master.rows, values.copy(), master.plan.houses
        values[rows.choice] = self.selected()
        gear = {(h, i.id): rows.units[h, i.id] for h in houses for i in rows.items}
        for columns in gear.values():
            values[columns] = master.matrix.lower[columns]
        for item, units in self.gear.units_for(self.loads.load, np.arange(len(houses))):
            if item is not None:
                for house, house_units in zip(houses, units, strict=True):
                    values[gear[house, item.id]] += house_units
        return master.translation.completed(values)


def empty_packing(master: MasterProgramme, random: np.random.Generator) -> Packing:
    """Nothing of the pool stands anywhere yet."""
    plan, gear = master.plan, Gear(master.plan)
    options, costs = _packing_options(master, gear), cut_costs(master, np.zeros(0))
    load = np.zeros((len(plan.houses), len(PARTS), plan.horizon))
    _, gear_cost, uses = gear.evaluate(load, np.arange(len(plan.houses)))
    inside = options.inside.astype(float)
    loads = PackingLoads(
        standing=np.full(len(options.choices.pool), -1),
        load=load,
        gear_cost=gear_cost,
        uses=uses,
        site_use=np.einsum("sh,hst->st", inside, uses[:, options.site_part]),
        cut_use=np.zeros(len(costs.room)),
    )
    return Packing(gear=gear, random=random, options=options, costs=costs, loads=loads)

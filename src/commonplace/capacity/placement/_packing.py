"""Where each project stands, as arrays that small changes keep up to date.

A project is tried in all its choices at once: its house's gear by formula (`_make_gear`), what
campus and region limit in sum, and the cuts known of the backbone, at links as full as they
may be. Notable: it only proposes. What it finds is ordered for, asked about and priced by the
programme before it counts.
"""

import numpy as np

from commonplace.capacity.network.topology import node, shares
from commonplace.capacity.placement._gear import PARTS, TOLERANCE, Gear
from commonplace.capacity.placement._master import Whole
from commonplace.capacity.placement._rows import SHARED
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_BLINK = 0.02  # of the choices are overlooked, each time others


class Packing:
    """Where each project stands; loads of houses [houses, parts, horizon], gear follows."""

    def __init__(self, whole: Whole, random: np.random.Generator) -> None:
        self.whole, self.plan, self.random = whole, whole.plan, random
        self.horizon, self.choices = whole.plan.horizon, whole.choices
        self.gear = Gear(self.plan)
        self.takes = np.array([self.gear.taken(p) for p in self.choices.pool]).reshape(
            -1, len(PARTS)
        )
        self.first = np.searchsorted(self.choices.project, np.arange(len(self.choices.pool) + 1))
        self.standing = np.full(len(self.choices.pool), -1)  # the choice of each project
        self.load = np.zeros((len(self.plan.houses), len(PARTS), self.horizon))
        self._above()
        self._sources()
        self.cut_price = np.zeros(0)
        self.link_cost = np.array([self.plan.item[k.item].cost for k in self.plan.links] or [0.0])
        self.learn()
        everywhere = np.arange(len(self.plan.houses))
        _, self.gear_cost, self.uses = self.gear.evaluated(self.load, everywhere)
        self.site_use = self._site_use()

    # ------------------------------------------------------------------ what there is

    def _above(self) -> None:
        """Which houses a campus or region sums up, and what it has left."""
        sites = [s.id for s in self.plan.sites if s.kind != "house"]
        pairs = [
            (s, n) for s in sites for n in range(len(SHARED)) if (s, SHARED[n]) in self.gear.base
        ]
        self.site_part = np.array([n for _, n in pairs], np.int64)
        self.site_room = np.array(
            [np.maximum(self.gear.base[s, SHARED[n]].headroom, 0.0) for s, n in pairs]
        ).reshape(len(pairs), self.horizon)
        self.inside = np.array(
            [[s in self.plan.above(house) for house in self.plan.houses] for s, _ in pairs], bool
        ).reshape(len(pairs), len(self.plan.houses))

    def _sources(self) -> None:
        """Of each (project, house) the product's part at a node, as rows of the cuts' weights."""
        backbone = self.whole.backbone
        index = {site: n for n, site in enumerate(backbone.net.nodes)}
        self.at_node = np.array([node(self.plan, index, h) for h in self.plan.houses], np.int64)
        keys = {key: n for n, key in enumerate(backbone.parts)}
        self.source = np.full((len(self.choices.pool), len(index)), -1)
        self.share = np.zeros(len(self.choices.pool))
        for p, project in enumerate(self.choices.pool):
            if project.side == "machine":
                self.share[p] = shares(self.plan, project.product).get(project.id, 0.0)
                for n in range(len(index)):
                    self.source[p, n] = keys.get((project.product, n), -1)

    def learn(self, duals: Float64s | None = None) -> None:
        """Take over the cuts that are known: [sources, cuts] weights, each cut's month and room.

        The duals of the relaxation, one for each row, say what sending over a cut costs in links.
        """
        whole, backbone = self.whole, self.whole.backbone
        part = {
            int(c): (n, month)
            for n, columns in enumerate(backbone.parts.values())
            for month, c in enumerate(columns)
        }
        unit = {int(c): n for n, columns in enumerate(backbone.units) for c in columns}
        first = len(whole.rows.family)
        count = len(whole.matrix.row_lower) - first
        self.weight = np.zeros((len(backbone.parts) + 1, count))  # the last row: no source
        self.cut_month, self.cut_room = np.zeros(count, np.int64), np.zeros(count)
        self.cut_now, self.cut_link = np.zeros(count), np.zeros(count, np.int64)
        self.cut_gain = np.full(count, np.inf)  # what a unit of that link adds
        for k in range(count):
            at = slice(whole.matrix.start[first + k], whole.matrix.start[first + k + 1])
            self.cut_room[k] = self.cut_now[k] = -whole.matrix.row_lower[first + k]
            for c, v in zip(whole.matrix.index[at].tolist(), whole.matrix.value[at], strict=True):
                if c in part:
                    source, self.cut_month[k] = part[c]
                    self.weight[source, k] = -v
                else:
                    self._mend(k, c, unit[c], float(v))
        self._priced(duals, first)
        self.cut_use = np.zeros(count)
        for p in np.flatnonzero(self.standing >= 0):
            self.cut_use += self.sends(int(p), self.standing[p : p + 1])[0]

    def _mend(self, cut: int, column: int, link: int, gain: float) -> None:
        """What a link adds to a cut as it is and when full; the cheapest is the cut's own."""
        lower, upper = self.whole.matrix.lower[column], self.whole.matrix.upper[column]
        self.cut_now[cut] += gain * lower
        self.cut_room[cut] += gain * upper
        best = self.link_cost[self.cut_link[cut]] / self.cut_gain[cut]
        if upper > lower and (np.isinf(self.cut_gain[cut]) or self.link_cost[link] / gain < best):
            self.cut_link[cut], self.cut_gain[cut] = link, gain

    def _priced(self, duals: Float64s | None, first: int) -> None:
        """Prices of the cuts, as far as they are known."""
        if duals is not None:
            self.cut_price = np.maximum(duals[first:], 0.0) * self.whole.rows.unit
        more = np.zeros(len(self.cut_room) - len(self.cut_price))
        self.cut_price = np.append(self.cut_price, more)

    def links(self) -> float:
        """About what the links cost that are missing: for each link the most that a cut asks."""
        short = np.maximum(self.cut_use - self.cut_now - 1e-9, 0.0)
        units = np.zeros(len(self.link_cost))
        np.maximum.at(units, self.cut_link, np.ceil(short / self.cut_gain))
        return float(units @ self.link_cost)

    def _site_use(self) -> Float64s:
        """What the houses of each campus and region use, [sites, horizon]."""
        parts = self.uses[:, self.site_part]  # [houses, sites, horizon]
        found: Float64s = np.einsum("sh,hst->st", self.inside.astype(float), parts)
        return found

    def sends(self, project: int, at: Int64s) -> Float64s:
        """What choices of a project add to each cut, [choices, cuts]."""
        source = self.source[project, self.at_node[self.choices.house[at]]]
        found: Float64s = self.weight[source] * self.share[project]
        return found * (self.choices.month[at][:, None] <= self.cut_month)

    # ------------------------------------------------------------------ moves

    def put(self, project: int) -> bool:
        """Into the cheapest choice that fits, in time if any does; False: none is worth it."""
        at = np.arange(self.first[project], self.first[project + 1])
        at = at[self.random.random(len(at)) > _BLINK]
        in_time = self.choices.late[at] <= 0
        return self._put(project, at[in_time]) or self._put(project, at[~in_time])

    def _put(self, project: int, at: Int64s) -> bool:
        if not len(at):
            return False
        houses = self.choices.house[at]
        steps = np.arange(self.horizon) >= self.choices.month[at][:, None]
        load = self.load[houses] + self.takes[project][None, :, None] * steps[:, None, :]
        fits, cost, uses = self.gear.evaluated(load, houses)
        price = self.choices.late[at] + cost - self.gear_cost[houses]
        if len(self.site_part):
            change = (uses - self.uses[houses])[:, self.site_part] * self.inside.T[houses][
                ..., None
            ]
            over = self.site_use + change > self.site_room + TOLERANCE
            fits &= ~(over & (change > TOLERANCE)).any((1, 2))
        if len(self.cut_room):
            sends = self.sends(project, at)
            fits &= ~((self.cut_use + sends > self.cut_room) & (sends > 1e-12)).any(1)
            price = price + sends @ self.cut_price
        price = np.where(fits, price, np.inf)
        best = int(price.argmin())
        if price[best] >= self.choices.refused[project]:
            return False
        self._stand(project, int(at[best]), load[best], float(cost[best]), uses[best])
        return True

    def _stand(self, project: int, at: int, load: Float64s, cost: float, uses: Float64s) -> None:
        house = int(self.choices.house[at])
        self.standing[project] = at
        self.cut_use = self.cut_use + self.sends(project, np.array([at]))[0]
        self._set(house, load, cost, uses)

    def _set(self, house: int, load: Float64s, cost: float, uses: Float64s) -> None:
        change = (uses - self.uses[house])[self.site_part] * self.inside[:, house][:, None]
        self.site_use = self.site_use + change
        self.load[house], self.gear_cost[house], self.uses[house] = load, cost, uses

    def take(self, project: int) -> None:
        """Out of where it stands."""
        at = int(self.standing[project])
        if at < 0:
            return
        house = int(self.choices.house[at])
        steps = np.arange(self.horizon) >= self.choices.month[at]
        load = self.load[house] - self.takes[project][:, None] * steps
        _, cost, uses = self.gear.evaluated(load[None], np.array([house]))
        self.cut_use = self.cut_use - self.sends(project, np.array([at]))[0]
        self.standing[project] = -1
        self._set(house, load, float(cost[0]), uses[0])

    def costs(self) -> Float64s:
        """Lateness or refusal of each project, [pool]."""
        found = self.choices.refused.copy()
        on = self.standing >= 0
        found[on] = self.choices.late[self.standing[on]]
        return found

    def cost(self) -> float:
        """Of the state: lateness, refusals, gear, and about what links cost."""
        return float(self.costs().sum() + self.gear_cost.sum()) + self.links()

    def saved(self) -> tuple[Float64s, ...]:
        """The state, to return to."""
        kept = (self.standing, self.load, self.gear_cost, self.uses, self.site_use, self.cut_use)
        return tuple(part.copy() for part in kept)

    def restore(self, kept: tuple[Float64s, ...]) -> None:
        """Return to a state."""
        names = ("standing", "load", "gear_cost", "uses", "site_use", "cut_use")
        for name, part in zip(names, kept, strict=True):
            setattr(self, name, part.copy())

    def valued(self, values: Float64s) -> Float64s:
        """These values with the places, and the gear for them, of the packing."""
        whole, values = self.whole, values.copy()
        values[whole.rows.choice] = self.chosen()
        for columns in whole.rows.units.values():
            values[columns] = whole.matrix.lower[columns]
        for item, units in self.gear.bought(self.load, np.arange(len(self.plan.houses))):
            for n, house in enumerate(self.plan.houses if item else ()):
                assert item is not None
                values[whole.rows.units[house, item.id]] += units[n]
        return whole.completed(values)

    def chosen(self) -> Bools:
        """The choices that are taken."""
        found = np.zeros(len(self.choices), bool)
        found[self.standing[self.standing >= 0]] = True
        return found

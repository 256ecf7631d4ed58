"""A quick search for places: thousands of small changes, each held against every row at once.

Given what stands in a house, its cheapest gear is nearly a formula: superblocks for ports and for
south, optics for what is dark, border routers, a skeleton for what is lit, each the running maximum
of what the months need. So one project is tried in all its choices at once, as arrays. Projects are
taken out around one that is late and put back in another order (ruin and recreate; Schrimpf et al.
2000), worse states are kept for a while (annealing). Notable: it only proposes. One item of each
role is ordered and links are taken as full as they may be; what it finds is ordered for, asked
about and priced by the programme before it counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np

from commonplace.capacity._house import fbr_gbps, site_rows
from commonplace.capacity._make_choices import Floats, Ints
from commonplace.capacity._make_rows import LOADS, SHARED, load_of
from commonplace.capacity._make_whole import Bools, Whole
from commonplace.capacity._model import Item, Project, Role
from commonplace.capacity._network import node, shares
from commonplace.capacity._order_stock import too_soon
from commonplace.capacity._stock import stocks

_GEAR = ("ports_of", "uplinks", "uplinks_gbps", "optics", "optics_gbps", "spine", "border_gbps")
_PARTS = (*LOADS, *_GEAR, "border", "border_ports", "positions", "gear_kw")
_AT = {name: n for n, name in enumerate(_PARTS)}
_BLINK = 0.02  # of the choices are overlooked, each time others
_MOST = 14  # projects that are taken out at once
_COOLING = 0.01  # what is left of the heat in the end
_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class _Roles:
    """The item of each role that is ordered: the cheapest for what it brings; None: none is."""

    superblock: Item | None
    optics: Item | None
    fbr: Item | None
    skeleton: Item | None


class Packing:
    """Where each project stands; loads of houses [houses, parts, horizon], gear follows."""

    def __init__(self, whole: Whole, random: np.random.Generator) -> None:
        self.whole, self.plan, self.random = whole, whole.plan, random
        self.horizon, self.choices = whole.plan.horizon, whole.choices
        stock = stocks(self.plan)
        rows = list(site_rows(self.plan, stock))
        self.base = {(row.site, row.resource): row for row in rows}
        self.given = np.array([self._given(house, stock) for house in self.plan.houses])
        self.room = np.array(
            [[self._room(house, name) for name in SHARED] for house in self.plan.houses]
        )
        self.roles = self._roles()
        self.brings = {item.id: _brings(item) for item in self.plan.items}
        self.soon = {item.id: too_soon(self.plan, item) for item in self.plan.items}
        self.takes = np.array([self._takes(p) for p in self.choices.pool]).reshape(-1, len(_PARTS))
        self.first = np.searchsorted(self.choices.project, np.arange(len(self.choices.pool) + 1))
        self.standing = np.full(len(self.choices.pool), -1)  # the choice of each project
        self.load = np.zeros((len(self.plan.houses), len(_PARTS), self.horizon))
        self._above()
        self._sources()
        self.learn()
        everywhere = np.arange(len(self.plan.houses))
        _, self.gear_cost, self.uses = self.evaluated(self.load, everywhere)
        self.site_use = self._site_use()

    # ------------------------------------------------------------------ what there is

    def _room(self, house: str, resource: str) -> Floats:
        row = self.base.get((house, resource))
        return np.full(self.horizon, np.inf) if row is None else np.maximum(row.headroom, 0.0)

    def _given(self, house: str, stock: object) -> Floats:
        """Base loads and gear of a house in the parts, [parts, horizon]."""
        found = np.zeros((len(_PARTS), self.horizon))
        for name in ("ports", "south", "north"):
            found[_AT[name]] = self.base[house, name].load
        for item in self.plan.items:
            units = stock.get((house, item.id))  # type: ignore[attr-defined]
            if units is not None:
                found += np.outer(_brings(item), units)
        found[_AT["border_gbps"]] = self.base[house, "north"].capacity
        return found

    def _roles(self) -> _Roles:
        def best(role: Role, gain: Callable[[Item], float]) -> Item | None:
            found = [i for i in self.plan.items if i.role == role and gain(i) > 0]
            return min(found, key=lambda i: i.cost / gain(i), default=None)

        return _Roles(
            best("superblock", lambda i: float(min(i.ports_south, i.ports_north))),
            best("optics", lambda i: float(i.ports_north)),
            best("fbr", fbr_gbps),
            best("skeleton", lambda i: float(i.ports_south)),
        )

    def _takes(self, project: Project) -> Floats:
        found = np.zeros(len(_PARTS))
        for name in LOADS:
            found[_AT[name]] = load_of(project, name)
        if project.side == "network" and project.item:
            found += _brings(self.plan.item[project.item]) * project.units
        return found

    def _above(self) -> None:
        """Which houses a campus or region sums up, and what it has left."""
        sites = [s.id for s in self.plan.sites if s.kind != "house"]
        pairs = [(s, n) for s in sites for n in range(len(SHARED)) if (s, SHARED[n]) in self.base]
        self.site_part = np.array([n for _, n in pairs], np.int64)
        self.site_room = np.array(
            [np.maximum(self.base[s, SHARED[n]].headroom, 0.0) for s, n in pairs]
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

    def learn(self, duals: Floats | None = None) -> None:
        """Take over the cuts that are known: [sources, cuts] weights, each cut's month and room.

        The duals of the relaxation, one for each row, say what sending over a cut costs in links.
        """
        whole, backbone = self.whole, self.whole.backbone
        column = {
            int(c): (n, month)
            for n, columns in enumerate(backbone.parts.values())
            for month, c in enumerate(columns)
        }
        first = len(whole.rows.family)
        count = len(whole.matrix.row_lower) - first
        self.weight = np.zeros((len(backbone.parts) + 1, count))  # the last row: no source
        self.cut_month, self.cut_room = np.zeros(count, np.int64), np.zeros(count)
        for k in range(count):
            at = slice(whole.matrix.start[first + k], whole.matrix.start[first + k + 1])
            self.cut_room[k] = -whole.matrix.row_lower[first + k]
            for c, v in zip(whole.matrix.index[at], whole.matrix.value[at], strict=True):
                if int(c) in column:
                    source, self.cut_month[k] = column[int(c)]
                    self.weight[source, k] = -v
                else:
                    self.cut_room[k] += v * whole.matrix.upper[c]
        kept = getattr(self, "cut_price", np.zeros(0))
        if duals is not None:
            kept = np.maximum(duals[first:], 0.0) * whole.rows.unit
        self.cut_price = np.append(kept, np.zeros(count - len(kept)))
        self.cut_use = np.zeros(count)
        for p in np.flatnonzero(self.standing >= 0):
            self.cut_use += self._sends(int(p), self.standing[p : p + 1])[0]

    # ------------------------------------------------------------------ gear of houses

    def evaluated(self, load: Floats, houses: Ints) -> tuple[Bools, Floats, Floats]:
        """Of loads [n, parts, horizon] in `houses` [n]: whether they fit, gear's cost, and uses.

        Uses are [n, 4, horizon], in the order of `SHARED`.
        """
        has = self.given[houses] + load
        policies, roles = self.plan.policies, self.roles
        residual, first = max(policies.residual, 1e-9), policies.first_optics
        fits = np.ones(len(houses), bool)
        cost = np.zeros(len(houses))
        gear = np.zeros((len(houses), len(_PARTS), self.horizon))

        def order(item: Item | None, short: Floats, per: float) -> None:
            nonlocal fits, cost
            if item is None or per <= 0:
                fits &= ~(short > _TOLERANCE).any(1)
                return
            units = np.maximum.accumulate(np.ceil(np.maximum(short / per - 1e-7, 0.0)), axis=1)
            fits &= ~units[:, : self.soon[item.id]].any(1)
            cost += units[:, -1] * item.cost
            gear[:] += self.brings[item.id][None, :, None] * units[:, None, :]

        lit = has[:, _AT["south"]] / residual
        block = roles.superblock
        if block is None:
            order(None, has[:, _AT["ports"]] - has[:, _AT["ports_of"]], 0.0)
            order(None, lit - has[:, _AT["uplinks_gbps"]], 0.0)
        else:
            wide = block.ports_north * block.gbps
            ports = (has[:, _AT["ports"]] - has[:, _AT["ports_of"]]) / max(block.ports_south, 1e-9)
            south = (lit - has[:, _AT["uplinks_gbps"]]) / max(wide, 1e-9)
            order(block, np.maximum(ports, south), 1.0)
        dark = lit - first * (has + gear)[:, _AT["uplinks_gbps"]] - has[:, _AT["optics_gbps"]]
        optics = roles.optics
        order(optics, dark, optics.ports_north * optics.gbps if optics else 0.0)
        north = has[:, _AT["north"]] - has[:, _AT["border_gbps"]]
        border = roles.fbr
        if border is not None:
            missing = np.maximum(policies.lost_fbrs - has[:, _AT["border"]], 0.0)
            north = np.where(north > _TOLERANCE, north + missing * fbr_gbps(border), 0.0)
        order(border, north, fbr_gbps(border) if border else 0.0)
        now = has + gear
        ports = now[:, _AT["border_ports"]] - now[:, _AT["spine"]]
        ports = ports + np.minimum(
            now[:, _AT["uplinks"]], first * now[:, _AT["uplinks"]] + now[:, _AT["optics"]]
        )
        spine = roles.skeleton
        order(spine, ports, float(spine.ports_south) if spine else 0.0)
        more = load + gear
        uses = np.stack(
            [
                more[:, _AT["space"]],
                more[:, _AT["power"]] + more[:, _AT["gear_kw"]],
                more[:, _AT["positions"]],
                more[:, _AT["gear_kw"]],
            ],
            axis=1,
        )
        over = uses > self.room[houses] + _TOLERANCE
        return fits & ~over.any((1, 2)), cost, uses

    def _site_use(self) -> Floats:
        """What the houses of each campus and region use, [sites, horizon]."""
        parts = self.uses[:, self.site_part]  # [houses, sites, horizon]
        found: Floats = np.einsum("sh,hst->st", self.inside.astype(float), parts)
        return found

    def _sends(self, project: int, at: Ints) -> Floats:
        """What choices of a project add to each cut, [choices, cuts]."""
        source = self.source[project, self.at_node[self.choices.house[at]]]
        found: Floats = self.weight[source] * self.share[project]
        return found * (self.choices.month[at][:, None] <= self.cut_month)

    # ------------------------------------------------------------------ moves

    def put(self, project: int) -> bool:
        """Into the cheapest choice that fits, in time if any does; False: none is worth it."""
        at = np.arange(self.first[project], self.first[project + 1])
        at = at[self.random.random(len(at)) > _BLINK]
        in_time = self.choices.late[at] <= 0
        return self._put(project, at[in_time]) or self._put(project, at[~in_time])

    def _put(self, project: int, at: Ints) -> bool:
        if not len(at):
            return False
        houses = self.choices.house[at]
        steps = np.arange(self.horizon) >= self.choices.month[at][:, None]
        load = self.load[houses] + self.takes[project][None, :, None] * steps[:, None, :]
        fits, cost, uses = self.evaluated(load, houses)
        price = self.choices.late[at] + cost - self.gear_cost[houses]
        if len(self.site_part):
            change = (uses - self.uses[houses])[:, self.site_part] * self.inside.T[houses][
                ..., None
            ]
            over = self.site_use + change > self.site_room + _TOLERANCE
            fits &= ~(over & (change > _TOLERANCE)).any((1, 2))
        if len(self.cut_room):
            sends = self._sends(project, at)
            fits &= ~((self.cut_use + sends > self.cut_room) & (sends > 1e-12)).any(1)
            price = price + sends @ self.cut_price
        price = np.where(fits, price, np.inf)
        best = int(price.argmin())
        if price[best] >= self.choices.refused[project]:
            return False
        self._stand(project, int(at[best]), load[best], float(cost[best]), uses[best])
        return True

    def _stand(self, project: int, at: int, load: Floats, cost: float, uses: Floats) -> None:
        house = int(self.choices.house[at])
        self.standing[project] = at
        self.cut_use = self.cut_use + self._sends(project, np.array([at]))[0]
        self._set(house, load, cost, uses)

    def _set(self, house: int, load: Floats, cost: float, uses: Floats) -> None:
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
        _, cost, uses = self.evaluated(load[None], np.array([house]))
        self.cut_use = self.cut_use - self._sends(project, np.array([at]))[0]
        self.standing[project] = -1
        self._set(house, load, float(cost[0]), uses[0])

    def costs(self) -> Floats:
        """Lateness or refusal of each project, [pool]."""
        found = self.choices.refused.copy()
        on = self.standing >= 0
        found[on] = self.choices.late[self.standing[on]]
        return found

    def cost(self) -> float:
        """Of the state: lateness, refusals, gear, and links as far as the cuts' prices tell."""
        return float(self.costs().sum() + self.gear_cost.sum() + self.cut_price @ self.cut_use)

    def saved(self) -> tuple[Floats, ...]:
        """The state, to return to."""
        kept = (self.standing, self.load, self.gear_cost, self.uses, self.site_use, self.cut_use)
        return tuple(part.copy() for part in kept)

    def restore(self, kept: tuple[Floats, ...]) -> None:
        """Return to a state."""
        names = ("standing", "load", "gear_cost", "uses", "site_use", "cut_use")
        for name, part in zip(names, kept, strict=True):
            setattr(self, name, part.copy())

    def chosen(self) -> Bools:
        """The choices that are taken."""
        found = np.zeros(len(self.choices), bool)
        found[self.standing[self.standing >= 0]] = True
        return found

    # ------------------------------------------------------------------ search

    def fill(self) -> None:
        """Everything that has no place: the dearest to be late first."""
        missing = np.flatnonzero(self.standing < 0)
        for project in missing[np.argsort(-self.choices.refused[missing])]:
            self.put(int(project))

    def repair(self) -> None:
        """Take projects out of cuts that were learnt and are violated, and fill again."""
        while len(self.cut_room) and (self.cut_use - self.cut_room).max() > 1e-9:
            cut = int((self.cut_use - self.cut_room).argmax())
            on = np.flatnonzero(self.standing >= 0)
            sends = np.array([self._sends(int(p), self.standing[p : p + 1])[0, cut] for p in on])
            if not (sends > 0).any():
                break
            worth = sends / (self.choices.refused[on] + 1.0)
            worth *= self.random.random(len(on))
            self.take(int(on[worth.argmax()]))
        self.fill()

    def anneal(self, deadline: float, stopped: Callable[[], bool]) -> None:
        """Take out and put back until the deadline; ends in the best state that was seen."""
        start, cost = monotonic(), self.cost()
        best, kept = cost, self.saved()
        hot = self._heat()
        while (left := (deadline - monotonic()) / max(deadline - start, 1e-9)) > 0:
            if stopped():
                break
            before = self.saved()
            self._change()
            now = self.cost()
            heat = hot * _COOLING ** (1 - left)
            if now < cost or self.random.random() < np.exp(min(0.0, (cost - now) / heat)):
                cost = now
                if cost < best - 1e-6:
                    best, kept = cost, self.saved()
            else:
                self.restore(before)
        self.restore(kept)

    def _heat(self) -> float:
        """What a change may cost at first: a third of a month of a project; else a part of gear."""
        late = self.costs()
        if late.any():
            return float(self.choices.refused.mean()) / 150
        dearest = max((i.cost for i in self.plan.items if i.role != "line"), default=1.0)
        return max(0.3 * dearest, 1e-6)

    def _change(self) -> None:
        """Some projects of one to three houses around a seed, out and in again."""
        random, choice = self.random, self.choices
        costs = self.costs()
        weight = np.sqrt(costs) + 0.02 * np.sqrt(costs.mean() + 1.0) + 1e-9
        seed = int(random.choice(len(weight), p=weight / weight.sum()))
        mine = np.unique(choice.house[self.first[seed] : self.first[seed + 1]])
        if not len(mine):
            return
        houses = random.permutation(mine)[: 1 + random.integers(4)]
        on = np.flatnonzero(self.standing >= 0)
        on = on[np.isin(choice.house[self.standing[on]], houses)]
        month = choice.month[self.standing[seed]] if self.standing[seed] >= 0 else self.horizon
        early = choice.month[self.standing[on]] <= month
        on = on[early | (random.random(len(on)) < 0.3)]
        out = random.permutation(on)[: 1 + random.integers(_MOST)]
        waiting = np.flatnonzero(self.standing < 0)
        out = np.unique([*out, seed, *random.permutation(waiting)[:4]])
        for project in out:
            self.take(int(project))
        for project in out[np.argsort(self._order(out))]:
            self.put(int(project))

    def _order(self, out: Ints) -> Floats:
        """By which they are put back, the least first."""
        random = self.random
        keys = (
            -self.choices.refused[out],
            -self.takes[out, _AT["ports"]],
            np.array([float(self.choices.pool[p].need) for p in out]),
            random.random(len(out)),
        )
        key = keys[int(random.integers(len(keys)))]
        spread = float(np.ptp(key)) or 1.0
        return np.asarray(key + random.random(len(out)) * 0.3 * spread)


def _brings(item: Item) -> Floats:
    """What one unit of an item adds to the parts."""
    found = np.zeros(len(_PARTS))
    found[_AT["positions"]], found[_AT["gear_kw"]] = item.positions, item.kw
    wide = item.ports_north * item.gbps
    if item.role == "superblock":
        found[_AT["ports_of"]] = item.ports_south
        found[_AT["uplinks"]], found[_AT["uplinks_gbps"]] = item.ports_north, wide
    elif item.role == "optics":
        found[_AT["optics"]], found[_AT["optics_gbps"]] = item.ports_north, wide
    elif item.role == "skeleton":
        found[_AT["spine"]] = item.ports_south
    elif item.role == "fbr":
        found[_AT["border_gbps"]], found[_AT["border"]] = fbr_gbps(item), 1.0
        found[_AT["border_ports"]] = item.ports_south
    return found

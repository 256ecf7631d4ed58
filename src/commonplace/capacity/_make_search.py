"""A search over placements: take some projects out, put each back where it costs least, keep what helps.

Ruin and recreate (Schrimpf et al. 2000; Christiaens and Vanden Berghe 2020) with the houses' closed
form (`_make_houses`), hundreds of times a second; annealed. Notable: links stay as they were ordered
last, and every known row of the backbone is held, at a price where more can be ordered for it, at
all costs where not. What comes out is made exact by the programme (`_make_improve`).
"""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from commonplace.capacity._make_cuts import Backbone, Cut
from commonplace.capacity._make_houses import Equipped, Houses, equip, houses
from commonplace.capacity._make_model import Formulation, needs, weight
from commonplace.capacity._model import Plan
from commonplace.capacity._network import node, shares
from commonplace.capacity._programme import Floats, Ints
from commonplace.capacity._stock import supply

_IMPOSSIBLE = 1e15
NOWHERE = -1


@dataclass(eq=False)
class Search:
    """The state: which choice each project of the pool has, and what the houses cost for it."""

    f: Formulation
    plan: Plan  # with the network projects of the pool placed
    seed: int = 0
    s: Houses = field(init=False)
    at: Ints = field(init=False)  # [pool]: a choice, or NOWHERE
    loads: Floats = field(init=False)  # [houses, months, loads]
    cost: Floats = field(init=False)  # [houses]
    slack: Floats = field(init=False)  # [rows of the backbone]

    def __post_init__(self) -> None:
        f = self.f
        self.random = np.random.default_rng(self.seed)
        grid = np.array(sorted({end for e in f.epochs.values() for end in e.ends}), np.int64)
        self.s = houses(self.plan, grid)
        c = f.choices
        self.brought = np.array([needs(p) for p in f.pool]).reshape(len(f.pool), -1)
        self.machine = np.array([p.side == "machine" for p in f.pool], bool)
        self.of = [np.flatnonzero(c.project == p) for p in range(len(f.pool))]
        self.stands = (grid >= c.month[:, None]).astype(float)  # [choices, months]
        need = np.array([p.need for p in f.pool], np.int64)
        worth = np.array([weight(f.plan, p) for p in f.pool])
        policy = f.plan.policies
        self.late = np.maximum(0, c.month - need[c.project]) * worth[c.project] * policy.late_cost
        self.refused = worth * policy.refused_cost
        names = {name: n for n, name in enumerate(f.net.nodes)}
        at = np.array([node(f.plan, names, h) for h in f.plan.houses], np.int64)
        self.node = at[c.house]
        self.stretch = np.array([f.backbone.of(int(m)) for m in c.month], np.int64)
        parts = {p.product: shares(f.plan, p.product) for p in f.pool}
        self.part = np.array([parts[p.product].get(p.id, 0.0) for p in f.pool])
        self.sites = _limited(self.plan, grid)
        self._empty = equip(
            self.s, np.arange(len(f.plan.houses)), np.zeros((len(f.plan.houses), len(grid), 5))
        )
        self.at = np.full(len(f.pool), NOWHERE, np.int64)
        self.hold(np.zeros((0, 0, 0)), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))

    # ------------------------------------------------------------ the backbone's rows

    def hold(self, loads: Floats, room: Floats, price: Floats, stretch: Ints) -> None:
        """Rows to hold: loads [rows, products, nodes] of a whole product, the room for all, prices."""
        self.row_loads, self.row_room, self.row_price = loads, room, price
        self.row_stretch = stretch
        self.products = {p: n for n, p in enumerate(sorted({x.product for x in self.f.pool}))}
        self.product = np.array([self.products[p.product] for p in self.f.pool], np.int64)
        self.restate()

    def on_rows(self, choices: Ints) -> Floats:
        """What each of some choices loads the backbone's rows with, [choices, rows]."""
        project = self.f.choices.project[choices]
        loads = self.row_loads[:, self.product[project], self.node[choices]].T
        counts = self.stretch[choices][:, None] <= self.row_stretch
        return loads * counts * self.part[project][:, None]

    def restate(self) -> None:
        """Everything anew from the choices."""
        f, placed = self.f, self.at[self.at != NOWHERE]
        placed = placed[self.machine[f.choices.project[placed]]]
        self.loads = np.zeros((len(f.plan.houses), len(self.s.months), 5))
        brought = self.brought[f.choices.project[placed]]
        np.add.at(
            self.loads, f.choices.house[placed], self.stands[placed][:, :, None] * brought[:, None]
        )
        self.slack = self.row_room.copy()
        if len(self.slack):
            self.slack -= self.on_rows(placed).sum(0)
        self._equip(np.arange(len(f.plan.houses)))

    def _equip(self, which: Ints) -> None:
        found = equip(self.s, which, self.loads[which])
        if len(which) == len(self.loads):
            self.cost = np.zeros(len(which))
            self.kw, self.positions = np.zeros(found.kw.shape), np.zeros(found.kw.shape)
        empty = ~self.loads[which].any((1, 2))
        self.cost[which] = np.where(empty & ~np.isfinite(found.cost), 0.0, found.cost)
        self.kw[which] = found.kw + self.loads[which][:, :, 1]
        self.positions[which] = found.positions

    def total(self) -> float:
        """The cost of all but the links, with the price of rows that lack room."""
        placed = self.at[self.at != NOWHERE]
        out = (self.at == NOWHERE) & self.machine
        return float(
            self.cost.sum() + self.late[placed].sum() + self.refused[out].sum()
            + self._price(self.slack)
        )

    def _price(self, slack: Floats) -> Floats:
        """What it takes to make room for the row that lacks most."""
        return np.max(np.maximum(-slack, 0.0) * self.row_price, axis=-1, initial=0.0)

    # ------------------------------------------------------------ moves

    def insertion(self, project: int) -> tuple[Floats, Ints]:
        """What each choice of a project would add to the total, infinite where it cannot be."""
        choices = self.of[project]
        house = self.f.choices.house[choices]
        loads = self.loads[house] + self.stands[choices][:, :, None] * self.brought[project]
        found = equip(self.s, house, loads)
        added = found.cost - self.cost[house] + self.late[choices]
        if len(self.slack):
            lack = self.slack - self.on_rows(choices)
            added = added + self._price(lack) - self._price(self.slack)
        if self.sites:
            added = np.where(self._sites_hold(house, loads, found), added, np.inf)
        return added + 0.02 * self.random.random(len(added)) * found.waste, choices

    def _sites_hold(self, house: Ints, loads: Floats, found: Equipped) -> np.ndarray:
        """Whether campuses and regions hold what would stand there."""
        holds = np.ones(len(house), bool)
        new = {"space": loads[:, :, 0], "power": loads[:, :, 1] + found.kw,
               "network_space": found.positions, "network_power": found.kw}
        now = {"space": self.loads[:, :, 0], "power": self.kw,
               "network_space": self.positions, "network_power": self.kw - self.loads[:, :, 1]}
        for inside, resource, room in self.sites:
            mine = inside[house]
            sums = now[resource][inside].sum(0)
            load = sums - now[resource][house[mine]] + new[resource][mine]
            holds[mine] &= (load <= room + 1e-7).all(1)
        return holds

    def put(self, project: int, choice: int) -> None:
        """Let a project stand by a choice."""
        house = self.f.choices.house[choice]
        self.at[project] = choice
        self.loads[house] += self.stands[choice][:, None] * self.brought[project]
        if len(self.slack):
            self.slack -= self.on_rows(np.array([choice]))[0]
        self._equip(np.array([house]))

    def take(self, projects: Ints) -> None:
        """Take projects out."""
        out = self.at[projects]
        projects, out = projects[out != NOWHERE], out[out != NOWHERE]
        house = self.f.choices.house[out]
        brought = self.stands[out][:, :, None] * self.brought[projects][:, None]
        np.subtract.at(self.loads, house, brought)
        self.loads[np.abs(self.loads) < 1e-7] = 0.0
        if len(self.slack):
            self.slack += self.on_rows(out).sum(0)
        self.at[projects] = NOWHERE
        if len(house):
            self._equip(np.unique(house))

    def recreate(self, projects: Ints) -> None:
        """Put projects back, each where it adds least, or leave it out where that is less."""
        for project in projects:
            if not len(self.of[project]):
                continue
            added, choices = self.insertion(int(project))
            best = int(np.argmin(added))
            if added[best] < self.refused[project]:
                self.put(int(project), int(choices[best]))

    def ruined(self) -> Ints:
        """Some projects: of a few houses, with some that stand nowhere or come late."""
        house = self.f.choices.house[self.at]
        count = int(self.random.integers(2, 5))
        chosen = self.random.choice(len(self.cost), min(count, len(self.cost)), replace=False)
        inside = (self.at != NOWHERE) & np.isin(house, chosen) & self.machine
        some = np.flatnonzero(inside)
        keep = int(self.random.integers(3, 13))
        some = self.random.permutation(some)[:keep]
        out = np.flatnonzero((self.at == NOWHERE) & self.machine)
        return np.concatenate([some, self.random.permutation(out)[:4]])

    def order(self, projects: Ints) -> Ints:
        """An order to put back in: by chance, by size, or by worth."""
        kind = self.random.integers(4)
        key = {
            0: self.random.random(len(projects)),
            1: -self.brought[projects, 3],
            2: -self.brought[projects, 2],
            3: -self.refused[projects],
        }[int(kind)]
        return projects[np.argsort(key, kind="stable")]

    def state(self) -> tuple[Floats, ...]:
        """A copy to go back to."""
        return tuple(a.copy() for a in (self.at, self.loads, self.cost, self.slack, self.kw,
                                        self.positions))

    def back(self, state: tuple[Floats, ...]) -> None:
        """Go back to a copy."""
        at, self.loads, self.cost, self.slack, self.kw, self.positions = state
        self.at = at.astype(np.int64)

    def run(self, seconds: float, warmth: float) -> int:
        """Search for a while; the state is the best that was met. Returns how many were tried."""
        begin, tried = perf_counter(), 0
        now = self.total()
        best, kept = now, self.state()
        while (gone := perf_counter() - begin) < seconds:
            tried += 1
            before = self.state()
            out = self.ruined()
            self.take(out)
            self.recreate(self.order(out))
            after = self.total()
            cold = max(1.0 - gone / seconds, 1e-3)
            if after < now + warmth * cold * self.random.exponential():
                now = after
                if now < best - 1e-6:
                    best, kept = now, self.state()
            else:
                self.back(before)
        self.back(kept)
        self.restate()
        return tried


def _limited(plan: Plan, grid: Ints) -> list[tuple[np.ndarray, str, Floats]]:
    """What campuses and regions limit: which houses are inside, the resource, the room by month."""
    from commonplace.capacity._house import site_rows
    from commonplace.capacity._stock import stocks

    return [
        (
            np.array([row.site in plan.above(h)
                      and (row.resource != "network_power" or supply(plan, h, row.resource) is not None)
                      for h in plan.houses], bool),
            row.resource,
            np.maximum(row.headroom[grid - 1], 0.0),
        )
        for row in site_rows(plan, stocks(plan))
        if plan.site[row.site].kind != "house"
    ]


def held_rows(b: Backbone, cuts: list[Cut], values: Floats) -> tuple[Floats, Floats, Floats, Ints]:
    """The rows of cuts for `Search.hold` with the links as `values` order them."""
    f = b.f
    products = {p: n for n, p in enumerate(sorted({x.product for x in f.pool}))}
    owner = {column: (at, products[product]) for (at, product, _), column in f.share.items()
             if product in products}
    order_item = {column: f.plan.item[name] for (_, name, _), column in f.order.items()}
    loads = np.zeros((len(cuts), len(products), len(f.net.nodes)))
    room, price = np.zeros(len(cuts)), np.zeros(len(cuts))
    for n, one in enumerate(cuts):
        columns, coefficients, right, _ = one.row
        room[n] = -right
        cheapest = np.inf
        for column, value in zip(columns.tolist(), coefficients, strict=True):
            if column in owner:
                at, product = owner[column]
                loads[n, product, at] -= value
            else:
                room[n] += value * values[column]
                if values[column] < f.matrix.upper[column] - 0.5:
                    cheapest = min(cheapest, order_item[column].cost / value)
        price[n] = cheapest if np.isfinite(cheapest) else _IMPOSSIBLE
    return loads, room, price, np.array([one.stretch for one in cuts], np.int64)

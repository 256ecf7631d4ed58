"""The placement programme: which project goes to which house when, and what is ordered for it.

The rows are those of `_house.site_rows`, in recurrence: a load is last stretch's plus what comes, so
each binary stands once in each resource. Orders are cumulative integers beyond what is there, from
the first month in which they can be used. Notable: lit uplinks, a minimum, are two rows towards the
south and exact towards the skeleton (a binary where optics can outnumber uplinks); the largest
routers lost are exact for one lost, and for more of one type (else the largest type counts).
Here are the columns and the sums; `_make_rows` has what must be held.
"""

from dataclasses import dataclass, field

import numpy as np

from commonplace.capacity._house import Stock, house_rows
from commonplace.capacity._make_months import (
    Epochs,
    backbone_epochs,
    candidates,
    first_month,
    house_epochs,
    pool,
)
from commonplace.capacity._model import Item, Plan, Project, Role
from commonplace.capacity._network import Network, network, node, shares
from commonplace.capacity._programme import INFINITE, Floats, Ints, Matrix, Programme
from commonplace.capacity._stock import ready_after, stocks, supply

LOADS = ("space", "power", "ports", "south", "north")  # what a machine project brings
GEAR: tuple[Role, ...] = ("superblock", "optics", "skeleton", "fbr")
RowName = tuple[str, str, int]  # site, resource, the last month of the stretch


def weight(plan: Plan, project: Project) -> float:
    """Priority times racks: what a month late, or a refusal, is multiplied by.

    Gear to be installed that names no racks counts the positions that it takes.
    """
    racks = project.racks
    if project.side == "network" and not racks and project.item:
        racks = project.units * plan.item[project.item].positions
    return project.priority * racks


def needs(project: Project) -> Floats:
    """What a machine project loads, in the order of `LOADS`."""
    return np.array(
        [project.racks, project.kw, project.ports, project.south_gbps, project.north_gbps], float
    )


@dataclass(frozen=True, eq=False)
class Choices:
    """One entry for each project, house and month that may be chosen, [choices] each."""

    project: Ints  # into `Formulation.pool`
    house: Ints  # into `plan.houses`
    month: Ints
    column: Ints


@dataclass(eq=False)
class Formulation:
    """The programme of a plan and what its columns and rows mean."""

    plan: Plan
    stock: Stock
    net: Network
    pool: tuple[Project, ...]
    epochs: dict[str, Epochs]
    backbone: Epochs
    unit: Floats  # of each load
    money: float  # of the objective
    build: Programme = field(default_factory=Programme)
    choices: Choices = field(init=False)
    unplaced: Ints = field(init=False)  # column of each project of the pool
    load: dict[tuple[str, str, int], int] = field(default_factory=dict)
    order: dict[tuple[str, str, int], int] = field(default_factory=dict)  # place, item, stretch
    share: dict[tuple[int, str, int], int] = field(default_factory=dict)  # node, product, stretch
    rows: dict[int, RowName] = field(default_factory=dict)
    house_of: dict[int, int] = field(default_factory=dict)  # column -> index of its house
    matrix: Matrix = field(init=False)

    def at_most(self, name: RowName, terms: dict[int, float], room: float) -> None:
        """A row of a house or a site: what the plan brings, less what it adds, within the room."""
        self.rows[self.build.add_row(terms, upper=room)] = name


def columns(plan: Plan) -> Formulation:
    """All columns, with the rows that tie them: one place each, loads and shares that add up."""
    stock = stocks(plan)
    free = tuple(pool(plan))
    brought = np.array([needs(p) for p in free]).reshape(-1, len(LOADS))
    unit = np.array([np.median(c[c > 0]) if (c > 0).any() else 1.0 for c in brought.T])
    money = max((item.cost for item in plan.items), default=0.0) or 1.0
    f = Formulation(
        plan, stock, network(plan), free, house_epochs(plan), backbone_epochs(plan), unit, money
    )
    _orders(f)
    _choices(f, brought)
    _loads(f, brought)
    _backbone_shares(f)
    return f


# ---------------------------------------------------------------- columns


def _orders(f: Formulation) -> None:
    """Units ordered so far that can be used in each stretch; they never fall; the last has the cost."""
    places = [(h, [i for i in f.plan.items if i.role != "line"], f.epochs[h]) for h in f.plan.houses]
    lines = [(k.id, [f.plan.item[k.item]], f.backbone) for k in f.plan.links]
    for place, items, epochs in [*places, *lines]:
        for item in items:
            before = None
            for k, start in enumerate(epochs.starts):
                if start < 1 + ready_after(f.plan, item):
                    continue
                last = k == len(epochs.starts) - 1
                cost = item.cost / f.money if last else 0.0
                upper = _most(f, place, item, epochs.ends[k])
                column = int(f.build.add_columns(1, cost, 0.0, upper, True)[0])
                f.order[place, item.id, k] = column
                if before is not None:
                    f.build.add_row({column: 1.0, before: -1.0}, 0.0)
                before = column


def _most(f: Formulation, place: str, item: Item, month: int) -> float:
    """The most that may be ordered: the link's room, or the floor's; else no limit that matters."""
    there = f.stock.get((place, item.id))
    if place in f.plan.link:
        return max(0.0, f.plan.link[place].max_units - (there[-1] if there is not None else 0.0))
    most = 10000.0
    for resource, each in (("network_space", item.positions), ("network_power", item.kw)):
        limit = supply(f.plan, place, resource)
        if each > 0 and limit is not None:
            most = min(most, float(np.floor(limit[month - 1 :].min() / each + 1e-9)))
    return max(most, 0.0)


def _choices(f: Formulation, brought: Floats) -> None:
    """A binary for each choice that fits alone, and the part of each project that stays out."""
    number = {house: n for n, house in enumerate(f.plan.houses)}
    room = {h: _room(f, h) for h in f.plan.houses}
    found = []
    for p, project in enumerate(f.pool):
        first = first_month(project)
        for house in candidates(f.plan, project):
            starts = f.epochs[house].starts
            for month in (first, *(s for s in starts if s > first)):
                if month > f.plan.horizon:
                    continue
                k = f.epochs[house].of(month)
                if project.side == "network" or (brought[p] <= room[house][k] + 1e-9).all():
                    found.append((p, number[house], month))
    p, h, month = np.array(found, np.int64).reshape(-1, 3).T
    worth = np.array([weight(f.plan, project) for project in f.pool])
    need = np.array([project.need for project in f.pool], np.int64)
    late = np.maximum(0, month - need[p]) * worth[p] * f.plan.policies.late_cost / f.money
    f.choices = Choices(p, h, month, f.build.add_columns(len(p), late, 0.0, 1.0, True))
    f.unplaced = f.build.add_columns(
        len(f.pool), worth * f.plan.policies.refused_cost / f.money, 0.0, 1.0
    )
    rows = f.build.add_rows(len(f.pool), 1.0, 1.0)
    f.build.add_entries(rows, f.unplaced, 1.0)
    f.build.add_entries(rows[p], f.choices.column, 1.0)
    f.house_of.update(zip(f.choices.column.tolist(), h.tolist(), strict=True))


def _room(f: Formulation, house: str) -> Floats:
    """What one project may bring at most from each stretch on, [stretches, loads]."""
    rows = {row.resource: row.headroom for row in house_rows(f.plan, f.stock, house)}
    ready = [1 + ready_after(f.plan, i) for i in f.plan.items if i.role in GEAR]
    room = np.stack([rows[r] for r in LOADS], 1)
    ordered = np.arange(1, f.plan.horizon + 1) >= min([*ready, *_installed(f, house)], default=99)
    room[ordered, 2:] = INFINITE
    least = np.minimum.accumulate(room[::-1])[::-1]
    return least[np.array(f.epochs[house].ends) - 1]


def _installed(f: Formulation, house: str) -> list[int]:
    """The months from which network projects of the pool might bring gear."""
    return [
        first_month(p)
        for p in f.pool
        if p.side == "network" and house in candidates(f.plan, p)
    ]


def _loads(f: Formulation, brought: Floats) -> None:
    """What stands in each house at the end of each stretch: the stretch before, and what comes."""
    stretch, base = _stretches(f)
    machine = np.array([p.side == "machine" for p in f.pool], bool)
    chosen = machine[f.choices.project] if len(f.pool) else np.zeros(0, bool)
    for r, resource in enumerate(LOADS):
        columns = f.build.add_columns(base[-1])
        rows = f.build.add_rows(base[-1], 0.0, 0.0)
        f.build.add_entries(rows, columns, 1.0)
        f.build.add_entries(
            rows[stretch[chosen]],
            f.choices.column[chosen],
            -brought[f.choices.project[chosen], r] / f.unit[r],
        )
        for h, house in enumerate(f.plan.houses):
            for k in range(len(f.epochs[house].ends)):
                f.load[house, resource, k] = int(columns[base[h] + k])
                f.house_of[int(columns[base[h] + k])] = h
                if k:
                    f.build.add_entries(rows[base[h] + k], columns[base[h] + k - 1], -1.0)


def _stretches(f: Formulation) -> tuple[Ints, Ints]:
    """The stretch of each choice, numbered over all houses, and each house's first number."""
    counts = [len(f.epochs[h].ends) for h in f.plan.houses]
    base = np.append(0, np.cumsum(counts)).astype(np.int64)
    months = np.arange(1, f.plan.horizon + 1)
    of = np.array([[f.epochs[h].of(int(m)) for m in months] for h in f.plan.houses], np.int64)
    return base[f.choices.house] + of[f.choices.house, f.choices.month - 1], base


def _backbone_shares(f: Formulation) -> None:
    """The part of each product's `*` flows that starts at each node, by stretch of the backbone."""
    starred = {flow.product for flow in f.plan.flows if "*" in (flow.a, flow.z)}
    if f.plan.policies.demand != "pipe":
        return
    index = {name: n for n, name in enumerate(f.net.nodes)}
    at = np.array([node(f.plan, index, h) for h in f.plan.houses], np.int64)
    stretch = np.array([f.backbone.of(int(m)) for m in f.choices.month], np.int64)
    count = len(f.backbone.ends)
    for product in sorted(starred):
        parts = shares(f.plan, product)
        part = np.array([parts.get(p.id, 0.0) for p in f.pool])
        mine = part[f.choices.project] > 0 if len(f.pool) else np.zeros(0, bool)
        for n in np.unique(at[f.choices.house[mine]]):
            columns, rows = f.build.add_columns(count), f.build.add_rows(count, 0.0, 0.0)
            here = mine & (at[f.choices.house] == n)
            f.build.add_entries(rows, columns, 1.0)
            f.build.add_entries(rows[1:], columns[:-1], -1.0)
            f.build.add_entries(
                rows[stretch[here]], f.choices.column[here], -part[f.choices.project[here]]
            )
            f.share.update({(int(n), product, k): int(c) for k, c in enumerate(columns)})

"""What a house and a site must hold, as rows of the placement programme: `_house.site_rows`, linear.

Each right side is the headroom that `site_rows` finds without the plan. Exact are: lit uplinks (a
minimum) towards the south, two rows; towards the skeleton, with a binary where optics can outnumber
uplinks; the largest border routers lost, where one is lost or one type is there. With more lost and
types mixed, the largest type counts for all that are lost: on the safe side. Rows of the backbone
are added by `_make_cuts` as plans violate them.
"""

from collections.abc import Iterator

import numpy as np

from commonplace.capacity._house import Row, fbr_gbps, house_rows, north_gbps, site_rows
from commonplace.capacity._make_model import GEAR, LOADS, Formulation, columns
from commonplace.capacity._make_months import site_epochs
from commonplace.capacity._model import Item, Plan, Role
from commonplace.capacity._programme import Floats

Terms = dict[int, float]


def formulate(plan: Plan) -> Formulation:
    """The programme without the backbone's rows."""
    f = columns(plan)
    gear = {house: Gear(f, house) for house in plan.houses}
    for house in plan.houses:
        for k in range(len(f.epochs[house].ends)):
            _supplied(f, gear[house], k)
            _fabric(f, gear[house], k)
            _skeleton(f, gear[house], k)
            _north(f, gear[house], k)
    for row in site_rows(plan, f.stock):
        if plan.site[row.site].kind != "house":
            _site(f, row, gear)
    f.matrix = f.build.matrix()
    return f


class Gear:
    """What the gear of a house sums to in a stretch: terms of what is to come, and what is there."""

    def __init__(self, f: Formulation, house: str) -> None:
        self.f, self.house, self.epochs = f, house, f.epochs[house]
        self.fixed: dict[str, Row] = {r.resource: r for r in house_rows(f.plan, f.stock, house)}
        self.coming = list(self._coming())

    def _coming(self) -> Iterator[tuple[int, int, str, int]]:
        """(stretch, column, item, units) of what network projects of the pool may bring."""
        c, number = self.f.choices, self.f.plan.houses.index(self.house)
        for p, project in enumerate(self.f.pool):
            if project.side == "network" and project.item:
                for at in np.flatnonzero((c.project == p) & (c.house == number)):
                    k = self.epochs.of(int(c.month[at]))
                    yield k, int(c.column[at]), project.item, project.units

    def items(self, *roles: Role) -> list[Item]:
        """The catalogue's items of these roles."""
        return [item for item in self.f.plan.items if item.role in roles]

    def terms(self, k: int, weights: dict[str, float]) -> Terms:
        """The weighted units that are not there yet: orders, and the pool's network projects."""
        found: Terms = {}
        for name, each in weights.items():
            if each and (column := self.f.order.get((self.house, name, k))) is not None:
                found[column] = found.get(column, 0.0) + each
        for stretch, column, name, units in self.coming:
            if stretch <= k and (each := weights.get(name, 0.0)):
                found[column] = found.get(column, 0.0) + each * units
        return found

    def there(self, name: str, k: int) -> float:
        """Units that can be used at the end of the stretch without the plan."""
        months = self.f.stock.get((self.house, name))
        return 0.0 if months is None else float(months[self.epochs.ends[k] - 1])

    def sum(self, k: int, weights: dict[str, float]) -> float:
        """The weighted units that are there."""
        return sum(each * self.there(name, k) for name, each in weights.items())

    def at(self, months: Floats, k: int) -> float:
        """A quantity at the end of the stretch."""
        return float(months[self.epochs.ends[k] - 1])

    def load(self, resource: str, k: int) -> Terms:
        """What the plan's machines bring, in the resource's unit."""
        unit = float(self.f.unit[LOADS.index(resource)])
        return {self.f.load[self.house, resource, k]: unit}


def less(terms: Terms) -> Terms:
    """The terms with their signs turned."""
    return {column: -value for column, value in terms.items()}


def together(*terms: Terms) -> Terms:
    """The sum of terms."""
    found: Terms = {}
    for some in terms:
        for column, value in some.items():
            found[column] = found.get(column, 0.0) + value
    return found


def _supplied(f: Formulation, g: Gear, k: int) -> None:
    """Space, power, and the gray box: within the supply."""
    kw = {item.id: item.kw for item in g.items(*GEAR)}
    positions = {item.id: item.positions for item in g.items(*GEAR)}
    terms = {
        "space": g.load("space", k),
        "power": together(g.load("power", k), g.terms(k, kw)),
        "network_space": g.terms(k, positions),
        "network_power": g.terms(k, kw),
    }
    for resource, held in terms.items():
        if resource in g.fixed:
            room = g.at(g.fixed[resource].headroom, k)
            f.at_most((g.house, resource, g.epochs.ends[k]), held, room)


def _fabric(f: Formulation, g: Gear, k: int) -> None:
    """Ports, and south bandwidth by the uplinks and by those of them that are lit."""
    end, policy = g.epochs.ends[k], f.plan.policies
    ports = {item.id: float(item.ports_south) for item in g.items("superblock")}
    room = g.at(g.fixed["ports"].headroom, k)
    f.at_most((g.house, "ports", end), together(g.load("ports", k), less(g.terms(k, ports))), room)
    uplinks = {i.id: policy.residual * i.ports_north * i.gbps for i in g.items("superblock")}
    lit = {name: policy.first_optics * gbps for name, gbps in uplinks.items()}
    lit |= {i.id: policy.residual * i.ports_north * i.gbps for i in g.items("optics")}
    for weights in (uplinks, lit):
        room = g.sum(k, weights) - g.at(g.fixed["south"].load, k)
        held = together(g.load("south", k), less(g.terms(k, weights)))
        f.at_most((g.house, "south", end), held, room)


def _skeleton(f: Formulation, g: Gear, k: int) -> None:
    """Ports of the skeleton for what is lit, the lesser of two sums, and for the border routers."""
    others = {i.id: float(i.ports_south) for i in g.items("fbr")}
    others |= {i.id: -float(i.ports_south) for i in g.items("skeleton")}
    uplinks = {i.id: float(i.ports_north) for i in g.items("superblock")}
    lit = {name: f.plan.policies.first_optics * ports for name, ports in uplinks.items()}
    lit |= {i.id: float(i.ports_north) for i in g.items("optics")}
    name = (g.house, "skeleton", g.epochs.ends[k])
    by_lit, by_all = others | lit, others | uplinks
    excess = _excess(f, g, k)
    if excess <= 0:  # optics beyond the uplinks serve nothing, so no plan needs them
        f.at_most(name, g.terms(k, by_lit), -g.sum(k, by_lit))
        return
    which = int(f.build.add_columns(1, 0.0, 0.0, 1.0, True)[0])
    f.house_of[which] = f.plan.houses.index(g.house)
    unlit = (1 - f.plan.policies.first_optics) * (
        g.sum(k, uplinks) + sum(v * _upper(f, c) for c, v in g.terms(k, uplinks).items())
    )
    f.at_most(name, together(g.terms(k, by_lit), {which: -excess}), -g.sum(k, by_lit))
    f.at_most(name, together(g.terms(k, by_all), {which: unlit}), unlit - g.sum(k, by_all))


def _upper(f: Formulation, column: int) -> float:
    """The upper side of a column that is there already."""
    first = 0
    for block in f.build.upper:
        if column < first + len(block):
            return float(block[column - first])
        first += len(block)
    raise IndexError(column)


def _excess(f: Formulation, g: Gear, k: int) -> float:
    """By how many ports optics can outnumber the uplinks that they would light."""
    blocks, optics = g.items("superblock"), g.items("optics")
    unlit = {i.id: -(1 - f.plan.policies.first_optics) * i.ports_north for i in blocks}
    ports = {i.id: float(i.ports_north) for i in optics}
    given = max(0.0, g.sum(k, unlit | ports))
    given += sum(f_units for column, f_units in g.terms(k, ports).items() if not _ordered(f, column))
    gaps = [abs(-value % i.ports_north) for i in optics if i.ports_north for value in unlit.values()]
    speeds = {i.gbps for i in (*blocks, *optics)}
    if len(optics) > 1 or len(speeds) > 1:
        return given + sum(v * _upper(f, c) for c, v in g.terms(k, ports).items())
    return given + (float(max(ports.values())) if any(gap > 1e-9 for gap in gaps) else 0.0)


def _ordered(f: Formulation, column: int) -> bool:
    """Whether the column is an order, not a network project."""
    return column < int(f.choices.column[0]) if len(f.choices.column) else True


def _north(f: Formulation, g: Gear, k: int) -> None:
    """North bandwidth with the largest `lost_fbrs` routers lost."""
    routers = sorted((i for i in g.items("fbr") if fbr_gbps(i) > 0), key=lambda i: -fbr_gbps(i))
    each = {item.id: fbr_gbps(item) for item in routers}
    there = [gbps for name, gbps in each.items() for _ in range(int(g.there(name, k)))]
    lost = f.plan.policies.lost_fbrs
    if len(there) < lost:
        _first_routers(f, g, k, each, max(there, default=min(each.values(), default=0.0)))
        return
    least = there[lost - 1] if lost else 0.0  # the smallest that is lost already
    larger = {name: lost * (gbps - least) for name, gbps in each.items() if gbps > least}
    held = together(g.load("north", k), less(g.terms(k, each)), _largest(f, g, k, larger))
    f.at_most((g.house, "north", g.epochs.ends[k]), held, g.at(g.fixed["north"].headroom, k))


def _largest(f: Formulation, g: Gear, k: int, more: dict[str, float]) -> Terms:
    """A column at least as large as what each type that is added makes the loss grow by."""
    added = {item: g.terms(k, {item: 1.0}) for item in more}
    if not any(added.values()):
        return {}
    growth = int(f.build.add_columns(1)[0])
    house = f.plan.houses.index(g.house)
    f.house_of[growth] = house
    for item, terms in added.items():
        if terms:
            there = int(f.build.add_columns(1, 0.0, 0.0, 1.0, True)[0])
            f.house_of[there] = house
            most = sum(value * _upper(f, column) for column, value in terms.items())
            f.build.add_row(together(terms, {there: -most}), upper=0.0)
            f.build.add_row({growth: 1.0, there: -more[item]}, 0.0)
    return {growth: 1.0}


def _first_routers(f: Formulation, g: Gear, k: int, each: dict[str, float], least: float) -> None:
    """A house with fewer routers than are lost: carries nothing, or gets as many more as it takes."""
    name, lost = (g.house, "north", g.epochs.ends[k]), f.plan.policies.lost_fbrs
    load, column, new = g.at(g.fixed["north"].load, k), g.load("north", k), g.terms(k, each)
    if not new:
        f.at_most(name, column, -load)
        return
    most = sum(project.north_gbps for project in f.pool) + load
    runs = int(f.build.add_columns(1, 0.0, float(load > 0), 1.0, True)[0])
    f.house_of[runs] = f.plan.houses.index(g.house)
    f.at_most(name, together(column, {runs: -max(most, 1.0)}), -load)
    larger = {item: lost * (gbps - least) for item, gbps in each.items() if gbps > least}
    held = together(column, less(new), {runs: lost * least}, _largest(f, g, k, larger))
    f.at_most(name, held, g.sum(k, each) - load)


def _site(f: Formulation, row: Row, gear: dict[str, Gear]) -> None:
    """What a campus or a region limits in sum, at the end of each stretch of its supply."""
    below = [h for h in f.plan.houses if row.site in f.plan.above(h)]
    for end in site_epochs(f.plan, row.site).ends:
        terms: Terms = {}
        for house in below:
            g = gear[house]
            k = g.epochs.of(end)
            terms = together(terms, _site_terms(g, row.resource, k))
        f.at_most((row.site, row.resource, end), terms, float(row.headroom[end - 1]))


def _site_terms(g: Gear, resource: str, k: int) -> Terms:
    """What one house brings to a site's sum; a gray box without a limit of power has no such row."""
    kw = {item.id: item.kw for item in g.items(*GEAR)}
    if resource == "space":
        return g.load("space", k)
    if resource == "power":
        return together(g.load("power", k), g.terms(k, kw))
    if resource == "network_space":
        return g.terms(k, {item.id: item.positions for item in g.items(*GEAR)})
    return g.terms(k, kw) if "network_power" in g.fixed else {}

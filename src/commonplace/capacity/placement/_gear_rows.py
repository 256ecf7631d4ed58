"""The rows of what gear brings to a house: ports, south, north, skeleton (docs/capacity.md).

Two are not linear: border routers with the largest lost, and a skeleton for what is lit; each is a
choice of linear rows, with a column that says which. Notable: beside the choice stand rows that
hold whichever it is, so that the relaxation knows of it too.
"""

from commonplace.capacity.placement._rows import Alternatives, HouseRows, Terms
from commonplace.capacity.procurement.purchases import router_gbps, south_ports, uplinks


def add_gear_rows(model: HouseRows, house: str, month: int) -> None:
    """The rows of what gear brings: ports, south, north and skeleton of one month."""
    _add_carried(model, house, "ports", month, south_ports(model.items, "superblock"))
    _add_south(model, house, month)
    _add_north(model, house, month)
    _add_skeleton(model, house, month)


def _add_carried(
    model: HouseRows, house: str, resource: str, month: int, weight: dict[str, float]
) -> None:
    """Gear carries what stands here and what comes."""
    load = float(model.base[house, resource].load[month])
    terms, in_stock = model.gear_terms(house, month, weight)
    terms |= model.load_terms(house, resource, month, -1.0)
    model.row((house, resource), terms, lower=load - in_stock)


def _add_south(model: HouseRows, house: str, month: int) -> None:
    residual, first = model.plan.policies.residual, model.plan.policies.first_optics
    for part, optics in ((residual, 0.0), (residual * first, residual)):
        weight = uplinks(model.items, part, optics, gbps=True)
        _add_carried(model, house, "south", month, weight)


def _add_north(model: HouseRows, house: str, month: int) -> None:
    """For one size m of the routers: sum min(c, m) n - k m >= load; or there is no load."""
    load = float(model.base[house, "north"].load[month])
    lost = float(model.plan.policies.lost_fbrs)
    routers = router_gbps(model.items)
    rows: list[tuple[Terms, float]] = []
    for size in sorted({size for size in routers.values() if size > 0}):
        weight = {router: min(gbps, size) for router, gbps in routers.items()}
        terms, in_stock = model.gear_terms(house, month, weight)
        terms |= model.load_terms(house, "north", month, -1.0)
        rows.append((terms, load + lost * size - in_stock))
    if all(lower > load for _, lower in rows):  # there are too few routers to lose any
        rows.insert(0, (model.load_terms(house, "north", month, -1.0), load))
    _add_either(model, house, "north", rows)


def _add_skeleton(model: HouseRows, house: str, month: int) -> None:
    """Ports for U, or for f U + O; and, whichever it is, for f U and for what south needs."""
    first, residual = model.plan.policies.first_optics, model.plan.policies.residual
    spine = south_ports(model.items, "skeleton")
    spine |= {router: -ports for router, ports in south_ports(model.items, "fbr").items()}
    rows = []
    for part, optics in ((1.0, 0.0), (first, 1.0), (first, 0.0)):
        lit = {i: -v for i, v in uplinks(model.items, part, optics, gbps=False).items()}
        terms, in_stock = model.gear_terms(house, month, spine | lit)
        rows.append((terms, -in_stock))
    terms, lower = rows.pop()  # f U is what both ask for, so it needs no choice
    model.row((house, "skeleton"), terms, lower=lower)
    speeds = [i.gbps for i in model.items if i.role in ("superblock", "optics")]
    fastest = residual * max(speeds, default=0.0)
    if fastest > 0:  # what south needs lights at least so many ports
        terms, in_stock = model.gear_terms(house, month, spine)
        terms |= model.load_terms(house, "south", month, -1.0 / fastest)
        load = float(model.base[house, "south"].load[month]) / fastest
        model.row((house, "skeleton"), terms, lower=load - in_stock)
    _add_either(model, house, "skeleton", rows)


def _add_either(model: HouseRows, house: str, need: str, rows: list[tuple[Terms, float]]) -> None:
    """At least one of the rows `terms . v >= lower` holds; nothing, if one always does."""
    worst = [lower - _least(model, terms) for terms, lower in rows]
    if min(worst) <= 0:
        return
    # Where no row is possible, one that cannot hold says so: the start has to widen it.
    possible = [n for n, (terms, lower) in enumerate(rows) if _greatest(model, terms) >= lower]
    possible = possible or [len(rows) - 1]
    if len(possible) == 1:
        terms, lower = rows[possible[0]]
        model.row((house, need), terms, lower=lower)
        return
    columns = model.programme.add_columns(len(possible), 0.0, 0.0, 1.0, integer=True)
    model.row((house, need), dict.fromkeys((int(c) for c in columns), 1.0), lower=1.0)
    model.alternatives.append(Alternatives(columns, [rows[n] for n in possible]))
    for column, n in zip(columns, possible, strict=True):
        terms, lower = rows[n]
        model.row((house, need), terms | {int(column): -worst[n]}, lower=lower - worst[n])


def _least(model: HouseRows, terms: Terms) -> float:
    lower, upper = model.lower.values(), model.upper.values()
    return float(sum(v * (lower[c] if v > 0 else upper[c]) for c, v in terms.items()))


def _greatest(model: HouseRows, terms: Terms) -> float:
    return -_least(model, {c: -v for c, v in terms.items()})

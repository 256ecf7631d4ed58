"""The rows of what gear brings to a house: ports, south, north, skeleton (docs/capacity.md).

Two are not linear: border routers with the largest lost, and a skeleton for what is lit; each is a
choice of linear rows, with a column that says which. Notable: beside the choice stand rows that
hold whichever it is, so that the relaxation knows of it too.
"""

from commonplace.capacity.feasibility.resources import fbr_gbps
from commonplace.capacity.placement._rows import Rows
from commonplace.capacity.plan.model import Item, Role

_UPLINKS: tuple[Role, ...] = ("superblock", "optics")


def needs(model: Rows, house: str, month: int) -> None:
    """The rows of what gear brings: ports, south, north and skeleton of one month."""
    _ports(model, house, month)
    _south(model, house, month)
    _north(model, house, month)
    _skeleton(model, house, month)


def _of(model: Rows, role: Role) -> list[Item]:
    return [item for item in model.items if item.role == role]


def _held(
    model: Rows, house: str, resource: str, month: int, weight: dict[str, float], load: float
) -> None:
    """Gear carries what stands here and what comes."""
    terms, given = model.gear_terms(house, month, weight)
    terms |= model.load_terms(house, resource, month, -1.0)
    model.row(house, resource, month, terms, lower=load - given)


def _ports(model: Rows, house: str, month: int) -> None:
    weight = {item.id: float(item.ports_south) for item in _of(model, "superblock")}
    _held(model, house, "ports", month, weight, float(model.base[house, "ports"].load[month]))


def _uplinks(model: Rows, part: float, optics: float, *, gbps: bool) -> dict[str, float]:
    """`part` of the superblocks' uplinks and `optics` of the optics', in ports or Gb/s."""
    parts: tuple[tuple[Role, float], ...] = (("superblock", part), ("optics", optics))
    return {
        item.id: weight * item.ports_north * (item.gbps if gbps else 1.0)
        for role, weight in parts
        for item in _of(model, role)
    }


def _south(model: Rows, house: str, month: int) -> None:
    residual, first = model.plan.policies.residual, model.plan.policies.first_optics
    load = float(model.base[house, "south"].load[month])
    for part, optics in ((residual, 0.0), (residual * first, residual)):
        weight = _uplinks(model, part, optics, gbps=True)
        _held(model, house, "south", month, weight, load)


def _north(model: Rows, house: str, month: int) -> None:
    """For one size m of the routers: sum min(c, m) n - k m >= load; or there is no load."""
    load = float(model.base[house, "north"].load[month])
    lost = float(model.plan.policies.lost_fbrs)
    routers = {item.id: fbr_gbps(item) for item in _of(model, "fbr")}
    rows: list[tuple[dict[int, float], float]] = []
    for size in sorted({size for size in routers.values() if size > 0}):
        terms, given = model.gear_terms(house, month, {i: min(c, size) for i, c in routers.items()})
        terms |= model.load_terms(house, "north", month, -1.0)
        rows.append((terms, load + lost * size - given))
    if all(lower > load for _, lower in rows):  # too few routers are given to lose any
        rows.insert(0, (model.load_terms(house, "north", month, -1.0), load))
    _either(model, house, "north", month, rows)


def _skeleton(model: Rows, house: str, month: int) -> None:
    """Ports for U, or for f U + O; and, whichever it is, for f U and for what south needs."""
    first, residual = model.plan.policies.first_optics, model.plan.policies.residual
    spine = {item.id: float(item.ports_south) for item in _of(model, "skeleton")}
    spine |= {item.id: -float(item.ports_south) for item in _of(model, "fbr")}
    rows = []
    for part, optics in ((1.0, 0.0), (first, 1.0), (first, 0.0)):
        lit = {i: -v for i, v in _uplinks(model, part, optics, gbps=False).items()}
        terms, given = model.gear_terms(house, month, spine | lit)
        rows.append((terms, -given))
    terms, lower = rows.pop()
    model.row(house, "skeleton", month, terms, lower=lower)
    fastest = residual * max((i.gbps for r in _UPLINKS for i in _of(model, r)), default=0.0)
    if fastest > 0:
        terms, given = model.gear_terms(house, month, spine)
        terms |= model.load_terms(house, "south", month, -1.0 / fastest)
        load = float(model.base[house, "south"].load[month]) / fastest
        model.row(house, "skeleton", month, terms, lower=load - given)
    _either(model, house, "skeleton", month, rows)


def _either(
    model: Rows, house: str, need: str, month: int, rows: list[tuple[dict[int, float], float]]
) -> None:
    """At least one of the rows `terms . v >= lower` holds; nothing, if one always does."""
    worst = [lower - _least(model, terms) for terms, lower in rows]
    if min(worst) <= 0:
        return
    possible = [n for n, (terms, lower) in enumerate(rows) if _greatest(model, terms) >= lower]
    possible = possible or [len(rows) - 1]
    if len(possible) == 1:
        terms, lower = rows[possible[0]]
        model.row(house, need, month, terms, lower=lower)
        return
    choices = model.programme.add_columns(len(possible), 0.0, 0.0, 1.0, integer=True)
    model.row(house, need, month, dict.fromkeys((int(c) for c in choices), 1.0), lower=1.0)
    model.eithers.append((choices, [rows[n] for n in possible]))
    for column, n in zip(choices, possible, strict=True):
        terms, lower = rows[n]
        model.row(house, need, month, terms | {int(column): -worst[n]}, lower=lower - worst[n])


def _least(model: Rows, terms: dict[int, float]) -> float:
    lower, upper = model.lower.values(), model.upper.values()
    return float(sum(v * (lower[c] if v > 0 else upper[c]) for c, v in terms.items()))


def _greatest(model: Rows, terms: dict[int, float]) -> float:
    return -_least(model, {c: -v for c, v in terms.items()})

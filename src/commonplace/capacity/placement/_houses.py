"""The houses in the programme of `make`: what stands there, the gear for it, and their limits.

Gear is cumulative units, whole numbers, held at the present orders as long as nothing ordered now
could be there. Notable: the order of columns and rows is the order in which HiGHS gets them, and
its answer among plans of one cost depends on it; `columns_of` notes where a house begins and ends.
"""

from collections.abc import Callable

import numpy as np

from commonplace.capacity.feasibility.resources import NEEDS
from commonplace.capacity.placement._gear_rows import add_gear_rows
from commonplace.capacity.placement._rows import SHARED, HouseRows, Terms, choice_rows, load_of
from commonplace.capacity.placement.choices import Choices
from commonplace.capacity.plan.model import Item, Plan, Project
from commonplace.capacity.procurement.purchases import facing_ports, present_units, units_for
from commonplace.foundation.arrays import Float64s, Int64s


def house_rows(plan: Plan, choices: Choices) -> HouseRows:
    """Choices, houses, campuses and regions of a plan.

    The plan has only what is decided placed; its orders are those that may come earlier.
    """
    model = choice_rows(plan, choices)
    for number, house in enumerate(plan.houses):
        first = model.programme.columns
        _add_house(model, number, house)
        model.columns_of.append((first, model.programme.columns))
    _add_site_limits(model)
    return model


def _add_house(model: HouseRows, number: int, house: str) -> None:
    house_choices = np.flatnonzero(model.choices.house == number)
    for resource in NEEDS:
        _add_load(model, house, resource, house_choices)
    for item in model.items:
        _add_brought(model, house, item, house_choices)
    for item in model.items:
        model.add_units(house, item, _most_units(model, house, item))
    for month in range(model.plan.horizon):
        for resource in SHARED:
            _add_limit(model, house, resource, [house], month)
        add_gear_rows(model, house, month)


def _add_load(model: HouseRows, house: str, resource: str, house_choices: Int64s) -> None:
    """What machines that come here take of a resource, in the resource's unit."""
    at, amount = _bringing(model, house_choices, lambda project: load_of(project, resource))
    if not len(at):
        return
    projects = model.choices.project[at].tolist()
    most = sum(dict(zip(projects, amount.tolist(), strict=True)).values())  # each project once
    unit = model.unit_of[resource]
    model.load[house, resource] = model.recurrence(house, at, amount / unit, most / unit)


def _add_brought(model: HouseRows, house: str, item: Item, house_choices: Int64s) -> None:
    """Units of an item that network projects bring when they come here."""

    def units(project: Project) -> float:
        return float(project.units) if project.item == item.id else 0.0

    at, amount = _bringing(model, house_choices, units)
    if len(at):
        most = sum(units(project) for project in model.choices.pool)
        model.brought[house, item.id] = model.recurrence(house, at, amount, most)


def _bringing(
    model: HouseRows, house_choices: Int64s, amount_of: Callable[[Project], float]
) -> tuple[Int64s, Float64s]:
    """The choices whose projects bring something, and how much."""
    pool, project = model.choices.pool, model.choices.project
    amount = np.array([amount_of(pool[p]) for p in project[house_choices]], float)
    return house_choices[amount > 0], amount[amount > 0]


def _most_units(model: HouseRows, house: str, item: Item) -> float:
    """What all that could come here would need of this item alone, and one more."""
    # Not what the gray box holds, or the gray box could never be named as a cause.
    load = {need: _most_load(model, house, need) for need in ("ports", "south", "north")}
    facing = _most_facing_ports(model, house) if item.role == "skeleton" else 0.0
    needed = units_for(model.plan, item, load, facing)
    return needed + 1.0 + float(present_units(model.plan, house, item).max(initial=0.0))


def _most_load(model: HouseRows, house: str, resource: str) -> float:
    """All that stands and could stand here."""
    upper = 0.0
    if (house, resource) in model.load:
        upper = model.upper.values()[int(model.load[house, resource][0])]
    return float(model.base[house, resource].load.max()) + upper * model.unit_of[resource]


def _most_facing_ports(model: HouseRows, house: str) -> float:
    """Ports of a skeleton that everything else could take."""
    upper, total = model.upper.values(), 0.0
    for other in model.items:
        if other.role == "skeleton":
            continue
        in_stock = float(model.stock.get((house, other.id), np.zeros(1)).max(initial=0.0))
        total += facing_ports(other) * (in_stock + upper[int(model.units[house, other.id][-1])])
    return total


def _add_limit(model: HouseRows, site: str, resource: str, houses: list[str], month: int) -> None:
    if (row := model.base.get((site, resource))) is not None:
        terms: Terms = {}
        for house in houses:
            terms |= model.shared_terms(house, resource, month)
        model.row((site, resource), terms, upper=float(row.headroom[month]))


def _add_site_limits(model: HouseRows) -> None:
    """What campus and region limit in sum."""
    for site in (site.id for site in model.plan.sites if site.kind != "house"):
        houses = [house for house in model.plan.houses if site in model.plan.above(house)]
        for resource in SHARED:
            for month in range(model.plan.horizon):
                _add_limit(model, site, resource, houses, month)

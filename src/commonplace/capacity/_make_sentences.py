"""Each refused or moved project with its reason, in one sentence from the constraint that binds.

Notable: looking for the reason may find that there is none (the project fits where it was wanted,
at less cost); that plan is taken, and the reasons are looked for again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from commonplace.capacity._make_choices import Floats, first_month
from commonplace.capacity._make_reasons import Family, Trials
from commonplace.capacity._make_whole import Whole
from commonplace.capacity._model import Plan, Project
from commonplace.capacity._order_stock import purchases
from commonplace.capacity._words import amount, first_day, many, month_said
from commonplace.foundation import Progress

Kind = Literal["refused", "late", "moved"]
_BACKBONE: tuple[Family, ...] = (("backbone", "backbone"),)
_LEAST = 1e-6  # of the cost: less is no difference


@dataclass(frozen=True)
class Reason:
    """Why a project does not stand where and when it was wanted."""

    project: str
    kind: Kind
    wanted: str  # the house: its first candidate, or where it stands
    month: int  # in which it was wanted
    causes: tuple[Family, ...]  # (site, resource): without all of them it fits; empty: cost
    earliest: int | None  # month in which `wanted` takes it; None: not within the horizon
    costs: float | None  # more than where it stands; None: it does not fit
    sentence: str


def reasons(
    whole: Whole,
    values: Floats,
    more: Callable[[], bool],
    stopped: Callable[[], bool],
    progress: Progress,
) -> tuple[tuple[Reason, ...], Floats]:
    """The reasons, and the plan that they are of; while `more()`, cheaper plans are taken."""
    total = len(whole.choices.pool)
    while True:
        found: list[Reason] = []
        trials, better = Trials(whole, values), False
        for number, project in enumerate(whole.choices.pool):
            progress("reasons", number, total, "projects")
            if stopped():
                found += [one for one in [_unasked(trials, number, project)] if one]
                continue
            one, cheaper = _reason(trials, number, project, more())
            if cheaper is not None:
                trials, values, better = Trials(whole, cheaper), cheaper, True
            elif one is not None:
                found.append(one)
        if not better or stopped():
            progress("reasons", total, total, "projects")
            return tuple(found), values


@dataclass(frozen=True)
class _Wish:
    """Where a project stands and where it was wanted; `house` empty: refused."""

    house: str
    month: int
    wanted: str
    need: int
    kind: Kind | None  # None: as it was wanted


def _wish(trials: Trials, number: int, project: Project) -> _Wish:
    whole = trials.whole
    choice = whole.choices
    now = np.flatnonzero((trials.values[whole.rows.choice] > 0.5) & (choice.project == number))
    first = (project.houses or whole.plan.houses)[0]
    month = first_month(project)
    if not len(now):
        return _Wish("", 0, first, month, "refused")
    house, stands = choice.houses[choice.house[now[0]]], int(choice.month[now[0]]) + 1
    wanted = first if project.houses else house
    need = max(month, project.need) if project.side == "network" else month
    kind: Kind | None = "late" if stands > project.need else "moved"
    return _Wish(house, stands, wanted, need, None if wanted == house and stands <= need else kind)


def _unasked(trials: Trials, number: int, project: Project) -> Reason | None:
    """What is left to say after an interrupt."""
    wish = _wish(trials, number, project)
    if wish.kind is None:
        return None
    stands = "is refused" if wish.kind == "refused" else f"goes to {wish.house}"
    said = f"{project.id} {stands}: why was not looked for, for it was stopped"
    return Reason(project.id, wish.kind, wish.wanted, wish.need, (), None, None, said)


def _reason(
    trials: Trials, number: int, project: Project, improving: bool
) -> tuple[Reason | None, Floats | None]:
    """The reason, or a cheaper plan; neither where the project stands as it was wanted."""
    whole, plan = trials.whole, trials.whole.plan
    wish = _wish(trials, number, project)
    house, stands, wanted, need = wish.house, wish.month, wish.wanted, wish.need
    if wish.kind is None:
        return None, None
    if wish.kind == "refused":
        return _refused(trials, number, project, improving)
    kind = wish.kind
    if (no_way := _no_way(trials, project, wanted)) is not None:
        said = f"{project.id} cannot go to {wanted}: {no_way}"
        return Reason(project.id, kind, wanted, need, _BACKBONE, None, None, said), None
    at = plan.houses.index(wanted)
    there = trials.moved(number, at, need - 1)
    if there is not None:
        costs = whole.cost(there) - whole.cost(trials.values)
        if improving and costs < -_LEAST * max(1.0, abs(whole.cost(trials.values))):
            return None, there
        said = _dearer(plan, project, wanted, need, house, stands, costs)
        return Reason(project.id, kind, wanted, need, (), need, costs, said), None
    causes = trials.against(number, at, need - 1)
    earliest = trials.earliest(number, at)
    month_there = None if earliest is None else earliest[0] + 1
    said = f"{project.id} cannot go to {wanted} in {month_said(plan, need)}: "
    said += f"{_against(whole, project, wanted, causes)}; {_earliest(trials, earliest)}"
    return Reason(project.id, kind, wanted, need, causes, month_there, None, said), None


def _dearer(
    plan: Plan, project: Project, wanted: str, need: int, house: str, stands: int, costs: float
) -> str:
    """Cost is the reason."""
    where = f"{house} in {month_said(plan, stands)}"
    there = f"{wanted} in {month_said(plan, need)}"
    if abs(costs) < 0.5:
        return f"{project.id} goes to {where}: in {there} it would fit at the same cost"
    if costs < 0:
        return (
            f"{project.id} goes to {where}: in {there} it would fit and cost {-costs:,.0f} less, "
            "but the search ended before that was taken"
        )
    return f"{project.id} goes to {where}: in {there} it would fit, but cost {costs:,.0f} more"


def _refused(
    trials: Trials, number: int, project: Project, improving: bool
) -> tuple[Reason | None, Floats | None]:
    """No house takes it, or at no cost that is worth it."""
    whole = trials.whole
    plan = whole.plan
    houses = project.houses or plan.houses
    month = first_month(project)
    if month > plan.horizon:
        said = f"{project.id} is refused: it may not stand before the horizon is over"
        return Reason(project.id, "refused", houses[0], month, (), None, None, said), None
    found_open = [h for h in houses if _no_way(trials, project, h) is None]
    if not found_open:
        said = f"{project.id} is refused: {_no_way(trials, project, houses[0])}"
        said += ", and so it is with its other houses" if len(houses) > 1 else ""
        return Reason(project.id, "refused", houses[0], month, _BACKBONE, None, None, said), None
    houses = tuple(found_open)
    dearer: tuple[float, str, int] | None = None
    for house in houses:
        found = trials.earliest(number, plan.houses.index(house))
        if found is None:
            continue
        costs = whole.cost(found[1]) - whole.cost(trials.values)
        if improving and costs < -_LEAST * max(1.0, abs(whole.cost(trials.values))):
            return None, found[1]
        if dearer is None or costs < dearer[0]:
            dearer = (costs, house, found[0] + 1)
    if dearer is not None:
        costs, house, first = dearer
        said = (
            f"{project.id} is refused: {house} takes it from {month_said(plan, first)} on, "
            f"which costs {abs(costs):,.0f} {'more' if costs >= 0 else 'less'} than to refuse it"
        )
        said += "" if costs >= 0 else ", but the search ended before that was taken"
        return Reason(project.id, "refused", house, month, (), first, costs, said), None
    causes = trials.against(number, plan.houses.index(houses[0]), plan.horizon - 1)
    said = (
        f"{project.id} is refused: {_against(whole, project, houses[0], causes)} in {houses[0]}, "
    )
    said += f"in {month_said(plan, plan.horizon)} too"
    others = len(houses) - 1
    if others:
        which = (
            "its other house does not take" if others == 1 else f"none of its {others} others takes"
        )
        said += f", and {which} it either"
    return Reason(project.id, "refused", houses[0], plan.horizon, causes, None, None, said), None


def _no_way(trials: Trials, project: Project, house: str) -> str | None:
    """That no link joins the house with where the project's flows go, if it is so."""
    end = trials.closed.get((project.product, house)) if project.side == "machine" else None
    return None if end is None else f"links.csv has no way between {house} and {end} for its flows"


def _earliest(trials: Trials, found: tuple[int, Floats, Floats] | None) -> str:
    """From when on the house takes it, and what is to be ordered for that."""
    if found is None:
        return "it does not fit there within the horizon"
    whole = trials.whole
    after, before = whole.planned(found[1]), whole.planned(found[2])
    bought = purchases(before, after.orders)
    said = f"earliest is {month_said(whole.plan, found[0] + 1)}"
    if not bought:
        return said
    said += " if "
    for n, one in enumerate(bought[:3]):
        place = f" for {one.place}" if one.place in whole.plan.link else ""
        are = f" {'is' if one.units == 1 else 'are'} ordered" if n == 0 else ""
        day = f"{first_day(whole.plan, one.month):%Y-%m-%d}"
        said += f"{', ' * (n > 0)}{many(one.units, one.item)}{place}{are} by {day}"
    return said + (f", and {len(bought) - 3} more" if len(bought) > 3 else "")


def _against(whole: Whole, project: Project, house: str, causes: tuple[Family, ...]) -> str:
    """What stands against a project, beside all that stands there."""
    return " and ".join(_cause(whole, project, house, *cause) for cause in causes)


def _cause(whole: Whole, project: Project, house: str, site: str, resource: str) -> str:
    of = "" if site == house else f" of {site}"
    gear = project.side == "network"
    lost = whole.plan.policies.lost_fbrs
    if resource == "backbone":
        return "its flows exceed what the backbone carries under its failures"
    if resource == "space":
        return f"its {amount(project.racks, 'racks')} exceed the space that is left{of}"
    if resource == "power":
        power = "power of its gear exceeds" if gear else f"{amount(project.kw, 'kW')} exceed"
        with_gear = "" if gear else ", with the gear for it,"
        return f"its {power}{with_gear} the power that is left{of}"
    if resource in ("network_space", "network_power"):
        what = "space" if resource == "network_space" else "power"
        whose = "it" if gear else "the gear for it"
        return f"{whose} exceeds the {what} that the gray box has left{of}"
    return {
        "ports": f"its {amount(project.ports, 'ports')} exceed those that the superblocks "
        "have left",
        "south": "its south bandwidth exceeds what the superblocks carry with one failure domain "
        "lost",
        "skeleton": "the uplinks lit with it exceed the skeleton's ports",
        "north": "its north bandwidth exceeds what the border routers carry with the largest "
        f"{'one' if lost == 1 else lost} lost",
    }[resource]

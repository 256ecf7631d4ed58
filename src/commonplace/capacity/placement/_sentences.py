"""Each refused or moved project with its reason, in one sentence from the constraint that binds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from commonplace.capacity.placement._choices import first_month
from commonplace.capacity.placement._master import Whole
from commonplace.capacity.placement._polish import Kind, Wish, wish
from commonplace.capacity.placement._reasons import Family, Soonest, Trials
from commonplace.capacity.plan.model import Plan, Project
from commonplace.capacity.plan.words import amount, first_day, many, month_said
from commonplace.capacity.procurement.purchases import purchases
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Float64s

_BACKBONE: tuple[Family, ...] = (("backbone", "backbone"),)


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
    whole: Whole, values: Float64s, ended: Callable[[], str], progress: Progress
) -> tuple[Reason, ...]:
    """Of each project that is refused, late or not where it was wanted, in their order.

    The refused are asked about first, then the late; `ended` says why no more can be, or nothing.
    """
    trials = Trials(whole, values)
    wishes = {n: wish(trials, n, project) for n, project in enumerate(whole.choices.pool)}
    asked = [n for kind in get_args(Kind) for n, one in wishes.items() if one.kind == kind]
    found = {}
    for done, number in enumerate(asked):
        progress("reasons", done, len(asked), "projects")
        project, one = whole.choices.pool[number], wishes[number]
        over = ended()
        found[number] = _unasked(project, one, over) if over else _reason(trials, number, one)
    progress("reasons", len(asked), len(asked), "projects")
    return tuple(found[number] for number in sorted(found))


def _unasked(project: Project, one: Wish, over: str) -> Reason:
    """What is left to say where there was no time to look."""
    assert one.kind is not None
    stands = "is refused" if one.kind == "refused" else f"goes to {one.house}"
    said = f"{project.id} {stands}: why was not looked for, for {over}"
    return Reason(project.id, one.kind, one.wanted, one.need, (), None, None, said)


def _reason(trials: Trials, number: int, one: Wish) -> Reason:
    whole, plan = trials.whole, trials.whole.plan
    project = whole.choices.pool[number]
    kind, wanted, need = one.kind, one.wanted, one.need
    assert kind is not None
    if kind == "refused":
        return _refused(trials, number, project)
    if (no_way := trials.no_way(project, wanted)) is not None:
        said = f"{project.id} cannot go to {wanted}: {no_way}"
        return Reason(project.id, kind, wanted, need, _BACKBONE, None, None, said)
    at = plan.houses.index(wanted)
    there = trials.moved(number, at, need - 1)
    if there is not None:
        costs = whole.cost(there) - whole.cost(trials.values)
        said = _dearer(plan, project, one, costs)
        return Reason(project.id, kind, wanted, need, (), need, costs, said)
    causes = trials.against(number, at, need - 1)
    earliest = trials.earliest(number, at)
    month_there = None if earliest is None else earliest.month + 1
    said = f"{project.id} cannot go to {wanted} in {month_said(plan, need)}: "
    said += f"{_against(whole, project, wanted, causes)}; {_earliest(trials, earliest)}"
    return Reason(project.id, kind, wanted, need, causes, month_there, None, said)


def _dearer(plan: Plan, project: Project, one: Wish, costs: float) -> str:
    """Cost is the reason."""
    where = f"{one.house} in {month_said(plan, one.month)}"
    there = f"{one.wanted} in {month_said(plan, one.need)}"
    if abs(costs) < 0.5:
        return f"{project.id} goes to {where}: in {there} it would fit at the same cost"
    if costs < 0:
        return (
            f"{project.id} goes to {where}: in {there} it would fit and cost {-costs:,.0f} less, "
            "but the search ended before that was taken"
        )
    return f"{project.id} goes to {where}: in {there} it would fit, but cost {costs:,.0f} more"


def _refused(trials: Trials, number: int, project: Project) -> Reason:
    """No house takes it, or at no cost that is worth it."""
    plan, month = trials.whole.plan, first_month(project)
    houses = project.houses or plan.houses
    if not houses:
        said = f"{project.id} is refused: the plan has no house"
        return Reason(project.id, "refused", "", month, (), None, None, said)
    if month > plan.horizon:
        said = f"{project.id} is refused: it may not stand before the horizon is over"
        return Reason(project.id, "refused", houses[0], month, (), None, None, said)
    with_way = [h for h in houses if trials.no_way(project, h) is None]
    if not with_way:
        said = f"{project.id} is refused: {trials.no_way(project, houses[0])}"
        said += ", and so it is with its other houses" if len(houses) > 1 else ""
        return Reason(project.id, "refused", houses[0], month, _BACKBONE, None, None, said)
    if (dearer := _dearest(trials, number, with_way)) is not None:
        costs, house, first = dearer
        said = (
            f"{project.id} is refused: {house} takes it from {month_said(plan, first)} on, "
            f"which costs {abs(costs):,.0f} {'more' if costs >= 0 else 'less'} than to refuse it"
        )
        said += "" if costs >= 0 else ", but the search ended before that was taken"
        return Reason(project.id, "refused", house, month, (), first, costs, said)
    wanted, last = with_way[0], plan.horizon
    causes = trials.against(number, plan.houses.index(wanted), last - 1)
    said = f"{project.id} is refused: {_against(trials.whole, project, wanted, causes)} in {wanted}"
    said += f", in {month_said(plan, last)} too{_others(len(houses) - 1)}"
    return Reason(project.id, "refused", wanted, last, causes, None, None, said)


def _dearest(trials: Trials, number: int, houses: list[str]) -> tuple[float, str, int] | None:
    """What the cheapest house that takes it costs more than to refuse it, and from when on."""
    whole, found = trials.whole, []
    for house in houses:
        soonest = trials.earliest(number, whole.plan.houses.index(house))
        if soonest is not None:
            costs = whole.cost(soonest.values) - whole.cost(trials.values)
            found.append((costs, house, soonest.month + 1))
    return min(found, default=None)


def _others(count: int) -> str:
    if not count:
        return ""
    which = "its other house does not take" if count == 1 else f"none of its {count} others takes"
    return f", and {which} it either"


def _earliest(trials: Trials, found: Soonest | None) -> str:
    """From when on the house takes it, and what is to be ordered for that."""
    if found is None:
        return "it does not fit there within the horizon"
    whole = trials.whole
    bought = purchases(whole.planned(found.before), whole.planned(found.after).orders)
    said = f"earliest is {month_said(whole.plan, found.month + 1)}"
    if not bought:
        return said
    said += " if "
    for n, one in enumerate(bought[:3]):
        place = f" for {one.place}" if one.place in whole.plan.link else ""
        are = f" {'is' if one.units == 1 else 'are'} ordered" if n == 0 else ""
        day = f"{first_day(whole.plan, one.month):%Y-%m-%d}"
        said += f"{', ' * (n > 0)}{many(one.units, one.item)}{place}{are} by {day}"
        if one.instead_of:
            said += f" instead of {first_day(whole.plan, one.instead_of):%Y-%m-%d}"
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

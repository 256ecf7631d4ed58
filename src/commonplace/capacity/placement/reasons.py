"""The reason of each project that is refused, late or moved: one sentence, from what binds."""

from dataclasses import dataclass, replace
from typing import get_args

from commonplace.capacity.placement._incumbent import Budget
from commonplace.capacity.placement._polish import Kind, PlacementOutcome, outcome_of
from commonplace.capacity.placement._relocations import EarliestPlacement, Family, Relocations
from commonplace.capacity.placement.choices import first_month
from commonplace.capacity.placement.master import MasterProgramme
from commonplace.capacity.plan.model import Plan, Project
from commonplace.capacity.plan.words import amount, month_text
from commonplace.capacity.procurement.purchases import purchase_phrase, purchases
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
    master: MasterProgramme, values: Float64s, budget: Budget, progress: Progress
) -> tuple[Reason, ...]:
    """The reason of each project that is refused, late or not where it was wanted, in their order.

    The refused are asked about first, then the late, as long as there is time.
    """
    relocations, pool = Relocations(master, values), master.choices.pool
    outcomes = {number: outcome_of(relocations, number) for number in range(len(pool))}
    # `Kind` lists the refused first, then the late: the time may not suffice for all.
    turn = [n for kind in get_args(Kind) for n, o in outcomes.items() if o.kind == kind]
    answers = {}
    for done, number in enumerate(turn):
        progress("reasons", done, len(turn), "projects")
        if ended := budget.why_over():
            answers[number] = _unasked(pool[number], outcomes[number], ended)
        else:
            answers[number] = _reason(relocations, number, outcomes[number])
    progress("reasons", len(turn), len(turn), "projects")
    return tuple(answers[number] for number in sorted(answers))


def _unasked(project: Project, outcome: PlacementOutcome, ended: str) -> Reason:
    stands = "is refused" if outcome.kind == "refused" else f"goes to {outcome.house}"
    sentence = f"{project.id} {stands}: why was not looked for, for {ended}"
    return _explained(project, outcome, sentence)


def _explained(
    project: Project,
    outcome: PlacementOutcome,
    sentence: str,
    *,
    causes: tuple[Family, ...] = (),
    earliest: int | None = None,
    costs: float | None = None,
) -> Reason:
    assert outcome.kind is not None
    return Reason(
        project=project.id,
        kind=outcome.kind,
        wanted=outcome.preferred,
        month=outcome.need,
        causes=causes,
        earliest=earliest,
        costs=costs,
        sentence=sentence,
    )


def _reason(relocations: Relocations, number: int, outcome: PlacementOutcome) -> Reason:
    master, plan = relocations.master, relocations.master.plan
    project, need = master.choices.pool[number], outcome.need
    if outcome.kind == "refused":
        return _refused(relocations, number, outcome)
    if (no_way := relocations.no_way(project, outcome.preferred)) is not None:
        sentence = f"{project.id} cannot go to {outcome.preferred}: {no_way}"
        return _explained(project, outcome, sentence, causes=_BACKBONE)
    house = plan.houses.index(outcome.preferred)
    there = relocations.cheapest(number, house, need - 1)
    if there is not None:
        costs = master.cost(there) - master.cost(relocations.values)
        sentence = _dearer(plan, project, outcome, costs)
        return _explained(project, outcome, sentence, earliest=need, costs=costs)
    causes = relocations.against(number, house, need - 1)
    earliest = relocations.earliest(number, house)
    sentence = f"{project.id} cannot go to {outcome.preferred} in {month_text(plan, need)}: "
    sentence += _against(plan, project, outcome.preferred, causes)
    sentence += f"; {_earliest(master, earliest)}"
    month = None if earliest is None else earliest.month + 1
    return _explained(project, outcome, sentence, causes=causes, earliest=month)


def _dearer(plan: Plan, project: Project, outcome: PlacementOutcome, costs: float) -> str:
    """Cost is the reason."""
    where = f"{outcome.house} in {month_text(plan, outcome.month)}"
    there = f"{outcome.preferred} in {month_text(plan, outcome.need)}"
    sentence = f"{project.id} goes to {where}: in {there} it would fit"
    if abs(costs) < 0.5:  # would be printed as 0
        return f"{sentence} at the same cost"
    if costs < 0:
        return f"{sentence} and cost {-costs:,.0f} less, but the search ended before that was taken"
    return f"{sentence}, but cost {costs:,.0f} more"


def _refused(relocations: Relocations, number: int, outcome: PlacementOutcome) -> Reason:
    """No house takes it, or at no cost that is worth it."""
    plan, project = relocations.master.plan, relocations.master.choices.pool[number]
    houses, sentence = project.houses or plan.houses, f"{project.id} is refused: "
    if not houses:
        return _explained(project, outcome, sentence + "the plan has no house")
    if first_month(project) > plan.horizon:
        sentence += "it may not stand before the horizon is over"
        return _explained(project, outcome, sentence)
    reachable = [h for h in houses if relocations.no_way(project, h) is None]
    if not reachable:
        sentence += f"{relocations.no_way(project, houses[0])}"
        sentence += ", and so it is with its other houses" if len(houses) > 1 else ""
        return _explained(project, outcome, sentence, causes=_BACKBONE)
    if (cheapest := _cheapest_house(relocations, number, reachable)) is not None:
        costs, house, first = cheapest
        sentence += f"{house} takes it from {month_text(plan, first)} on, which costs "
        sentence += f"{abs(costs):,.0f} {'more' if costs >= 0 else 'less'} than to refuse it"
        sentence += "" if costs >= 0 else ", but the search ended before that was taken"
        outcome = replace(outcome, preferred=house)
        return _explained(project, outcome, sentence, earliest=first, costs=costs)
    outcome = replace(outcome, preferred=reachable[0], need=plan.horizon)
    causes = relocations.against(number, plan.houses.index(outcome.preferred), outcome.need - 1)
    sentence += f"{_against(plan, project, outcome.preferred, causes)} in {outcome.preferred}"
    sentence += f", in {month_text(plan, outcome.need)} too{_others(len(houses) - 1)}"
    return _explained(project, outcome, sentence, causes=causes)


def _cheapest_house(
    relocations: Relocations, number: int, houses: list[str]
) -> tuple[float, str, int] | None:
    """What the cheapest house that takes it costs more than to refuse it, and from when on."""
    master, offers = relocations.master, []
    for house in houses:
        earliest = relocations.earliest(number, master.plan.houses.index(house))
        if earliest is not None:
            costs = master.cost(earliest.values) - master.cost(relocations.values)
            offers.append((costs, house, earliest.month + 1))
    return min(offers, default=None)


def _others(count: int) -> str:
    if not count:
        return ""
    which = "its other house does not take" if count == 1 else f"none of its {count} others takes"
    return f", and {which} it either"


def _earliest(master: MasterProgramme, earliest: EarliestPlacement | None) -> str:
    """From when on the house takes it, and what is to be ordered for that."""
    if earliest is None:
        return "it does not fit there within the horizon"
    before = master.translation.plan(earliest.before)
    needed = purchases(before, master.translation.plan(earliest.after).orders)
    sentence = f"earliest is {month_text(master.plan, earliest.month + 1)}"
    if not needed:
        return sentence
    verb = " is ordered" if needed[0].units == 1 else " are ordered"
    orders = [purchase_phrase(master.plan, needed[0], verb)]
    orders += [purchase_phrase(master.plan, purchase) for purchase in needed[1:3]]
    more = f", and {len(needed) - 3} more" if len(needed) > 3 else ""
    return f"{sentence} if {', '.join(orders)}{more}"


def _against(plan: Plan, project: Project, house: str, causes: tuple[Family, ...]) -> str:
    """What stands against a project, beside all that stands there."""
    return " and ".join(_cause(plan, project, house, cause) for cause in causes)


def _cause(plan: Plan, project: Project, house: str, cause: Family) -> str:
    site, resource = cause
    of = "" if site == house else f" of {site}"
    gear = project.side == "network"
    lost = plan.policies.lost_fbrs
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
    ports = amount(project.ports, "ports")
    return {
        "ports": f"its {ports} exceed those that the superblocks have left",
        "south": "its south bandwidth exceeds what the superblocks carry with one failure domain "
        "lost",
        "skeleton": "the uplinks lit with it exceed the skeleton's ports",
        "north": "its north bandwidth exceeds what the border routers carry with the largest "
        f"{'one' if lost == 1 else lost} lost",
    }[resource]

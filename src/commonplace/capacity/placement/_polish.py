"""Where projects were wanted, and cheaper plans in which one of them stands there.

The last step before the reasons: a project that is refused, late or elsewhere is put where it was
wanted, all else in place. What costs less is taken, so that no reason is "it was not tried".
"""

from dataclasses import dataclass
from typing import Literal

from commonplace.capacity.placement._incumbent import Budget
from commonplace.capacity.placement._relocations import Relocations
from commonplace.capacity.placement.choices import first_month
from commonplace.capacity.placement.master import MasterProgramme
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Float64s

Kind = Literal["refused", "late", "moved"]
_LEAST = 1e-6  # of the cost: less is no difference


@dataclass(frozen=True)
class PlacementOutcome:
    """Where a project stands, and where it would rather; `house` empty: refused."""

    house: str
    month: int
    preferred: str
    need: int
    kind: Kind | None  # None: as it was wanted


def outcome_of(relocations: Relocations, number: int) -> PlacementOutcome:
    """The outcome of a project of the pool in the plan that is asked about."""
    plan, choices = relocations.master.plan, relocations.master.choices
    project = choices.pool[number]
    choice = relocations.current(number)
    first = (*project.houses, *plan.houses, "")[0]
    month = first_month(project)
    if choice is None:
        return PlacementOutcome("", 0, first, month, "refused")
    house, stands = choices.houses[choices.house[choice]], int(choices.month[choice]) + 1
    preferred = first if project.houses else house
    need = max(month, project.need) if project.side == "network" else month
    kind: Kind | None = "late" if stands > project.need else "moved"
    if preferred == house and stands <= need:
        kind = None
    return PlacementOutcome(house, stands, preferred, need, kind)


def polished(
    master: MasterProgramme, values: Float64s, budget: Budget, progress: Progress
) -> Float64s:
    """The cheapest plan that such single moves lead to while there is time."""
    relocations, improved, total = Relocations(master, values), True, len(master.choices.pool)
    while improved:
        improved = False
        for number in range(total):
            if budget.why_over():
                return values
            progress("polish", number, total, "projects")
            cheaper = _cheaper(relocations, number)
            if cheaper is not None:
                relocations, values, improved = Relocations(master, cheaper), cheaper, True
    return values


def _cheaper(relocations: Relocations, number: int) -> Float64s | None:
    """The plan with the project where it was wanted, or there as soon as can be, if cheaper."""
    master = relocations.master
    project, outcome = master.choices.pool[number], outcome_of(relocations, number)
    if outcome.kind is None or first_month(project) > master.plan.horizon:
        return None
    is_refused = outcome.kind == "refused"
    for house in (project.houses or master.plan.houses) if is_refused else (outcome.preferred,):
        if relocations.no_way(project, house) is not None:
            continue
        at = master.plan.houses.index(house)
        values = None if is_refused else relocations.cheapest(number, at, outcome.need - 1)
        if values is None and outcome.kind != "moved":
            earliest = relocations.earliest(number, at)
            values = None if earliest is None else earliest.values
        if values is not None and _is_less(master.cost(values), master.cost(relocations.values)):
            return values
    return None


def _is_less(cost: float, than: float) -> bool:
    return cost < than - _LEAST * max(1.0, abs(than))

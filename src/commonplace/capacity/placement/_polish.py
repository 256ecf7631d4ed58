"""Cheaper plans in which one project stands where it was wanted.

The last step before the reasons: a project that is refused, late or elsewhere is put where it was
wanted, all else in place. What costs less is taken, so that no reason is "it was not tried".
"""

from collections.abc import Callable

from commonplace.capacity.placement._outcomes import outcome_of
from commonplace.capacity.placement._relocations import Relocations
from commonplace.capacity.placement.choices import first_month
from commonplace.capacity.placement.master import MasterProgramme
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Float64s

_LEAST = 1e-6  # of the cost: less is no difference


def polished(
    master: MasterProgramme, values: Float64s, may_go_on: Callable[[], bool], progress: Progress
) -> Float64s:
    """The cheapest plan that such single moves lead to while `may_go_on()`."""
    relocations, improved, total = Relocations(master, values), True, len(master.choices.pool)
    while improved:
        improved = False
        for number in range(total):
            if not may_go_on():
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
    for house in (project.houses or master.plan.houses) if is_refused else (outcome.wanted,):
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

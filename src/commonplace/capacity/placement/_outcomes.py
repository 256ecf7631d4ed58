"""Where a project was wanted, and where the plan has it."""

from dataclasses import dataclass
from typing import Literal

from commonplace.capacity.placement._relocations import Relocations
from commonplace.capacity.placement.choices import first_month

Kind = Literal["refused", "late", "moved"]


@dataclass(frozen=True)
class PlacementOutcome:
    """Where a project stands and where it was wanted; `house` empty: refused."""

    house: str
    month: int
    wanted: str
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
    wanted = first if project.houses else house
    need = max(month, project.need) if project.side == "network" else month
    kind: Kind | None = "late" if stands > project.need else "moved"
    if wanted == house and stands <= need:
        kind = None
    return PlacementOutcome(house, stands, wanted, need, kind)

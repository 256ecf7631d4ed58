"""Where projects were wanted, and cheaper plans in which one project stands where it was wanted.

The last step before the reasons: a project that is refused, late or elsewhere is put where it was
wanted, all else in place. What costs less is taken, so that no reason is "it was not tried".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from commonplace.capacity.placement._choices import first_month
from commonplace.capacity.placement._master import Whole
from commonplace.capacity.placement._reasons import Trials
from commonplace.capacity.plan.model import Project
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Float64s

Kind = Literal["refused", "late", "moved"]
_LEAST = 1e-6  # of the cost: less is no difference


@dataclass(frozen=True)
class Wish:
    """Where a project stands and where it was wanted; `house` empty: refused."""

    house: str
    month: int
    wanted: str
    need: int
    kind: Kind | None  # None: as it was wanted


def wish(trials: Trials, number: int, project: Project) -> Wish:
    """Of a project of the pool, in the plan that is asked about."""
    whole = trials.whole
    choice = whole.choices
    now = np.flatnonzero((trials.values[whole.rows.choice] > 0.5) & (choice.project == number))
    first = (*project.houses, *whole.plan.houses, "")[0]
    month = first_month(project)
    if not len(now):
        return Wish("", 0, first, month, "refused")
    house, stands = choice.houses[choice.house[now[0]]], int(choice.month[now[0]]) + 1
    wanted = first if project.houses else house
    need = max(month, project.need) if project.side == "network" else month
    kind: Kind | None = "late" if stands > project.need else "moved"
    return Wish(house, stands, wanted, need, None if wanted == house and stands <= need else kind)


def polished(
    whole: Whole, values: Float64s, more: Callable[[], bool], progress: Progress
) -> Float64s:
    """The cheapest plan that such single moves lead to while `more()`."""
    trials, better, total = Trials(whole, values), True, len(whole.choices.pool)
    while better:
        better = False
        for number, project in enumerate(whole.choices.pool):
            if not more():
                return values
            progress("polish", number, total, "projects")
            cheaper = _cheaper(trials, number, project)
            if cheaper is not None:
                trials, values, better = Trials(whole, cheaper), cheaper, True
    return values


def _cheaper(trials: Trials, number: int, project: Project) -> Float64s | None:
    """The plan with the project where it was wanted, or there as soon as can be, if cheaper."""
    whole = trials.whole
    one = wish(trials, number, project)
    if one.kind is None or first_month(project) > whole.plan.horizon:
        return None
    houses = project.houses or whole.plan.houses
    for house in houses if one.kind == "refused" else (one.wanted,):
        if trials.no_way(project, house) is not None:
            continue
        at = whole.plan.houses.index(house)
        found = None if one.kind == "refused" else trials.moved(number, at, one.need - 1)
        if found is None and one.kind != "moved":
            soonest = trials.earliest(number, at)
            found = None if soonest is None else soonest.values
        if found is not None and _less(whole.cost(found), whole.cost(trials.values)):
            return found
    return None


def _less(cost: float, than: float) -> bool:
    return cost < than - _LEAST * max(1.0, abs(than))

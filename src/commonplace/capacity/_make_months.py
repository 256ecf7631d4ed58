"""Which months matter: a house, a site and the backbone change only in some.

Notable: costs do not depend on the month of an order, and loads only grow. So between two *events*
(a supply's step, an arrival, the first month in which something ordered now can be used) the last
month binds, and who is later than needed comes at an event. The programme has these months only;
nothing is lost by it, and `make` still holds the whole plan against every month.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from commonplace.capacity._model import Plan, Project
from commonplace.capacity._stock import arrivals, ready_after


@dataclass(frozen=True)
class Epochs:
    """The months in which something changes, month 1 first, and the last month of each stretch."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def of(self, month: int) -> int:
        """The stretch that a month lies in."""
        return int(np.searchsorted(self.starts, month, side="right")) - 1


def epochs(plan: Plan, events: Iterable[int]) -> Epochs:
    """Stretches that begin at the events."""
    starts = sorted({1, *(month for month in events if 1 < month <= plan.horizon)})
    return Epochs(tuple(starts), (*(month - 1 for month in starts[1:]), plan.horizon))


def pool(plan: Plan) -> list[Project]:
    """The projects that are not decided."""
    return [project for project in plan.projects if project.id not in plan.placed]


def candidates(plan: Plan, project: Project) -> tuple[str, ...]:
    """The houses that a project may go to."""
    return project.houses or plan.houses


def first_month(project: Project) -> int:
    """The first month worth considering: machines gain nothing by coming before they are needed."""
    late = max(project.earliest, project.need) if project.side == "machine" else project.earliest
    return max(1, late)


def backbone_epochs(plan: Plan) -> Epochs:
    """The stretches in which no line can be added; every month where a demand shrinks."""
    if any(demand.growth < 0 for demand in (*plan.flows, *plan.hoses)):
        return epochs(plan, range(1, plan.horizon + 1))
    lines = {plan.item[link.item] for link in plan.links}
    coming = [month for place, _, _, month in arrivals(plan) if place in plan.link]
    return epochs(plan, [*coming, *(1 + ready_after(plan, item) for item in lines)])


def site_epochs(plan: Plan, site: str) -> Epochs:
    """The stretches in which a site's supply stays as it is."""
    return epochs(plan, [row.month for row in plan.supplies if row.site == site])


def house_epochs(plan: Plan) -> dict[str, Epochs]:
    """The stretches in which nothing changes for a house: its own, its sites', the backbone's."""
    ordered = {
        1 + ready_after(plan, item) for item in plan.items if item.role != "line"
    } | set(backbone_epochs(plan).starts)
    events: dict[str, set[int]] = {house: set(ordered) for house in plan.houses}
    for place, _, _, month in arrivals(plan):
        if place in events:
            events[place].add(month)
    for project in pool(plan):
        if project.side == "network":
            for house in candidates(plan, project):
                events[house].add(first_month(project))
    steps = {site.id: site_epochs(plan, site.id).starts for site in plan.sites}
    for house in plan.houses:
        events[house].update(month for site in plan.above(house) for month in steps[site])
    return {house: epochs(plan, months) for house, months in events.items()}

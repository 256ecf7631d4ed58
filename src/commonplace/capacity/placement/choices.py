"""What `make` may choose: for each project without a place, the houses and months open to it.

A choice is one column of the programme: this project stands in this house from this month on.
Machines are offered months from their need on (earlier only takes room longer), network gear from
its earliest month on. A choice costs its lateness; to refuse is a choice too, and costs more.
"""

from dataclasses import dataclass

import numpy as np

from commonplace.capacity.plan.model import ANYWHERE, Placement, Plan, Project
from commonplace.capacity.plan.network_references import components
from commonplace.foundation.arrays import Bools, Float64s, Int64s


@dataclass(frozen=True, eq=False)
class Choices:
    """The pool and its choices, as arrays with one entry for each choice; indices count from 0.

    `late` is what the months after the need cost, in the plan's currency; `refused` [pool] is what
    it costs to leave a project out.
    """

    pool: tuple[Project, ...]
    houses: tuple[str, ...]
    project: Int64s
    house: Int64s
    month: Int64s  # 0 is month 1
    late: Float64s
    refused: Float64s

    def __len__(self) -> int:
        return len(self.project)

    def costs(self, at: Int64s) -> Float64s:
        """Lateness or refusal of each project, [pool], where these choices are made."""
        costs = self.refused.copy()
        costs[self.project[at]] = self.late[at]
        return costs

    def placements(self, selected: Bools) -> tuple[Placement, ...]:
        """The selected choices as rows of placements.csv."""
        return tuple(
            Placement(
                self.pool[self.project[at]].id, self.houses[self.house[at]], int(self.month[at]) + 1
            )
            for at in np.flatnonzero(selected)
        )


def racks(plan: Plan, project: Project) -> float:
    """How many racks a project counts in `late_cost` and `refused_cost`: its own, or its gear's.

    It counts at least 1, because a project that counts nothing would never be placed.
    """
    gear = plan.item[project.item].positions * project.units if project.item else 0.0
    return max(project.racks, gear, 1.0)


def late_cost(plan: Plan, project: Project, month: int) -> float:
    """What it costs to stand from this month on: racks x priority x months late x `late_cost`."""
    months = max(0, month - project.need)
    return plan.policies.late_cost * project.priority * racks(plan, project) * months


def refused_cost(plan: Plan, project: Project) -> float:
    """What it costs not to be placed: racks x priority x `refused_cost`."""
    return plan.policies.refused_cost * project.priority * racks(plan, project)


def first_month(project: Project) -> int:
    """The first month that is of use: machines before their need only take room."""
    if project.side == "machine":
        return max(project.earliest, project.need)
    return project.earliest


def pool(plan: Plan) -> tuple[Project, ...]:
    """The projects that are neither fixed nor placed."""
    return tuple(project for project in plan.projects if project.id not in plan.placed)


def unreachable(plan: Plan) -> dict[tuple[str, str], str]:
    """(product, house) -> a site to or from which its flows have no way from there."""
    followed = [f for f in plan.flows if (f.a == ANYWHERE) != (f.z == ANYWHERE)]
    if plan.policies.demand != "pipe" or not followed:
        return {}
    part = components(plan)
    ends = {(f.product, f.z if f.a == ANYWHERE else f.a) for f in followed}
    return {
        (product, house): end
        for product, end in sorted(ends)
        for house in plan.houses
        if part[house] != part[end]
    }


def choices(plan: Plan) -> Choices:
    """Every choice of every project of the pool, but where its flows would have no way."""
    projects, closed = pool(plan), unreachable(plan)
    index = {house: n for n, house in enumerate(plan.houses)}
    houses, months, costs = [], [], []
    for project in projects:
        candidates = project.houses or plan.houses
        if project.side == "machine":  # network gear sends nothing itself
            candidates = tuple(h for h in candidates if (project.product, h) not in closed)
        reachable = [index[house] for house in candidates]
        open_months = np.arange(first_month(project), plan.horizon + 1)
        house, month = np.meshgrid(np.array(reachable, np.int64), open_months - 1, indexing="ij")
        late = np.array([late_cost(plan, project, int(m)) for m in open_months])
        houses.append(house.ravel())
        months.append(month.ravel())
        costs.append(np.broadcast_to(late, house.shape).ravel())
    empty = np.zeros(0, np.int64)  # a pool may be empty, and nothing is not concatenated
    return Choices(
        pool=projects,
        houses=plan.houses,
        project=np.repeat(np.arange(len(projects)), [len(house) for house in houses]),
        house=np.concatenate([empty, *houses]),
        month=np.concatenate([empty, *months]),
        late=np.concatenate([np.zeros(0), *costs]),
        refused=np.array([refused_cost(plan, project) for project in projects]),
    )

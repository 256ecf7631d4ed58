"""Parts of the programme that a step of the search may change (large neighbourhoods; Shaw 1998).

A part frees the choices of some projects, the gear of the houses they could go to, and all links;
everything else stays as the best plan has it.
"""

import numpy as np

from commonplace.capacity.placement._incumbent import Incumbent
from commonplace.foundation.arrays import Bools, Float64s, Int64s


def around(incumbent: Incumbent, random: np.random.Generator, size: int, *, late: bool) -> Bools:
    """Houses around one project, drawn by what it costs, and the projects there: `size` choices.

    `late`: only projects that stand there no later than it does, for those after it do not matter
    to it. Otherwise all of them.
    """
    master, choices = incumbent.master, incumbent.master.choices
    costs = incumbent.project_costs()
    house_of, month_of = _standing(incumbent)
    weight = np.sqrt(costs / max(float(costs.mean()), 1e-9)) + (0.02 if late else 1.0)
    seed = int(random.choice(len(weight), p=weight / weight.sum()))
    candidates = random.permutation(np.unique(choices.house[choices.project == seed]))
    others = random.permutation(len(master.plan.houses))
    last = month_of[seed] if late else master.plan.horizon
    houses: list[int] = []
    free: Bools | None = None
    for house in dict.fromkeys([*candidates.tolist(), *others.tolist()]):
        projects = np.isin(house_of, [*houses, house]) & (month_of <= last)
        projects[seed] = True
        trial = _free(incumbent, projects, np.array([*houses, house], np.int64))
        stay = master.selected(incumbent.best) & projects[choices.project]
        worth = choices.late <= _most_late(incumbent, projects, costs)
        trial[master.rows.choice] = (trial[master.rows.choice] & worth) | stay
        if free is not None and int(trial[master.rows.choice].sum()) > size:
            break
        houses.append(house)
        free = trial
    assert free is not None
    return free


def widely(incumbent: Incumbent, random: np.random.Generator, size: int) -> Bools:
    """Some projects over all their houses, with all gear and links: what saves a whole unit."""
    master, choices = incumbent.master, incumbent.master.choices
    costs = incumbent.project_costs()
    projects = np.zeros(len(choices.pool), bool)
    worth = choices.late <= _most_late(incumbent, projects, costs)
    count = np.bincount(choices.project[worth], minlength=len(choices.pool))
    turn = random.permutation(len(choices.pool))
    projects[turn[: max(2, int((np.cumsum(count[turn]) <= size).sum()))]] = True
    free = _free(incumbent, projects, np.arange(len(master.plan.houses)))
    worth = choices.late <= _most_late(incumbent, projects, costs)
    free[master.rows.choice] &= worth | master.selected(incumbent.best)
    return free


def _free(incumbent: Incumbent, projects: Bools, houses: Int64s) -> Bools:
    """The columns of these projects in these houses and where they are, of gear there, of links."""
    master, choices = incumbent.master, incumbent.master.choices
    inside = np.zeros(len(master.plan.houses), bool)
    inside[houses] = True
    moving = projects[choices.project]
    inside[choices.house[master.selected(incumbent.best) & moving]] = True
    free = (master.house < 0) | inside[master.house]
    free[master.rows.choice] = moving & inside[choices.house]
    return np.asarray(free)


def _most_late(incumbent: Incumbent, projects: Bools, costs: Float64s) -> float:
    """A choice that is later than this is hardly in a better part: what these cost, and the gap."""
    gap = incumbent.cost
    if np.isfinite(incumbent.bound):
        gap = max(0.0, incumbent.cost - incumbent.bound)
    return float(costs[projects].sum()) + min(gap, incumbent.cost - float(costs.sum()))


def _standing(incumbent: Incumbent) -> tuple[Int64s, Int64s]:
    """House and month of each project of the pool; without a place: -1 and the horizon."""
    choices = incumbent.master.choices
    house = np.full(len(choices.pool), -1)
    month = np.full(len(choices.pool), incumbent.master.plan.horizon)
    now = np.flatnonzero(incumbent.master.selected(incumbent.best))
    house[choices.project[now]], month[choices.project[now]] = (
        choices.house[now],
        choices.month[now],
    )
    return house, month

"""How `make` searches: relaxation with cuts, then campus by campus, then parts of the plan.

Notable: there is a plan that holds from the first moment (nothing of the pool placed), and every
step starts from one and ends with one, so the search may be stopped at any time. A step frees the
choices of some projects with the gear of houses they could go to, and all links, and solves that
(large-neighbourhood search; Shaw 1998). How many it frees follows from how long steps take.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

import numpy as np

from commonplace.capacity._make_choices import Floats, Ints
from commonplace.capacity._make_whole import Bools, Whole
from commonplace.foundation import Progress

SMALL = 1500  # choices up to which the whole is one step
_STEP = 6.0  # seconds that a step may take
_FEW, _MANY = 150, 2500  # choices that a step frees
_SUPPORT = 6  # choices of a project that the relaxation likes best, for the first steps


@dataclass
class Search:
    """What is known so far: the best values, their cost, and a bound below every plan's cost."""

    whole: Whole
    best: Floats
    bound: float
    deadline: float
    random: np.random.Generator
    progress: Progress
    stopped: Callable[[], bool]
    started: float
    steps: int = 0
    better: int = 0
    exact: bool = False
    first: float | None = None  # seconds until every project had its place, if ever

    @property
    def cost(self) -> float:
        """Of the best values."""
        return self.whole.cost(self.best)

    @property
    def gap(self) -> float:
        """How far the bound lies below the cost, as a part of the cost."""
        return max(0.0, self.cost - self.bound) / max(abs(self.cost), 1e-9)

    def over(self) -> bool:
        """Whether to stop."""
        return self.stopped() or monotonic() >= self.deadline or self.gap < 1e-6

    def take(self, found: Floats | None) -> bool:
        """Keep what costs less."""
        self.steps += 1
        better = found is not None and self.whole.cost(found) < self.cost - 1e-6 * max(
            1.0, abs(self.cost)
        )
        if better:
            assert found is not None
            self.best = found
            self.better += 1
        total = int(self.deadline - self.started)
        self.progress(self.said(), min(int(monotonic() - self.started), total), total, "s")
        return better

    def said(self) -> str:
        """One line of how it stands."""
        placed = int((self.best[self.whole.rows.choice] > 0.5).sum())
        of = len(self.whole.choices.pool)
        gap = f"{self.gap:.1%}" if np.isfinite(self.bound) else "no bound yet"
        return f"{placed}/{of} placed, gap {gap}"


def run(search: Search) -> None:
    """Improve until the time is over or nothing is left to improve."""
    whole = search.whole
    if not len(whole.choices):
        search.exact = True
        search.bound = search.cost
        return
    if search.over():
        return
    share = search.started + 0.4 * (search.deadline - search.started)
    values, duals, bound = whole.relaxed(share)
    search.bound = max(search.bound, bound)
    liked = _liked(whole, values, duals)
    if len(whole.choices) <= SMALL and not search.over():
        everything = np.ones(len(search.best), bool)
        found, bound = whole.part(everything, search.best, search.deadline, gap=1e-7)
        search.bound = max(search.bound, bound)
        search.take(found)
    for houses in _in_turn(search):
        if search.over():
            return
        free = _free(whole, search.best, _waiting(whole, search.best), houses, liked)
        search.take(whole.part(free, search.best, _until(search))[0])
    _neighbourhoods(search)


def _until(search: Search) -> float:
    return min(monotonic() + _STEP, search.deadline)


def _liked(whole: Whole, values: Floats | None, duals: Floats | None) -> Bools:
    """Of each project the choices that the relaxation takes or likes next, [choices]."""
    liked = np.ones(len(whole.choices), bool)
    if values is None or duals is None:
        return liked
    costs, _ = whole.reduced(duals)
    chosen = whole.rows.choice
    taken, reduced = values[chosen], costs[chosen]
    order = np.lexsort((reduced, -np.round(taken, 6), whole.choices.project))
    rank = np.arange(len(order)) - np.searchsorted(
        whole.choices.project[order], whole.choices.project[order]
    )
    liked[:] = False
    liked[order[rank < _SUPPORT]] = True
    return liked | (taken > 1e-6)


def _waiting(whole: Whole, values: Floats) -> Bools:
    """The projects that have no place, [pool]."""
    found = np.ones(len(whole.choices.pool), bool)
    found[whole.choices.project[values[whole.rows.choice] > 0.5]] = False
    return found


def _in_turn(search: Search) -> Iterator[Ints]:
    """Houses of a campus, one campus after the other."""
    plan = search.whole.plan
    campus = [plan.campus(house) for house in plan.houses]
    for name in dict.fromkeys(campus):
        yield np.array([n for n, one in enumerate(campus) if one == name], np.int64)


def _free(
    whole: Whole, values: Floats, projects: Bools, houses: Ints, liked: Bools | None = None
) -> Bools:
    """The columns of these projects in these houses and where they are, of gear there, of links."""
    inside = np.zeros(len(whole.plan.houses), bool)
    inside[houses] = True
    choice = whole.choices
    now = values[whole.rows.choice] > 0.5
    moving = projects[choice.project]
    inside[choice.house[now & moving]] = True
    free: Bools = np.asarray((whole.house < 0) | inside[whole.house])
    chosen = moving & inside[choice.house]
    if liked is not None:
        chosen &= liked | now
    free[whole.rows.choice] = chosen
    return free


def _neighbourhoods(search: Search) -> None:
    """Free what is late or refused with some of what stands where it could go; again and again."""
    size = 600.0
    whole = search.whole
    while not search.over():
        free = _some(search, int(size))
        start = monotonic()
        better = search.take(whole.part(free, search.best, _until(search))[0])
        took = monotonic() - start
        if took > 0.8 * _STEP:
            size = max(_FEW, size * 0.8)
        elif took < 0.3 * _STEP and not better:
            size = min(_MANY, size * 1.15)


def _some(search: Search, size: int) -> Bools:
    """A part of about `size` choices around one project, chosen by what it costs."""
    whole, choice, random = search.whole, search.whole.choices, search.random
    houses = len(whole.plan.houses)
    regret = _regret(whole, search.best)
    seed = int(random.choice(len(regret), p=regret / regret.sum()))
    mine = np.unique(choice.house[choice.project == seed])
    wanted = random.permutation(mine)
    others = random.permutation(houses)
    chosen: list[int] = []
    now = search.best[whole.rows.choice] > 0.5
    at = np.full(len(choice.pool), -1)
    at[choice.project[now]] = choice.house[now]
    for house in [*wanted.tolist(), *others.tolist()]:
        if house in chosen:
            continue
        trial = np.array([*chosen, house], np.int64)
        projects = np.isin(at, trial)
        projects[seed] = True
        count = int((projects[choice.project] & np.isin(choice.house, trial)).sum())
        if chosen and count > size:
            break
        chosen.append(int(house))
    projects = np.isin(at, chosen) | ((at < 0) & (random.random(len(at)) < 0.5))
    projects[seed] = True
    return _free(whole, search.best, projects, np.array(chosen, np.int64))


def _regret(whole: Whole, values: Floats) -> Floats:
    """What each project costs beyond being in time; a little for all."""
    choice = whole.choices
    cost = choice.refused.copy()
    now = np.flatnonzero(values[whole.rows.choice] > 0.5)
    cost[choice.project[now]] = choice.late[now]
    typical = float(cost[cost > 0].mean()) if (cost > 0).any() else 1.0
    return np.asarray(np.sqrt(cost / typical) + 0.1)

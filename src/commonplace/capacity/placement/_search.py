"""How `make` searches: quick packing, the relaxation with its bound, parts of the plan, the whole.

Notable: there is a plan that holds from the first moment (nothing of the pool placed), and every
step starts from one and ends with one, so the search may be stopped at any time. `_make_packing`
proposes places; a step then frees the choices of some projects with the gear of houses they could
go to, and all links (large-neighbourhood search; Shaw 1998); in the end the whole programme, of
the choices that the bound does not rule out, raises the bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np

from commonplace.capacity.placement._annealing import anneal, fill, repair
from commonplace.capacity.placement._master import Whole
from commonplace.capacity.placement._packing import Packing
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Bools, Float64s, Int64s

SMALL = 1500  # choices up to which the whole is one step
_STEP = 6.0  # seconds that a step may take
_FEW, _MANY = 100, 3000  # choices that a step frees
_KINDS = ("late", "gear", "wide")
_TELL = 0.5  # seconds between two words of progress
_SHORT = 1.0  # seconds of packing where the whole is solved anyway
_TURNS = 6  # proposals of the packing
_TRIES = 8  # times that a proposal is repaired


@dataclass
class Search:
    """What is known so far: the best values, their cost, and a bound below every plan's cost."""

    whole: Whole
    best: Float64s
    bound: float
    deadline: float
    random: np.random.Generator
    progress: Progress
    stopped: Callable[[], bool]
    started: float
    told: float = 0.0
    steps: int = 0
    better: int = 0

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
        return self.heed() or monotonic() >= self.deadline or self.gap < 1e-6

    def take(self, found: Float64s | None) -> bool:
        """Keep what costs less."""
        self.steps += 1
        better = found is not None and self.whole.cost(found) < self.cost - 1e-6 * max(
            1.0, abs(self.cost)
        )
        if better:
            assert found is not None
            self.best = found
            self.better += 1
        self.tell()
        return better

    def tell(self) -> None:
        """Say how it stands."""
        self.told = monotonic()
        total = max(1, int(self.deadline - self.started))
        self.progress(self.said(), min(int(self.told - self.started), total), total, "s")

    def heed(self) -> bool:
        """Whether to stop; the solver asks it often, so it says how it stands, twice a second."""
        if monotonic() - self.told > _TELL:
            self.tell()
        return self.stopped()

    def late(self) -> bool:
        """Whether anything is late or refused."""
        return bool(_costs(self.whole, self.best).any())

    def said(self) -> str:
        """One line of how it stands."""
        placed = int((self.best[self.whole.rows.choice] > 0.5).sum())
        of = len(self.whole.choices.pool)
        gap = f"{self.gap:.1%}" if np.isfinite(self.bound) else "no bound yet"
        return f"{placed}/{of} placed, gap {gap}"


def run(search: Search) -> None:
    """Improve until the time is over or nothing is left to improve."""
    whole = search.whole
    if search.over():
        return
    if not len(whole.choices):
        _whole(search, None)
        return
    packing = Packing(whole, search.random)
    fill(packing)
    _propose(search, packing)
    small = len(whole.choices) <= SMALL
    if not small:
        _pack(search, packing, _part_of(search, 0.12), turns=1)
    _, duals, bound = whole.relaxed(_part_of(search, 0.5))
    if bound > 0:  # no plan costs less than nothing, which is no news
        search.bound = bound
    packing.learn(duals)
    half = max(_part_of(search, 0.45), monotonic() + 0.15 * (search.deadline - search.started))
    short = monotonic() + _SHORT * len(whole.choices) / SMALL
    _pack(search, packing, min(_part_of(search, 0.15), short) if small else half)
    if not small:
        _neighbourhoods(search, max(_part_of(search, 0.55), half + _STEP))
    _whole(search, duals)
    _neighbourhoods(search, search.deadline)


def _part_of(search: Search, part: float) -> float:
    """When this part of the time is over."""
    return search.started + part * (search.deadline - search.started)


def _pack(search: Search, packing: Packing, deadline: float, turns: int = _TURNS) -> None:
    """Anneal, propose; a proposal that a failure breaks teaches its cuts."""
    turn = (deadline - monotonic()) / turns
    while not search.over() and monotonic() < deadline - 0.5 * turn:
        anneal(packing, min(monotonic() + turn, deadline), search.heed)
        _propose(search, packing)


def _propose(search: Search, packing: Packing) -> None:
    """Order for what is packed, and keep the plan if it holds and costs less."""
    whole = search.whole
    links = np.zeros(len(search.best), bool)
    links[whole.backbone.units] = True
    for _ in range(_TRIES):
        if search.over():
            return
        known = len(whole.matrix.row_lower)
        values = packing.valued(search.best)
        found, _ = whole.part(links, values, _until(search))
        search.take(found)
        if found is not None or len(whole.matrix.row_lower) == known:
            # it holds, or the formula was not enough: its gear once more, all together
            values = values if found is None else found
            search.take(whole.part(~whole.is_choice, values, _until(search))[0])
            return
        packing.learn()
        repair(packing)


def _whole(search: Search, duals: Float64s | None) -> None:
    """Everything that may be in a better plan, at once: the best there is, or a higher bound."""
    whole = search.whole
    if search.over():
        return
    free = np.ones(len(search.best), bool)
    if duals is not None:
        duals = np.append(duals, np.zeros(len(whole.matrix.row_lower) - len(duals)))
        free = whole.promising(duals, whole.bound(duals), search.cost) | (search.best > 0.5)
    found, bound = whole.part(free, search.best, search.deadline, gap=1e-7)
    search.bound = max(search.bound, min(bound, search.cost))
    search.take(found)


def _until(search: Search, seconds: float = _STEP) -> float:
    return min(monotonic() + seconds, search.deadline)


def _free(whole: Whole, values: Float64s, projects: Bools, houses: Int64s) -> Bools:
    """The columns of these projects in these houses and where they are, of gear there, of links."""
    inside = np.zeros(len(whole.plan.houses), bool)
    inside[houses] = True
    choice = whole.choices
    now = values[whole.rows.choice] > 0.5
    moving = projects[choice.project]
    inside[choice.house[now & moving]] = True
    free: Bools = np.asarray((whole.house < 0) | inside[whole.house])
    free[whole.rows.choice] = moving & inside[choice.house]
    return free


def _neighbourhoods(search: Search, deadline: float) -> None:
    """Free some projects and houses around one and solve, again and again; more if it is quick."""
    size = dict.fromkeys(_KINDS, 300.0)
    while not search.over() and monotonic() < deadline:
        kind = _KINDS[search.steps % 3]
        if kind == "late" and not search.late():
            kind = "gear"
        choose = _widely if kind == "wide" else _around
        free = choose(search, kind, int(size[kind]))
        start = monotonic()
        search.take(search.whole.part(free, search.best, _until(search))[0])
        took = monotonic() - start
        if took > 0.8 * _STEP:
            size[kind] = max(_FEW, size[kind] * 0.8)
        elif took < 0.5 * _STEP:
            size[kind] = min(_MANY, size[kind] * 1.15)


def _around(search: Search, kind: str, size: int) -> Bools:
    """Houses around one project, drawn by what it costs, and the projects there: `size` choices.

    `late`: only projects that stand there no later than it does, for those after it do not matter
    to it. `gear`: all of them.
    """
    whole, choice, random = search.whole, search.whole.choices, search.random
    costs = _costs(whole, search.best)
    at, month = _standing(whole, search.best)
    weight = np.sqrt(costs / max(float(costs.mean()), 1e-9)) + (0.02 if kind == "late" else 1.0)
    seed = int(random.choice(len(weight), p=weight / weight.sum()))
    mine = random.permutation(np.unique(choice.house[choice.project == seed]))
    others = random.permutation(len(whole.plan.houses))
    last = month[seed] if kind == "late" else whole.plan.horizon
    houses: list[int] = []
    free: Bools | None = None
    for house in dict.fromkeys([*mine.tolist(), *others.tolist()]):
        projects = np.isin(at, [*houses, house]) & (month <= last)
        projects[seed] = True
        trial = _free(whole, search.best, projects, np.array([*houses, house], np.int64))
        trial[whole.rows.choice] &= choice.late <= _most_late(search, projects, costs)
        trial[whole.rows.choice] |= search.best[whole.rows.choice] * projects[choice.project] > 0.5
        if free is not None and int(trial[whole.rows.choice].sum()) > size:
            break
        houses.append(house)
        free = trial
    assert free is not None
    return free


def _widely(search: Search, kind: str, size: int) -> Bools:
    """Some projects over all their houses, with all gear and links: what saves a whole unit."""
    whole, choice = search.whole, search.whole.choices
    costs = _costs(whole, search.best)
    everywhere = np.arange(len(whole.plan.houses))
    projects = np.zeros(len(choice.pool), bool)
    worth = choice.late <= _most_late(search, projects, costs)
    count = np.bincount(choice.project[worth], minlength=len(choice.pool))
    turn = search.random.permutation(len(choice.pool))
    projects[turn[: max(2, int((np.cumsum(count[turn]) <= size).sum()))]] = True
    free = _free(whole, search.best, projects, everywhere)
    now = search.best[whole.rows.choice] > 0.5
    free[whole.rows.choice] &= (choice.late <= _most_late(search, projects, costs)) | now
    return free


def _most_late(search: Search, projects: Bools, costs: Float64s) -> float:
    """A choice that is later than this is hardly in a better part: what these cost, and the gap."""
    gap = max(0.0, search.cost - search.bound) if np.isfinite(search.bound) else search.cost
    return float(costs[projects].sum()) + min(gap, search.cost - float(costs.sum()))


def _standing(whole: Whole, values: Float64s) -> tuple[Int64s, Int64s]:
    """House and month of each project of the pool; without a place: -1 and the horizon."""
    choice = whole.choices
    at = np.full(len(choice.pool), -1)
    month = np.full(len(choice.pool), whole.plan.horizon)
    now = np.flatnonzero(values[whole.rows.choice] > 0.5)
    at[choice.project[now]], month[choice.project[now]] = choice.house[now], choice.month[now]
    return at, month


def _costs(whole: Whole, values: Float64s) -> Float64s:
    """What each project's lateness or refusal costs, [pool]."""
    choice = whole.choices
    cost = choice.refused.copy()
    now = np.flatnonzero(values[whole.rows.choice] > 0.5)
    cost[choice.project[now]] = choice.late[now]
    return cost

"""How `make` searches: quick packing, the relaxation with its bound, parts of the plan, all of it.

Notable: there is a plan that holds from the first moment (nothing of the pool placed), and every
step starts from one and ends with one, so the search may be stopped at any time. `packing` proposes
places; a step then frees the choices of some projects with the gear of the houses they could go to,
and all links (large-neighbourhood search; Shaw 1998); in the end the whole programme, of the
choices that the bound does not rule out, raises the bound.
"""

from time import monotonic

import numpy as np

from commonplace.capacity.placement._incumbent import Incumbent
from commonplace.capacity.placement.annealing import anneal, fill, repair
from commonplace.capacity.placement.packing import Packing, empty_packing
from commonplace.foundation.arrays import Bools, Float64s, Int64s

SMALL = 1500  # choices up to which the whole is one step
_STEP = 6.0  # seconds that a step may take
_FEW, _MANY = 100, 3000  # choices that a step frees
_KINDS = ("late", "gear", "wide")
_SHORT = 1.0  # seconds of packing where the whole is solved anyway
_TURNS = 6  # proposals of the packing
_TRIES = 8  # times that a proposal is repaired


def search(incumbent: Incumbent, random: np.random.Generator) -> None:
    """Improves the incumbent until the time is over or nothing is left to improve."""
    master, budget = incumbent.master, incumbent.budget
    if incumbent.is_over():
        return
    if not len(master.choices):
        _solve_all(incumbent, None)
        return
    packing = empty_packing(master, random)
    fill(packing)
    _propose(incumbent, packing)
    small = len(master.choices) <= SMALL
    if not small:
        # The relaxation of a large plan takes long, and there is to be a plan before it ends.
        _pack(incumbent, packing, budget.until(0.12), turns=1)
    relaxation = master.relax(budget.until(0.5), incumbent.should_stop)
    if relaxation.bound > 0:  # no plan costs less than nothing, which is no news
        incumbent.bound = relaxation.bound
    packing.learn(master, relaxation.duals)
    # On a busy machine the relaxation takes its whole share: packing has a share all the same.
    half = max(budget.until(0.45), monotonic() + 0.15 * (budget.deadline - budget.started))
    short = monotonic() + _SHORT * len(master.choices) / SMALL
    _pack(incumbent, packing, min(budget.until(0.15), short) if small else half)
    if not small:
        _improve_parts(incumbent, random, max(budget.until(0.55), half + _STEP))
    _solve_all(incumbent, relaxation.duals)
    _improve_parts(incumbent, random, budget.deadline)


def _pack(incumbent: Incumbent, packing: Packing, deadline: float, turns: int = _TURNS) -> None:
    """Anneals and proposes in turn; a proposal that a failure breaks teaches its cuts."""
    turn = (deadline - monotonic()) / turns
    while not incumbent.is_over() and monotonic() < deadline - 0.5 * turn:
        anneal(packing, min(monotonic() + turn, deadline), incumbent.should_stop)
        _propose(incumbent, packing)


def _propose(incumbent: Incumbent, packing: Packing) -> None:
    """Orders for what is packed, and offers the plan if it holds."""
    master, stop = incumbent.master, incumbent.should_stop
    links = np.zeros(len(incumbent.best), bool)
    links[master.backbone.units] = True
    for _ in range(_TRIES):
        if incumbent.is_over():
            return
        rows = len(master.matrix.row_lower)
        packed = packing.values(master, incumbent.best)
        values, _ = master.solve_part(links, packed, _step_end(incumbent), stop)
        incumbent.offer(values)  # before its gear is improved: the time may end with that
        if values is not None or len(master.matrix.row_lower) == rows:
            # it holds, or the formula was not enough: its gear once more, all together
            packed = packed if values is None else values
            end = _step_end(incumbent)
            incumbent.offer(master.solve_part(~master.is_choice, packed, end, stop)[0])
            return
        packing.learn(master)
        repair(packing)


def _solve_all(incumbent: Incumbent, duals: Float64s | None) -> None:
    """Solves for all that may be in a better plan: the best there is, or a higher bound."""
    master = incumbent.master
    if incumbent.is_over():
        return
    free = np.ones(len(incumbent.best), bool)
    if duals is not None:
        # What stands now is free whatever it costs, or it could not move.
        free = master.promising(duals, incumbent.cost) | (incumbent.best > 0.5)
    deadline, stop = incumbent.budget.deadline, incumbent.should_stop
    # A gap below that of `is_over`, or the best plan would not be known to be it.
    values, bound = master.solve_part(free, incumbent.best, deadline, stop, gap=1e-7)
    incumbent.bound = max(incumbent.bound, min(bound, incumbent.cost))
    incumbent.offer(values)


def _step_end(incumbent: Incumbent) -> float:
    return min(monotonic() + _STEP, incumbent.budget.deadline)


def _improve_parts(incumbent: Incumbent, random: np.random.Generator, deadline: float) -> None:
    """Frees some projects and houses and solves, again and again; more of them if it is quick."""
    size = dict.fromkeys(_KINDS, 300.0)
    while not incumbent.is_over() and monotonic() < deadline:
        kind = _KINDS[incumbent.steps % 3]
        if kind == "late" and not incumbent.has_late_projects():
            kind = "gear"
        if kind == "wide":
            free = _widely(incumbent, random, int(size[kind]))
        else:
            free = _around(incumbent, random, int(size[kind]), late=kind == "late")
        start = monotonic()
        best, end, stop = incumbent.best, _step_end(incumbent), incumbent.should_stop
        incumbent.offer(incumbent.master.solve_part(free, best, end, stop)[0])
        seconds = monotonic() - start
        if seconds > 0.8 * _STEP:
            size[kind] = max(_FEW, size[kind] * 0.8)
        elif seconds < 0.5 * _STEP:
            size[kind] = min(_MANY, size[kind] * 1.15)


# ------------------------------------------------------------------ what a step frees


def _around(incumbent: Incumbent, random: np.random.Generator, size: int, *, late: bool) -> Bools:
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


def _widely(incumbent: Incumbent, random: np.random.Generator, size: int) -> Bools:
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
    house[choices.project[now]] = choices.house[now]
    month[choices.project[now]] = choices.month[now]
    return house, month

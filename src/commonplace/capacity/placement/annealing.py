"""The search over a packing: projects around a late one are taken out and put back otherwise.

Ruin and recreate (Schrimpf et al. 2000): a few projects of one to four houses at once, put back in
another order, each where it is cheapest; worse states are kept for a while (annealing). Hundreds of
changes a second where an integer programme does one.
"""

from collections.abc import Callable
from time import monotonic

import numpy as np

from commonplace.capacity.placement._gear import AT
from commonplace.capacity.placement.packing import Packing
from commonplace.foundation.arrays import Float64s, Int64s

_MOST = 14  # projects that are taken out at once, beside the seed and four that wait
_COOLING = 0.01  # the share of the first heat that there is in the end


def fill(packing: Packing) -> None:
    """Puts everything that has no place, the dearest to be late first."""
    missing = np.flatnonzero(packing.loads.standing < 0)
    for project in missing[np.argsort(-packing.options.choices.refused[missing])]:
        packing.put(int(project))


def repair(packing: Packing) -> None:
    """Takes projects out of cuts that were learnt and are violated, and fills again."""
    loads, room, refused = packing.loads, packing.costs.room, packing.options.choices.refused
    while len(room) and (loads.cut_use - room).max() > 1e-9:
        cut = int((loads.cut_use - room).argmax())
        placed = np.flatnonzero(loads.standing >= 0)
        sends = np.array([packing.sends(p, loads.standing[[p]])[0, cut] for p in placed.tolist()])
        if not (sends > 0).any():
            break
        worth = sends / (refused[placed] + 1.0)
        worth *= packing.random.random(len(placed))
        packing.take_out(int(placed[worth.argmax()]))
    fill(packing)


def anneal(packing: Packing, deadline: float, stopped: Callable[[], bool]) -> None:
    """Takes out and puts back until the deadline; ends in the best state that there was."""
    start, cost = monotonic(), packing.cost()
    best, best_loads = cost, packing.loads.copy()
    first_heat = _first_heat(packing)
    while (share := (deadline - monotonic()) / max(deadline - start, 1e-9)) > 0:
        if stopped():
            break
        before = packing.loads.copy()
        _change(packing)
        now = packing.cost()
        heat = first_heat * _COOLING ** (1 - share)
        if now < cost or packing.random.random() < np.exp(min(0.0, (cost - now) / heat)):
            cost = now
            if cost < best - 1e-6:
                best, best_loads = cost, packing.loads.copy()
        else:
            packing.loads = before
    packing.loads = best_loads


def _first_heat(packing: Packing) -> float:
    """What a change may cost at first: a third of a month of a project; else a part of gear."""
    if packing.project_costs().any():
        # a refusal: 50 months by default
        return float(packing.options.choices.refused.mean()) / 150
    items = packing.gear.plan.items
    dearest = max((item.cost for item in items if item.role != "line"), default=1.0)
    return max(0.3 * dearest, 1e-6)


def _change(packing: Packing) -> None:
    """Takes out some projects of one to four houses around a seed, and puts them back."""
    random, choices, standing = packing.random, packing.options.choices, packing.loads.standing
    costs = packing.project_costs()
    weight = np.sqrt(costs) + 0.02 * np.sqrt(costs.mean() + 1.0) + 1e-9
    seed = int(random.choice(len(weight), p=weight / weight.sum()))
    candidates = np.unique(choices.house[packing.options.of(seed)])
    if not len(candidates):
        return
    houses = random.permutation(candidates)[: 1 + random.integers(4)]
    placed = np.flatnonzero(standing >= 0)
    placed = placed[np.isin(choices.house[standing[placed]], houses)]
    month = choices.month[standing[seed]] if standing[seed] >= 0 else packing.gear.horizon
    early = choices.month[standing[placed]] <= month
    placed = placed[early | (random.random(len(placed)) < 0.3)]
    out = random.permutation(placed)[: 1 + random.integers(_MOST)]
    waiting = np.flatnonzero(standing < 0)
    out = np.unique([*out, seed, *random.permutation(waiting)[:4]])
    for project in out:
        packing.take_out(int(project))
    for project in out[np.argsort(_order(packing, out))]:
        packing.put(int(project))


def _order(packing: Packing, out: Int64s) -> Float64s:
    """Keys by which they are put back, the least first."""
    random, choices = packing.random, packing.options.choices
    keys = (
        -choices.refused[out],
        -packing.options.needs[out, AT["ports"]],
        np.array([float(choices.pool[p].need) for p in out]),
        random.random(len(out)),
    )
    key = keys[int(random.integers(len(keys)))]
    spread = float(np.ptp(key)) or 1.0
    return np.asarray(key + random.random(len(out)) * 0.3 * spread)

"""The search over a packing: take projects out around one that is late, put them back otherwise.

Ruin and recreate (Schrimpf et al. 2000): a few projects of one to four houses at once, put back in
another order, each where it is cheapest; worse states are kept for a while (annealing). Hundreds of
changes a second where an integer programme does one.
"""

from collections.abc import Callable
from time import monotonic

import numpy as np

from commonplace.capacity.placement._gear import AT
from commonplace.capacity.placement._packing import Packing
from commonplace.foundation.arrays import Float64s, Int64s

_MOST = 14  # projects that are taken out at once
_COOLING = 0.01  # what is left of the heat in the end


def fill(packing: Packing) -> None:
    """Everything that has no place: the dearest to be late first."""
    missing = np.flatnonzero(packing.standing < 0)
    for project in missing[np.argsort(-packing.choices.refused[missing])]:
        packing.put(int(project))


def repair(packing: Packing) -> None:
    """Take projects out of cuts that were learnt and are violated, and fill again."""
    while len(packing.cut_room) and (packing.cut_use - packing.cut_room).max() > 1e-9:
        cut = int((packing.cut_use - packing.cut_room).argmax())
        on = np.flatnonzero(packing.standing >= 0)
        sends = np.array([packing.sends(int(p), packing.standing[p : p + 1])[0, cut] for p in on])
        if not (sends > 0).any():
            break
        worth = sends / (packing.choices.refused[on] + 1.0)
        worth *= packing.random.random(len(on))
        packing.take(int(on[worth.argmax()]))
    fill(packing)


def anneal(packing: Packing, deadline: float, stopped: Callable[[], bool]) -> None:
    """Take out and put back until the deadline; ends in the best state that was seen."""
    start, cost = monotonic(), packing.cost()
    best, kept = cost, packing.saved()
    hot = _heat(packing)
    while (left := (deadline - monotonic()) / max(deadline - start, 1e-9)) > 0:
        if stopped():
            break
        before = packing.saved()
        _change(packing)
        now = packing.cost()
        heat = hot * _COOLING ** (1 - left)
        if now < cost or packing.random.random() < np.exp(min(0.0, (cost - now) / heat)):
            cost = now
            if cost < best - 1e-6:
                best, kept = cost, packing.saved()
        else:
            packing.restore(before)
    packing.restore(kept)


def _heat(packing: Packing) -> float:
    """What a change may cost at first: a third of a month of a project; else a part of gear."""
    late = packing.costs()
    if late.any():
        return float(packing.choices.refused.mean()) / 150
    dearest = max((i.cost for i in packing.plan.items if i.role != "line"), default=1.0)
    return max(0.3 * dearest, 1e-6)


def _change(packing: Packing) -> None:
    """Some projects of one to three houses around a seed, out and in again."""
    random, choice = packing.random, packing.choices
    costs = packing.costs()
    weight = np.sqrt(costs) + 0.02 * np.sqrt(costs.mean() + 1.0) + 1e-9
    seed = int(random.choice(len(weight), p=weight / weight.sum()))
    mine = np.unique(choice.house[packing.first[seed] : packing.first[seed + 1]])
    if not len(mine):
        return
    houses = random.permutation(mine)[: 1 + random.integers(4)]
    on = np.flatnonzero(packing.standing >= 0)
    on = on[np.isin(choice.house[packing.standing[on]], houses)]
    month = choice.month[packing.standing[seed]] if packing.standing[seed] >= 0 else packing.horizon
    early = choice.month[packing.standing[on]] <= month
    on = on[early | (random.random(len(on)) < 0.3)]
    out = random.permutation(on)[: 1 + random.integers(_MOST)]
    waiting = np.flatnonzero(packing.standing < 0)
    out = np.unique([*out, seed, *random.permutation(waiting)[:4]])
    for project in out:
        packing.take(int(project))
    for project in out[np.argsort(_order(packing, out))]:
        packing.put(int(project))


def _order(packing: Packing, out: Int64s) -> Float64s:
    """By which they are put back, the least first."""
    random = packing.random
    keys = (
        -packing.choices.refused[out],
        -packing.takes[out, AT["ports"]],
        np.array([float(packing.choices.pool[p].need) for p in out]),
        random.random(len(out)),
    )
    key = keys[int(random.integers(len(keys)))]
    spread = float(np.ptp(key)) or 1.0
    return np.asarray(key + random.random(len(out)) * 0.3 * spread)

"""`make`: the pool placed over houses and months, and ordered for, at least cost.

    commonplace plan make DIR --out made

Notable: it is no black box. It says what the plan costs, a bound below the cost of every plan, the
gap between the two, and of every project that is refused, late or not where it was wanted the
constraint that binds. `check` is the judge of what is returned: nothing breaks that what is decided
does not break already.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

import numpy as np

from commonplace.capacity.feasibility.check import Break, Verdict, check
from commonplace.capacity.placement._choices import late_cost, pool, refused_cost
from commonplace.capacity.placement._master import Whole
from commonplace.capacity.placement._polish import polished
from commonplace.capacity.placement._search import Search, run
from commonplace.capacity.placement._sentences import Reason, reasons
from commonplace.capacity.plan.model import Placement, Plan
from commonplace.capacity.plan.words import first_day
from commonplace.capacity.procurement.order import order
from commonplace.capacity.procurement.purchases import Purchase, purchases
from commonplace.foundation import Progress, silent
from commonplace.foundation.arrays import Float64s

Ended = Literal["optimal", "time", "stopped"]
_OPTIMAL = 1e-6  # a gap that is rounding
_EXPLAINED = 60.0  # seconds for reasons, where the search has fewer


@dataclass(frozen=True, eq=False)
class Made:
    """The answer of `make`; `plan` holds the placements and orders, `verdict` is its check."""

    plan: Plan
    placements: tuple[Placement, ...]  # what was placed now
    refused: tuple[str, ...]
    purchases: tuple[Purchase, ...]
    order_cost: float
    late_cost: float
    refused_cost: float
    bound: float  # no plan that breaks nothing more costs less
    ended: Ended
    seconds: float  # of the search
    explained: float  # seconds for the reasons
    reasons: tuple[Reason, ...]
    verdict: Verdict
    before: tuple[Break, ...]  # what is decided breaks, as `order` orders for it

    @property
    def cost(self) -> float:
        """Orders, lateness and refusals together."""
        return self.order_cost + self.late_cost + self.refused_cost

    @property
    def gap(self) -> float:
        """How far the bound lies below the cost, as a part of the cost."""
        return max(0.0, self.cost - self.bound) / self.cost if self.cost > 0 else 0.0

    def record(self) -> dict[str, Any]:
        """As documented in docs/json.md."""
        return {
            "plan": self.plan.name,
            "feasible": self.verdict.feasible,
            "ended": self.ended,
            "seconds": self.seconds,
            "explained": self.explained,
            "cost": self.cost,
            "bound": self.bound if np.isfinite(self.bound) else None,
            "gap": self.gap if np.isfinite(self.bound) else None,
            "costs": {
                "orders": self.order_cost,
                "late": self.late_cost,
                "refused": self.refused_cost,
            },
            "placements": [vars(one) for one in self.placements],
            "refused": list(self.refused),
            "purchases": [
                vars(one) | {"by": f"{first_day(self.plan, one.month):%Y-%m-%d}"}
                for one in self.purchases
            ],
            "orders": [vars(one) for one in self.plan.orders],
            "reasons": [_reason_record(one) for one in self.reasons],
            "breaks": [vars(one) for one in self.verdict.breaks],
            "broken_before": [vars(one) for one in self.before],
        }


def make(
    plan: Plan,
    seconds: float = 60.0,
    seed: int = 1,
    progress: Progress = silent,
    stopped: Callable[[], bool] = lambda: False,
    explain: float | None = None,
) -> Made:
    """Place what has no place yet, and order for everything, at least cost in the given time.

    `stopped` is asked between steps: once it is true, the best plan so far is returned. `explain`
    are the seconds for reasons, on top; if None, as many as for the search and at least 60.

    Raises:
        InputError: HiGHS is not installed.
    """
    started = monotonic()
    decided = order(plan)
    whole = Whole(plan, decided.plan.orders, stopped)
    search = Search(
        whole,
        whole.start,
        -np.inf,
        started + seconds,
        np.random.default_rng(seed),
        progress,
        stopped,
        started,
    )
    whole.stopped = search.heed
    run(search)
    whole.stopped = stopped
    searched = monotonic()
    best, verdict = _ordered(plan, whole, search.best, decided.verdict)
    more = searched + max(5.0, seconds / 4)
    values = whole.valued(best)
    found = polished(whole, values, lambda: monotonic() < more and not stopped(), progress)
    if not np.array_equal(values, found):
        best, verdict = _ordered(plan, whole, found, decided.verdict)
    search.best = whole.valued(best)
    over = monotonic() + (max(_EXPLAINED, seconds) if explain is None else explain)

    def no_more() -> str:
        return "it was stopped" if stopped() else "the time was over" * (monotonic() >= over)

    why = reasons(whole, search.best, no_more, progress)
    explained = monotonic() - searched
    ended: Ended = "stopped" if stopped() else "time"
    if search.gap <= _OPTIMAL:
        ended = "optimal"
    return _made(
        plan,
        best,
        verdict,
        why,
        search.bound,
        ended,
        searched - started,
        explained,
        decided.verdict,
    )


def _ordered(plan: Plan, whole: Whole, values: Float64s, before: Verdict) -> tuple[Plan, Verdict]:
    """The plan with its orders made as late as can be, if these are as good; else as searched."""
    mine = whole.planned(values)
    late = order(replace(mine, orders=plan.orders))
    cheap = late.cost <= sum(one.cost for one in purchases(plan, mine.orders)) + 1e-6
    if cheap and _no_worse(late.verdict, before):
        return late.plan, late.verdict
    return mine, check(mine)


def _no_worse(after: Verdict, before: Verdict) -> bool:
    broken = {(one.site, one.resource) for one in before.breaks}
    return {(one.site, one.resource) for one in after.breaks} <= broken


def _made(
    plan: Plan,
    best: Plan,
    verdict: Verdict,
    why: tuple[Reason, ...],
    bound: float,
    ended: Ended,
    seconds: float,
    explained: float,
    before: Verdict,
) -> Made:
    placed = best.placed
    waiting = pool(plan)
    refused = [project for project in waiting if project.id not in placed]
    bought = purchases(plan, best.orders)
    costs = [
        late_cost(plan, project, placed[project.id].month)
        for project in waiting
        if project.id in placed
    ]
    return Made(
        best,
        tuple(placed[project.id] for project in waiting if project.id in placed),
        tuple(project.id for project in refused),
        bought,
        float(sum(one.cost for one in bought)),
        float(sum(costs)),
        float(sum(refused_cost(plan, project) for project in refused)),
        bound,
        ended,
        seconds,
        explained,
        why,
        verdict,
        before.breaks,
    )


def _reason_record(one: Reason) -> dict[str, Any]:
    causes = [{"site": site, "resource": resource} for site, resource in one.causes]
    return vars(one) | {"causes": causes}

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
from commonplace.capacity.placement._incumbent import Budget, Incumbent, relative_gap
from commonplace.capacity.placement._polish import polished
from commonplace.capacity.placement._search import search
from commonplace.capacity.placement.choices import late_cost, refused_cost
from commonplace.capacity.placement.master import MasterProgramme, master_programme
from commonplace.capacity.placement.reasons import Reason, reasons
from commonplace.capacity.plan.model import Placement, Plan
from commonplace.capacity.procurement.order import order
from commonplace.capacity.procurement.purchases import Purchase, purchase_record, purchases
from commonplace.foundation import Progress, silent
from commonplace.foundation.arrays import Float64s

Ended = Literal["optimal", "time", "stopped"]
_OPTIMAL = 1e-6  # a gap that is rounding
_LEAST_EXPLAINING = 60.0  # seconds for reasons, where the search has fewer


@dataclass(frozen=True, eq=False)
class Proposal:
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
            "placements": [vars(placement) for placement in self.placements],
            "refused": list(self.refused),
            "purchases": [purchase_record(self.plan, purchase) for purchase in self.purchases],
            "orders": [vars(order) for order in self.plan.orders],
            "reasons": [
                vars(reason) | {"causes": [{"site": s, "resource": r} for s, r in reason.causes]}
                for reason in self.reasons
            ],
            "breaks": [vars(broken) for broken in self.verdict.breaks],
            "broken_before": [vars(broken) for broken in self.before],
        }


def make(
    plan: Plan,
    seconds: float = 60.0,
    seed: int = 1,
    progress: Progress = silent,
    stopped: Callable[[], bool] = lambda: False,
    explain: float | None = None,
) -> Proposal:
    """Place what has no place yet, and order for everything, at least cost in the given time.

    `stopped` is asked between steps: once it is true, the best plan so far is returned. `explain`
    are the seconds for reasons, on top; if None, as many as for the search and at least 60.

    Raises:
        InputError: HiGHS is not installed.
    """
    started = monotonic()
    decided = order(plan)
    master = master_programme(plan, decided.plan.orders)
    budget = Budget(started, started + seconds, stopped)
    start = master.start  # nothing of the pool is placed
    incumbent = Incumbent(master, budget, progress, best=start, cost=master.cost(start))
    search(incumbent, np.random.default_rng(seed))
    searched = monotonic()
    polishing = Budget(searched, searched + max(5.0, seconds / 4), stopped)
    values = polished(master, incumbent.best, polishing, progress)
    best, verdict = _ordered(master, values, decided.verdict)
    values = master.translation.values(best)  # the reasons are about the orders that are returned
    explaining = max(_LEAST_EXPLAINING, seconds) if explain is None else explain
    now = monotonic()
    why = reasons(master, values, Budget(now, now + explaining, stopped), progress)
    explained = monotonic() - searched
    ended: Ended = "stopped" if stopped() else "time"
    if relative_gap(master.cost(values), incumbent.bound) <= _OPTIMAL:
        ended = "optimal"
    placed, bought = best.placed, purchases(plan, best.orders)
    standing = [project for project in master.choices.pool if project.id in placed]
    refused = [project for project in master.choices.pool if project.id not in placed]
    return Proposal(
        plan=best,
        placements=tuple(placed[project.id] for project in standing),
        refused=tuple(project.id for project in refused),
        purchases=bought,
        order_cost=float(sum(purchase.cost for purchase in bought)),
        late_cost=float(sum(late_cost(plan, p, placed[p.id].month) for p in standing)),
        refused_cost=float(sum(refused_cost(plan, project) for project in refused)),
        bound=incumbent.bound,
        ended=ended,
        seconds=searched - started,
        explained=explained,
        reasons=why,
        verdict=verdict,
        before=decided.verdict.breaks,
    )


def _ordered(master: MasterProgramme, values: Float64s, before: Verdict) -> tuple[Plan, Verdict]:
    """The plan with its orders made as late as can be, if these are as good; else as searched."""
    plan = master.translation.plan(values)
    late = order(replace(plan, orders=master.plan.orders))
    cost = sum(purchase.cost for purchase in purchases(master.plan, plan.orders))
    broken = {(b.site, b.resource) for b in before.breaks}
    breaks_no_more = {(b.site, b.resource) for b in late.verdict.breaks} <= broken
    if late.cost <= cost + 1e-6 and breaks_no_more:  # `order` sees one house after the other
        return late.plan, late.verdict
    return plan, check(plan)

"""`check`: does a plan hold, month by month; what breaks first, what runs out, what is stranded?

    commonplace plan check DIR

Notable: every verdict can be followed to its reason. The rows of a site come from `resources`; the
backbone is checked under every failure by `network.resilience`, whose certificates are arithmetic;
a break says what would mend it and by when that is to be ordered. Nothing is placed or ordered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from commonplace.capacity.feasibility._remedies import ordering, remedy
from commonplace.capacity.feasibility.resources import Row, Stock, site_rows
from commonplace.capacity.feasibility.stranding import Idle, Stranding, idle_gear, strandings
from commonplace.capacity.network.flow import TOLERANCE
from commonplace.capacity.network.resilience import Metric, Resilience, binding
from commonplace.capacity.network.topology import NOTHING_LOST, Network, network
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.stock import arrivals, link_gbps, stocks
from commonplace.capacity.plan.words import (
    RESOURCE_NAMES,
    amount,
    binding_text,
    first_day,
    many,
    month_text,
)
from commonplace.foundation.arrays import Float64s


@dataclass(frozen=True)
class BackboneMonth:
    """One month of campus and backbone under its worst failure.

    `factor` is the largest by which all flows can be multiplied and still be routed at once; 1 is
    enough. With a hose it is a factor that is certainly carried, exact where it is below 1.
    """

    month: int
    factor: float
    failure: str  # the shared-risk group whose loss is worst; empty: nothing lost
    links: tuple[str, ...]  # that bind, the heaviest first


@dataclass(frozen=True)
class Break:
    """What does not hold, from which month on, and in one sentence why and what would mend it."""

    site: str  # or `backbone`
    resource: str
    month: int
    load: float
    capacity: float
    sentence: str


@dataclass(frozen=True, eq=False)
class Verdict:
    """The answer of `check`."""

    plan: Plan
    uses: tuple[Row, ...]
    backbone: tuple[BackboneMonth, ...]  # empty where nothing flows
    breaks: tuple[Break, ...]  # by month, then site
    strandings: tuple[Stranding, ...]
    idle: tuple[Idle, ...]

    @property
    def feasible(self) -> bool:
        """Whether nothing breaks in any month."""
        return not self.breaks

    @property
    def waiting(self) -> tuple[str, ...]:
        """The projects that have no place: nothing is held for them."""
        placed = self.plan.placed
        return tuple(project.id for project in self.plan.projects if project.id not in placed)

    @property
    def waiting_sentence(self) -> str:
        """How many projects wait, without a full stop; empty where none does."""
        count, total = len(self.waiting), len(self.plan.projects)
        verb = "has" if count == 1 else "have"
        return f"{count:,} of {total:,} projects {verb} no place yet" if count else ""

    @cached_property
    def use(self) -> Mapping[tuple[str, str], Row]:
        """Uses by site and resource."""
        return {(use.site, use.resource): use for use in self.uses}

    def binding(self, site: str, month: int) -> Row:
        """The resource of a site that is used most in a month."""
        uses = [use for use in self.uses if use.site == site]
        return max(uses, key=lambda use: float(use.utilisation[month - 1]))

    def record(self) -> dict[str, Any]:
        """The verdict as JSON (docs/json.md)."""
        return {
            "plan": self.plan.name,
            "start": f"{self.plan.start:%Y-%m}",
            "horizon": self.plan.horizon,
            "feasible": self.feasible,
            "waiting": list(self.waiting),
            "breaks": [vars(each) for each in self.breaks],
            "resources": [_use_record(use) for use in self.uses],
            "backbone": [vars(each) | {"factor": _number(each.factor)} for each in self.backbone],
            "stranded": [vars(each) | {"sentence": str(each)} for each in self.strandings],
            "idle": [vars(each) | {"sentence": str(each)} for each in self.idle],
        }


def check(plan: Plan) -> Verdict:
    """Check a plan, as it is placed and ordered, against everything that it must hold.

    Raises:
        InputError: HiGHS is not installed and something flows over the backbone.
    """
    stock = stocks(plan)
    uses = tuple(site_rows(plan, stock))
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stock))
    resilience = Resilience(net)
    months, backbone_breaks = _backbone(plan, resilience, capacity)
    site_breaks = [_site_break(plan, stock, uses, use) for use in uses]
    breaks = backbone_breaks + [broken for broken in site_breaks if broken]
    return Verdict(
        plan=plan,
        uses=uses,
        backbone=months,
        breaks=tuple(sorted(breaks, key=lambda b: (b.month, b.site, b.resource))),
        strandings=strandings(plan, uses, resilience, capacity, feasible=not backbone_breaks),
        idle=idle_gear(plan, stock, uses),
    )


def _site_break(plan: Plan, stock: Stock, uses: Sequence[Row], use: Row) -> Break | None:
    """The first month in which a resource breaks, in words."""
    if (month := use.first_break) is None:
        return None
    load, capacity = float(use.load[month - 1]), float(use.capacity[month - 1])
    sentence = (
        f"{use.site} is short of {RESOURCE_NAMES[use.resource]} in {month_text(plan, month)}: "
        f"{amount(load, use.unit)} against {amount(capacity, use.unit)}; "
        f"{remedy(plan, stock, uses, row=use, month=month)}"
    )
    return Break(
        site=use.site,
        resource=use.resource,
        month=month,
        load=load,
        capacity=capacity,
        sentence=sentence,
    )


def _backbone(
    plan: Plan, resilience: Resilience, capacity: Float64s
) -> tuple[tuple[BackboneMonth, ...], list[Break]]:
    """Each month's worst failure, and the first month that breaks."""
    net = resilience.net
    if not (net.demand.any() or net.hose.any()):
        return (), []
    factors = resilience.factors(capacity, enough=1.0 if net.hose.any() else np.inf)
    least = np.minimum(factors.carried, factors.bound)
    months: list[BackboneMonth] = []
    broken: list[Break] = []
    for month in range(1, plan.horizon + 1):
        # the first of equals: nothing lost, before a loss
        worst = int(least[:, month - 1].argmin())
        factor, failure = float(least[worst, month - 1]), net.failures[worst]
        metric = resilience.metrics[factors.metric[worst, month - 1]]
        links = binding(net, metric, failure) if np.isfinite(factor) else ()
        months.append(BackboneMonth(month, factor, failure.name, links))
        # twice: carried and bound may be one tolerance apart
        if factor < 1 - 2 * TOLERANCE and not broken:
            remaining = capacity[worst, month - 1]
            broken.append(_backbone_break(plan, net, months[-1], metric=metric, capacity=remaining))
    return tuple(months), broken


def _backbone_break(
    plan: Plan, net: Network, month: BackboneMonth, *, metric: Metric, capacity: Float64s
) -> Break:
    """The violated metric inequality in words: what binds, and the least that would mend it."""
    needed = float(metric.needed[month.month - 1])
    there = float(metric.lengths @ capacity)
    lost = f"with {month.failure} lost" if month.failure != NOTHING_LOST else "with nothing lost"
    sentence = (
        f"the backbone breaks in {month_text(plan, month.month)}: {lost} its flows fit only to "
        f"{month.factor:.3f}; {binding_text(month.links, 4)}"
    )
    weights = net.weights(metric.lengths, net.failures[0])
    sentence += _more_links(plan, month, weights, missing=needed - there)
    return Break(
        site="backbone",
        resource="backbone",
        month=month.month,
        load=needed,
        capacity=there,
        sentence=sentence,
    )


def _more_links(
    plan: Plan, month: BackboneMonth, weights: Mapping[str, float], *, missing: float
) -> str:
    """The least that would mend the backbone, on the first link that may have more units."""
    units = Counter[str]()
    for place, _, count, _ in arrivals(plan):
        units[place] += count
    room = [plan.link[k] for k in month.links if units[k] < plan.link[k].max_units]
    if not room:
        return ", at max_units" if month.links else ""
    item = plan.item[room[0].item]
    # less a little: a unit more because of rounding would be a wrong answer
    more = int(np.ceil(missing / (weights[room[0].id] * item.gbps) - 1e-6))
    return (
        f"; at least {many(more, item.id)} more on {room[0].id}, or as much over the others, "
        f"{ordering(plan, item, month.month)}"
    )


def _use_record(use: Row) -> dict[str, Any]:
    months = {name: getattr(use, name).tolist() for name in ("load", "capacity", "headroom")}
    ends = {"first_break": use.first_break, "run_out": use.run_out}
    return {"site": use.site, "resource": use.resource, "unit": use.unit, **months, **ends}


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None  # JSON has no infinity


def run_out_month(verdict: Verdict, use: Row) -> str:
    """The month in which a resource runs out, or that it does not, in words."""
    if use.run_out is None:
        return "not within the horizon"
    return f"{first_day(verdict.plan, use.run_out):%Y-%m}"

"""`check`: is a plan feasible, month by month; what breaks first, what runs out, what is stranded?

    commonplace plan check DIR

Notable: every verdict can be followed to its reason. A resource of a site is the rows of `_house`;
the backbone is held under every failure by `_resilience`, whose certificates are arithmetic; a
break says what would mend it and until when that is to be ordered. Nothing is placed or ordered.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from commonplace.capacity.feasibility._remedies import mending, ordering
from commonplace.capacity.feasibility.resources import Row, site_rows
from commonplace.capacity.feasibility.stranding import Idle, Stranding, idle, strandings
from commonplace.capacity.network.flow import TOLERANCE
from commonplace.capacity.network.resilience import Factors, Metric, Resilience, binding
from commonplace.capacity.network.topology import NOTHING_LOST, Failure, Network, network
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.stock import Months, arrivals, link_gbps, stocks
from commonplace.capacity.plan.words import (
    SAID,
    UNITS,
    amount,
    binding_said,
    first_day,
    many,
    month_said,
)
from commonplace.foundation.arrays import Float64s


@dataclass(frozen=True, eq=False)
class Use:
    """One resource of one site: load and capacity by month, [horizon], in `unit`."""

    site: str
    resource: str
    unit: str
    load: Months
    capacity: Months

    @property
    def headroom(self) -> Months:
        """Capacity less load, negative where it breaks."""
        return self.capacity - self.load

    @property
    def utilisation(self) -> Months:
        """Load over capacity; infinite where a load has none, 0 where there is no load."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(self.load > 0, self.load / self.capacity, 0.0))

    @property
    def first_break(self) -> int | None:
        """The first month in which the load exceeds the capacity."""
        return _first(self.load > self.capacity + 1e-6 * np.maximum(1.0, self.capacity))

    @property
    def run_out(self) -> int | None:
        """The first month in which no headroom is left; None: not within the horizon."""
        return _first((self.load > 0) & (self.headroom <= 1e-6 * np.maximum(1.0, self.capacity)))


@dataclass(frozen=True)
class BackboneMonth:
    """One month of campus and backbone under its worst failure.

    `factor`: by how much all flows can be multiplied and still be routed at once; 1 is enough. With
    a hose it is a factor that is certainly carried, exact where it is below 1.
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
    uses: tuple[Use, ...]
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
        return tuple(one.id for one in self.plan.projects if one.id not in self.plan.placed)

    @property
    def waiting_said(self) -> str:
        """How many they are; empty where there are none."""
        count, of = len(self.waiting), len(self.plan.projects)
        verb = "has" if count == 1 else "have"
        return f"{count:,} of {of:,} projects {verb} no place yet" if count else ""

    @cached_property
    def use(self) -> Mapping[tuple[str, str], Use]:
        """Uses by site and resource."""
        return {(use.site, use.resource): use for use in self.uses}

    def binding(self, site: str, month: int) -> Use:
        """The resource of a site that is used most in a month."""
        mine = [use for use in self.uses if use.site == site]
        return max(mine, key=lambda use: float(use.utilisation[month - 1]))

    def record(self) -> dict[str, Any]:
        """As documented in docs/json.md."""
        return {
            "plan": self.plan.name,
            "start": f"{self.plan.start:%Y-%m}",
            "horizon": self.plan.horizon,
            "feasible": self.feasible,
            "waiting": list(self.waiting),
            "breaks": [vars(one) for one in self.breaks],
            "resources": [_use_record(use) for use in self.uses],
            "backbone": [vars(one) | {"factor": _number(one.factor)} for one in self.backbone],
            "stranded": [vars(one) | {"sentence": str(one)} for one in self.strandings],
            "idle": [vars(one) | {"sentence": str(one)} for one in self.idle],
        }


def check(plan: Plan) -> Verdict:
    """Hold a plan, as it is placed and ordered, against everything that it must hold.

    Raises:
        InputError: HiGHS is not installed and something flows over the backbone.
    """
    stock = stocks(plan)
    rows = list(site_rows(plan, stock))
    uses = tuple(Use(r.site, r.resource, UNITS[r.resource], r.load, r.capacity) for r in rows)
    net = network(plan)
    capacity = net.capacities(link_gbps(plan, stock))
    asked = Resilience(net)
    months, broken = _backbone(plan, asked, capacity)
    breaks = [
        _house_break(plan, stock, rows, row, use) for row, use in zip(rows, uses, strict=True)
    ]
    found = sorted([b for b in breaks if b] + broken, key=lambda b: (b.month, b.site, b.resource))
    stranded = strandings(plan, rows, asked, capacity, feasible=not broken)
    return Verdict(plan, uses, months, tuple(found), stranded, idle(plan, stock, rows))


def _first(where: np.ndarray[Any, np.dtype[np.bool_]]) -> int | None:
    found = np.flatnonzero(where)
    return int(found[0]) + 1 if len(found) else None


def _house_break(
    plan: Plan, stock: Mapping[tuple[str, str], Months], rows: list[Row], row: Row, use: Use
) -> Break | None:
    """The first month in which a resource breaks, in words."""
    if (month := use.first_break) is None:
        return None
    load, capacity = float(use.load[month - 1]), float(use.capacity[month - 1])
    sentence = (
        f"{row.site} is short of {SAID[row.resource]} in {month_said(plan, month)}: "
        f"{amount(load, use.unit)} against {amount(capacity, use.unit)}; "
        f"{mending(plan, stock, rows, row, month)}"
    )
    return Break(row.site, row.resource, month, load, capacity, sentence)


def _backbone(
    plan: Plan, asked: Resilience, capacity: Float64s
) -> tuple[tuple[BackboneMonth, ...], list[Break]]:
    """Each month's worst failure, and the first month that breaks."""
    net = asked.net
    if not (net.demand.any() or net.hose.any()):
        return (), []
    found = asked.factors(capacity, enough=1.0 if net.hose.any() else np.inf)
    months: list[BackboneMonth] = []
    broken: list[Break] = []
    for month in range(1, plan.horizon + 1):
        worst, failure = _worst(net, found, month)
        factor = float(np.minimum(found.carried, found.bound)[worst, month - 1])
        metric = asked.metrics[found.metric[worst, month - 1]]
        links = binding(net, metric, failure) if np.isfinite(factor) else ()
        months.append(BackboneMonth(month, factor, failure.name, links))
        if factor < 1 - 2 * TOLERANCE and not broken:
            left = capacity[worst, month - 1]
            broken.append(_backbone_break(plan, net, months[-1], metric, left))
    return tuple(months), broken


def _worst(net: Network, found: Factors, month: int) -> tuple[int, Failure]:
    """The failure that leaves least; of equals the first, so nothing lost before any loss."""
    at = np.minimum(found.bound, np.maximum(found.carried, 0.0))[:, month - 1]
    worst = int(at.argmin())
    return worst, net.failures[worst]


def _backbone_break(
    plan: Plan, net: Network, month: BackboneMonth, metric: Metric, capacity: Float64s
) -> Break:
    """The violated metric inequality in words: what binds, and the least that would mend it."""
    needed = float(metric.needed[month.month - 1])
    has = float(metric.lengths @ capacity)
    lost = f"with {month.failure} lost" if month.failure != NOTHING_LOST else "with nothing lost"
    sentence = (
        f"the backbone breaks in {month_said(plan, month.month)}: {lost} its flows fit only to "
        f"{month.factor:.3f}; {binding_said(month.links, 4)}"
    )
    sentence += _more_links(plan, month, net.weights(metric.lengths, net.failures[0]), needed - has)
    return Break("backbone", "backbone", month.month, needed, has, sentence)


def _more_links(
    plan: Plan, month: BackboneMonth, weights: Mapping[str, float], missing: float
) -> str:
    """The least that would mend it, on the first of the links that may have more units."""
    units = Counter[str]()
    for place, _, count, _ in arrivals(plan):
        units[place] += count
    room = [plan.link[k] for k in month.links if units[k] < plan.link[k].max_units]
    if not room:
        return ", at max_units" if month.links else ""
    item = plan.item[room[0].item]
    more = int(np.ceil(missing / (weights[room[0].id] * item.gbps) - 1e-6))
    return (
        f"; at least {many(more, item.id)} more on {room[0].id}, or as much over the others, "
        f"{ordering(plan, item, month.month)}"
    )


def _use_record(use: Use) -> dict[str, Any]:
    return {
        "site": use.site,
        "resource": use.resource,
        "unit": use.unit,
        "load": [float(value) for value in use.load],
        "capacity": [float(value) for value in use.capacity],
        "headroom": [float(value) for value in use.headroom],
        "first_break": use.first_break,
        "run_out": use.run_out,
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def run_out_said(verdict: Verdict, use: Use) -> str:
    """The date on which a resource runs out, or that it does not."""
    if use.run_out is None:
        return "not within the horizon"
    return f"{first_day(verdict.plan, use.run_out):%Y-%m}"

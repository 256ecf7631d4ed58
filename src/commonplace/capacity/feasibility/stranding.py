"""Stranded: machines that stand where something of theirs is missing, and ports without machines.

Projects are served in the order of priority, then month, then id: each takes what is left, and is
stranded in the months in which it does not fit. First in its house, campus and region; what is
served there sends its flows, and is stranded by the backbone where they do not fit beside those
served before. Notable: each refusal of the backbone rests on a metric inequality, so this is the
greedy order exactly, not a guess at it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.feasibility._remedies import room
from commonplace.capacity.feasibility.resources import Row, Stock, gear, total
from commonplace.capacity.network.flow import TOLERANCE, distances
from commonplace.capacity.network.resilience import Resilience
from commonplace.capacity.network.topology import Network, project_demand
from commonplace.capacity.plan.model import Plan, Project, Role
from commonplace.capacity.plan.stock import Months
from commonplace.capacity.plan.words import SAID, many, months_said
from commonplace.foundation.arrays import Float64s

_UPLINKS: tuple[Role, ...] = ("superblock", "optics")


@dataclass(frozen=True)
class Stranding:
    """A project whose machines stand and cannot be used, in which months, and for want of what."""

    project: str
    house: str
    months: tuple[int, ...]
    resource: str  # that is missing first; `backbone`
    racks: float
    cost: float  # racks x months x stranded_cost

    def __str__(self) -> str:
        """One sentence."""
        return (
            f"{self.project} in {self.house} is stranded in {months_said(self.months)}: "
            f"short of {SAID[self.resource]}; {self.racks:g} racks, cost {self.cost:,.0f}"
        )


@dataclass(frozen=True)
class Idle:
    """Superblocks that no machine needs yet: units in each month of `months`."""

    house: str
    item: str
    units: tuple[int, ...]
    months: tuple[int, ...]

    def __str__(self) -> str:
        """One sentence."""
        return (
            f"{many(max(self.units), self.item)} in {self.house} "
            f"wait{'s' * (max(self.units) == 1)} for machines in {months_said(self.months)}"
        )


def served_in_order(plan: Plan) -> list[Project]:
    """The machine projects that are placed, in the order in which they are served."""
    found = [p for p in plan.projects if p.side == "machine" and p.id in plan.placed]
    return sorted(found, key=lambda p: (-p.priority, plan.placed[p.id].month, p.id))


def strandings(
    plan: Plan, rows: list[Row], asked: Resilience, capacity: Float64s, feasible: bool
) -> tuple[Stranding, ...]:
    """Every project that is stranded; `feasible`: whether the backbone carries everything.

    `asked` was asked for these capacities [failures, horizon, arcs] before: what it knows is used.
    """
    missing = _at_houses(plan, rows)
    if not feasible and not asked.hose:
        _on_backbone(plan, asked, capacity, missing)
    cost = plan.policies.stranded_cost
    return tuple(
        Stranding(
            project.id,
            plan.placed[project.id].house,
            tuple(sorted(months)),
            months[min(months)],
            project.racks,
            cost * project.racks * len(months),
        )
        for project in served_in_order(plan)
        if (months := missing[project.id])
    )


def _at_houses(plan: Plan, rows: list[Row]) -> dict[str, dict[int, str]]:
    """Of each project: month -> the resource that is missing there."""
    left = _left(plan, rows)
    missing: dict[str, dict[int, str]] = defaultdict(dict)
    for project in served_in_order(plan):
        placement = plan.placed[project.id]
        needs = _needs(project)
        held = [
            (resource, left[site, resource], needs[resource])
            for site in plan.above(placement.house)
            for resource in needs
            if needs[resource] > 0 and (site, resource) in left
        ]
        for at in range(max(placement.month, 1) - 1, plan.horizon):
            short = [
                ((need - rest[at]) / need, resource)
                for resource, rest, need in held
                if need > rest[at] + room(plan, need)
            ]
            if short:
                missing[project.id][at + 1] = max(short)[1]
                continue
            for _, rest, need in held:
                rest[at] -= need
    return missing


def _needs(project: Project) -> dict[str, float]:
    return {
        "space": project.racks,
        "power": project.kw,
        "ports": float(project.ports),
        "south": project.south_gbps,
        "north": project.north_gbps,
    }


def _left(plan: Plan, rows: list[Row]) -> dict[tuple[str, str], Months]:
    """Of each resource what is there for machines: headroom, with their own load given back."""
    left = {(r.site, r.resource): r.headroom.copy() for r in rows}
    months = np.arange(1, plan.horizon + 1)
    for project in served_in_order(plan):
        placement = plan.placed[project.id]
        for site in plan.above(placement.house):
            for resource, need in _needs(project).items():
                if (site, resource) in left:
                    left[site, resource] += need * (months >= placement.month)
    return left


def _on_backbone(
    plan: Plan, asked: Resilience, capacity: Float64s, missing: dict[str, dict[int, str]]
) -> None:
    """Add to `missing` what the backbone does not carry, month by month."""
    net = asked.net
    parts = project_demand(plan, net)
    brought = {p.id: parts[p.id] for p in served_in_order(plan) if p.id in parts}
    named = net.demand - sum(brought.values(), np.zeros(net.demand.shape))
    named[named < 1e-9 * net.demand.max()] = 0.0  # what subtracting left is dust
    known: list[Float64s] = []
    while True:
        demand = named.copy()
        for project, part in brought.items():
            runs = np.array([t + 1 not in missing[project] for t in range(plan.horizon)])
            demand = demand + part * runs[:, None]
        asked = Resilience(replace(net, demand=demand), asked)
        found = asked.factors(capacity, enough=1.0)
        broken = np.argwhere(found.bound < 1 - TOLERANCE)
        new = {int(found.metric[failure, month]) for failure, month in broken}
        known += [asked.metrics[index].lengths for index in new]
        before = {project: len(months) for project, months in missing.items()}
        for (
            project
        ) in brought:  # refused for want of the backbone: asked again with all that is known
            kept = {m: r for m, r in missing[project].items() if r != "backbone"}
            missing[project] = kept
        _refuse(net, capacity, known, named, brought, missing)
        if before == {p: len(months) for p, months in missing.items()} or not new:
            return


def _refuse(
    net: Network,
    capacity: Float64s,
    known: list[Float64s],
    named: Float64s,
    brought: Mapping[str, Float64s],
    missing: dict[str, dict[int, str]],
) -> None:
    """In order, each project in the months in which a known metric inequality has no room."""
    if not known:
        return
    lengths = np.array(known)
    apart = distances(net.graph, lengths)[:, net.pairs[:, 0], net.pairs[:, 1]]
    apart = np.where(np.isfinite(apart), apart, 0.0)
    least = np.einsum("fta,ka->kft", capacity, lengths).min(1)  # the failure that leaves the least
    rest = least - np.einsum("tp,kp->kt", named, apart)
    slack = 5e-7 * least + 1e-9
    for project, part in brought.items():
        need = np.einsum("tp,kp->kt", part, apart)
        fits = ((need <= rest + slack) | (need <= 0)).all(0)
        for at in range(rest.shape[1]):
            if at + 1 in missing[project] or not need[:, at].any():
                continue
            if fits[at]:
                rest[:, at] -= need[:, at]
            else:
                missing[project][at + 1] = "backbone"


def idle(plan: Plan, stock: Stock, rows: list[Row]) -> tuple[Idle, ...]:
    """Superblocks without which no machine would be short of ports or south bandwidth."""
    by = {(r.site, r.resource): r for r in rows}
    found = []
    for house in plan.houses:
        spare = by[house, "ports"].headroom
        dark = _uplinks_to_spare(plan, stock, house, by[house, "south"].load)
        for item, units in gear(plan, stock, house, "superblock"):
            limits = [units]
            limits += [spare / item.ports_south] if item.ports_south else []
            wide = item.ports_north * item.gbps
            limits += [dark / wide] if wide else []
            counts = np.floor(np.maximum(np.min(limits, axis=0), 0.0) + 1e-9)
            months = tuple(t for t, count in enumerate(counts, 1) if count)
            if months:
                waiting = tuple(int(counts[t - 1]) for t in months)
                found.append(Idle(house, item.id, waiting, months))
    return tuple(found)


def _uplinks_to_spare(plan: Plan, stock: Stock, house: str, south: Months) -> Months:
    """Gb/s of uplinks that may go: of the rest, residual . min(U, first U + optics) is enough."""
    uplinks, optics = (
        total(plan, [(i.ports_north * i.gbps, n) for i, n in gear(plan, stock, house, role)])
        for role in _UPLINKS
    )
    lit = south / plan.policies.residual
    first = plan.policies.first_optics
    if first > 0:
        return uplinks - np.maximum(lit, (lit - optics) / first)
    return uplinks - np.where(optics >= lit, lit, np.inf)

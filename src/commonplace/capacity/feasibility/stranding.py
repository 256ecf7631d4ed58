"""What is stranded: machines that lack a resource where they stand, and ports without machines.

Projects are served in the order of priority, then month, then id. Each takes what remains, and is
stranded in the months in which it does not fit: first in its house, campus and region; then, if it
is served there, by the backbone where its flows do not fit beside those served before. Notable:
each refusal of the backbone rests on a metric inequality, so the greedy order is exact.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.feasibility.resources import Row, Stock, gear, machine_needs, total
from commonplace.capacity.network.flow import TOLERANCE, distances
from commonplace.capacity.network.resilience import Resilience
from commonplace.capacity.network.topology import Network, project_demand
from commonplace.capacity.plan.model import Plan, Project, Role
from commonplace.capacity.plan.stock import Months
from commonplace.capacity.plan.words import RESOURCE_NAMES, many, months_text
from commonplace.foundation.arrays import Float64s

_UPLINKS: tuple[Role, ...] = ("superblock", "optics")


@dataclass(frozen=True)
class Stranding:
    """A project whose machines stand in some months without a resource that they need."""

    project: str
    house: str
    months: tuple[int, ...]
    resource: str  # that is missing in the first of them; may be `backbone`
    racks: float
    cost: float  # racks x months x stranded_cost

    def __str__(self) -> str:
        """The stranding in one sentence."""
        return (
            f"{self.project} in {self.house} is stranded in {months_text(self.months)}: "
            f"short of {RESOURCE_NAMES[self.resource]}; {self.racks:g} racks, cost {self.cost:,.0f}"
        )


@dataclass(frozen=True)
class Idle:
    """Superblocks that no machine needs yet: `units` in each month of `months`."""

    house: str
    item: str
    units: tuple[int, ...]
    months: tuple[int, ...]

    def __str__(self) -> str:
        """The idle gear in one sentence."""
        most = max(self.units)
        verb = "waits" if most == 1 else "wait"
        machines = f"for machines in {months_text(self.months)}"
        return f"{many(most, self.item)} in {self.house} {verb} {machines}"


def served_in_order(plan: Plan) -> list[Project]:
    """The machine projects that are placed, in the order in which they are served."""
    machines = [p for p in plan.projects if p.side == "machine" and p.id in plan.placed]
    return sorted(machines, key=lambda p: (-p.priority, plan.placed[p.id].month, p.id))


def strandings(
    plan: Plan, rows: Sequence[Row], resilience: Resilience, capacity: Float64s, *, feasible: bool
) -> tuple[Stranding, ...]:
    """Every project that is stranded; `feasible` says whether the backbone carries everything.

    `resilience` has the routings and metrics of these capacities [failures, horizon, arcs].
    """
    missing = _at_houses(plan, rows)
    if not feasible and not resilience.hose:
        _on_backbone(plan, resilience, capacity, missing)
    cost = plan.policies.stranded_cost
    return tuple(
        Stranding(
            project=project.id,
            house=plan.placed[project.id].house,
            months=tuple(sorted(months)),
            resource=months[min(months)],
            racks=project.racks,
            cost=cost * project.racks * len(months),
        )
        for project in served_in_order(plan)
        if (months := missing[project.id])
    )


def _at_houses(plan: Plan, rows: Sequence[Row]) -> dict[str, dict[int, str]]:
    """The resource that is missing, by project and month."""
    remaining = _room_for_machines(plan, rows)
    missing: dict[str, dict[int, str]] = defaultdict(dict)
    for project in served_in_order(plan):
        placement = plan.placed[project.id]
        needs = machine_needs(project)
        held = [
            (resource, remaining[site, resource], needs[resource])
            for site in plan.above(placement.house)
            for resource in needs
            if needs[resource] > 0 and (site, resource) in remaining
        ]
        for at in range(max(placement.month, 1) - 1, plan.horizon):
            short = [
                ((need - rest[at]) / need, resource)
                for resource, rest, need in held
                if need > rest[at] + 1e-6 * max(1.0, need)  # a load may exceed by rounding
            ]
            if short:
                # the resource that falls short by the largest part
                missing[project.id][at + 1] = max(short)[1]
                continue
            for _, rest, need in held:
                rest[at] -= need
    return missing


def _room_for_machines(plan: Plan, rows: Sequence[Row]) -> dict[tuple[str, str], Months]:
    """What each resource has for machines: its headroom and the load of the machines themselves."""
    space = {(r.site, r.resource): r.headroom.copy() for r in rows}
    months = np.arange(1, plan.horizon + 1)
    for project in served_in_order(plan):
        placement = plan.placed[project.id]
        for site in plan.above(placement.house):
            for resource, need in machine_needs(project).items():
                if (site, resource) in space:
                    space[site, resource] += need * (months >= placement.month)
    return space


def _on_backbone(
    plan: Plan, resilience: Resilience, capacity: Float64s, missing: dict[str, dict[int, str]]
) -> None:
    """Add to `missing` what the backbone does not carry, month by month."""
    net = resilience.net
    parts = project_demand(plan, net)
    brought = {p.id: parts[p.id] for p in served_in_order(plan) if p.id in parts}
    named = net.demand - sum(brought.values(), np.zeros(net.demand.shape))
    named[named < 1e-9 * net.demand.max()] = 0.0  # subtracting leaves dust
    lengths: list[Float64s] = []
    while True:
        demand = named.copy()
        for project, part in brought.items():
            runs = np.array([t + 1 not in missing[project] for t in range(plan.horizon)])
            demand = demand + part * runs[:, None]
        resilience = Resilience(replace(net, demand=demand), resilience)
        factors = resilience.factors(capacity, enough=1.0)
        broken = np.argwhere(factors.bound < 1 - TOLERANCE)
        new = {int(factors.metric[failure, month]) for failure, month in broken}
        lengths += [resilience.metrics[index].lengths for index in new]
        before = {project: len(months) for project, months in missing.items()}
        for project in brought:  # what the backbone refused is judged again with the new metrics
            missing[project] = {m: r for m, r in missing[project].items() if r != "backbone"}
        if lengths:
            _refuse(net, capacity, np.array(lengths), named=named, brought=brought, missing=missing)
        if before == {p: len(months) for p, months in missing.items()} or not new:
            return


def _refuse(
    net: Network,
    capacity: Float64s,
    lengths: Float64s,
    *,
    named: Float64s,
    brought: Mapping[str, Float64s],
    missing: dict[str, dict[int, str]],
) -> None:
    """Refuse each project, in order, in the months in which a metric inequality has no room.

    `lengths` [metrics, arcs] are those of the inequalities.
    """
    apart = distances(net.graph, lengths)[:, net.pairs[:, 0], net.pairs[:, 1]]
    apart = np.where(np.isfinite(apart), apart, 0.0)
    least = np.einsum("fta,ka->kft", capacity, lengths).min(1)  # the failure that leaves the least
    rest = least - np.einsum("tp,kp->kt", named, apart)
    slack = 5e-7 * least + 1e-9  # below TOLERANCE: what breaks refuses somebody
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


def idle_gear(plan: Plan, stock: Stock, rows: Sequence[Row]) -> tuple[Idle, ...]:
    """Superblocks without which no machine would be short of ports or south bandwidth."""
    by_resource = {(r.site, r.resource): r for r in rows}
    idle = []
    for house in plan.houses:
        spare = by_resource[house, "ports"].headroom
        south = by_resource[house, "south"].load
        dark = _uplinks_to_spare(plan, stock, house, south=south)
        for item, units in gear(plan, stock, house, "superblock"):
            limits = [units]
            limits += [spare / item.ports_south] if item.ports_south else []
            wide = item.ports_north * item.gbps
            limits += [dark / wide] if wide else []
            counts = np.floor(np.maximum(np.min(limits, axis=0), 0.0) + 1e-9)  # 1e-9: rounding
            months = tuple(t for t, count in enumerate(counts, 1) if count)
            if months:
                waiting = tuple(int(counts[t - 1]) for t in months)
                idle.append(Idle(house, item.id, units=waiting, months=months))
    return tuple(idle)


def _uplinks_to_spare(plan: Plan, stock: Stock, house: str, *, south: Months) -> Months:
    """Gb/s of uplinks that may go, so that of the rest residual . min(U, first U + optics) serves.

    `south` is the load of the machines.
    """
    uplinks, optics = (
        total(plan, [(i.ports_north * i.gbps, n) for i, n in gear(plan, stock, house, role)])
        for role in _UPLINKS
    )
    lit = south / plan.policies.residual
    first = plan.policies.first_optics
    if first > 0:
        return uplinks - np.maximum(lit, (lit - optics) / first)
    return uplinks - np.where(optics >= lit, lit, np.inf)

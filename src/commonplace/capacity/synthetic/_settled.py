"""Make what a demo region starts with hold in every month: its gear and its fixed projects.

A plan whose decided part breaks by itself has no solution, whatever is ordered. So gray boxes are
widened and projects are set free until nothing breaks; what is undecided stays as hard as it was.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from commonplace.capacity.feasibility.resources import Row, site_rows
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.stock import stocks

_SKELETON = "skeleton-1024"


def settled(plan: Plan) -> Plan:
    """The plan, changed until every resource of every site holds what is decided."""
    while broken := [row for row in site_rows(plan, stocks(plan)) if row.headroom.min() < -1e-6]:
        plan = _relieved(plan, broken)
    return plan


def _relieved(plan: Plan, broken: Sequence[Row]) -> Plan:
    """The plan one step on: machines leave where something breaks; else capacity is added there."""
    # machines that leave free neither of these two: gear takes them
    crowded = {row.site for row in broken if row.resource not in ("network_space", "skeleton")}
    freed = tuple(
        replace(project, fixed=None)
        if project.side == "machine" and project.fixed and crowded & set(plan.above(project.fixed))
        else project
        for project in plan.projects
    )
    if freed != plan.projects:
        return replace(plan, projects=freed)
    short = {(row.site, row.resource): math.ceil(-row.headroom.min()) for row in broken}
    supplies = tuple(
        replace(supply, amount=supply.amount + short.get((supply.site, supply.resource), 0))
        for supply in plan.supplies
    )
    inventory = tuple(
        replace(entry, on_hand=entry.on_hand + math.ceil(short[entry.place, "skeleton"] / 1024))
        if entry.item == _SKELETON and (entry.place, "skeleton") in short
        else entry
        for entry in plan.inventory
    )
    return replace(plan, supplies=supplies, inventory=inventory)

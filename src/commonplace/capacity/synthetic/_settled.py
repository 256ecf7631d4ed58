"""Let what a demo region starts with hold: its gear and its fixed projects, in every month.

A plan whose decided part breaks on its own has no solution, whatever is ordered; so gray boxes are
widened and projects are set free until nothing breaks. What is undecided stays as hard as it was.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from commonplace.capacity.feasibility.resources import Row, site_rows
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.stock import stocks

_SKELETON = "skeleton-1024"


def settled(plan: Plan) -> Plan:
    """The plan, mended until every resource of every site holds what is decided."""
    while broken := [row for row in site_rows(plan, stocks(plan)) if row.headroom.min() < -1e-6]:
        plan = _mended(plan, broken)
    return plan


def _mended(plan: Plan, broken: Sequence[Row]) -> Plan:
    """One step: machines leave where something breaks; else the break itself is closed."""
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
        replace(one, amount=one.amount + short.get((one.site, one.resource), 0))
        for one in plan.supplies
    )
    inventory = tuple(
        replace(one, on_hand=one.on_hand + -(-short[one.place, "skeleton"] // 1024))
        if one.item == _SKELETON and (one.place, "skeleton") in short
        else one
        for one in plan.inventory
    )
    return replace(plan, supplies=supplies, inventory=inventory)

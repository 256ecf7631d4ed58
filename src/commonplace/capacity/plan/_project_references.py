"""Checks of projects and placements: houses and items exist, months and houses are allowed."""

from commonplace.capacity.plan._references import Row, Tables
from commonplace.capacity.plan.model import Project


def check_projects(tables: Tables) -> None:
    """Check that projects name houses and items that exist, and months in order."""
    houses = tables.houses
    for row, project in tables.of("projects.csv"):
        for house in project.houses:
            row.exists("houses", house, houses, "sites.csv")
        if project.fixed is not None:
            exists = row.exists("fixed", project.fixed, houses, "sites.csv")
            if exists and project.houses and project.fixed not in project.houses:
                row.report("fixed", project.fixed, "is not one of its houses")
        late = project.earliest > project.need and tables.dated
        if late and not row.spoilt("need"):
            row.report("need", project.need, f"is before its earliest month, {project.earliest}")
        if not row.spoilt("kind"):
            (_check_network if project.side == "network" else _check_machine)(row, project)


def _check_machine(row: Row, project: Project) -> None:
    for column in ("item", "units"):
        if value := getattr(project, column):
            why = "expected nothing: machines install no item; the kind may be network"
            row.report(column, value, why)


def _check_network(row: Row, project: Project) -> None:
    items = row.tables.plan.item
    for column in ("racks", "kw", "ports", "south_gbps", "north_gbps"):
        if value := getattr(project, column):
            why = "expected 0: a network project takes what its item takes (items.csv)"
            row.report(column, value, why)
    if not project.units:
        row.report("units", 0, "expected how many units are installed")
    if project.item is None:
        row.report("item", None, "expected the item that is installed")
    elif (
        row.exists("item", project.item, items, "items.csv") and items[project.item].role == "line"
    ):
        row.report("item", project.item, "is a line; order it for a link instead")


def check_placements(tables: Tables) -> None:
    """Check that the placements are allowed."""
    plan = tables.plan
    for row, placement in tables.of("placements.csv"):
        house, month = placement.house, placement.month
        row.exists("house", house, tables.houses, "sites.csv")
        if not row.exists("project", placement.project, plan.project, "projects.csv"):
            continue
        project = plan.project[placement.project]
        if month < project.earliest and tables.dated:
            why = f"is before the earliest month of {project.id}, {project.earliest}"
            row.report("month", month, why)
        if project.fixed and project.fixed != house:
            row.report("house", house, f"{project.id} is fixed to {project.fixed}")
        elif project.houses and house not in project.houses:
            why = f"is not one of the houses of {project.id}: {', '.join(project.houses[:10])}"
            row.report("house", house, why)

"""Checks of projects and placements: houses and items exist, months and houses are allowed."""

from commonplace.capacity.plan._references import Cell, Tables
from commonplace.capacity.plan.model import Project


def check_pool(tables: Tables) -> None:
    """Report what is wrong with projects and with their placements."""
    check_projects(tables)
    check_placements(tables)


def check_projects(tables: Tables) -> None:
    """Check that projects name houses and items that exist, and months in order."""
    file = "projects.csv"
    houses = tables.houses
    for row, project in tables.of(file):
        for house in project.houses:
            tables.exists(Cell(file, row, "houses", house), houses, "sites.csv")
        if project.fixed is not None:
            cell = Cell(file, row, "fixed", project.fixed)
            exists = tables.exists(cell, houses, "sites.csv")
            if exists and project.houses and project.fixed not in project.houses:
                tables.report(file, row, "fixed", project.fixed, "is not one of its houses")
        late = project.earliest > project.need and tables.dated
        if late and not tables.problems.spoilt(file, row, "need"):
            why = f"is before its earliest month, {project.earliest}"
            tables.report(file, row, "need", project.need, why)
        if not tables.problems.spoilt(file, row, "kind"):
            (_check_network if project.side == "network" else _check_machine)(tables, row, project)


def _check_machine(tables: Tables, row: int, project: Project) -> None:
    for column in ("item", "units"):
        if getattr(project, column):
            why = "expected nothing: machines install no item; the kind may be network"
            tables.report("projects.csv", row, column, getattr(project, column), why)


def _check_network(tables: Tables, row: int, project: Project) -> None:
    file, plan = "projects.csv", tables.plan
    for column in ("racks", "kw", "ports", "south_gbps", "north_gbps"):
        if getattr(project, column):
            why = "expected 0: a network project takes what its item takes (items.csv)"
            tables.report(file, row, column, getattr(project, column), why)
    if not project.units:
        tables.report(file, row, "units", 0, "expected how many units are installed")
    if project.item is None:
        tables.report(file, row, "item", None, "expected the item that is installed")
    elif (
        tables.exists(Cell(file, row, "item", project.item), plan.item, "items.csv")
        and plan.item[project.item].role == "line"
    ):
        why = "is a line; order it for a link instead"
        tables.report(file, row, "item", project.item, why)


def check_placements(tables: Tables) -> None:
    """Check that the placements are allowed."""
    file, plan = "placements.csv", tables.plan
    houses = tables.houses
    for row, placement in tables.of(file):
        house, month = placement.house, placement.month
        tables.exists(Cell(file, row, "house", house), houses, "sites.csv")
        cell = Cell(file, row, "project", placement.project)
        if not tables.exists(cell, plan.project, "projects.csv"):
            continue
        project = plan.project[placement.project]
        if month < project.earliest and tables.dated:
            why = f"is before the earliest month of {project.id}, {project.earliest}"
            tables.report(file, row, "month", month, why)
        if project.fixed and project.fixed != house:
            tables.report(file, row, "house", house, f"{project.id} is fixed to {project.fixed}")
        elif project.houses and house not in project.houses:
            why = f"is not one of the houses of {project.id}: {', '.join(project.houses[:10])}"
            tables.report(file, row, "house", house, why)

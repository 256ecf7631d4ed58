"""What projects and placements point to: houses and items that exist, months and houses allowed."""

from commonplace.capacity.plan._references import Tables
from commonplace.capacity.plan.model import Project


def check_pool(tables: Tables) -> None:
    """Complain of projects, and of what was decided about them."""
    check_projects(tables)
    check_placements(tables)


def check_projects(tables: Tables) -> None:
    """Projects name houses and items that there are, and months in order."""
    file = "projects.csv"
    houses = tables.houses
    for row, project in tables.of(file):
        for house in project.houses:
            tables.known(file, row, "houses", house, houses, "sites.csv")
        if project.fixed is not None:
            fits = tables.known(file, row, "fixed", project.fixed, houses, "sites.csv")
            if fits and project.houses and project.fixed not in project.houses:
                tables.wrong(file, row, "fixed", project.fixed, "is not one of its houses")
        late = project.earliest > project.need and tables.dated
        if late and not tables.problems.spoilt(file, row, "need"):
            why = f"is before its earliest month, {project.earliest}"
            tables.wrong(file, row, "need", project.need, why)
        if not tables.problems.spoilt(file, row, "kind"):
            (_check_network if project.side == "network" else _check_machine)(tables, row, project)


def _check_machine(tables: Tables, row: int, project: Project) -> None:
    for column in ("item", "units"):
        if getattr(project, column):
            why = "expected nothing: machines install no item; the kind may be network"
            tables.wrong("projects.csv", row, column, getattr(project, column), why)


def _check_network(tables: Tables, row: int, project: Project) -> None:
    file, plan = "projects.csv", tables.plan
    for column in ("racks", "kw", "ports", "south_gbps", "north_gbps"):
        if getattr(project, column):
            why = "expected 0: a network project takes what its item takes (items.csv)"
            tables.wrong(file, row, column, getattr(project, column), why)
    if not project.units:
        tables.wrong(file, row, "units", 0, "expected how many units are installed")
    if project.item is None:
        tables.wrong(file, row, "item", None, "expected the item that is installed")
    elif (
        tables.known(file, row, "item", project.item, plan.item, "items.csv")
        and plan.item[project.item].role == "line"
    ):
        why = "is a line; order it for a link instead"
        tables.wrong(file, row, "item", project.item, why)


def check_placements(tables: Tables) -> None:
    """What was decided is allowed."""
    file, plan = "placements.csv", tables.plan
    houses = tables.houses
    for row, one in tables.of(file):
        tables.known(file, row, "house", one.house, houses, "sites.csv")
        if not tables.known(file, row, "project", one.project, plan.project, "projects.csv"):
            continue
        project = plan.project[one.project]
        if one.month < project.earliest and tables.dated:
            why = f"is before the earliest month of {project.id}, {project.earliest}"
            tables.wrong(file, row, "month", one.month, why)
        if project.fixed and project.fixed != one.house:
            tables.wrong(file, row, "house", one.house, f"{project.id} is fixed to {project.fixed}")
        elif project.houses and one.house not in project.houses:
            why = f"is not one of the houses of {project.id}: {', '.join(project.houses[:10])}"
            tables.wrong(file, row, "house", one.house, why)

"""Checks of links, flows and hoses: ends exist, a way joins them, and products have machines."""

from collections import defaultdict
from collections.abc import Mapping

from commonplace.capacity.plan._references import Cell, Tables
from commonplace.capacity.plan.model import ANYWHERE, Flow, Plan


def check_network(tables: Tables) -> None:
    """Report all that links, flows and hoses name and that does not fit."""
    check_links(tables)
    check_failures(tables)
    check_flows(tables)
    check_hoses(tables)


def check_links(tables: Tables) -> None:
    """Check that a link has two ends, each a campus or a house, and is made of a line."""
    file, plan = "links.csv", tables.plan
    for row, link in tables.of(file):
        for column, end in (("a", link.a), ("z", link.z)):
            _check_end(tables, Cell(file, row, column, end))
        if link.a == link.z and link.a in plan.site:
            tables.report(file, row, "z", link.z, "is a link to itself; name another site")
        cell = Cell(file, row, "item", link.item)
        if (
            tables.exists(cell, plan.item, "items.csv")
            and (role := plan.item[link.item].role) != "line"
        ):
            item = f"{link.item} ({role})"
            tables.report(file, row, "item", item, "expected an item of role line")


def _check_end(tables: Tables, cell: Cell) -> bool:
    """Whether the cell names a campus or a house; if not, that is a problem."""
    if not tables.exists(cell, tables.plan.site, "sites.csv"):
        return False
    if tables.plan.site[cell.id].kind != "region" or cell.id in tables.unclear:
        return True
    region, why = f"{cell.id} (region)", "expected a campus or a house"
    tables.report(cell.file, cell.row, cell.column, region, why)
    return False


def check_failures(tables: Tables) -> None:
    """Check that the failures that are named are groups of some link."""
    groups = {link.group for link in tables.plan.links}
    named = tables.plan.policies.failures
    for group in named if isinstance(named, tuple) else ():
        if group not in groups and "links.csv" in tables.rows:
            why = "no link of links.csv is in that group"
            tables.report("plan.yaml", None, "failures", group, why)


def components(plan: Plan) -> Mapping[str, int]:
    """The connected part of the graph that each site's traffic enters, there or at its campus."""
    import rustworkx

    linked = {end for link in plan.links for end in (link.a, link.z)}
    entry = {site: site if site in linked else plan.campus(site) for site in plan.site}
    graph = rustworkx.PyGraph()
    at = dict(zip(plan.site, graph.add_nodes_from(list(plan.site)), strict=True))
    graph.add_edges_from([(at[link.a], at[link.z], None) for link in plan.links])
    parts = enumerate(rustworkx.connected_components(graph))
    part_of = {node: part for part, members in parts for node in members}
    return {site: part_of[at[node]] for site, node in entry.items()}


def check_flows(tables: Tables) -> None:
    """Check that a way joins the ends of a flow; one end may follow its product's machines."""
    file, plan = "flows.csv", tables.plan
    # None: bad links would make every flow a problem too
    joined = components(plan) if _sound(tables) else None
    machines = _machines(plan)
    for row, flow in tables.of(file):
        if flow.a == flow.z == ANYWHERE:
            why = "is at both ends; name the site at one of them"
            tables.report(file, row, "z", flow.z, why)
            continue
        named = [end for end in (("a", flow.a), ("z", flow.z)) if end[1] != ANYWHERE]
        sound = [_check_end(tables, Cell(file, row, *end)) for end in named]
        if not all(sound):
            continue
        if flow.a == flow.z:
            tables.report(file, row, "z", flow.z, "is a flow to itself; name another site")
        elif len(named) == 1:
            _check_followed(tables, row, flow, machines.get(flow.product), joined)
        elif joined is not None and joined[flow.a] != joined[flow.z]:
            why = f"links.csv has no way from {flow.a} to {flow.z}"
            tables.report(file, row, None, f"{flow.a} to {flow.z}", why)
    if joined is not None:
        _check_decided(tables, joined)


def _sound(tables: Tables) -> bool:
    """Whether links and sites were read well enough to tell what is connected."""
    # some problems of each file are stored
    wrong = {problem.file for problem in tables.problems.stored}
    return "sites.csv" in tables.rows and wrong.isdisjoint({"sites.csv", "links.csv"})


def _machines(plan: Plan) -> Mapping[str, tuple[float, frozenset[str]]]:
    """The Gb/s north of each product's machines, and the houses where they may stand."""
    gbps: dict[str, float] = defaultdict(float)
    houses: dict[str, set[str]] = defaultdict(set)
    for project in plan.projects:
        if project.side == "machine":
            gbps[project.product] += project.north_gbps
            fixed = (project.fixed,) if project.fixed else ()
            houses[project.product].update(fixed or project.houses or plan.houses)
    return {product: (gbps[product], frozenset(houses[product])) for product in houses}


def _check_followed(
    tables: Tables,
    row: int,
    flow: Flow,
    machines: tuple[float, frozenset[str]] | None,
    joined: Mapping[str, int] | None,
) -> None:
    """Check that the flow of a product has machines to follow, where a way leads."""
    file = "flows.csv"
    if "projects.csv" not in tables.rows or tables.problems.spoilt(file, row, "product"):
        return
    gbps, houses = machines or (0.0, frozenset())
    column, end = ("z", flow.z) if flow.a == ANYWHERE else ("a", flow.a)
    if not houses:
        why = "no machine project of projects.csv is of this product, which '*' would follow"
        tables.report(file, row, "product", flow.product, why)
    elif not gbps:
        why = "its machine projects have no north_gbps, by which '*' would be shared"
        tables.report(file, row, "product", flow.product, why)
    elif joined is not None and not any(joined.get(h) == joined[end] for h in houses):
        why = "links.csv has no way from here to any house where the product may stand"
        tables.report(file, row, column, end, why)


def _check_decided(tables: Tables, joined: Mapping[str, int]) -> None:
    """Check that what is decided stands where its product's flows have a way."""
    plan = tables.plan
    ends = {
        (flow.product, flow.z if flow.a == ANYWHERE else flow.a)
        for _, flow in tables.of("flows.csv")
        if (flow.a == ANYWHERE) != (flow.z == ANYWHERE)
    }
    rows = tables.of("placements.csv")
    decided = [("placements.csv", r, "house", p.project, p.house) for r, p in rows]
    decided += [
        ("projects.csv", row, "fixed", project.id, project.fixed)
        for row, project in tables.of("projects.csv")
        if project.fixed
    ]
    for file, row, column, name, house in decided:
        project = plan.project.get(name)
        if project is None or project.side != "machine" or house not in joined:
            continue
        for product, end in sorted(ends):  # sorted: problems come in the same order in every run
            if product == project.product and joined.get(end, joined[house]) != joined[house]:
                why = f"links.csv has no way between here and {end}, where flows of {name} go"
                tables.report(file, row, column, house, why)


def check_hoses(tables: Tables) -> None:
    """Check that hoses are of sites that exist, and that a plan by hose has some."""
    file, plan = "hose.csv", tables.plan
    for row, hose in tables.of(file):
        _check_end(tables, Cell(file, row, "site", hose.site))
    if (
        plan.policies.demand == "hose"
        and not tables.of(file)
        and not tables.problems.spoilt(file, None)
    ):
        why = "is missing or empty, and plan.yaml says demand: hose"
        tables.report(file, None, None, None, why)

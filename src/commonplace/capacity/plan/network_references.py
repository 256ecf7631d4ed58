"""Checks of links, flows and hoses: ends exist, a way joins them, and products have machines."""

from collections import defaultdict
from collections.abc import Mapping

from commonplace.capacity.plan._references import Row, Tables
from commonplace.capacity.plan.model import ANYWHERE, Flow, Plan


def check_network(tables: Tables) -> None:
    """Report all that links, flows and hoses name and that does not fit."""
    check_links(tables)
    check_failures(tables)
    check_flows(tables)
    check_hoses(tables)


def check_links(tables: Tables) -> None:
    """Check that a link has two ends, each a campus or a house, and is made of a line."""
    plan = tables.plan
    for row, link in tables.of("links.csv"):
        for column, end in (("a", link.a), ("z", link.z)):
            _check_end(row, column, end)
        if link.a == link.z and link.a in plan.site:
            row.report("z", link.z, "is a link to itself; name another site")
        exists = row.exists("item", link.item, plan.item, "items.csv")
        if exists and (role := plan.item[link.item].role) != "line":
            row.report("item", f"{link.item} ({role})", "expected an item of role line")


def _check_end(row: Row, column: str, site: str) -> bool:
    """Whether the cell names a campus or a house; if not, that is a problem."""
    sites = row.tables.plan.site
    if not row.exists(column, site, sites, "sites.csv"):
        return False
    if sites[site].kind != "region" or site in row.tables.unclear:
        return True
    row.report(column, f"{site} (region)", "expected a campus or a house")
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
    plan = tables.plan
    # None: bad links would make every flow a problem too
    joined = components(plan) if _sound(tables) else None
    machines = _machines(plan)
    for row, flow in tables.of("flows.csv"):
        if flow.a == flow.z == ANYWHERE:
            row.report("z", flow.z, "is at both ends; name the site at one of them")
            continue
        named = [end for end in (("a", flow.a), ("z", flow.z)) if end[1] != ANYWHERE]
        sound = [_check_end(row, *end) for end in named]
        if not all(sound):
            continue
        if flow.a == flow.z:
            row.report("z", flow.z, "is a flow to itself; name another site")
        elif len(named) == 1:
            _check_followed(row, flow, machines.get(flow.product), joined)
        elif joined is not None and joined[flow.a] != joined[flow.z]:
            way = f"{flow.a} to {flow.z}"
            row.report(None, way, f"links.csv has no way from {way}")
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
    row: Row,
    flow: Flow,
    machines: tuple[float, frozenset[str]] | None,
    joined: Mapping[str, int] | None,
) -> None:
    """Check that the flow of a product has machines to follow, where a way leads."""
    if "projects.csv" not in row.tables.rows or row.spoilt("product"):
        return
    gbps, houses = machines or (0.0, frozenset())
    column, end = ("z", flow.z) if flow.a == ANYWHERE else ("a", flow.a)
    if not houses:
        why = "no machine project of projects.csv is of this product, which '*' would follow"
        row.report("product", flow.product, why)
    elif not gbps:
        why = "its machine projects have no north_gbps, by which '*' would be shared"
        row.report("product", flow.product, why)
    elif joined is not None and not any(joined.get(h) == joined[end] for h in houses):
        why = "links.csv has no way from here to any house where the product may stand"
        row.report(column, end, why)


def _check_decided(tables: Tables, joined: Mapping[str, int]) -> None:
    """Check that what is decided stands where its product's flows have a way."""
    plan = tables.plan
    ends = {
        (flow.product, flow.z if flow.a == ANYWHERE else flow.a)
        for _, flow in tables.of("flows.csv")
        if (flow.a == ANYWHERE) != (flow.z == ANYWHERE)
    }
    decided = [(row, "house", p.project, p.house) for row, p in tables.of("placements.csv")]
    projects = tables.of("projects.csv")
    decided += [(row, "fixed", p.id, p.fixed) for row, p in projects if p.fixed]
    for row, column, name, house in decided:
        project = plan.project.get(name)
        if project is None or project.side != "machine" or house not in joined:
            continue
        for product, end in sorted(ends):  # sorted: problems come in the same order in every run
            if product == project.product and joined.get(end, joined[house]) != joined[house]:
                why = f"links.csv has no way between here and {end}, where flows of {name} go"
                row.report(column, house, why)


def check_hoses(tables: Tables) -> None:
    """Check that hoses are of sites that exist, and that a plan by hose has some."""
    file = "hose.csv"
    for row, hose in tables.of(file):
        _check_end(row, "site", hose.site)
    readable = not tables.problems.spoilt(file, None)
    if tables.plan.policies.demand == "hose" and not tables.rows.get(file) and readable:
        why = "is missing or empty, and plan.yaml says demand: hose"
        tables.report(file, None, None, None, why)

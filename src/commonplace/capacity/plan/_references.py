"""What no cell can show alone: ids that must exist, trees, ends of links and flows, dates that fit.

Each function looks at one table and at what it points to; it complains of every row that is wrong,
and leaves out what was complained about already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from commonplace.capacity.plan.model import ANYWHERE, Item, Link, Plan, Role, Site
from commonplace.capacity.plan.problems import Problems, did_you_mean

Rows = list[tuple[int, Any]]
_HINTS = 500  # problems after which nobody reads what else was meant
_NEEDED_SUPPLY = ("space", "power", "network_space")
_NEEDED_BY_ROLE: dict[Role, tuple[str, ...]] = {
    "superblock": ("ports_south", "ports_north", "gbps"),
    "optics": ("ports_north", "gbps"),
    "skeleton": ("ports_south",),
    "fbr": ("ports_south", "ports_north", "gbps"),
    "line": ("gbps",),
}


@dataclass(frozen=True, eq=False)
class Tables:
    """All rows by file, each with its number; a file that could not be read is not there."""

    rows: dict[str, Rows]
    plan: Plan
    problems: Problems
    dated: bool = True  # whether months can be compared: not without a start

    def of(self, file: str) -> Rows:
        """The rows of a file; none where there is no file."""
        return self.rows.get(file, [])

    def wrong(self, file: str, row: int | None, column: str | None, found: Any, why: str) -> None:
        """Complain."""
        self.problems.add(file, row, column, None if found is None else str(found), why)

    @cached_property
    def unclear(self) -> frozenset[str]:
        """Sites whose kind cannot be read: they may be any."""
        rows, spoilt = self.of("sites.csv"), self.problems.spoilt
        return frozenset(site.id for row, site in rows if spoilt("sites.csv", row, "kind"))

    @cached_property
    def houses(self) -> Mapping[str, None]:
        """Sites that are houses, or may be."""
        return dict.fromkeys([*self.plan.houses, *self.unclear])

    @cached_property
    def places(self) -> Mapping[str, None]:
        """Where an item can be: houses and links."""
        return dict.fromkeys([*self.houses, *self.plan.link])

    def known(
        self, file: str, row: int, column: str, found: str, ids: Mapping[str, Any], *of: str
    ) -> bool:
        """Whether the id is one of some tables'; if not, say so, unless such a table is unread."""
        if found in ids:
            return True
        if self.problems.spoilt(file, row, column) or not set(of) <= self.rows.keys():
            return False
        hint = did_you_mean(found, ids) if self.problems.total < _HINTS else ""
        self.wrong(file, row, column, found, f"there is no such id in {' or '.join(of)}{hint}")
        return False


def check_references(tables: Tables) -> None:
    """Complain of all that does not fit together."""
    for check in _CHECKS:
        check(tables)


# --------------------------------------------------------------------------- ids


def check_duplicates(tables: Tables) -> None:
    """Rows that say the same thing twice."""
    for file, key in _KEYS.items():
        seen: dict[Any, int] = {}
        column = {"links.csv": "id", "sites.csv": "id"}.get(file)
        for row, record in tables.of(file):
            if tables.problems.touched(file, row):
                continue
            first = seen.setdefault(key(record), row)
            if first != row:
                shown = ", ".join(str(part) for part in _parts(key(record)))
                why = f"is in row {first} already; each may stand here once"
                tables.wrong(file, row, column, shown, why)
    houses = set(tables.plan.houses)
    for row, link in tables.of("links.csv"):
        if link.id in houses:
            why = "is the id of a house too; inventory and orders could not tell them apart"
            tables.wrong("links.csv", row, "id", link.id, why)


def _parts(key: Any) -> tuple[Any, ...]:
    return tuple(part for part in (key if isinstance(key, tuple) else (key,)) if part is not None)


_KEYS: dict[str, Callable[[Any], Any]] = {
    "sites.csv": lambda site: site.id,
    "items.csv": lambda item: item.id,
    "links.csv": lambda link: link.id,
    "projects.csv": lambda project: project.id,
    "supply.csv": lambda supply: (supply.site, supply.resource, supply.month),
    "inventory.csv": lambda one: (one.place, one.item, one.arrival, one.firm),
    "flows.csv": lambda flow: (flow.product, flow.traffic_class, flow.a, flow.z),
    "hose.csv": lambda hose: hose.site,
    "placements.csv": lambda placement: placement.project,
    "orders.csv": lambda order: (order.place, order.item, order.month),
}


# --------------------------------------------------------------------------- sites


def check_sites(tables: Tables) -> None:
    """Houses stand on campuses, campuses in regions or alone, and no site is above itself."""
    file, sites = "sites.csv", tables.plan.site
    cycles = _cycles(sites)
    for row, site in tables.of(file):
        if site.id in cycles:
            why = f"is above itself: {' > '.join(cycles[site.id])}"
            tables.wrong(file, row, "parent", site.parent, why)
        elif not tables.problems.spoilt(file, row, "kind", "parent"):
            _check_parent(tables, row, site)
        if not tables.problems.spoilt(file, row, "id") and site.id == ANYWHERE:
            tables.wrong(file, row, "id", site.id, "means any site in flows.csv; choose another id")
    if file in tables.rows and not tables.of(file):
        tables.wrong(file, None, None, None, "has no site; add a campus and its houses")


def _check_parent(tables: Tables, row: int, site: Site) -> None:
    file, above = "sites.csv", {"house": "campus", "campus": "region", "region": ""}[site.kind]
    if site.parent is None:
        if site.kind == "house":
            tables.wrong(file, row, "parent", None, "a house needs the campus that it stands on")
    elif tables.known(file, row, "parent", site.parent, tables.plan.site, file):
        kind = tables.plan.site[site.parent].kind
        if kind != above and site.parent not in tables.unclear:
            what = f"expected a {above}" if above else "expected nothing above a region"
            found = f"{site.parent} ({kind})"
            tables.wrong(file, row, "parent", found, f"{what}, for {site.id} is a {site.kind}")


def _cycles(sites: Any) -> dict[str, list[str]]:
    """Each site that is above itself, with the way around."""
    state: dict[str, int] = {}
    found: dict[str, list[str]] = {}
    for start in sites:
        path: list[str] = []
        here: str | None = start
        while here is not None and here in sites and here not in state:
            state[here] = len(path)
            path.append(here)
            here = sites[here].parent
        if here in path[-1:] or here in path:
            around = path[path.index(here) :]
            found |= {site: [*around, around[0]] for site in around}
        state |= dict.fromkeys(path, -1)
    return found


def check_supply(tables: Tables) -> None:
    """Supplies are of sites that exist, and each house has what a house needs."""
    file, given = "supply.csv", set()
    for row, supply in tables.of(file):
        tables.known(file, row, "site", supply.site, tables.plan.site, "sites.csv")
        if tables.problems.spoilt(file, row, "resource"):
            given |= {(supply.site, resource) for resource in _NEEDED_SUPPLY}  # any was meant
        given.add((supply.site, supply.resource))
    if file not in tables.rows or "sites.csv" not in tables.rows:
        return
    if tables.problems.spoilt(file, None, "site", "resource"):
        return
    for house in tables.plan.houses:
        for resource in _NEEDED_SUPPLY:
            if (house, resource) not in given:
                why = f"house {house} has no row for {resource}; add one (an amount may be 0)"
                tables.wrong(file, None, None, None, why)


def check_items(tables: Tables) -> None:
    """An item has what its role is counted by."""
    file = "items.csv"
    for row, item in tables.of(file):
        if tables.problems.spoilt(file, row, "role"):
            continue
        for column in _NEEDED_BY_ROLE[item.role]:
            if not getattr(item, column):
                why = f"expected more than 0, for that is what a {item.role} brings"
                tables.wrong(file, row, column, 0, why)


# --------------------------------------------------------------------------- places of items


def check_inventory(tables: Tables) -> None:
    """What is there or on its way has a place that it can be in, and a month to arrive."""
    file = "inventory.csv"
    units: dict[str, int] = {}
    for row, one in tables.of(file):
        _check_place(tables, file, row, one.place, one.item)
        if one.on_order and one.arrival is None:
            why = "expected the month in which the units on order arrive"
            tables.wrong(file, row, "arrival", None, why)
        if one.arrival is not None and not one.on_order:
            why = "expected the units that arrive in that month"
            tables.wrong(file, row, "on_order", one.on_order, why)
        _count_units(tables, file, row, one.place, one.on_hand + one.on_order, units)
    for row, order in tables.of("orders.csv"):
        _check_place(tables, "orders.csv", row, order.place, order.item)
        _count_units(tables, "orders.csv", row, order.place, order.units, units)


def _count_units(
    tables: Tables, file: str, row: int, place: str, more: int, units: dict[str, int]
) -> None:
    """A link never gets more units than it may have."""
    link = tables.plan.link.get(place)
    if link is None:
        return
    units[place] = units.get(place, 0) + more
    if units[place] > link.max_units:
        why = f"link {place} may have {link.max_units} units, and gets {units[place]} with this row"
        tables.wrong(file, row, None, None, why)


def _check_place(tables: Tables, file: str, row: int, place: str, item: str) -> None:
    """Lines lie on the link that names them; all else stands in houses."""
    plan = tables.plan
    site, link = plan.site.get(place), plan.link.get(place)
    known = tables.known(file, row, "item", item, plan.item, "items.csv")
    if site is None and link is None:
        tables.known(file, row, "place", place, tables.places, "sites.csv", "links.csv")
    elif place in tables.unclear:
        return
    elif site is not None and site.kind != "house":
        tables.wrong(file, row, "place", f"{place} ({site.kind})", "expected a house or a link")
    elif known and (wrong := _misplaced(plan.item[item], place, link)):
        tables.wrong(file, row, "item", item, wrong)


def _misplaced(item: Item, place: str, link: Link | None) -> str:
    if link is None:
        return f"is a line, and {place} is a house; name a link" if item.role == "line" else ""
    if item.role != "line":
        return f"is of role {item.role}, and {place} is a link; name a house"
    return "" if link.item == item.id else f"link {place} is made of {link.item}"


_CHECKS = (
    check_duplicates,
    check_sites,
    check_supply,
    check_items,
    check_inventory,
)

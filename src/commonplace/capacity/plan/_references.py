"""What no cell can show alone: ids that must exist, the tree of sites, places and counts of units.

Each function checks one table against those that it points to, and reports every row that is wrong.
A row that has a problem already is not reported twice.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from commonplace.capacity.plan.model import ANYWHERE, Item, Link, Plan, Role, Site
from commonplace.capacity.plan.problems import Problems, did_you_mean
from commonplace.capacity.plan.tables import TABLES

Rows = list[tuple[int, Any]]
_HINTS = 500  # problems after which nobody reads hints
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

    def of(self, file: str) -> Iterator[tuple["Row", Any]]:
        """The rows of a file with their records; none where there is no file."""
        return ((Row(self, file, number), record) for number, record in self.rows.get(file, ()))

    def report(self, file: str, row: int | None, column: str | None, value: Any, why: str) -> None:
        """Add a problem with a value."""
        found = None if value is None else str(value)
        self.problems.add(file, row, column, found=found, expected=why)

    @cached_property
    def unclear(self) -> frozenset[str]:
        """Sites whose kind cannot be read: they may be any."""
        return frozenset(site.id for row, site in self.of("sites.csv") if row.spoilt("kind"))

    @cached_property
    def houses(self) -> Mapping[str, None]:
        """Sites that are houses, or may be."""
        return dict.fromkeys([*self.plan.houses, *self.unclear])

    @cached_property
    def places(self) -> Mapping[str, None]:
        """Where an item can be: houses and links."""
        return dict.fromkeys([*self.houses, *self.plan.link])


class Row(NamedTuple):
    """A row of a file, by its number: what is wrong with its cells."""

    tables: Tables
    file: str
    number: int

    def report(self, column: str | None, value: Any, why: str) -> None:
        """Add a problem with a value."""
        self.tables.report(self.file, self.number, column, value, why)

    def spoilt(self, *columns: str) -> bool:
        """Whether one of these cells cannot be used, which is a problem already."""
        return self.tables.problems.spoilt(self.file, self.number, *columns)

    def exists(self, column: str, id: str, ids: Mapping[str, Any], *files: str) -> bool:
        """Whether the id in a cell is one of `ids`, those of some files.

        If not, that is a problem, unless one of the files could not be read.
        """
        if id in ids:
            return True
        if self.spoilt(column) or not set(files) <= self.tables.rows.keys():
            return False
        hint = did_you_mean(id, ids) if self.tables.problems.total < _HINTS else ""
        self.report(column, id, f"there is no such id in {' or '.join(files)}{hint}")
        return False


def check_references(tables: Tables) -> None:
    """Report all that does not fit together."""
    check_duplicates(tables)
    check_sites(tables)
    check_supply(tables)
    check_items(tables)
    check_inventory(tables)


# --------------------------------------------------------------------------- ids


def check_duplicates(tables: Tables) -> None:
    """Report rows that repeat the key of another."""
    for table in TABLES:
        first_rows: dict[Any, int] = {}
        column = "id" if table.file in ("links.csv", "sites.csv") else None
        for row, record in tables.of(table.file):
            if tables.problems.touched(table.file, row.number):
                continue
            first = first_rows.setdefault(table.key_of(record), row.number)
            if first != row.number:
                value = ", ".join(str(p) for p in table.key_of(record) if p is not None)
                row.report(column, value, f"is in row {first} already; each may stand here once")
    houses = set(tables.plan.houses)
    for row, link in tables.of("links.csv"):
        if link.id in houses:
            why = "is the id of a house too; inventory and orders could not tell them apart"
            row.report("id", link.id, why)


# --------------------------------------------------------------------------- sites


def check_sites(tables: Tables) -> None:
    """Check that houses stand on campuses, campuses in regions or alone, and none above itself."""
    file, sites = "sites.csv", tables.plan.site
    cycles = _cycles(sites)
    for row, site in tables.of(file):
        if site.id in cycles:
            row.report("parent", site.parent, f"is above itself: {' > '.join(cycles[site.id])}")
        elif not row.spoilt("kind", "parent"):
            _check_parent(row, site)
        if not row.spoilt("id") and site.id == ANYWHERE:
            row.report("id", site.id, "means any site in flows.csv; choose another id")
    if tables.rows.get(file) == []:
        tables.report(file, None, None, None, "has no site; add a campus and its houses")


def _check_parent(row: Row, site: Site) -> None:
    above = {"house": "campus", "campus": "region", "region": ""}[site.kind]
    sites = row.tables.plan.site
    if site.parent is None:
        if site.kind == "house":
            row.report("parent", None, "a house needs the campus that it stands on")
    elif row.exists("parent", site.parent, sites, "sites.csv"):
        kind = sites[site.parent].kind
        if kind != above and site.parent not in row.tables.unclear:
            what = f"expected a {above}" if above else "expected nothing above a region"
            why = f"{what}, for {site.id} is a {site.kind}"
            row.report("parent", f"{site.parent} ({kind})", why)


def _cycles(sites: Any) -> dict[str, list[str]]:
    """Each site that is above itself, with the cycle of its parents."""
    seen: set[str] = set()
    cycles: dict[str, list[str]] = {}
    for start in sites:
        path: list[str] = []
        here: str | None = start
        while here is not None and here in sites and here not in seen:
            seen.add(here)
            path.append(here)
            here = sites[here].parent
        if here in path:  # and not on the path of an earlier start, which was looked at then
            around = path[path.index(here) :]
            cycles |= {site: [*around, around[0]] for site in around}
    return cycles


def check_supply(tables: Tables) -> None:
    """Check that supplies are of sites that exist, and that each house has what a house needs."""
    file, supplied = "supply.csv", set()
    for row, supply in tables.of(file):
        row.exists("site", supply.site, tables.plan.site, "sites.csv")
        if row.spoilt("resource"):
            supplied |= {(supply.site, resource) for resource in _NEEDED_SUPPLY}  # it may be any
        supplied.add((supply.site, supply.resource))
    if file not in tables.rows or "sites.csv" not in tables.rows:
        return
    if tables.problems.spoilt(file, None, "site", "resource"):
        return
    for house in tables.plan.houses:
        for resource in _NEEDED_SUPPLY:
            if (house, resource) not in supplied:
                why = f"house {house} has no row for {resource}; add one (an amount may be 0)"
                tables.report(file, None, None, None, why)


def check_items(tables: Tables) -> None:
    """Check that an item has the amounts that its role is counted by."""
    for row, item in tables.of("items.csv"):
        for column in () if row.spoilt("role") else _NEEDED_BY_ROLE[item.role]:
            if not getattr(item, column):
                why = f"expected more than 0, for that is what a {item.role} brings"
                row.report(column, 0, why)


# --------------------------------------------------------------------------- places of items


def check_inventory(tables: Tables) -> None:
    """Check that items stand where they can, arrive in a month, and are not too many for a link."""
    total = Counter[str]()
    for row, entry in tables.of("inventory.csv"):
        _check_place(row, entry.place, entry.item)
        if entry.on_order and entry.arrival is None:
            row.report("arrival", None, "expected the month in which the units on order arrive")
        if entry.arrival is not None and not entry.on_order:
            why = "expected the units that arrive in that month"
            row.report("on_order", entry.on_order, why)
        total[entry.place] += entry.on_hand + entry.on_order
        _check_total(row, entry.place, total[entry.place])
    for row, order in tables.of("orders.csv"):
        _check_place(row, order.place, order.item)
        total[order.place] += order.units
        _check_total(row, order.place, total[order.place])


def _check_total(row: Row, place: str, total: int) -> None:
    """Check that a link does not get more units than it may have."""
    link = row.tables.plan.link.get(place)
    if link is not None and total > link.max_units:
        why = f"link {place} may have {link.max_units} units, and gets {total} with this row"
        row.report(None, None, why)


def _check_place(row: Row, place: str, item: str) -> None:
    """Check that a line lies on the link that names it, and any other item stands in a house."""
    tables, plan = row.tables, row.tables.plan
    site, link = plan.site.get(place), plan.link.get(place)
    exists = row.exists("item", item, plan.item, "items.csv")
    if site is None and link is None:
        row.exists("place", place, tables.places, "sites.csv", "links.csv")
    elif place in tables.unclear:
        return
    elif site is not None and site.kind != "house":
        row.report("place", f"{place} ({site.kind})", "expected a house or a link")
    elif exists and (why := _misplaced(plan.item[item], place, link)):
        row.report("item", item, why)


def _misplaced(item: Item, place: str, link: Link | None) -> str:
    if link is None:
        return f"is a line, and {place} is a house; name a link" if item.role == "line" else ""
    if item.role != "line":
        return f"is of role {item.role}, and {place} is a link; name a house"
    return "" if link.item == item.id else f"link {place} is made of {link.item}"

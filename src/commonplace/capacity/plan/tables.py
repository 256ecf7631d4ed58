"""The tables of a plan's folder, as data: which columns each has, and what each cell may hold.

One description serves reading, writing and the errors; docs/capacity.md has the same in words.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from commonplace.capacity.plan.model import (
    Flow,
    Hose,
    Inventory,
    Item,
    Link,
    Order,
    Placement,
    Project,
    Role,
    Side,
    Site,
    SiteKind,
    Supply,
    SupplyResource,
)

CellKind = Literal["id", "ids", "number", "count", "month", "choice", "flag"]
REQUIRED: Any = object()  # a default of its own, because None is one
LARGEST = 1e12  # quantity: a larger one is a mistake, and costs a solver its digits
LARGEST_COUNT = 10**9


@dataclass(frozen=True)
class Column:
    """A column; `field` is the record's attribute where its name differs."""

    name: str
    kind: CellKind
    default: Any = REQUIRED
    field: str = ""
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = LARGEST

    @property
    def attribute(self) -> str:
        """The record's attribute that holds the cell."""
        return self.field or self.name


@dataclass(frozen=True)
class Table:
    """A file: its columns, the record that a row becomes, and the attribute of `Plan` for them."""

    file: str
    record: type[Any]
    attribute: str
    columns: tuple[Column, ...]
    optional: bool = False


def _number(name: str, default: Any = REQUIRED, low: float = 0, high: float = LARGEST) -> Column:
    return Column(name, "number", default, low=low, high=high)


def _count(
    name: str, default: Any = REQUIRED, low: float = 0, high: float = LARGEST_COUNT
) -> Column:
    return Column(name, "count", default, low=low, high=high)


def _choice(name: str, *choices: str, field: str = "") -> Column:
    return Column(name, "choice", field=field, choices=choices)


_GROWTH = _number("growth", 0.0, low=-0.99, high=100.0)  # at -1 nothing is left after a year
_LONGEST_LEAD = 120  # months, of lead and installation each

TABLES = (
    Table(
        "sites.csv",
        Site,
        "sites",
        (
            Column("id", "id"),
            _choice("kind", *get_args(SiteKind)),
            Column("parent", "id", None),
        ),
    ),
    Table(
        "supply.csv",
        Supply,
        "supplies",
        (
            Column("site", "id"),
            _choice("resource", *get_args(SupplyResource)),
            Column("month", "month"),
            _number("amount"),
        ),
    ),
    Table(
        "items.csv",
        Item,
        "items",
        (
            Column("id", "id"),
            _choice("role", *get_args(Role)),
            _count("ports_south", 0),
            _count("ports_north", 0),
            _number("gbps", 0.0),
            _number("positions", 0.0),
            _number("kw", 0.0),
            _number("cost"),
            _count("lead_months", high=_LONGEST_LEAD),
            _count("install_months", 0, high=_LONGEST_LEAD),
        ),
    ),
    Table(
        "inventory.csv",
        Inventory,
        "inventory",
        (
            Column("place", "id"),
            Column("item", "id"),
            _count("on_hand", 0),
            _count("on_order", 0),
            Column("arrival", "month", None),
            Column("firm", "flag", True),
        ),
    ),
    Table(
        "links.csv",
        Link,
        "links",
        (
            Column("id", "id"),
            Column("a", "id"),
            Column("z", "id"),
            Column("item", "id"),
            _count("max_units", low=1),
            Column("group", "id", ""),
        ),
        optional=True,
    ),
    Table(
        "projects.csv",
        Project,
        "projects",
        (
            Column("id", "id"),
            Column("product", "id"),
            _choice("kind", *get_args(Side), field="side"),
            _number("racks", 0.0),
            _number("kw", 0.0),
            _count("ports", 0),
            _number("south_gbps", 0.0),
            _number("north_gbps", 0.0),
            Column("earliest", "month", 1),
            Column("need", "month"),
            _number("priority", 1.0, low=1e-6),
            Column("houses", "ids", ()),
            Column("fixed", "id", None),
            Column("item", "id", None),
            _count("units", 0),
        ),
    ),
    Table(
        "flows.csv",
        Flow,
        "flows",
        (
            Column("product", "id"),
            Column("class", "id", field="traffic_class"),
            Column("a", "id"),
            Column("z", "id"),
            _number("gbps"),
            _GROWTH,
        ),
        optional=True,
    ),
    Table(
        "hose.csv",
        Hose,
        "hoses",
        (Column("site", "id"), _number("out_gbps"), _number("in_gbps"), _GROWTH),
        optional=True,
    ),
    Table(
        "placements.csv",
        Placement,
        "placements",
        (Column("project", "id"), Column("house", "id"), Column("month", "month")),
        optional=True,
    ),
    Table(
        "orders.csv",
        Order,
        "orders",
        (
            Column("place", "id"),
            Column("item", "id"),
            _count("units", low=1),
            Column("month", "month"),
        ),
        optional=True,
    ),
)

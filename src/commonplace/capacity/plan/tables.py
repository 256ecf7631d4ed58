"""The tables of a plan's folder, as data: which columns each has, and what each cell may hold.

One description serves reading, writing and the errors; docs/capacity.md has the same in words.
Notable: names, kinds and defaults of columns are those of the record that a row becomes; a cell
that is bound otherwise stands in `_EXCEPTIONS`.
"""

from dataclasses import MISSING, Field, dataclass, fields
from functools import cached_property
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from commonplace.capacity.plan import model

CellKind = Literal["id", "ids", "number", "count", "month", "choice", "flag"]
REQUIRED: Any = object()  # a default of its own, because None is one
LARGEST = 1e12  # quantity: a larger one is a mistake, and costs a solver its digits
LARGEST_COUNT = 10**9


@dataclass(frozen=True)
class Column:
    """A column; `attribute` is the record's attribute that holds its cells."""

    name: str
    kind: CellKind
    default: Any
    attribute: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = LARGEST


@dataclass(frozen=True)
class Table:
    """A file: the record that a row becomes, the attribute of `Plan` for them, and their key.

    No two rows may have the same values of `key`.
    """

    file: str
    record: type[Any]
    attribute: str
    key: tuple[str, ...] = ("id",)
    optional: bool = False

    def key_of(self, record: Any) -> tuple[Any, ...]:
        """What tells a row from all others."""
        return tuple(getattr(record, name) for name in self.key)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in the order of the record's attributes."""
        hints = get_type_hints(self.record)
        return tuple(
            _column(self.record, field, hints[field.name]) for field in fields(self.record)
        )


_MONTHS = ("month", "arrival", "earliest", "need")  # whole numbers that are months
_KINDS: dict[Any, CellKind] = {str: "id", float: "number", int: "count", bool: "flag"}
_GROWTH = {"low": -0.99, "high": 100.0}  # at -1 nothing is left after a year
_LONGEST_LEAD = 120  # months, of lead and installation each
_EXCEPTIONS: dict[tuple[type[Any], str], dict[str, Any]] = {
    (model.Item, "cost"): {"default": REQUIRED},
    (model.Item, "lead_months"): {"default": REQUIRED, "high": _LONGEST_LEAD},
    (model.Item, "install_months"): {"high": _LONGEST_LEAD},
    (model.Link, "max_units"): {"low": 1},
    (model.Link, "group"): {"default": ""},
    (model.Project, "side"): {"name": "kind", "default": REQUIRED},
    (model.Project, "need"): {"default": REQUIRED},
    (model.Project, "priority"): {"low": 1e-6},
    (model.Flow, "traffic_class"): {"name": "class"},
    (model.Flow, "growth"): _GROWTH,
    (model.Hose, "growth"): _GROWTH,
    (model.Order, "units"): {"low": 1},
}


def _column(record: type[Any], field: Field[Any], hint: Any) -> Column:
    """The column of a record's attribute."""
    choices: tuple[str, ...] = get_args(hint) if get_origin(hint) is Literal else ()
    options = {
        "name": field.name,
        "kind": "choice" if choices else _kind(field.name, hint),
        "default": REQUIRED if field.default is MISSING else field.default,
        "choices": choices,
    }
    if options["kind"] == "count":
        options["high"] = LARGEST_COUNT
    return Column(attribute=field.name, **(options | _EXCEPTIONS.get((record, field.name), {})))


def _kind(name: str, hint: Any) -> CellKind:
    if name in _MONTHS:
        return "month"
    if get_origin(hint) is tuple:
        return "ids"
    return _KINDS[next((part for part in get_args(hint) if part is not NoneType), hint)]


TABLES = (
    Table("sites.csv", model.Site, "sites"),
    Table("supply.csv", model.Supply, "supplies", ("site", "resource", "month")),
    Table("items.csv", model.Item, "items"),
    Table("inventory.csv", model.Inventory, "inventory", ("place", "item", "arrival", "firm")),
    Table("links.csv", model.Link, "links", optional=True),
    Table("projects.csv", model.Project, "projects"),
    Table("flows.csv", model.Flow, "flows", ("product", "traffic_class", "a", "z"), optional=True),
    Table("hose.csv", model.Hose, "hoses", ("site",), optional=True),
    Table("placements.csv", model.Placement, "placements", ("project",), optional=True),
    Table("orders.csv", model.Order, "orders", ("place", "item", "month"), optional=True),
)

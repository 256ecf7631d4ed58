"""Where a model runs: machines, network and power planned on one horizon: see docs/capacity.md.

The names below are imported when they are first used: polars and the solver load with them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.capacity._check import Verdict, check
    from commonplace.capacity._demo import Size, demo
    from commonplace.capacity._diff import Difference, diff
    from commonplace.capacity._make import Made, make
    from commonplace.capacity._model import Plan
    from commonplace.capacity._order import Orders, order
    from commonplace.capacity._problems import InvalidPlanError, Problem
    from commonplace.capacity._reading import read_plan
    from commonplace.capacity._report import Picture, Piece, head, order_pieces, pieces, report
    from commonplace.capacity._result_tables import write_result_tables
    from commonplace.capacity._writing import write_plan

__all__ = [
    "Difference",
    "InvalidPlanError",
    "Made",
    "Orders",
    "Picture",
    "Piece",
    "Plan",
    "Problem",
    "Size",
    "Verdict",
    "check",
    "demo",
    "diff",
    "head",
    "make",
    "order",
    "order_pieces",
    "pieces",
    "read_plan",
    "report",
    "write_plan",
    "write_result_tables",
]

_MODULES = {
    "_check": ["Verdict", "check"],
    "_demo": ["Size", "demo"],
    "_diff": ["Difference", "diff"],
    "_make": ["Made", "make"],
    "_model": ["Plan"],
    "_order": ["Orders", "order"],
    "_problems": ["InvalidPlanError", "Problem"],
    "_reading": ["read_plan"],
    "_report": ["Picture", "Piece", "head", "order_pieces", "pieces", "report"],
    "_result_tables": ["write_result_tables"],
    "_writing": ["write_plan"],
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__

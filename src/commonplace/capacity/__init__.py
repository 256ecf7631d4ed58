"""Where a model runs: machines, network and power planned on one horizon: see docs/capacity.md.

The names below are imported when they are first used: polars and the solver load with them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.capacity.feasibility.check import Verdict, check
    from commonplace.capacity.placement.make import Proposal, make
    from commonplace.capacity.plan.model import Plan
    from commonplace.capacity.plan.problems import InvalidPlanError, Problem
    from commonplace.capacity.plan.reading import read_plan
    from commonplace.capacity.plan.writing import write_plan
    from commonplace.capacity.procurement.order import Orders, order
    from commonplace.capacity.reports.diff import Difference, diff
    from commonplace.capacity.reports.page import Picture, Piece, head, order_pieces, pieces, report
    from commonplace.capacity.reports.style import PICTURES_CSS
    from commonplace.capacity.reports.tables import write_result_tables
    from commonplace.capacity.synthetic.demo import Size, demo

__all__ = [
    "PICTURES_CSS",
    "Difference",
    "InvalidPlanError",
    "Orders",
    "Picture",
    "Piece",
    "Plan",
    "Problem",
    "Proposal",
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
    "feasibility.check": ["Verdict", "check"],
    "synthetic.demo": ["Size", "demo"],
    "reports.diff": ["Difference", "diff"],
    "placement.make": ["Proposal", "make"],
    "plan.model": ["Plan"],
    "procurement.order": ["Orders", "order"],
    "plan.problems": ["InvalidPlanError", "Problem"],
    "plan.reading": ["read_plan"],
    "reports.page": ["Picture", "Piece", "head", "order_pieces", "pieces", "report"],
    "reports.style": ["PICTURES_CSS"],
    "reports.tables": ["write_result_tables"],
    "plan.writing": ["write_plan"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__

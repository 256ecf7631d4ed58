"""Where a model runs: machines, network and power planned on one horizon: see docs/capacity.md.

The names below are imported when they are first used: polars and the solver load with them.
"""

from typing import TYPE_CHECKING

from commonplace.foundation import lazy_names

if TYPE_CHECKING:
    from commonplace.capacity.feasibility.check import Verdict as Verdict
    from commonplace.capacity.feasibility.check import check as check
    from commonplace.capacity.placement.make import Proposal as Proposal
    from commonplace.capacity.placement.make import make as make
    from commonplace.capacity.plan.model import Plan as Plan
    from commonplace.capacity.plan.problems import InvalidPlanError as InvalidPlanError
    from commonplace.capacity.plan.reading import read_plan as read_plan
    from commonplace.capacity.plan.writing import write_plan as write_plan
    from commonplace.capacity.procurement.order import Orders as Orders
    from commonplace.capacity.procurement.order import order as order
    from commonplace.capacity.reports.diff import Difference as Difference
    from commonplace.capacity.reports.diff import diff as diff
    from commonplace.capacity.reports.page import head as head
    from commonplace.capacity.reports.page import order_pieces as order_pieces
    from commonplace.capacity.reports.page import pieces as pieces
    from commonplace.capacity.reports.page import report as report
    from commonplace.capacity.reports.style import PICTURES_CSS as PICTURES_CSS
    from commonplace.capacity.reports.tables import write_result_tables as write_result_tables
    from commonplace.capacity.synthetic.demo import Size as Size
    from commonplace.capacity.synthetic.demo import demo as demo

__getattr__, __all__ = lazy_names(__name__, __file__)

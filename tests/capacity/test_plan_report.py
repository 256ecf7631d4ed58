"""The report of a plan: it stands alone, and says what check and order say."""

import re
from dataclasses import replace

from commonplace.capacity import Size, check, demo, order, report
from small_plans import scattered


def test_a_report_loads_nothing_and_says_what_breaks_and_what_to_order() -> None:
    plan = replace(scattered(1, Size(houses=3, projects=12)), name="<north> & co")
    verdict, orders = check(plan), order(plan)
    page = report(verdict, orders)
    assert not re.search(r"<script|<link|src=|url\(|@import", page)
    assert "&lt;north&gt; &amp; co" in page
    assert "<north>" not in page
    assert not verdict.feasible
    said = [one.sentence for one in verdict.breaks[:5]] + [one.sentence for one in orders.late[:5]]
    assert all(one.replace("&", "&amp;").replace(">", "&gt;") in page for one in said)
    assert all(f'class="{kind}"' in page for kind in ("over", "capacity", "site"))


def test_a_plan_that_holds_and_orders_nothing_has_no_empty_pictures() -> None:
    plan = demo(Size(houses=2, projects=4), seed=3)
    plan = replace(plan, links=(), flows=(), orders=())
    verdict = check(plan)
    page = report(verdict, order(plan))
    assert ("It holds in all" in page) == verdict.feasible
    assert "Campus and backbone" not in page

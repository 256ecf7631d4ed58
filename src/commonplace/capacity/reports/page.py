"""`plan report`: one self-contained page about a plan: the verdict, pictures, orders, reasons.

    commonplace plan report DIR --out report.html

Notable: the page loads nothing, runs no script and can be read without colour. It is made of
`Piece`s, each a heading, a sentence and pictures, so that another page can show the same ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commonplace.capacity.feasibility.check import BackboneMonth, Verdict
from commonplace.capacity.feasibility.resources import Row
from commonplace.capacity.network.concurrent import concurrent_flow
from commonplace.capacity.network.topology import NOTHING_LOST, network
from commonplace.capacity.plan.model import Order, Plan
from commonplace.capacity.plan.stock import link_gbps, stocks, usable
from commonplace.capacity.plan.words import (
    LEGEND,
    LETTERS,
    RESOURCE_NAMES,
    amount,
    first_day,
    many,
    month_text,
)
from commonplace.capacity.procurement.order import Orders
from commonplace.capacity.reports.pictures import (
    Bar,
    Cell,
    Line,
    escape,
    gantt,
    heat_map,
    network_map,
    on_a_circle,
    steps,
)
from commonplace.capacity.reports.style import PAGE_CSS, PICTURES_CSS

_STEPS = 9  # the resources that are fullest are drawn; the terminal and --json have all
_SENTENCES = 40  # of each list


@dataclass(frozen=True)
class Picture:
    """An SVG without colours of its own, and its caption."""

    svg: str
    caption: str = ""


@dataclass(frozen=True)
class Piece:
    """A heading, a sentence on what the pictures show, and the pictures."""

    heading: str
    words: str
    pictures: tuple[Picture, ...]


def report(verdict: Verdict, orders: Orders) -> str:
    """The page as HTML: the verdict of `check` on a plan, and the orders of `order` for it."""
    style = PAGE_CSS.read_text("utf-8") + PICTURES_CSS.read_text("utf-8")
    name = escape(verdict.plan.name)
    sections = map(_section, (*pieces(verdict), *order_pieces(orders)))
    body = "\n".join([*_head(verdict), *sections, *_lists(verdict, orders)])
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{name}: capacity</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{style}</style>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def pieces(verdict: Verdict) -> Iterator[Piece]:
    """The pictures of a plan as it is; there is none of what the plan does not have."""
    months = _months(verdict.plan)
    if verdict.plan.houses:
        words = f"The resource of each house that is used most, and how much of it: {LEGEND}."
        yield Piece("Houses by month", words, (Picture(_houses(verdict, months)),))
        words = "Shaded: what is needed. The line: what there is. Red: what is missing."
        drawn = tuple(_steps(use, months) for use in _fullest(verdict))
        yield Piece("Demand against capacity", words, drawn)
    # a hose has no one matrix whose loads could be drawn
    if verdict.backbone and verdict.plan.policies.demand == "pipe":
        yield _map(verdict)


def order_pieces(orders: Orders) -> Iterator[Piece]:
    """The picture of what is ordered."""
    if bars := [_bar(orders.plan, order) for order in orders.orders]:
        words = "From the month of the order to the first month of use (the mark)."
        drawn = gantt("Orders in time", _months(orders.plan), bars)
        yield Piece("Orders", words, (Picture(drawn),))


def _months(plan: Plan) -> list[str]:
    return [f"{first_day(plan, month):%b %y}" for month in range(1, plan.horizon + 1)]


def head(verdict: Verdict) -> tuple[str, str]:
    """The span of the plan, and its verdict in a sentence."""
    plan = verdict.plan
    span = f"{first_day(plan, 1):%B %Y} to {first_day(plan, plan.horizon):%B %Y}"
    if verdict.feasible:
        waiting = f" {verdict.waiting_sentence}." if verdict.waiting else ""
        return span, f"It holds in all {plan.horizon} months.{waiting}"
    return span, f"It does not hold: {verdict.breaks[0].sentence}."


def _head(verdict: Verdict) -> Iterator[str]:
    span, sentence = head(verdict)
    yield f'<h1>{escape(verdict.plan.name)}</h1>\n<p class="quiet">{span}</p>'
    yield f'<p class="verdict{"" if verdict.feasible else " broken"}">{escape(sentence)}</p>'


def _lists(verdict: Verdict, orders: Orders) -> Iterator[str]:
    yield from _listed("What breaks", [broken.sentence for broken in verdict.breaks])
    rows = "".join(
        f"<tr><td>{escape(many(order.units, order.item))}</td><td>{escape(order.place)}</td>"
        f"<td>{first_day(orders.plan, order.month):%d %B %Y}</td></tr>"
        for order in orders.orders
    )
    if rows:
        head = "<tr><th>what</th><th>where</th><th>ordered by</th></tr>"
        yield f'<h2>What to order</h2>\n<div class="wide"><table>{head}{rows}</table></div>'
    yield from _listed("Too late, or not to be had", [late.sentence for late in orders.late])
    yield from _listed("Machines and bits", [row.sentence for row in orders.reconciled])
    yield from _listed("Waiting", [*map(str, verdict.strandings), *map(str, verdict.idle)])


def _listed(heading: str, sentences: list[str]) -> Iterator[str]:
    if sentences:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences[:_SENTENCES])
        more = len(sentences) - _SENTENCES
        rest = f'<p class="quiet">and {more} more</p>' if more > 0 else ""
        yield f"<h2>{heading}</h2>\n<ul>{items}</ul>{rest}"


def _section(piece: Piece) -> str:
    kind = ' class="steps"' if len(piece.pictures) > 1 else ""
    drawn = "".join(map(_figure, piece.pictures))
    words = f'<p class="quiet">{escape(piece.words)}</p>'
    return f"<h2>{escape(piece.heading)}</h2>\n{words}\n<div{kind}>{drawn}</div>"


def _figure(picture: Picture) -> str:
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    return f"<figure>{picture.svg}{caption}</figure>"


def _houses(verdict: Verdict, months: list[str]) -> str:
    rows = {}
    for house in verdict.plan.houses:
        uses = [verdict.binding(house, month) for month in range(1, verdict.plan.horizon + 1)]
        rows[house] = [
            Cell(float(use.utilisation[at]), use.resource, LETTERS[use.resource])
            for at, use in enumerate(uses)
        ]
    return heat_map("How full each house is, by month", months, rows)


def _fullest(verdict: Verdict) -> list[Row]:
    used = [use for use in verdict.uses if use.load.max() > 0]
    return sorted(used, key=lambda use: -float(use.utilisation.max()))[:_STEPS]


def _steps(use: Row, months: list[str]) -> Picture:
    title = f"{use.site}: {RESOURCE_NAMES[use.resource]}"
    load, capacity = use.load.tolist(), use.capacity.tolist()
    drawn = steps(title, months, load=load, capacity=capacity, unit=use.unit)
    return Picture(drawn, f"{title}, {amount(float(use.load.max()), use.unit)} at most")


def _bar(plan: Plan, order: Order) -> Bar:
    return Bar(f"{many(order.units, order.item)}, {order.place}", order.month, usable(plan, order))


def _map(verdict: Verdict) -> Piece:
    worst = min(verdict.backbone, key=lambda month: month.factor)
    lost = "nothing lost" if worst.failure == NOTHING_LOST else f"{worst.failure} lost"
    words = (
        f"{month_text(verdict.plan, worst.month)}, {lost}: how full each link is at the best "
        f"routing; all flows fit {worst.factor:.2f} times."
    )
    drawn = network_map("Campus and backbone at their worst", *_links(verdict.plan, worst))
    return Piece("Campus and backbone", words, (Picture(drawn),))


def _links(plan: Plan, worst: BackboneMonth) -> tuple[dict[str, tuple[float, float]], list[Line]]:
    net = network(plan)
    at = [failure.name for failure in net.failures].index(worst.failure)
    capacity = net.capacities(link_gbps(plan, stocks(plan)))[at, worst.month - 1]
    demand = net.demand[worst.month - 1]
    loads = concurrent_flow(net.graph, capacity, net.pairs, demand).loads
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(loads > 0, loads / capacity, 0.0)
    lines = []
    for link in net.links:
        edge, lost = net.edge[link.id], link.id in net.failures[at].links
        ends = (net.nodes[net.graph.tail[2 * edge]], net.nodes[net.graph.head[2 * edge]])
        most = 0.0 if lost else float(max(used[2 * edge], used[2 * edge + 1]))
        lines.append(Line(*ends, most, lost=lost))
    return on_a_circle(net.nodes), lines

"""Months, amounts and resources as words of a sentence, so that all sentences use the same ones."""

from datetime import date
from math import ceil

from commonplace.capacity.plan.model import Plan

UNITS = {
    "space": "racks",
    "power": "kW",
    "network_space": "positions",
    "network_power": "kW",
    "ports": "ports",
    "south": "Gb/s",
    "skeleton": "ports",
    "north": "Gb/s",
}
RESOURCE_NAMES = {
    "space": "space",
    "power": "power",
    "network_space": "the gray box's space",
    "network_power": "the gray box's power",
    "ports": "superblock ports",
    "south": "south bandwidth with one failure domain lost",
    "skeleton": "skeleton ports",
    "north": "north bandwidth with the largest border routers lost",
    "backbone": "room on the backbone",
}

LETTERS = {
    "space": "r",
    "power": "w",
    "network_space": "g",
    "network_power": "e",
    "ports": "p",
    "south": "s",
    "skeleton": "k",
    "north": "n",
}
LEGEND = "r racks · w power · g gray box · e its power · p ports · s south · k skeleton · n north"


def first_day(plan: Plan, month: int) -> date:
    """The first day of a month of the horizon; months below 1 lie before the start."""
    count = plan.start.year * 12 + plan.start.month - 1 + month - 1
    return date(count // 12, count % 12 + 1, 1)


def month_text(plan: Plan, month: int) -> str:
    """As `month 4 (2027-04)`."""
    return f"month {month} ({first_day(plan, month):%Y-%m})"


def months_text(months: tuple[int, ...]) -> str:
    """As `month 4`, `months 2-5` or `months 2, 5-7`."""
    runs: list[list[int]] = []
    for month in months:
        if runs and runs[-1][-1] == month - 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    spans = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ("month " if len(months) == 1 else "months ") + ", ".join(spans)


def amount(value: float, unit: str) -> str:
    """As `1,234 Gb/s`: rounded to ones from a hundred on, to three digits below."""
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit.removesuffix('s') if number == '1' and unit != 'Gb/s' else unit}"


def per_cent(share: float) -> int:
    """A share in whole per cent: one below 1 is rounded down, one above 1 up, so 100 means full."""
    if share > 1 + 1e-6:  # less is rounding: it does not break
        return ceil(share * 100 - 1e-6)
    return int(share * 100 + 1e-9)  # 0.29 * 100 is 28.999999999999996


def many(count: int, item: str) -> str:
    """As `2 x superblock-512`."""
    return f"{count} x {item}"


def binding_text(links: tuple[str, ...], most: int) -> str:
    """As `a, b bind`: the links of a metric inequality, at most `most` of them."""
    if not links:
        return "no link is left on the way"
    names = ", ".join(links[:most]) + (", ..." if len(links) > most else "")
    return f"{names} {'binds' if len(links) == 1 else 'bind'}"

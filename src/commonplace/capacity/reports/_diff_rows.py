"""Rows of two plans side by side: what is added, removed or changed, in tables and in orders."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.tables import TABLES
from commonplace.capacity.plan.words import first_day, many

_DECISIONS = ("placements", "orders")  # which `diff` compares as such, not as rows


@dataclass(frozen=True)
class Change:
    """A row that is added, removed or changed; `what` says how, in one line."""

    table: str
    kind: str  # added, removed, changed
    row: str
    what: str  # each changed field, from and to


def changed_rows(a: Plan, then: Plan, b: Plan) -> list[Change]:
    """From plan `a` to `b`; `then` is `a` with its months counted from the start of `b`."""
    changes = _head(a, b)
    for table in TABLES:
        if (name := table.attribute) not in _DECISIONS:
            # units that arrive in another month, or are firm by now, are a change of the same row
            key = ("place", "item") if name == "inventory" else table.key
            changes += _rows(name, key, getattr(then, name), getattr(b, name))
    return changes


def _head(a: Plan, b: Plan) -> list[Change]:
    """Start, horizon and policies."""
    pairs = [("start", a.start, b.start), ("horizon", a.horizon, b.horizon)]
    pairs += [
        (policy.name, getattr(a.policies, policy.name), getattr(b.policies, policy.name))
        for policy in fields(a.policies)
    ]
    return [Change("plan", "changed", n, f"{old} -> {new}") for n, old, new in pairs if old != new]


def _rows(table: str, key: tuple[str, ...], old: Iterable[Any], new: Iterable[Any]) -> list[Change]:
    """Changes of a table; rows of the same name are paired in their order."""
    before, after = _named(old, key), _named(new, key)
    changes = [Change(table, "removed", _joined(k), "") for k in before if k not in after]
    changes += [Change(table, "added", _joined(k), "") for k in after if k not in before]
    for name, row in after.items():
        if name in before and before[name] != row:
            changes.append(Change(table, "changed", _joined(name), _fields(before[name], row)))
    return changes


def _named(rows: Iterable[Any], key: tuple[str, ...]) -> dict[tuple[Any, ...], Any]:
    numbers: Counter[tuple[Any, ...]] = Counter()
    named = {}
    for row in rows:
        name = tuple(getattr(row, part) for part in key)
        numbers[name] += 1
        named[name if numbers[name] == 1 else (*name, f"#{numbers[name]}")] = row
    return named


def _joined(name: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in name)


def _fields(old: Any, new: Any) -> str:
    pairs = [(each.name, getattr(old, each.name), getattr(new, each.name)) for each in fields(old)]
    return ", ".join(f"{name} {was} -> {now}" for name, was, now in pairs if was != now)


def changed_orders(a: Plan, b: Plan) -> Iterable[Change]:
    """Changes of orders by place, item and calendar month: removed, added, or moved in time."""
    before, after = _ordered_units(a), _ordered_units(b)
    removed, added = before - after, after - before
    for place, item in sorted({(p, i) for p, i, _ in [*removed, *added]}):
        old = sorted(m for p, i, m in removed.elements() if (p, i) == (place, item))
        new = sorted(m for p, i, m in added.elements() if (p, i) == (place, item))
        # the rest is removed or added
        for (was, month), units in Counter(zip(old, new, strict=False)).items():
            yield Change("orders", "changed", place, f"{many(units, item)}: {was} -> {month}")
        for kind, months in (("removed", old[len(new) :]), ("added", new[len(old) :])):
            for month, units in Counter(months).items():
                yield Change("orders", kind, place, f"{many(units, item)} in {month}")


def _ordered_units(plan: Plan) -> Counter[tuple[str, str, str]]:
    units: Counter[tuple[str, str, str]] = Counter()
    for order in plan.orders:
        units[order.place, order.item, f"{first_day(plan, order.month):%Y-%m}"] += order.units
    return units

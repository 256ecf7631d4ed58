"""Rows of two plans side by side: what is new, gone or different, in tables and in orders."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.words import first_day, many

# attribute of a plan -> what of a row names it
_KEYS: dict[str, tuple[str, ...]] = {
    "sites": ("id",),
    "supplies": ("site", "resource", "month"),
    "items": ("id",),
    "inventory": ("place", "item"),
    "links": ("id",),
    "projects": ("id",),
    "flows": ("product", "traffic_class", "a", "z"),
    "hoses": ("site",),
}


@dataclass(frozen=True)
class Change:
    """A row that is new, gone or different; `what` says of which, in one line."""

    table: str
    kind: str  # added, removed, changed
    row: str
    what: str  # of a changed one: each field, from and to


def changed_rows(a: Plan, then: Plan, b: Plan) -> list[Change]:
    """From plan `a` to `b`; `then` is `a` with its months counted from the start of `b`."""
    changes = _head(a, b)
    for table, key in _KEYS.items():
        changes += _rows(table, key, getattr(then, table), getattr(b, table))
    return changes


def _head(a: Plan, b: Plan) -> list[Change]:
    """Start, horizon and policies."""
    pairs = [("start", a.start, b.start), ("horizon", a.horizon, b.horizon)]
    pairs += [
        (one.name, getattr(a.policies, one.name), getattr(b.policies, one.name))
        for one in fields(a.policies)
    ]
    return [Change("plan", "changed", n, f"{old} -> {new}") for n, old, new in pairs if old != new]


def _rows(table: str, key: tuple[str, ...], old: Iterable[Any], new: Iterable[Any]) -> list[Change]:
    """Rows by what names them; several of one name are told apart by their order."""
    before, after = _named(old, key), _named(new, key)
    found = [Change(table, "removed", _said(k), "") for k in before if k not in after]
    found += [Change(table, "added", _said(k), "") for k in after if k not in before]
    for name, row in after.items():
        if name in before and before[name] != row:
            found.append(Change(table, "changed", _said(name), _fields(before[name], row)))
    return found


def _named(rows: Iterable[Any], key: tuple[str, ...]) -> dict[tuple[Any, ...], Any]:
    seen: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for row in rows:
        name = tuple(getattr(row, part) for part in key)
        seen[name] += 1
        found[name if seen[name] == 1 else (*name, f"#{seen[name]}")] = row
    return found


def _said(name: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in name)


def _fields(old: Any, new: Any) -> str:
    pairs = [(one.name, getattr(old, one.name), getattr(new, one.name)) for one in fields(old)]
    return ", ".join(f"{name} {was} -> {now}" for name, was, now in pairs if was != now)


def changed_orders(a: Plan, b: Plan) -> Iterable[Change]:
    """Orders by place, item and calendar month: added, taken away, moved."""
    before, after = _ordered(a), _ordered(b)
    gone, new = before - after, after - before
    for place, item in sorted({(p, i) for p, i, _ in [*gone, *new]}):
        old = sorted(m for p, i, m in gone.elements() if (p, i) == (place, item))
        now = sorted(m for p, i, m in new.elements() if (p, i) == (place, item))
        moved = Counter(zip(old, now, strict=False))
        for (was, month), units in moved.items():
            what = f"{many(units, item)}: {was} -> {month}"
            yield Change("orders", "changed", place, what)
        for kind, months in (("removed", old[len(now) :]), ("added", now[len(old) :])):
            for month, units in Counter(months).items():
                yield Change("orders", kind, place, f"{many(units, item)} in {month}")


def _ordered(plan: Plan) -> Counter[tuple[str, str, str]]:
    counted: Counter[tuple[str, str, str]] = Counter()
    for order in plan.orders:
        counted[order.place, order.item, f"{first_day(plan, order.month):%Y-%m}"] += order.units
    return counted

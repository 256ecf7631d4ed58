"""`plan.yaml`: the start, the horizon and the policies, read without trust and written in order.

Notable: tags, anchors and aliases are refused (an alias bomb is made of them), size and depth have
small limits, and a key that stands there twice is an error, where YAML silently takes the last.
"""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from commonplace.capacity.plan._csv_table import read_bytes
from commonplace.capacity.plan.model import Plan, Policies
from commonplace.capacity.plan.problems import Problems, did_you_mean

FILE = "plan.yaml"
LONGEST_HORIZON = 120  # months
_LARGEST_FILE = 64 * 2**10  # bytes
_DEEPEST = 10  # levels; the deepest that a plan needs is a list below `policies`
_RANGES: dict[str, tuple[float, float]] = {
    "residual": (0.01, 1),
    "first_optics": (0, 1),
    "qualification_months": (0, 60),
    "lost_fbrs": (0, 1000),
    "late_cost": (0, 1e12),
    "refused_cost": (0, 1e12),
    "stranded_cost": (0, 1e12),
}


@dataclass(frozen=True)
class Head:
    """What `plan.yaml` says."""

    name: str
    start: date | None  # None: it is missing or cannot be used
    horizon: int
    policies: Policies


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses anchors, depth and repeated keys."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it so
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _marked("anchors are not read", event)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _marked("too deep", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise _marked(f"{max(keys, key=keys.count)[:60]} is there twice", node)
        return super().construct_mapping(node, deep)


def _marked(problem: str, place: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


def read_head(folder: Path, problems: Problems) -> Head:
    """The head of the plan; what cannot be used is a problem, and has its default."""
    loaded = _loaded(folder / FILE, problems)
    values = loaded or {}
    _report_unknown(values, ("name", "start", "horizon", "policies"), None, problems)
    name = values.get("name", folder.resolve().name)
    if not isinstance(name, str | int | float):
        _report(problems, "name", name, "expected a name")
    start = None if loaded is None else _start(values.get("start"), problems)
    horizon = values.get("horizon", LONGEST_HORIZON if loaded is None else 12)
    if not _is_integer(horizon) or not 1 <= horizon <= LONGEST_HORIZON:
        expected = f"expected a whole number of months 1..{LONGEST_HORIZON}"
        _report(problems, "horizon", horizon, expected)
        horizon = LONGEST_HORIZON
    policies = _policies(values.get("policies") or {}, problems)
    return Head(str(name), start=start, horizon=horizon, policies=policies)


def _report(problems: Problems, key: str | None, value: Any, expected: str) -> None:
    found = None if value is None else str(value)
    problems.add(FILE, column=key, found=found, expected=expected)


def _loaded(path: Path, problems: Problems) -> dict[Any, Any] | None:
    data = read_bytes(path, problems, _LARGEST_FILE)
    if data is None:
        return None
    try:
        values = yaml.load(data, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        # ValueError: YAML takes 2027-02-30 for a date
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        row = None if mark is None else mark.line + 1
        problems.add(FILE, row, expected=f"cannot be read as YAML: {reason}")
        return None
    if not isinstance(values, dict):
        _report(problems, None, str(values), "expected keys and values, such as start: 2027-01")
        return None
    return values


def _report_unknown(
    values: dict[Any, Any], keys: Collection[str], under: str | None, problems: Problems
) -> None:
    """Report each key that is not one of `keys`; `under` is the key that holds the values."""
    for key in values:
        if key not in keys:
            expected = f"there is no such key; expected {', '.join(keys)}"
            _report(problems, under, str(key), expected + did_you_mean(str(key), keys))


def _start(value: Any, problems: Problems) -> date | None:
    """The first month, as the date of its first day."""
    if isinstance(value, date) and value.day == 1:
        return date(value.year, value.month, 1)
    written = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", value) if isinstance(value, str) else None
    if written and 1900 <= int(written[1]) <= 2200:
        return date(int(written[1]), int(written[2]), 1)
    _report(problems, "start", value, "expected the first month, such as start: 2027-01")
    return None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)  # in Python a bool is an int


def _policies(values: Any, problems: Problems) -> Policies:
    defaults = Policies()
    if not isinstance(values, dict):
        _report(problems, "policies", str(values), "expected keys and values")
        return defaults
    names = [field.name for field in fields(Policies)]
    _report_unknown(values, names, "policies", problems)
    usable: dict[str, Any] = {}
    for name in names:
        if name in values:
            value, expected = _policy(name, values[name], getattr(defaults, name))
            if expected:
                _report(problems, name, str(values[name]), expected)
            else:
                usable[name] = value
    return Policies(**usable)


def _policy(name: str, value: Any, default: Any) -> tuple[Any, str]:
    """The policy's value, and what is expected of one that cannot be used."""
    if name == "demand":
        return value, "" if value in ("pipe", "hose") else "expected pipe or hose"
    if name == "failures":
        return _failures(value)
    if isinstance(default, bool):
        return value, "" if isinstance(value, bool) else "expected yes or no"
    low, high = _RANGES[name]
    if isinstance(default, int):
        good = _is_integer(value) and low <= value <= high
        return value, "" if good else f"expected a whole number {low:g}..{high:g}"
    number = _number(value)
    good = math.isfinite(number) and low <= number <= high
    return number, "" if good else f"expected a number {low:g}..{high:g}"


def _number(value: Any) -> float:
    """The number, also one that YAML 1.1 takes for text (1e5); NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _failures(value: Any) -> tuple[Any, str]:
    if isinstance(value, str) and value in ("none", "groups"):
        return value, ""
    if isinstance(value, list) and all(isinstance(g, str) or _is_integer(g) for g in value):
        return tuple(dict.fromkeys(map(str, value))), ""
    return value, "expected none, groups, or a list of shared-risk groups"


def head_text(plan: Plan) -> str:
    """The text of `plan.yaml`, with those policies that differ from their defaults."""
    policies = {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in fields(Policies)
        if (value := getattr(plan.policies, field.name)) != field.default
    }
    head: dict[str, Any] = {"name": plan.name, "start": f"{plan.start:%Y-%m}"}
    head |= {"horizon": plan.horizon} | ({"policies": policies} if policies else {})
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)

"""`plan.yaml`: the start, the horizon and the policies, read without trust and written in order.

Notable: no tags, no anchors and no aliases (what a bomb is made of), a small limit on size and
depth, and a key that stands there twice is an error, where YAML would take the last in silence.
"""

import math
import re
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
_LARGEST_FILE = 64 * 2**10
_DEEPEST = 10
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
    start: date | None  # None: there is none that can be used
    horizon: int
    policies: Policies


class _Loader(yaml.SafeLoader):
    """YAML without what is not needed."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors are not read", problem_mark=event.start_mark
            )
        self.depth += 1
        if self.depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="too deep", problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            problem = f"{max(keys, key=keys.count)[:60]} is there twice"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def read_head(folder: Path, problems: Problems) -> Head:
    """The head of the plan; what cannot be used has its default, and a problem."""
    given = _loaded(folder / FILE, problems)
    nothing = given is None
    given = given or {}
    known = ("name", "start", "horizon", "policies")
    _unknown(given, known, "", problems)
    name = given.get("name", folder.resolve().name)
    if not isinstance(name, str | int | float):
        problems.add(FILE, None, "name", str(name), "expected a name")
    start = None if nothing else _start(given.get("start"), problems)
    horizon = given.get("horizon", LONGEST_HORIZON if nothing else 12)
    if not _whole(horizon) or not 1 <= horizon <= LONGEST_HORIZON:
        expected = f"expected a whole number of months 1..{LONGEST_HORIZON}"
        problems.add(FILE, None, "horizon", str(horizon), expected)
        horizon = LONGEST_HORIZON
    return Head(str(name), start, horizon, _policies(given.get("policies") or {}, problems))


def _loaded(path: Path, problems: Problems) -> dict[Any, Any] | None:
    data = read_bytes(path, problems, _LARGEST_FILE)
    if data is None:
        return None
    try:
        given = yaml.load(data, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        row = None if mark is None else mark.line + 1
        problems.add(FILE, row, None, None, f"cannot be read as YAML: {reason}")
        return None
    if not isinstance(given, dict):
        problems.add(
            FILE, None, None, str(given), "expected keys and values, such as start: 2027-01"
        )
        return None
    return given


def _unknown(given: dict[Any, Any], known: Any, under: str, problems: Problems) -> None:
    for key in given:
        if key not in known:
            expected = f"there is no such key; expected {', '.join(known)}"
            hint = did_you_mean(str(key), known)
            problems.add(FILE, None, under or None, str(key), expected + hint)


def _start(given: Any, problems: Problems) -> date | None:
    """The first month, as the date of its first day."""
    if isinstance(given, date) and given.day == 1:
        return date(given.year, given.month, 1)
    written = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", given) if isinstance(given, str) else None
    if written and 1900 <= int(written[1]) <= 2200:
        return date(int(written[1]), int(written[2]), 1)
    found = None if given is None else str(given)
    problems.add(FILE, None, "start", found, "expected the first month, such as start: 2027-01")
    return None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _policies(given: Any, problems: Problems) -> Policies:
    defaults = Policies()
    if not isinstance(given, dict):
        problems.add(FILE, None, "policies", str(given), "expected keys and values")
        return defaults
    names = [field.name for field in fields(Policies)]
    _unknown(given, names, "policies", problems)
    values: dict[str, Any] = {}
    for name in names:
        if name not in given:
            continue
        value, expected = _policy(name, given[name], getattr(defaults, name))
        if expected:
            problems.add(FILE, None, name, str(given[name]), expected)
        else:
            values[name] = value
    return Policies(**values)


def _policy(name: str, value: Any, default: Any) -> tuple[Any, str]:
    """The policy's value; or what is expected of it."""
    if name == "demand":
        return value, "" if value in ("pipe", "hose") else "expected pipe or hose"
    if name == "failures":
        return _failures(value)
    if isinstance(default, bool):
        return value, "" if isinstance(value, bool) else "expected yes or no"
    low, high = _RANGES[name]
    if isinstance(default, int):
        good = _whole(value) and low <= value <= high
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
    if isinstance(value, list) and all(isinstance(g, str) or _whole(g) for g in value):
        return tuple(dict.fromkeys(map(str, value))), ""
    return value, "expected none, groups, or a list of shared-risk groups"


def head_text(plan: Plan) -> str:
    """The plan's `plan.yaml`; only policies that differ from their defaults are written."""
    policies = {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in fields(Policies)
        if (value := getattr(plan.policies, field.name)) != field.default
    }
    given: dict[str, Any] = {"name": plan.name, "start": f"{plan.start:%Y-%m}"}
    given |= {"horizon": plan.horizon} | ({"policies": policies} if policies else {})
    return yaml.safe_dump(given, sort_keys=False, allow_unicode=True)

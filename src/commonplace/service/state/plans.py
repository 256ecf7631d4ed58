"""The capacity plans that the service offers; results are cached until their folder changes.

Notable: only folders that were named at the start can be read, by the names that they got here; a
client names no path. The capacity package (the extra `plan`) is imported when a plan is first
requested. A folder whose tables are wrong is no failure: the page shows its problems.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.foundation import InputError

if TYPE_CHECKING:
    from commonplace.capacity import Orders, Plan, Verdict

Record = dict[str, Any]
_MOST_SENT = 200  # sentences of a kind; the rest is counted


class Plans:
    """The plans of some folders; one plan is computed at a time."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = _by_name(folders)
        self._cache: dict[tuple[str, str], Record] = {}
        self._computing = threading.Lock()

    def list(self) -> list[Record]:
        """The names of the plans, each with the version of its folder."""
        return [{"name": name, "version": self.version(name)} for name in self._folders]

    def version(self, name: str) -> str:
        """A hash of names, sizes and times of the folder's files.

        Raises:
            InputError: no plan has this name.
        """
        if name not in self._folders:
            offered = ", ".join(self._folders) or "none; `serve --plan` offers one"
            raise InputError(f"this server offers no plan {name[:80]!r}; it offers {offered}")
        digest = hashlib.sha256()
        try:
            for path in sorted(self._folders[name].iterdir()):
                stat = path.stat()
                digest.update(f"{path.name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
        except OSError as error:  # a folder that cannot be read has a version too
            digest.update(str(error).encode())
        return digest.hexdigest()[:16]

    def verdict(self, name: str) -> Record:
        """What `check` says of a plan, or what is wrong with its folder."""
        return self._cached(name, "verdict", _verdict_record)

    def orders(self, name: str) -> Record:
        """What `order` would order for it."""
        return self._cached(name, "orders", _orders_record)

    def _cached(self, name: str, kind: str, make: Callable[["Plan"], Record]) -> Record:
        with self._computing:
            # Before the files are read, so that a change in the meantime makes it out of date.
            version = self.version(name)
            record = self._cache.get((name, kind))
            if record is None or record["version"] != version:
                head = {"name": name, "version": version, "problems": [], "more_problems": 0}
                record = head | _record_or_problems(self._folders[name], make)
                self._cache[name, kind] = record
            return record


def _by_name(folders: Iterable[Path]) -> dict[str, Path]:
    """The folders by their own names; a second folder of the same name gets a number."""
    by_name: dict[str, Path] = {}
    for folder in dict.fromkeys(path.absolute() for path in folders):
        stem, number = folder.name or "plan", 1
        while (name := stem if number == 1 else f"{stem}-{number}") in by_name:
            number += 1
        by_name[name] = folder
    return by_name


def _record_or_problems(folder: Path, make: Callable[["Plan"], Record]) -> Record:
    from commonplace.capacity import InvalidPlanError, read_plan

    try:
        return make(read_plan(folder))
    except InvalidPlanError as error:
        problems = [str(problem) for problem in error.problems[:_MOST_SENT]]
        return {"problems": problems, "more_problems": error.total - len(problems)}
    except InputError as error:
        return {"problems": [str(error)]}


def _verdict_record(plan: "Plan") -> Record:
    from commonplace.capacity import check, head, pieces

    verdict: Verdict = check(plan)
    span, sentence = head(verdict)
    return {
        "title": plan.name,
        "span": span,
        "feasible": verdict.feasible,
        "verdict": sentence,
        "breaks": _sentences([violation.sentence for violation in verdict.breaks]),
        "stranded": _sentences([str(stranding) for stranding in verdict.strandings]),
        "idle": _sentences([str(idle) for idle in verdict.idle]),
        "pieces": [asdict(piece) for piece in pieces(verdict)],
    }


def _orders_record(plan: "Plan") -> Record:
    from commonplace.capacity import order, order_pieces

    orders: Orders = order(plan)
    purchases = orders.record()["purchases"]
    return {
        "feasible": orders.verdict.feasible,
        "cost": orders.cost,
        "said": orders.backbone_remark,
        "purchases": purchases[:_MOST_SENT],
        "more_purchases": max(0, len(purchases) - _MOST_SENT),
        "late": _sentences([need.sentence for need in orders.late]),
        "reconciled": _sentences([project.sentence for project in orders.reconciled]),
        "pieces": [asdict(piece) for piece in order_pieces(orders)],
    }


def _sentences(sentences: list[str]) -> Record:
    return {"sentences": sentences[:_MOST_SENT], "more": max(0, len(sentences) - _MOST_SENT)}

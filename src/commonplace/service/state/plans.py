"""The capacity plans that a start names: what they say, kept until their folder changes.

Notable: only folders that were named can be read, by the name that they got here; a client names
no path. The capacity package (the extra `plan`) is imported when a plan is first asked for. A
folder whose tables are wrong is no failure: its problems are what the page shows.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.foundation import InputError

if TYPE_CHECKING:
    from commonplace.capacity import Orders, Piece, Plan, Verdict

Record = dict[str, Any]
_LISTED = 200  # sentences of a kind that are sent; the rest is counted


class Plans:
    """Some folders of plans; one of them is computed at a time."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = _named(folders)
        self._kept: dict[tuple[str, str], Record] = {}
        self._computing = threading.Lock()

    def list(self) -> list[Record]:
        """Their names, and what changes when one of their files does."""
        return [{"name": name, "version": self.version(name)} for name in self._folders]

    def version(self, name: str) -> str:
        """A hash of names, sizes and times of the folder's files.

        Raises:
            InputError: no plan has this name.
        """
        if name not in self._folders:
            known = ", ".join(self._folders) or "none; `serve --plan` offers one"
            raise InputError(f"this server offers no plan {name[:80]!r}; it offers {known}")
        found = hashlib.sha256()
        try:
            for path in sorted(self._folders[name].iterdir()):
                of = path.stat()
                found.update(f"{path.name}\0{of.st_size}\0{of.st_mtime_ns}\0".encode())
        except OSError as error:  # what is not there has a version too
            found.update(str(error).encode())
        return found.hexdigest()[:16]

    def verdict(self, name: str) -> Record:
        """What `check` says of a plan, or what is wrong with its folder."""
        return self._asked(name, "verdict", _verdict_record)

    def orders(self, name: str) -> Record:
        """What `order` would order for it."""
        return self._asked(name, "orders", _orders_record)

    def _asked(self, name: str, what: str, make: Callable[["Plan"], Record]) -> Record:
        with self._computing:
            version = self.version(name)  # before its files are read: what changes then is newer
            kept = self._kept.get((name, what))
            if kept is None or kept["version"] != version:
                about = {"name": name, "version": version, "problems": [], "more_problems": 0}
                kept = about | _made(self._folders[name], make)
                self._kept[name, what] = kept
            return kept


def _named(folders: Iterable[Path]) -> dict[str, Path]:
    """Each folder by its own name; a second one of a name gets a number."""
    found: dict[str, Path] = {}
    for folder in dict.fromkeys(path.absolute() for path in folders):
        stem, number = folder.name or "plan", 1
        while (name := stem if number == 1 else f"{stem}-{number}") in found:
            number += 1
        found[name] = folder
    return found


def _made(folder: Path, make: Callable[["Plan"], Record]) -> Record:
    from commonplace.capacity import InvalidPlanError, read_plan

    try:
        return make(read_plan(folder))
    except InvalidPlanError as wrong:
        said = [str(problem) for problem in wrong.problems[:_LISTED]]
        return {"problems": said, "more_problems": wrong.total - len(said)}
    except InputError as wrong:
        return {"problems": [str(wrong)]}


def _verdict_record(plan: "Plan") -> Record:
    from commonplace.capacity import check, head, pieces

    found: Verdict = check(plan)
    span, said = head(found)
    breaks = [one.sentence for one in found.breaks]
    return {
        "title": plan.name,
        "span": span,
        "feasible": found.feasible,
        "verdict": said,
        "breaks": _sentences(breaks),
        "stranded": _sentences([str(one) for one in found.strandings]),
        "idle": _sentences([str(one) for one in found.idle]),
        "pieces": [_piece_record(piece) for piece in pieces(found)],
    }


def _orders_record(plan: "Plan") -> Record:
    from commonplace.capacity import order, order_pieces

    found: Orders = order(plan)
    purchases = found.record()["purchases"]
    return {
        "feasible": found.verdict.feasible,
        "cost": found.cost,
        "said": found.backbone_said,
        "purchases": purchases[:_LISTED],
        "more_purchases": max(0, len(purchases) - _LISTED),
        "late": _sentences([one.sentence for one in found.late]),
        "reconciled": _sentences([one.sentence for one in found.reconciled]),
        "pieces": [_piece_record(piece) for piece in order_pieces(found)],
    }


def _sentences(sentences: list[str]) -> Record:
    return {"sentences": sentences[:_LISTED], "more": max(0, len(sentences) - _LISTED)}


def _piece_record(piece: "Piece") -> Record:
    return {
        "heading": piece.heading,
        "words": piece.words,
        "pictures": [{"svg": one.svg, "caption": one.caption} for one in piece.pictures],
    }

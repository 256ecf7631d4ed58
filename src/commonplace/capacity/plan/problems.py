"""What is wrong with a plan's folder: every problem is counted, and is a sentence.

Notable: all problems are reported at once. A million rows can be wrong in the same way, so the
first thousand of each column are stored and the rest are counted: none is dropped in silence.
"""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from commonplace.foundation import InputError

STORED = 1000  # problems of one column that are stored
_LISTED = 20  # problems that the message lists
_CANDIDATES = 2000  # names among which a similar one is looked for
_LONGEST = 60  # characters of a value that are repeated


@dataclass(frozen=True)
class Problem:
    """A value that cannot be used; `row` counts as a spreadsheet does, the header is row 1."""

    file: str
    row: int | None
    column: str | None
    found: str | None
    expected: str

    def __str__(self) -> str:
        """The place, the value, and what is expected, in one line."""
        where = [self.file]
        where += [f"row {self.row}"] if self.row is not None else []
        where += [f"column {self.column}"] if self.column is not None else []
        found = "" if self.found is None else f"{quoted(self.found)} - "
        return f"{', '.join(where)}: {found}{self.expected}"


class InvalidPlanError(InputError):
    """A plan that cannot be read; `problems` are the stored ones, `total` counts them all."""

    def __init__(self, folder: str, problems: tuple[Problem, ...], total: int) -> None:
        self.folder, self.problems, self.total = folder, problems, total
        super().__init__("\n".join(self.sentences()))

    def sentences(self) -> tuple[str, ...]:
        """The first problems, a sentence each, and how many more there are."""
        many = "one problem" if self.total == 1 else f"{self.total} problems"
        listed = [str(problem) for problem in self.problems[:_LISTED]]
        more = self.total - len(listed)
        return (
            f"the plan in {self.folder} has {many}:",
            *listed,
            *([f"and {more} more"] if more else []),
        )


class Problems:
    """The problems so far; a cell has one at most."""

    def __init__(self) -> None:
        self.stored: list[Problem] = []
        self.total = 0
        self._counted: Counter[tuple[str, str | None]] = Counter()
        self._spoilt: dict[tuple[str, str | None], set[int | None]] = defaultdict(set)
        self._rows: dict[str, set[int | None]] = defaultdict(set)

    def add(
        self,
        file: str,
        row: int | None = None,
        column: str | None = None,
        *,
        found: str | None = None,
        expected: str,
    ) -> None:
        """Add a problem, unless its cell has one already."""
        spoilt = self._spoilt[file, column]
        if row is not None and column is not None and (row in spoilt or None in spoilt):
            return
        spoilt.add(row)
        # a problem of the header as a whole spoils every row
        self._rows[file].add(row if column is not None or row != 1 else None)
        self.total += 1
        self._counted[file, column] += 1
        if self._counted[file, column] <= STORED:
            self.stored.append(Problem(file, row, column, found=found, expected=expected))

    def spoilt(self, file: str, row: int | None, *columns: str) -> bool:
        """Whether one of these cells, or the whole of its column or file, cannot be used."""
        if not self.total:
            return False
        return any(
            not {row, None}.isdisjoint(self._spoilt.get((file, column), ()))
            for column in (*columns, None)
        )

    def touched(self, file: str, row: int) -> bool:
        """Whether some cell of the row, or a whole column of the file, cannot be used."""
        return not {row, None}.isdisjoint(self._rows.get(file, ()))

    def raise_any(self, folder: str) -> None:
        """Raise the problems, in the order of files and rows.

        Raises:
            InvalidPlanError: there is a problem.
        """
        if self.total:
            ordered = sorted(self.stored, key=lambda p: (p.file != "plan.yaml", p.file, p.row or 0))
            raise InvalidPlanError(folder, tuple(ordered), self.total)


def quoted(text: str) -> str:
    """The text in quotes, on one line and cut where it is long."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"'{plain[:_LONGEST]}...'" if len(plain) > _LONGEST else f"'{plain}'"


def did_you_mean(name: str, names: Iterable[str], likeness: float = 0.6) -> str:
    """The one of `names` that is most like `name`, as a half sentence; or nothing."""
    candidates = [name for name, _ in zip(names, range(_CANDIDATES), strict=False)]
    folded = {name.casefold(): name for name in reversed(candidates)}
    similar = difflib.get_close_matches(name[:100].casefold(), folded, n=1, cutoff=likeness)
    return f"; did you mean {quoted(folded[similar[0]])}?" if similar else ""

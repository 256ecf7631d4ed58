"""The best plan so far, as values, with the bound below every plan's cost and the time it has.

Notable: the solver asks it often whether to stop, so it is also what reports the progress; for that
it keeps what it reports, and asks nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np

from commonplace.capacity.placement.master import MasterProgramme
from commonplace.foundation import Progress
from commonplace.foundation.arrays import Float64s

_REPORT_SECONDS = 0.5  # between two reports of progress


@dataclass(frozen=True)
class Budget:
    """From `started` to `deadline` on the clock of `monotonic`; `stopped` may end it before."""

    started: float
    deadline: float
    stopped: Callable[[], bool]

    def until(self, share: float) -> float:
        """When this share of the time is over."""
        return self.started + share * (self.deadline - self.started)

    def why_over(self) -> str:
        """Why no more can be done; empty where there is time."""
        if self.stopped():
            return "it was stopped"
        return "the time was over" if monotonic() >= self.deadline else ""


@dataclass(eq=False)
class Incumbent:
    """The best values so far; they hold from the first moment, with nothing of the pool placed."""

    master: MasterProgramme
    budget: Budget
    progress: Progress
    best: Float64s
    cost: float
    placed: int = 0
    bound: float = -np.inf
    steps: int = 0
    last_report: float = 0.0

    @property
    def gap(self) -> float:
        """How far the bound lies below the cost, as a part of the cost."""
        return relative_gap(self.cost, self.bound)

    def offer(self, values: Float64s | None) -> None:
        """Takes values that cost less."""
        self.steps += 1
        least = 1e-6 * max(1.0, abs(self.cost))  # less is rounding, and no step ahead
        if values is not None and self.master.cost(values) < self.cost - least:
            self.best, self.cost = values, self.master.cost(values)
            self.placed = int(self.master.selected(values).sum())
        self.report_progress()

    def is_over(self) -> bool:
        """Whether nothing is left to do, or no time to do it."""
        return self.should_stop() or monotonic() >= self.budget.deadline or self.gap < 1e-6

    def should_stop(self) -> bool:
        """Whether the user wants an end; reports the progress twice a second."""
        if monotonic() - self.last_report > _REPORT_SECONDS:
            self.report_progress()
        return self.budget.stopped()

    def report_progress(self) -> None:
        """Hands how it stands to `progress`."""
        self.last_report = monotonic()
        total = max(1, int(self.budget.deadline - self.budget.started))  # it is divided by
        seconds = min(int(self.last_report - self.budget.started), total)
        self.progress(self.progress_line(), seconds, total, "s")

    def progress_line(self) -> str:
        """How it stands, in one line."""
        gap = f"{self.gap:.1%}" if np.isfinite(self.bound) else "no bound yet"
        return f"{self.placed}/{len(self.master.choices.pool)} placed, gap {gap}"

    def project_costs(self) -> Float64s:
        """What each project's lateness or refusal costs, [pool]."""
        return self.master.choices.costs(np.flatnonzero(self.master.selected(self.best)))

    def has_late_projects(self) -> bool:
        """Whether anything is late or refused."""
        return bool(self.project_costs().any())


def relative_gap(cost: float, bound: float) -> float:
    """How far a bound lies below a cost, as a part of the cost."""
    return max(0.0, cost - bound) / max(abs(cost), 1e-9)

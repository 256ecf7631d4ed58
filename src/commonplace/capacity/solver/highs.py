"""The one place where a HiGHS object is made and its answer is believed.

Notable: two objects with different `threads` in one process silently return stale zeros, so the
number stands here and nowhere else; and an interior-point run on badly scaled numbers ends
'Unknown', so no solution is read before `solved` has seen the status. Callers bring their numbers
to about 1 .. 1000 (`scale`).
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation import InputError

if TYPE_CHECKING:
    import highspy

THREADS = 1  # the same for every object of the process, see above
Status = Literal["optimal", "infeasible", "unbounded", "limit"]


class SolverError(ArithmeticError):
    """HiGHS ended without a verdict; where the other algorithm fails too, that is a bug."""


def solver(seconds: float | None = None) -> "highspy.Highs":
    """A silent HiGHS object; with `seconds` it stops at that limit.

    Raises:
        InputError: highspy is not installed.
    """
    try:
        import highspy
    except ImportError as error:
        raise InputError(
            "this needs highspy, which is not installed: run pip install 'commonplace[plan]'"
        ) from error

    class Silent(highspy.Highs):
        """Silent before the constructor prints its banner, which would stand before our JSON."""

        def enableCallbacks(self) -> None:  # noqa: N802 (the constructor's last step)
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()  # type: ignore[no-untyped-call]  # highspy's has no types

    highs = Silent()  # type: ignore[no-untyped-call]
    highs.setOptionValue("threads", THREADS)
    if seconds is not None:
        highs.setOptionValue("time_limit", float(seconds))
    return highs


def solved(highs: "highspy.Highs") -> Status:
    """Run HiGHS and return how it ended; after 'limit' there may be a solution (`getInfo`).

    Raises:
        SolverError: any other end, with its name.
    """
    import highspy

    highs.run()
    status = highs.getModelStatus()
    ends: dict[highspy.HighsModelStatus, Status] = {
        highspy.HighsModelStatus.kOptimal: "optimal",
        highspy.HighsModelStatus.kModelEmpty: "optimal",  # nothing to choose
        highspy.HighsModelStatus.kInfeasible: "infeasible",
        highspy.HighsModelStatus.kUnbounded: "unbounded",
        highspy.HighsModelStatus.kTimeLimit: "limit",
        highspy.HighsModelStatus.kIterationLimit: "limit",
        highspy.HighsModelStatus.kSolutionLimit: "limit",
        highspy.HighsModelStatus.kInterrupt: "limit",
    }
    if status not in ends:
        raise SolverError(f"HiGHS ended with {highs.modelStatusToString(status)!r}")
    return ends[status]


def solve_linear(highs: "highspy.Highs", name: str, *, interior: bool) -> None:
    """Solve a linear programme to its optimum, by interior point first or by simplex alone.

    Raises:
        SolverError: it has no optimum, or no algorithm comes to an end.
    """
    if interior:
        highs.setOptionValue("solver", "ipx")
        highs.setOptionValue("run_crossover", "off")  # near the optimum is enough, no vertex needed
        with suppress(SolverError):  # it may end 'Unknown'; simplex then has the verdict
            if solved(highs) == "optimal":
                return
    highs.setOptionValue("solver", "simplex")
    if (status := solved(highs)) != "optimal":
        raise SolverError(f"the linear programme of the {name} ended {status}")


def scale(values: NDArray[np.float64]) -> float:
    """A power of two to divide by, so that the middle of what is not zero comes to about 1 .. 2."""
    positive = values[values > 0]
    if not positive.size:
        return 1.0
    # Of two, because such a division is exact: no cost or load is rounded by it.
    return float(2.0 ** np.floor(np.log2(np.median(positive))))

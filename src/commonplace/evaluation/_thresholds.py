"""What every threshold would cost, from the confidences of what was asked once.

A question is not answered (unsure, or refused) where the confidence is below the threshold, so one
run says what any other threshold would have done. Where a language model writes, this holds only
above the threshold of the run: what the model would have written below it is not known.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from commonplace.evaluation._outcomes import Outcome
from commonplace.evaluation._types import rounded

ALLOWED: Final = (0.05, 0.1, 0.2)  # false answers that a user may want to allow
_STEPS: Final = 20
_STEP: Final = 1e-4  # confidences are printed so exactly
_ROUNDING: Final = 1e-6  # in steps: a confidence on a step must not fall below it


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold and its two rates, 0 to 1."""

    threshold: float
    false_answer_rate: float
    false_refusal_rate: float

    def record(self) -> dict[str, float]:
        """The point as an object."""
        return {
            "threshold": rounded(self.threshold),
            "false_answer_rate": rounded(self.false_answer_rate),
            "false_refusal_rate": rounded(self.false_refusal_rate),
        }


@dataclass(frozen=True, slots=True)
class Curve:
    """The outcomes of one run, and the threshold it had.

    Attributes:
        outcomes: of answerable and unanswerable questions.
        asked_with: the threshold of the run.
        complete: whether a question that was not answered for it would be answered below it.
    """

    outcomes: Sequence[Outcome]
    asked_with: float
    complete: bool

    def point(self, threshold: float) -> Point:
        """What this threshold would have done."""
        yes = [self._answered(o, threshold) for o in self.outcomes if o.question.answerable]
        no = [self._answered(o, threshold) for o in self.outcomes if not o.question.answerable]
        return Point(threshold, sum(no) / len(no), 1 - sum(yes) / len(yes))

    def points(self) -> tuple[Point, ...]:
        """Thresholds in steps of .05; none where there are only questions of one sort."""
        steps = (step / _STEPS for step in range(1, _STEPS))
        return tuple(self.point(step) for step in steps if self._holds(step) and self._mixed)

    def prices(self) -> tuple[tuple[float, Point], ...]:
        """For each allowed rate of false answers the threshold that leaves least unanswered.

        The threshold is chosen on the very questions that it is measured on, which flatters it a
        little.
        """
        if not self._mixed:
            return ()
        prices = [(allowed, self.point(self._threshold(allowed))) for allowed in ALLOWED]
        return tuple((allowed, point) for allowed, point in prices if self._holds(point.threshold))

    def _threshold(self, allowed: float) -> float:
        """Just above the confidence of the first false answer that is one too many."""
        unanswerable = [o for o in self.outcomes if not o.question.answerable]
        confidences = [o.confidence for o in unanswerable if self._answered(o, 0.0)]
        confidences.sort(reverse=True)
        most = math.floor(allowed * len(unanswerable) + _STEP)
        if most >= len(confidences):
            return 0.0
        return rounded((math.floor(confidences[most] / _STEP + _ROUNDING) + 1) * _STEP)

    @property
    def _mixed(self) -> bool:
        return len({outcome.question.answerable for outcome in self.outcomes}) == 2

    def _holds(self, threshold: float) -> bool:
        return self.complete or threshold >= self.asked_with

    def _answered(self, outcome: Outcome, threshold: float) -> bool:
        """Whether it would have been answered: nothing retrieved has no confidence at all."""
        below = self.complete and 0 < outcome.confidence < self.asked_with
        return outcome.confidence >= threshold and (outcome.answered or below)

"""Whether the context answers the question at all: a probability, and a threshold with its price.

Two parts add up to a score in logits: a logistic *curve* of three signals, and boosted *trees* on
all signals of `signals.py` that correct it. Platt's sigmoid makes a probability of the score, for a
world where three of five questions have an answer, as in the notes that it was learned on.

`answerability.json` holds both and says what they were trained on; docs/answers.md says how, and
docs/measurements/answers.md what it is worth on notes that nothing was trained on. It belongs to
the two networks that read (`ms-marco-MiniLM-L-12-v2` with and without its adapter) and to
`bge-small-en-v1.5`; others need their own. Why a confidence is what it is: `_reasons.py`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from commonplace.answers._reasons import Assessment, Reason, strongest
from commonplace.answers.extractive import Extract
from commonplace.answers.mismatch import Weigh, uniform
from commonplace.answers.signals import SIGNALS, Encoder, row, signals
from commonplace.foundation import WeightsError
from commonplace.models import Trees

Caution = Literal["low", "normal", "high", "highest"]
# Confidence below which a question is not answered, by how much a false answer is feared; what each
# costs on notes that nothing was trained on stands in docs/measurements/answers.md.
CAUTION: Final[Mapping[Caution, float]] = {"low": 0.35, "normal": 0.48, "high": 0.6, "highest": 0.7}
THRESHOLD: Final = CAUTION["normal"]
NEAR: Final = (
    0.08  # below it nothing is near: one in forty answerable questions of notes lies there
)
# What the curve is made of: no signal that may not apply.
CURVE: Final = ("score", "cosine", "covered")
DERIVED: Final = ("curve",)  # what the trees see besides the signals


@dataclass(frozen=True)
class Answerability:
    """The model of a file; read it with `read`.

    Attributes:
        trees: what corrects the curve.
        curve: weights in logits per unit, and "bias".
        middle: the means of what the curve reads, over the training questions.
        sigmoid: slope and shift of the score.
        header: what the file says about itself.
    """

    trees: Trees
    curve: Mapping[str, float]
    middle: Mapping[str, float]
    sigmoid: tuple[float, float]
    header: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Answerability":
        """Read a file of benchmarks.answers.train_answerability.

        Raises:
            WeightsError: it is missing, or is no such file.
        """
        return cls._of(Trees.read(path))

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Answerability":
        """The model of a record as in the file."""
        return cls._of(Trees.of(record))

    @classmethod
    def _of(cls, trees: Trees) -> "Answerability":
        try:
            header = dict(trees.header)
            (slope, shift), curve = header["sigmoid"], header["curve"]
            middle = {name: header["middle"][name] for name in curve if name != "bias"}
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(
                f"the answerability model cannot be read ({error}); install commonplace anew"
            ) from error
        return cls(
            trees=trees,
            curve=curve,
            middle=middle,
            sigmoid=(slope, shift),
            header=header,
        )

    def score(self, signals: NDArray[np.float64]) -> float:
        """The sum of the parts, in logits, before the sigmoid; signals as in `SIGNALS`."""
        features = self._features(signals)
        return features["curve"] + float(self.trees.predict(_row(features))[0])

    def _features(self, signals: NDArray[np.float64]) -> dict[str, float]:
        """The signals and what is derived from them, in the order of the trees' features."""
        features = dict(zip(SIGNALS, signals.tolist(), strict=True))
        terms = features | {"bias": 1.0}
        return features | {"curve": math.fsum(w * terms[name] for name, w in self.curve.items())}

    def confidence(self, signals: NDArray[np.float64]) -> float:
        """Probability that the context answers, 0 to 1."""
        slope, shift = self.sigmoid
        logit = slope * self.score(signals) + shift
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))  # a huge exponent would overflow

    def parts(self, signals: NDArray[np.float64]) -> tuple[float, tuple[Reason, ...]]:
        """Where the logit of the confidence begins, and what each signal adds to it: exactly."""
        slope, shift = self.sigmoid
        features = self._features(signals)
        shares = self.trees.contributions(_row(features))[0]
        adds = dict(zip(features, (slope * shares).tolist(), strict=True))
        for name, middle in self.middle.items():
            adds[name] += slope * self.curve[name] * (features[name] - middle)
        average = self.curve["bias"] + math.fsum(self.curve[n] * m for n, m in self.middle.items())
        return slope * (average + self.trees.expected) + shift, strongest(features, adds)


def _row(features: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([list(features.values())])


@cache
def shipped() -> Answerability:
    """The model that comes with the package."""
    return Answerability.read(Path(__file__).with_name("answerability.json"))


def assess(
    question: str,
    extract: Extract,
    encoder: Encoder,
    weigh: Weigh = uniform,
    threshold: float = THRESHOLD,
) -> Assessment:
    """How likely it is that the extract answers the question, and why.

    The confidence is 0, without reasons, where nothing was read.

    Raises:
        WeightsError: the package's own file is damaged.
    """
    if extract.best is None:
        return Assessment(0.0, threshold)
    model, values = shipped(), row(signals(question, extract, encoder, weigh))
    confidence = model.confidence(values)
    start, reasons = model.parts(values)
    return Assessment(confidence, threshold, start, reasons, extract.best.unit)

"""Does the context answer the question at all? Four signals, one logistic curve, one threshold.

Fitted on four articles of SQuAD 2.0 and reported on four others, PRICE_PLACEHOLDER

    python -m pytest tests/answers/test_answerability.py
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from commonplace.answers._context import heading_of, with_heading
from commonplace.answers._extractive import Reading, Scored
from commonplace.answers._support import negates, numbers

THRESHOLD: Final = 0.5


class Encoder(Protocol):
    """Turns texts into vectors of length one, float32 [texts, dimension]."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions, behind the model's instruction."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts that may answer them."""
        ...


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about a question and the best sentence found for it."""

    sentence: float  # cross-encoder's logit, mean of the sentence alone and in context
    cosine: float  # of the embeddings of question and sentence (below its heading)
    negation: bool  # the question negates, the sentence does not
    number: bool  # the question names a number that the passage has not


@dataclass(frozen=True, slots=True)
class Answerability:
    """A logistic model; the weights are in logits per unit of the signal."""

    bias: float = 0.0
    sentence: float = 0.0
    cosine: float = 0.0
    negation: float = 0.0
    number: float = 0.0

    def confidence(self, signals: Signals) -> float:
        """Probability that the context answers, 0 to 1, where half of all questions have one."""
        logit = (
            self.bias
            + self.sentence * signals.sentence
            + self.cosine * signals.cosine
            + self.negation * signals.negation
            + self.number * signals.number
        )
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


def confidence(
    question: str, reading: Reading, encoder: Encoder, model: Answerability | None = None
) -> float:
    """Calibrated probability that what was read answers the question; 0 where nothing was read."""
    if reading.best is None:
        return 0.0
    return (model or Answerability()).confidence(signals(question, reading.best, encoder))


def signals(question: str, best: Scored, encoder: Encoder) -> Signals:
    """Measure a question against the best sentence found for it."""
    passage, sentence = best.quote.passage, best.quote.text
    asked = encoder.encode_queries([question])[0]
    said = encoder.encode_passages([heading_of(passage) + sentence])[0]
    return Signals(
        sentence=(best.alone + best.in_context) / 2,
        cosine=float(asked @ said),
        negation=negates(question) and not negates(sentence),
        number=bool(numbers(question) - numbers(with_heading(passage))),
    )

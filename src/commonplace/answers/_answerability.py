"""Does the context answer the question at all? Four signals, one logistic curve, one threshold.

Fitted on four articles of SQuAD 2.0 (Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822) and
measured on four others: 120 answerable questions, 120 *near* unanswerable ones, written by people
to look answerable from the very passage, and 48 *far* ones, which ask what no item is about.

    threshold on the confidence              .25    .35    .40    .45    .50    .60
    answerable questions that are refused   .11    .17    .20    .26    .32    .50
    near unanswerable that are answered     .66    .59    .48    .42    .36    .19
    far unanswerable that are answered      .00    .00    .00    .00    .00    .00

So what the library is not about is refused, and a false premise about what it is about is noticed
half of the time: these signals see words and topics, not who did what to whom.
Tried and left out, for they added nothing on held-out articles: coverage of the question's words,
missing names, answer types, margins, late interaction token by token, leaving words out.

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

THRESHOLD: Final = (
    0.4  # confidence below which a question is refused; the table above has its price
)


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
    """A logistic model; the weights are in logits per unit of the signal.

    They belong to `ms-marco-MiniLM-L-12-v2` and `bge-small-en-v1.5`; other models need their own.
    """

    bias: float = -5.0
    sentence: float = 0.2
    cosine: float = 5.6
    negation: float = -3.1
    number: float = -1.1

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

"""Why a question is answered or refused: what each signal adds to the confidence, in words.

The confidence is a sigmoid of a sum, and the sum is taken apart exactly: the linear part by how far
a signal is from its mean over the training questions, the trees by tree SHAP
(`models/_trees.py`). So `start` and the reasons add up to the logit of the confidence.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from commonplace.answers.evidence.units import Unit

YES_OR_NO: Final = frozenset(
    {"negation", "unasked_negation", "excepts", "is_list", "is_row", "is_field", "several"}
)
KIND: Final = "asks_"  # what the signals of the question's type begin with

PHRASES: Final[Mapping[str, str]] = {
    "score": "how well the passage's words answer",
    "mass": "how well all that was read answers",
    "lead": "its lead over other places",
    "near_units": "places that answer nearly as well",
    "item_lead": "its lead over other documents",
    "passages_read": "passages that were read",
    "curve": "the strongest signals taken together",
    "cosine": "how near in meaning it is to the question",
    "cosine_best": "how near in meaning the nearest place is",
    "covered": "share of the question's words it has",
    "covered_in_passage": "share of them that its passage has",
    "missed_most": "rarity of a word of the question it lacks",
    "missed_everywhere": "words that nothing read has",
    "missed_elsewhere": "words it lacks that stand elsewhere in the passage",
    "order_kept": "words in the order of the question",
    "pairs_kept": "words that stand together as in the question",
    "relation": "share of the words that are neither name nor subject",
    "focus": "whether it names what is asked for",
    "typed": "dates, names or numbers of the kind asked for",
    "number_missing": "numbers of the question that the passage lacks",
    "number_elsewhere": "numbers of the question that it lacks",
    "year_missing": "years of the question that it lacks",
    "name_missing": "names of the question that the passage lacks",
    "name_elsewhere": "names of the question that it lacks",
    "negation": "the question negates, the words do not",
    "unasked_negation": "the words negate, the question does not",
    "degree_missing": "“first”, “only” and the like that it does not say",
    "opposed": "words of which it says the opposite",
    "excepts": "the question asks for something other than",
    "retrieval_rank": "passages that the search put before it",
    "is_list": "it is a list",
    "is_row": "it is a row of a table",
    "is_field": "it is a named value",
    "several": "the question asks for several things",
    "question_terms": "length of the question, in words",
    "unit_terms": "its length, in words",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """What one signal adds to the confidence: above 0 it speaks for an answer.

    Attributes:
        signal: its name.
        value: what was measured; NaN where it does not apply.
        adds: in logits.
    """

    signal: str
    value: float
    adds: float

    @property
    def phrase(self) -> str:
        """The signal in words."""
        kind = self.signal.removeprefix(KIND)
        if kind != self.signal:
            return "the kind of question" + (f" ({kind})" if kind != "other" else "")
        return PHRASES.get(self.signal, self.signal)

    @property
    def measured(self) -> str:
        """The value in words; "" where it does not apply, or the phrase says it."""
        if math.isnan(self.value) or self.signal.startswith(KIND):
            return ""
        if self.signal in YES_OR_NO:
            return "yes" if self.value else "no"
        return f"{self.value:.3g}"


@dataclass(frozen=True, slots=True)
class Assessment:
    """Whether what was read answers the question, and why.

    Attributes:
        confidence: calibrated probability that it does, 0 to 1.
        threshold: the confidence below which the question is refused.
        start: where an average question begins, in logits.
        reasons: the strongest first; with `start` they add up to the confidence's logit. Empty
            where nothing was read.
        sentence: what was judged, the best unit of the extract.
    """

    confidence: float
    threshold: float
    start: float = 0.0
    reasons: tuple[Reason, ...] = ()
    sentence: Unit | None = None

    @property
    def suffices(self) -> bool:
        """Whether it suffices for an answer."""
        return self.confidence >= self.threshold

    @property
    def logit(self) -> float:
        """The sum of the parts."""
        return math.fsum([self.start, *(reason.adds for reason in self.reasons)])


def strongest(values: Mapping[str, float], parts: Mapping[str, float]) -> tuple[Reason, ...]:
    """Values and parts by signal as reasons, the strongest first, less those that add nothing.

    The question's type is one reason: that it is no date, for instance, says nothing by itself.
    """
    kinds = [name for name in parts if name.startswith(KIND)]
    reasons = [Reason(name, values[name], parts[name]) for name in parts if name not in kinds]
    if kinds:
        kind = max(kinds, key=lambda name: values[name])
        reasons.append(Reason(kind, values[kind], math.fsum(parts[name] for name in kinds)))
    return tuple(sorted((r for r in reasons if r.adds), key=lambda reason: -abs(reason.adds)))

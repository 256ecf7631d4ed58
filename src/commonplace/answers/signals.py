"""What speaks for and against a sentence being an answer: one row of numbers for one question.

Three sources: the scores of the cross-encoder that read the passages, the embeddings of question
and sentences, and the words of both. A signal that does not apply is NaN (there is no type of
answer to match in "What does it do?"), which the trees take as it is. `UP` and `DOWN` name the
signals whose direction is known beforehand; the trees may not turn them round.

    python -m pytest tests/answers/test_signals.py
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from commonplace.answers.context import heading_of, with_heading
from commonplace.answers.extractive import Reading, Scored
from commonplace.answers.mismatch import Weigh, names, negates, numbers, uniform
from commonplace.answers.wording import (
    QUESTION_TYPES,
    common_order,
    degrees,
    excepts,
    focus,
    kept_pairs,
    opposed,
    question_type,
    typed_spans,
)
from commonplace.corpus import analyse

NAN: Final = float("nan")


class Encoder(Protocol):
    """Turns texts into vectors of length one, float32 [texts, dimension]."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions, behind the model's instruction."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts that may answer them."""
        ...


UP: Final = (  # more of it speaks for an answer
    "sentence", "alone", "in_context", "passage", "best_passage", "alone_margin", "cosine",
    "cosine_best", "covered", "covered_in_window", "order_kept", "pairs_kept", "typed", "focus",
    "relation", "agree",
)  # fmt: skip
DOWN: Final = (  # more of it speaks against one
    "retrieval_rank", "missed_most", "missed_elsewhere", "number_missing",
    "number_elsewhere", "name_missing", "name_elsewhere", "negation", "unasked_negation",
    "degree_missing", "opposed", "excepts",
)  # fmt: skip
NEITHER: Final = (
    "sentence_margin", "passage_margin", "context_gain", "near_sentences", "cosine_margin",
    "question_terms", "sentence_terms", *(f"asks_{kind}" for kind in QUESTION_TYPES),
)  # fmt: skip
SIGNALS: Final = (*UP, *DOWN, *NEITHER)


def signals(
    question: str, reading: Reading, encoder: Encoder, weigh: Weigh = uniform
) -> dict[str, float]:
    """Measure what was read for a question; every name of `SIGNALS` has a value, perhaps NaN.

    Args:
        question: as asked.
        reading: what the extractive reader made of it; `best` must be there.
        encoder: compares question and sentences.
        weigh: how rare a term is in the library.
    """
    assert reading.best is not None, "nothing was read"
    vector = encoder.encode_queries([question])[0]
    texts = [heading_of(c.quote.passage) + c.quote.text for c in reading.candidates]
    cosines = encoder.encode_passages(texts) @ vector
    words = _Words(question, reading.best, weigh)
    found = _read(reading) | _similar(reading, cosines) | _covered(words) | _mismatched(words)
    return found | _asked(words)


def row(found: dict[str, float], names: Sequence[str] = SIGNALS) -> NDArray[np.float64]:
    """The signals in the order of the model's features, [features]."""
    return np.array([found[name] for name in names])


def _read(reading: Reading) -> dict[str, float]:
    """From the cross-encoder's logits."""
    best = reading.best
    assert best is not None
    others = [c for c in reading.candidates if c is not best]
    logits = sorted(reading.logits, reverse=True)
    totals = [c.quote.score for c in others]
    first = best.quote.passage.id == reading.passages[0].id
    return {
        "sentence": (best.alone + best.in_context) / 2,
        "alone": best.alone,
        "in_context": best.in_context,
        "passage": best.passage,
        "best_passage": logits[0],
        "alone_margin": best.alone - max((c.alone for c in others), default=-12.0),
        "sentence_margin": best.quote.score - max(totals, default=-18.0),
        "passage_margin": logits[0] - (logits[1] if len(logits) > 1 else -12.0),
        "context_gain": best.in_context - best.alone,
        "near_sentences": float(sum(total > best.quote.score - 3 for total in totals)),
        "retrieval_rank": float(reading.ranks[_place(reading)]),
        "agree": float(first) + float(reading.ranks[0] == 0),
    }


def _place(reading: Reading) -> int:
    """Which of the reading's passages holds the best sentence."""
    assert reading.best is not None
    return [p.id for p in reading.passages].index(reading.best.quote.passage.id)


def _similar(reading: Reading, cosines: NDArray[np.float32]) -> dict[str, float]:
    """From the embeddings; a second reader, so to say."""
    at = next(i for i, c in enumerate(reading.candidates) if c is reading.best)
    others = np.delete(cosines, at)
    return {
        "cosine": float(cosines[at]),
        "cosine_best": float(cosines.max()),
        "cosine_margin": float(cosines[at] - others.max()) if len(others) else NAN,
    }


@dataclass(frozen=True)
class _Words:
    """A question and the best sentence for it, as terms."""

    question: str
    best: Scored
    weigh: Weigh

    @property
    def sentence(self) -> str:
        return self.best.quote.text

    @cached_property
    def window(self) -> str:
        """The sentence below its heading, behind the one before it."""
        return f"{heading_of(self.best.quote.passage)}{self.best.before} {self.sentence}"

    @cached_property
    def whole(self) -> str:
        return with_heading(self.best.quote.passage)

    @cached_property
    def asked(self) -> list[str]:
        """The question's terms, less those that only ask for a kind of answer."""
        kind = set(analyse("many much long year name type kind"))
        return [term for term in analyse(self.question) if term not in kind]

    @cached_property
    def said(self) -> list[str]:
        return analyse(heading_of(self.best.quote.passage) + self.sentence)

    @cached_property
    def around(self) -> set[str]:
        return set(analyse(self.window))

    @cached_property
    def weights(self) -> dict[str, float]:
        """How rare each term asked for is."""
        return {term: self.weigh(term) for term in dict.fromkeys(self.asked)}

    def mass(self, terms: set[str]) -> float:
        return math.fsum(self.weights[term] for term in terms)


def _covered(words: _Words) -> dict[str, float]:
    """How much of what is asked for is said."""
    asked, said = set(words.asked), set(words.said)
    total = words.mass(asked) or 1.0
    rarest = max(words.weights.values(), default=0.0) or 1.0
    missed = asked - words.around
    named = {t for name in names(words.question) for t in analyse(name)}
    relation = asked - named - focus(words.question)
    return {
        "covered": words.mass(asked & said) / total,
        "covered_in_window": words.mass(asked & words.around) / total,
        "missed_most": max((words.weights[t] for t in missed), default=0.0) / rarest,
        "missed_elsewhere": words.mass(missed & set(analyse(words.whole))) / total,
        "order_kept": common_order(words.asked, words.said) / max(len(words.asked), 1),
        "pairs_kept": kept_pairs(words.asked, words.said),
        "relation": len(relation & words.around) / len(relation) if relation else NAN,
    }


def _mismatched(words: _Words) -> dict[str, float]:
    """What the question says that the sentence contradicts or leaves open."""
    question, sentence = words.question, words.sentence
    asked, held = names(question), set(analyse(words.whole))
    return {
        "number_missing": float(len(numbers(question) - numbers(words.whole))),
        "number_elsewhere": float(len(numbers(question) - numbers(words.window))),
        "name_missing": _unheld(asked, held),
        "name_elsewhere": _unheld(asked, words.around),
        "negation": float(negates(question) and not negates(sentence)),
        "unasked_negation": float(negates(sentence) and not negates(question)),
        "degree_missing": float(len(degrees(question) - degrees(words.window))),
        "opposed": float(opposed(set(words.asked), words.around)),
        "excepts": float(excepts(question)),
    }


def _unheld(names: set[str], held: set[str]) -> float:
    return float(sum(not held.issuperset(analyse(name)) for name in names))


def _asked(words: _Words) -> dict[str, float]:
    """What kind of answer is asked for, and whether one is there."""
    kind = question_type(words.question)
    typed = len(typed_spans(kind, words.question, words.sentence))
    noun = focus(words.question)
    return {
        "typed": float(min(typed, 3)) if kind in ("who", "when", "where", "number") else NAN,
        "focus": len(noun & words.around) / len(noun) if noun else NAN,
        "question_terms": float(len(words.asked)),
        "sentence_terms": float(len(re.findall(r"\w+", words.sentence))),
        **{f"asks_{each}": float(each == kind) for each in QUESTION_TYPES},
    }

"""The signals that speak for and against a sentence being an answer: a row of numbers a question.

They have three sources: the scores of the cross-encoder that read the passages, the embeddings of
question and sentences, and the words of both. A signal that does not apply is NaN (there is no type
of answer to match in "What does it do?"), which the trees take as it is. `UP` and `DOWN` name the
signals whose direction is known beforehand; the trees are held to it.
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
from commonplace.answers.extractive import Extract, ScoredSentence
from commonplace.answers.mismatch import Weigh, names, negates, numbers, uniform
from commonplace.answers.wording import (
    QUESTION_TYPES,
    common_order,
    degrees,
    excepts,
    focus,
    opposed,
    pair_share,
    question_type,
    typed_spans,
)
from commonplace.corpus import analyse

NAN: Final = float("nan")
_NO_OTHER: Final = -12.0  # logit where there is no other sentence or passage; the trees learned it


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
    question: str, extract: Extract, encoder: Encoder, weigh: Weigh = uniform
) -> dict[str, float]:
    """Measure an extract for a question; every name of `SIGNALS` has a value, perhaps NaN.

    Args:
        question: as asked.
        extract: what the extractive reader quotes for it; `best` must be there.
        encoder: compares question and sentences.
        weigh: how rare a term is in the library.
    """
    assert extract.best is not None, "nothing was read"
    vector = encoder.encode_queries([question])[0]
    texts = [heading_of(c.quote.passage) + c.quote.text for c in extract.candidates]
    cosines = encoder.encode_passages(texts) @ vector
    words = _Words(question, extract.best, weigh)
    by_models = _from_logits(extract) | _from_cosines(extract, cosines)
    return by_models | _coverage(words) | _mismatches(words) | _question_kind(words)


def row(values: dict[str, float], names: Sequence[str] = SIGNALS) -> NDArray[np.float64]:
    """The signals in the order of the model's features, [features]."""
    return np.array([values[name] for name in names])


def _from_logits(extract: Extract) -> dict[str, float]:
    """Signals of the cross-encoder."""
    best = extract.best
    assert best is not None
    others = [c for c in extract.candidates if c is not best]
    logits = sorted(extract.logits, reverse=True)
    totals = [c.quote.score for c in others]
    first = best.quote.passage.id == extract.passages[0].id
    return {
        "sentence": (best.alone + best.in_context) / 2,
        "alone": best.alone,
        "in_context": best.in_context,
        "passage": best.passage,
        "best_passage": logits[0],
        "alone_margin": best.alone - max((c.alone for c in others), default=_NO_OTHER),
        "sentence_margin": best.quote.score - max(totals, default=1.5 * _NO_OTHER),
        "passage_margin": logits[0] - (logits[1] if len(logits) > 1 else _NO_OTHER),
        "context_gain": best.in_context - best.alone,
        "near_sentences": float(sum(total > best.quote.score - 3 for total in totals)),
        "retrieval_rank": float(extract.ranks[_place(extract)]),
        "agree": float(first) + float(extract.ranks[0] == 0),
    }


def _place(extract: Extract) -> int:
    """Which of the extract's passages holds the best sentence."""
    assert extract.best is not None
    return [p.id for p in extract.passages].index(extract.best.quote.passage.id)


def _from_cosines(extract: Extract, cosines: NDArray[np.float32]) -> dict[str, float]:
    """Signals of the embeddings."""
    at = next(i for i, c in enumerate(extract.candidates) if c is extract.best)
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
    best: ScoredSentence
    weigh: Weigh

    @property
    def sentence(self) -> str:
        return self.best.quote.text

    @cached_property
    def window(self) -> str:
        """The sentence below its heading, behind the one before it."""
        return f"{heading_of(self.best.quote.passage)}{self.best.before} {self.sentence}"

    @cached_property
    def passage(self) -> str:
        return with_heading(self.best.quote.passage)

    @cached_property
    def question_terms(self) -> list[str]:
        """The question's terms, less those that only ask for a kind of answer."""
        kind = set(analyse("many much long year name type kind"))
        return [term for term in analyse(self.question) if term not in kind]

    @cached_property
    def sentence_terms(self) -> list[str]:
        return analyse(heading_of(self.best.quote.passage) + self.sentence)

    @cached_property
    def window_terms(self) -> set[str]:
        return set(analyse(self.window))

    @cached_property
    def weights(self) -> dict[str, float]:
        """How rare each term of the question is."""
        return {term: self.weigh(term) for term in dict.fromkeys(self.question_terms)}

    def mass(self, terms: set[str]) -> float:
        return math.fsum(self.weights[term] for term in terms)


def _coverage(words: _Words) -> dict[str, float]:
    """How much of the question the sentence and its surroundings have."""
    question, window = set(words.question_terms), words.window_terms
    total = words.mass(question) or 1.0
    rarest = max(words.weights.values(), default=0.0) or 1.0
    missed = question - window
    named = {t for name in names(words.question) for t in analyse(name)}
    relation = question - named - focus(words.question)
    in_order = common_order(words.question_terms, words.sentence_terms)
    return {
        "covered": words.mass(question & set(words.sentence_terms)) / total,
        "covered_in_window": words.mass(question & window) / total,
        "missed_most": max((words.weights[t] for t in missed), default=0.0) / rarest,
        "missed_elsewhere": words.mass(missed & set(analyse(words.passage))) / total,
        "order_kept": in_order / max(len(words.question_terms), 1),
        "pairs_kept": pair_share(words.question_terms, words.sentence_terms),
        "relation": len(relation & window) / len(relation) if relation else NAN,
    }


def _mismatches(words: _Words) -> dict[str, float]:
    """What the question says that the sentence contradicts or leaves open."""
    question, sentence = words.question, words.sentence
    question_names, passage_terms = names(question), set(analyse(words.passage))
    return {
        "number_missing": float(len(numbers(question) - numbers(words.passage))),
        "number_elsewhere": float(len(numbers(question) - numbers(words.window))),
        "name_missing": _missing_names(question_names, passage_terms),
        "name_elsewhere": _missing_names(question_names, words.window_terms),
        "negation": float(negates(question) and not negates(sentence)),
        "unasked_negation": float(negates(sentence) and not negates(question)),
        "degree_missing": float(len(degrees(question) - degrees(words.window))),
        "opposed": float(opposed(set(words.question_terms), words.window_terms)),
        "excepts": float(excepts(question)),
    }


def _missing_names(names: set[str], held: set[str]) -> float:
    return float(sum(not held.issuperset(analyse(name)) for name in names))


def _question_kind(words: _Words) -> dict[str, float]:
    """What kind of answer is asked for, and whether one is there."""
    kind = question_type(words.question)
    typed = len(typed_spans(kind, words.question, words.sentence))
    noun = focus(words.question)
    return {
        "typed": float(min(typed, 3)) if kind in ("who", "when", "where", "number") else NAN,
        "focus": len(noun & words.window_terms) / len(noun) if noun else NAN,
        "question_terms": float(len(words.question_terms)),
        "sentence_terms": float(len(re.findall(r"\w+", words.sentence))),
        **{f"asks_{each}": float(each == kind) for each in QUESTION_TYPES},
    }

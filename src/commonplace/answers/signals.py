"""The signals that speak for and against a unit being an answer: a row of numbers a question.

They have three sources: the scores of the cross-encoder that read passages and units, the
embeddings of the question and of what it read, and the words of both. A signal that does not apply
is NaN (there is no type of answer to match in "What does it do?"), which the trees take as it is.
`UP` and `DOWN` name the signals whose direction is known beforehand; the trees are held to it.
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
from commonplace.answers.evidence.units import Unit
from commonplace.answers.extractive import Extract, ScoredUnit
from commonplace.answers.mismatch import Weigh, names, negates, numbers, uniform
from commonplace.answers.wording import (
    QUESTION_TYPES,
    asks_several,
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
_NO_OTHER: Final = -12.0  # logit where there is no other unit or passage
_COMPARED: Final = 4  # units whose embeddings are compared with the question's
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


class Encoder(Protocol):
    """Turns texts into vectors of length one, float32 [texts, dimension]."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions, behind the model's instruction."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts that may answer them."""
        ...


UP: Final = (  # more of it speaks for an answer
    "score", "mass", "lead", "item_lead", "cosine", "cosine_best", "covered",
    "covered_in_passage", "order_kept", "pairs_kept", "typed", "focus", "relation",
)  # fmt: skip
DOWN: Final = (  # more of it speaks against one
    "retrieval_rank", "missed_most", "missed_everywhere", "missed_elsewhere", "number_missing",
    "number_elsewhere", "year_missing", "name_missing", "name_elsewhere", "negation",
    "unasked_negation", "degree_missing", "opposed", "excepts",
)  # fmt: skip
NEITHER: Final = (
    "near_units", "is_list", "is_row", "is_field", "several", "question_terms", "unit_terms",
    "passages_read", *(f"asks_{kind}" for kind in QUESTION_TYPES),
)  # fmt: skip
SIGNALS: Final = (*UP, *DOWN, *NEITHER)


def signals(
    question: str, extract: Extract, encoder: Encoder, weigh: Weigh = uniform
) -> dict[str, float]:
    """Measure an extract for a question; every name of `SIGNALS` has a value, perhaps NaN.

    Args:
        question: as asked.
        extract: what the extractive reader read for it; `best` must be there.
        encoder: compares question and units.
        weigh: how rare a term is in the library.
    """
    assert extract.best is not None, "nothing was read"
    words = _Words(question, extract.best, extract, weigh)
    by_models = _from_scores(extract) | _from_cosines(question, extract, encoder)
    return by_models | _coverage(words) | _mismatches(words) | _question_kind(words)


def row(values: dict[str, float], names: Sequence[str] = SIGNALS) -> NDArray[np.float64]:
    """The signals in the order of the model's features, [features]."""
    return np.array([values[name] for name in names])


def _from_scores(extract: Extract) -> dict[str, float]:
    """Signals of the cross-encoder."""
    assert extract.best is not None
    best, second = extract.best, extract.second
    scores = np.array([each.score for each in extract.candidates])
    elsewhere = (
        each.score
        for each in extract.candidates
        if each.unit.passage.item_id != best.unit.passage.item_id
    )
    return {
        "score": best.score,
        "mass": float(np.logaddexp.reduce(scores)),
        "lead": best.score - (second.score if second else _NO_OTHER),
        "near_units": float((scores > best.score - 2).sum()),
        "item_lead": best.score - max(elsewhere, default=_NO_OTHER),
        "retrieval_rank": float(best.rank),
        "passages_read": float(len(extract.passages)),
    }


def _from_cosines(question: str, extract: Extract, encoder: Encoder) -> dict[str, float]:
    """Signals of the embeddings."""
    texts = [each.unit.read for each in extract.candidates[:_COMPARED]]
    cosines = encoder.encode_passages(texts) @ encoder.encode_queries([question])[0]
    return {"cosine": float(cosines[0]), "cosine_best": float(cosines.max())}


@dataclass(frozen=True)
class _Words:
    """A question and the best unit for it, as terms."""

    question: str
    best: ScoredUnit
    extract: Extract
    weigh: Weigh

    @property
    def unit(self) -> Unit:
        return self.best.unit

    @cached_property
    def window(self) -> str:
        """The unit as the reader saw it."""
        return self.unit.read

    @cached_property
    def passage(self) -> str:
        return with_heading(self.unit.passage)

    @cached_property
    def question_terms(self) -> list[str]:
        """The question's terms, less those that only ask for a kind of answer."""
        kind = set(analyse("many much long year name type kind"))
        return [term for term in analyse(self.question) if term not in kind]

    @cached_property
    def unit_terms(self) -> list[str]:
        return analyse(heading_of(self.unit.passage) + self.unit.plain)

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
    """How much of the question the unit and its surroundings have."""
    question, window = set(words.question_terms), words.window_terms
    total = words.mass(question) or 1.0
    rarest = max(words.weights.values(), default=0.0) or 1.0
    missed = question - window
    own_passage = set(analyse(words.passage))
    all_read = {t for p in words.extract.passages for t in analyse(with_heading(p))}
    named = {t for name in names(words.question) for t in analyse(name)}
    relation = question - named - focus(words.question)
    return {
        "covered": words.mass(question & window) / total,
        "covered_in_passage": words.mass(question & own_passage) / total,
        "missed_most": max((words.weights[t] for t in missed), default=0.0) / rarest,
        "missed_everywhere": words.mass(question - all_read) / total,
        "missed_elsewhere": words.mass(missed & own_passage) / total,
        "order_kept": common_order(words.question_terms, words.unit_terms)
        / max(len(words.question_terms), 1),
        "pairs_kept": pair_share(words.question_terms, words.unit_terms),
        "relation": len(relation & window) / len(relation) if relation else NAN,
    }


def _mismatches(words: _Words) -> dict[str, float]:
    """What the question says that the unit contradicts or leaves open."""
    question, window, passage = words.question, words.window, words.passage
    question_names = names(question)
    years = set(_YEAR.findall(question))
    return {
        "number_missing": float(len(numbers(question) - numbers(passage))),
        "number_elsewhere": float(len(numbers(question) - numbers(window))),
        "year_missing": float(len(years - set(_YEAR.findall(window)))) if years else NAN,
        "name_missing": _missing_names(question_names, set(analyse(passage))),
        "name_elsewhere": _missing_names(question_names, words.window_terms),
        "negation": float(negates(question) and not negates(words.unit.text)),
        "unasked_negation": float(negates(words.unit.text) and not negates(question)),
        "degree_missing": float(len(degrees(question) - degrees(window))),
        "opposed": float(opposed(set(words.question_terms), words.window_terms)),
        "excepts": float(excepts(question)),
    }


def _missing_names(names: set[str], held: set[str]) -> float:
    return float(sum(not held.issuperset(analyse(name)) for name in names))


def _question_kind(words: _Words) -> dict[str, float]:
    """What kind of answer is asked for, and whether one is there."""
    kind, unit = question_type(words.question), words.unit
    typed = len(typed_spans(kind, words.question, unit.plain))
    noun = focus(words.question)
    asks_type = kind in ("mail", "phone", "who", "when", "where", "number")
    return {
        "typed": float(min(typed, 3)) if asks_type else NAN,
        "focus": len(noun & words.window_terms) / len(noun) if noun else NAN,
        "is_list": float(unit.form == "list"),
        "is_row": float(unit.form == "row"),
        "is_field": float(unit.form == "field"),
        "several": float(asks_several(words.question)),
        "question_terms": float(len(words.question_terms)),
        "unit_terms": float(len(re.findall(r"\w+", unit.plain))),
        **{f"asks_{each}": float(each == kind) for each in QUESTION_TYPES},
    }

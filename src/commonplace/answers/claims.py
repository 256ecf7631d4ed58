"""The signals for and against a passage supporting a sentence: one row of numbers for the pair.

They come from the words alone: what the passage lacks, how much of the sentence stands in one place
of it, and whether names, numbers and negations have the same neighbours there. The last tells a
number that was moved from one that was quoted. They are shares and not sums, because the weights of
terms are larger in a large library.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from commonplace.answers.arrangement import ARRANGEMENT_DOWN, arrangement
from commonplace.answers.mismatch import (
    Weigh,
    contradicted_terms,
    coverage,
    names,
    negates,
    numbers,
    uniform,
)
from commonplace.answers.wording import common_order, degrees, opposed, pair_share
from commonplace.corpus import analyse, sentence_spans

CLAIM_UP: Final = (  # more of it speaks for support
    "covered", "covered_sentence", "covered_window", "order_kept", "pairs_kept",
)  # fmt: skip
CLAIM_DOWN: Final = (  # more of it speaks against it
    "numbers_missing", "names_missing", "turned", "numbers_elsewhere", "names_elsewhere",
    "negation_differs", "misplaced", "degrees_missing", "opposed",
    *ARRANGEMENT_DOWN,
)  # fmt: skip
CLAIM_SIGNALS: Final = (*CLAIM_UP, *CLAIM_DOWN, "pairs_adjacent", "terms", "length_ratio")
AGAINST: Final[Mapping[str, str]] = {  # what it means where a signal speaks against support
    "covered": "some are missing",
    "covered_sentence": "no one sentence has most of them",
    "covered_window": "no three sentences in a row have most of them",
    "order_kept": "their order is another",
    "pairs_kept": "they have other neighbours there",
    "pairs_adjacent": "they have other neighbours there",
    "numbers_missing": "a number is missing",
    "names_missing": "a name is missing",
    "turned": "one of the two negates",
    "numbers_elsewhere": "a number stands in another sentence",
    "names_elsewhere": "a name stands in another sentence",
    "negation_differs": "one of the two negates",
    "misplaced": "a name or a number has other neighbours there",
    "degrees_missing": "a “first”, an “only” or the like is missing",
    "opposed": "the opposite of a word is said",
    "lost": "a name or a number has other neighbours there",
    "sides_lost": "names or numbers have other neighbours there",
    "refilled": "the passage has another name or number in that place",
    "refilled_edges": "the passage has another name or number in that place",
    "refilled_words": "the passage has another word in that place",
    "counts_other": "the passage counts by another number",
    "turned_round": "the passage has it the other way round",
    "names_reversed": "two names stand the other way round there",
    "exchanged": "two of its names or numbers have changed places",
    "negated_here": "one of the two negates",
    "terms": "for so many words that is too little",
    "length_ratio": "the sentence nearest to it is of another length",
}
_SPECIAL = re.compile(r"\b[A-Z]\w+|\d[\d,.]*")


def claim_signals(sentence: str, passage: str, weigh: Weigh = uniform) -> dict[str, float]:
    """Measure a sentence against a passage; every name of `CLAIM_SIGNALS` has a value.

    Args:
        sentence: what is claimed.
        passage: what is to bear it out, its heading before it where that matters.
        weigh: how rare a term is in the library.
    """
    pair = _Pair(sentence, passage, weigh)
    return _missing(pair) | _nearest(pair) | arrangement(sentence, passage, pair.near)


def nearest_part(sentence: str, passage: str) -> str:
    """The sentence of a passage that holds most of another's words."""
    return _Pair(sentence, passage, uniform).near


@dataclass(frozen=True)
class _Pair:
    """A sentence and a passage as terms; `near` is the passage's sentence that holds most of it."""

    sentence: str
    passage: str
    weigh: Weigh

    @cached_property
    def terms(self) -> list[str]:
        return analyse(self.sentence)

    @cached_property
    def weights(self) -> dict[str, float]:
        return {term: self.weigh(term) for term in dict.fromkeys(self.terms)}

    def covered(self, held: set[str]) -> float:
        return coverage(self.weights, held, self.weights.__getitem__)

    @cached_property
    def held(self) -> set[str]:
        return set(analyse(self.passage))

    @cached_property
    def parts(self) -> list[str]:
        spans = sentence_spans(self.passage)
        return [self.passage[start:end] for start, end in spans] or [self.passage]

    @cached_property
    def part_terms(self) -> list[set[str]]:
        return [set(analyse(part)) for part in self.parts]

    @cached_property
    def at(self) -> int:
        covered = [self.covered(terms) for terms in self.part_terms]
        return max(range(len(covered)), key=covered.__getitem__)

    @property
    def near(self) -> str:
        return self.parts[self.at]

    @cached_property
    def window(self) -> set[str]:
        return set().union(*self.part_terms[max(0, self.at - 1) : self.at + 2])


def _missing(pair: _Pair) -> dict[str, float]:
    """What the whole passage lacks, or says the other way round."""
    return {
        "covered": pair.covered(pair.held),
        "numbers_missing": float(len(numbers(pair.sentence) - numbers(pair.passage))),
        "names_missing": _missing_names(pair.sentence, pair.held),
        "turned": float(len(contradicted_terms(pair.sentence, pair.passage))),
        "terms": float(len(pair.terms)),
    }


def _nearest(pair: _Pair) -> dict[str, float]:
    """How it stands to the sentence of the passage that holds most of it."""
    sentence, near, near_set = pair.sentence, pair.near, pair.part_terms[pair.at]
    terms, near_terms = pair.terms, analyse(near)
    return {
        "covered_sentence": pair.covered(near_set),
        "covered_window": pair.covered(pair.window),
        "order_kept": common_order(terms, near_terms) / max(len(terms), 1),
        "pairs_kept": pair_share(terms, near_terms),
        "pairs_adjacent": pair_share(terms, near_terms, reach=1),
        "numbers_elsewhere": float(len(numbers(sentence) - numbers(near))),
        "names_elsewhere": _missing_names(sentence, near_set),
        "negation_differs": float(negates(sentence) != negates(near)),
        "misplaced": float(_misplaced(sentence, terms, near_terms)),
        "degrees_missing": float(len(degrees(sentence) - degrees(near))),
        "opposed": float(opposed(set(terms), near_set)),
        "length_ratio": len(terms) / max(len(near_terms), 1),
    }


def _missing_names(sentence: str, held: set[str]) -> float:
    return float(sum(not held.issuperset(analyse(name)) for name in names(sentence)))


def _misplaced(sentence: str, terms: Sequence[str], near_terms: Sequence[str]) -> int:
    """Names and numbers that stand in both places and share no neighbour."""
    special = {term for word in _SPECIAL.findall(sentence) for term in analyse(word)}
    here, there = _neighbours(terms), _neighbours(near_terms)
    return sum(t in here and t in there and not here[t] & there[t] for t in special)


def _neighbours(terms: Sequence[str]) -> dict[str, set[str]]:
    """The terms right before and behind each term."""
    neighbours: dict[str, set[str]] = {}
    for place, term in enumerate(terms):
        before, behind = terms[max(0, place - 1) : place], terms[place + 1 : place + 2]
        neighbours.setdefault(term, set()).update(before, behind)
    return neighbours

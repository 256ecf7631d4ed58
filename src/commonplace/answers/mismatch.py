"""What one text says that another lacks or contradicts, by its words alone; no model.

It compares numbers in one form, names, negations with their scope, and the share of words. Negation
and spelled numbers are understood in English only.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from commonplace.corpus import analyse

Weigh = Callable[[str], float]  # how rare a term is, for instance its BM25 idf; 0 or more


def uniform(_: str) -> float:
    """Every term weighs the same."""
    return 1.0


SCOPE: Final = 3  # content words after a negator that it negates

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SPELLED: Final = dict(
    pair.split("=")
    for pair in """two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11
    twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19
    twenty=20 thirty=30 forty=40 fifty=50 hundred=100 thousand=1000""".split()
)
NEGATOR = re.compile(
    r"\b(?:not(?! only)|no(?! \w+ than)|never|none|nor|neither|without|cannot|hardly|rarely|seldom"
    r"|fail(?:s|ed)? to)\b,?|n['\u2019]t\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"[,;:.!?()\u2013\u2014](?!\d)|\b(?:but|and|because|although|while|which)\b")
_ADVERB = re.compile(r"\b[a-z]{3,}ly\b")  # dropped, it would let the scope reach further
_NAME = re.compile(r"(?<=[^.!?:\s]\s)[\"'(\u201c\u2018]?([A-Z]\w+(?:[-'\u2019]\w+)*)")


def coverage(terms: Iterable[str], held: Iterable[str], weigh: Weigh = uniform) -> float:
    """Weighted share of the distinct `terms` that are in `held`; 1 where there are no terms."""
    have = set(held)
    weights = {term: weigh(term) for term in terms}
    total = sum(weights.values())
    return sum(w for term, w in weights.items() if term in have) / total if total else 1.0


def numbers(text: str) -> set[str]:
    """The numbers of a text in one form: no thousands separators, words as digits, no end zeros."""
    digits = (_THOUSANDS.sub("", number) for number in _NUMBER.findall(text))
    words = (_SPELLED.get(word) for word in re.findall(r"[a-z]+", text.lower()))
    return {_shortest(digit) for digit in digits} | {word for word in words if word}


def names(text: str) -> set[str]:
    """Capitalised words that do not open a sentence."""
    return set(_NAME.findall(text))


def negates(text: str) -> bool:
    """Whether a text says that something is not so."""
    return NEGATOR.search(text) is not None


def negated(text: str) -> set[str]:
    """The content terms that stand in the scope of a negator."""
    return {term for match in NEGATOR.finditer(text) for term in _scope(text[match.end() :])}


def contradicted_terms(sentence: str, passage: str) -> set[str]:
    """Terms that one of the two negates, and the other only asserts."""
    by_sentence, by_passage = negated(sentence), negated(passage)
    shared = set(analyse(sentence)) & set(analyse(passage))
    asserted = {term for clause in _plain_clauses(passage) for term in analyse(clause)}
    return shared & ((by_sentence - by_passage) | (by_passage - asserted - by_sentence))


def _plain_clauses(text: str) -> Iterator[str]:
    """The stretches of a text that stand in no negator's scope, at clause boundaries."""
    cuts = [0, *(match.end() for match in CLAUSE.finditer(text)), len(text)]
    return (text[a:b] for a, b in pairwise(cuts) if not NEGATOR.search(text[a:b]))


def _scope(rest: str) -> list[str]:
    """The first content terms of what follows a negator, up to the end of the clause."""
    end = CLAUSE.search(rest)
    return analyse(_ADVERB.sub("", rest[: end.start()] if end else rest))[:SCOPE]


def _shortest(number: str) -> str:
    """`1.50` as `1.5`, `7.0` as `7`, `007` as `7`."""
    integer, point, fraction = number.partition(".")
    return ((integer.lstrip("0") or "0") + point + fraction.rstrip("0")).rstrip(".")

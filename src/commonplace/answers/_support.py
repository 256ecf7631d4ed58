"""Is a sentence supported by a passage? Words, names, numbers and negations must be there.

Four checks, in the order in which they fail most cheaply:

1. every *number* of the sentence stands in the passage (`1,000` is `1000`, `ten` is `10`);
2. every *name* does (a capitalised word that does not open its sentence);
3. no content word is *negated* in one and plainly asserted in the other;
4. enough of the content words are covered, each weighing its rarity; in a middle band the cosine
   with the passage's nearest sentence decides, where there is an encoder.

A verbatim sentence passes at once: *is supported* says nothing about *answers the question*.
What the checks catch and what they let through is measured in docs/measurements.md.

    python -m pytest tests/answers/test_support.py
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from commonplace.library import analyse, sentence_spans

Weigh = Callable[[str], float]  # how rare a term is, for instance its BM25 idf; 0 or more
Similarity = Callable[[str, str], float]  # cosine of a sentence and a passage, -1 to 1
Encode = Callable[[Sequence[str]], NDArray[np.float32]]  # vectors of length one [texts, dimension]

COVERED: Final = 0.8  # coverage that suffices alone
HALF_COVERED: Final = 0.5  # coverage that suffices where the embeddings agree
SIMILAR: Final = 0.82  # cosine (bge-small-en-v1.5) at which they agree
SCOPE: Final = 3  # content words after a negator that it negates

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SPELLED: Final = dict(
    pair.split("=")
    for pair in """two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11
    twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19
    twenty=20 thirty=30 forty=40 fifty=50 hundred=100 thousand=1000""".split()
)
_NEGATOR = re.compile(
    r"\b(?:not(?! only)|no(?! \w+ than)|never|none|nor|neither|without|cannot|hardly|rarely|seldom"
    r"|fail(?:s|ed)? to)\b,?|n['\u2019]t\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?()\u2013\u2014](?!\d)|\b(?:but|and|because|although|while|which)\b")
_NAME = re.compile(r"(?<=[^.!?:\s]\s)[\"'(\u201c\u2018]?([A-Z]\w+(?:[-'\u2019]\w+)*)")


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a passage supports a sentence, and why (one clause).

    Attributes:
        supported: all checks passed.
        reason: "verbatim", "covered", or what failed.
        coverage: weighted share of the sentence's content words that the passage has, 0 to 1.
        similarity: cosine of the embeddings; None where none was needed or none is there.
    """

    supported: bool
    reason: str
    coverage: float
    similarity: float | None = None


def support(
    sentence: str,
    passage: str,
    *,
    weigh: Weigh = lambda _: 1.0,
    similarity: Similarity | None = None,
) -> Support:
    """Check one sentence against one passage (prepend the heading to it where it matters)."""
    if _is_verbatim(_plain(sentence), _plain(passage)):
        return Support(True, "verbatim", 1.0)
    covered = coverage(analyse(sentence), analyse(passage), weigh)
    if fault := _fault(sentence, passage):
        return Support(False, fault, covered)
    if covered >= COVERED:
        return Support(True, "covered", covered)
    if covered < HALF_COVERED or similarity is None:
        return Support(False, "too few of its words are in the passage", covered)
    cosine = similarity(sentence, passage)
    if cosine >= SIMILAR:
        return Support(True, "covered in part, and similar", covered, cosine)
    return Support(False, "too few of its words are in the passage", covered, cosine)


def nearest_sentence(encode: Encode) -> Similarity:
    """A similarity: the cosine of a sentence and the sentence of the passage nearest to it.

    The whole passage is too much for one vector: its cosine does not tell right from wrong.
    """

    def cosine(sentence: str, passage: str) -> float:
        parts = [passage[start:end] for start, end in sentence_spans(passage)]
        vectors = encode([sentence, *parts])
        return float((vectors[1:] @ vectors[0]).max(initial=-1.0))

    return cosine


def coverage(terms: Iterable[str], held: Iterable[str], weigh: Weigh = lambda _: 1.0) -> float:
    """Weighted share of the distinct `terms` that are in `held`; 1 where there are no terms."""
    have = set(held)
    weights = {term: weigh(term) for term in terms}
    total = sum(weights.values())
    return sum(w for term, w in weights.items() if term in have) / total if total else 1.0


def numbers(text: str) -> set[str]:
    """The numbers of a text in one form: no thousands separators, words as digits, no end zeros."""
    digits = (_THOUSANDS.sub("", found) for found in _NUMBER.findall(text))
    words = (_SPELLED.get(word) for word in re.findall(r"[a-z]+", text.lower()))
    return {_shortest(digit) for digit in digits} | {word for word in words if word}


def names(text: str) -> set[str]:
    """Capitalised words that do not open a sentence."""
    return set(_NAME.findall(text))


def negates(text: str) -> bool:
    """Whether a text says that something is not so."""
    return _NEGATOR.search(text) is not None


def negated(text: str) -> set[str]:
    """The content terms that stand in the scope of a negator."""
    return {term for found in _NEGATOR.finditer(text) for term in _scope(text[found.end() :])}


def _is_verbatim(sentence: str, passage: str) -> bool:
    """Whether the words stand there as they are, and not behind a negator that was cut off."""
    found = re.search(rf"(?<!\w){re.escape(sentence)}(?!\w)", passage) if sentence else None
    return found is not None and not _NEGATOR.search(_CLAUSE.split(passage[: found.start()])[-1])


def _fault(sentence: str, passage: str) -> str:
    """What the sentence says that the passage does not, in one clause; "" if there is nothing."""
    if missing := numbers(sentence) - numbers(passage):
        return f"the passage has no {_listed(missing)}"
    held = set(analyse(passage))
    if missing := {name for name in names(sentence) if not held.issuperset(analyse(name))}:
        return f"the passage does not name {_listed(missing)}"
    if turned := _turned(sentence, passage):
        return f"one of the two negates {_listed(turned)}"
    return ""


def _turned(sentence: str, passage: str) -> set[str]:
    """Terms that one of the two negates, and the other only asserts."""
    said, source = negated(sentence), negated(passage)
    shared = set(analyse(sentence)) & set(analyse(passage))
    asserted = {term for clause in _plain_clauses(passage) for term in analyse(clause)}
    return shared & ((said - source) | (source - asserted - said))


def _plain_clauses(text: str) -> Iterator[str]:
    """The stretches of a text that stand in no negator's scope, at clause boundaries."""
    cuts = [0, *(found.end() for found in _CLAUSE.finditer(text)), len(text)]
    return (text[a:b] for a, b in pairwise(cuts) if not _NEGATOR.search(text[a:b]))


def _scope(rest: str) -> list[str]:
    """The first content terms of what follows a negator, up to the end of the clause."""
    end = _CLAUSE.search(rest)
    return analyse(rest[: end.start()] if end else rest)[:SCOPE]


def _shortest(number: str) -> str:
    """`1.50` as `1.5`, `7.0` as `7`, `007` as `7`."""
    whole, point, part = number.partition(".")
    return ((whole.lstrip("0") or "0") + point + part.rstrip("0")).rstrip(".")


def _plain(text: str) -> str:
    """White space and case set aside, so that a line break does not make a quote a paraphrase."""
    return " ".join(text.split()).casefold().rstrip(".!?")


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))

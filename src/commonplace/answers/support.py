"""Whether a passage supports a sentence: rules that say why not, then trees that weigh the rest.

1. A verbatim sentence passes: *is supported* says nothing about *answers the question*.
2. It fails where it has a *number* that the passage has not (`1,000` is `1000`, `ten` is `10`), a
   *name* that it has not (a capitalised word that does not open its sentence), a content word that
   only one of the two *negates*, or two names that have *changed places* (`arrangement.py`).
3. Boosted trees on `claims.py` decide whether its words stand together as they do in the passage:
   they catch a number or name moved from another sentence, which the rules cannot.

`support.json` holds the trees and says what they were trained on;
`benchmarks.answers.train_support` remakes them. What is caught and let through is measured in
docs/measurements/answers.md.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from commonplace.answers.arrangement import misplacement
from commonplace.answers.claims import AGAINST, CLAIM_SIGNALS, claim_signals, nearest_part
from commonplace.answers.mismatch import (
    CLAUSE,
    NEGATOR,
    Weigh,
    contradicted_terms,
    names,
    numbers,
    uniform,
)
from commonplace.corpus import analyse, sentence_spans
from commonplace.models import Trees

Similarity = Callable[[str, str], float]  # cosine of a sentence and a passage, -1 to 1
Encode = Callable[[Sequence[str]], NDArray[np.float32]]  # vectors of length one [texts, dimension]

SUPPORTED: Final = 0.5  # score of the trees, in logits, that suffices alone
UNSURE: Final = 0.0  # score that suffices where coverage or the embeddings agree
COVERED: Final = 0.8  # coverage that agrees
HALF_COVERED: Final = 0.4  # coverage below which nothing else is asked
SIMILAR: Final = 0.82  # cosine (bge-small-en-v1.5) at which they agree

_NEGATED_BEHIND = re.compile(r" (?:nicht|nie|niemals)\b(?! nur)")  # German negates behind the verb
_SCATTERED: Final = "its words do not stand together in the passage"


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a passage supports a sentence, and why (one clause).

    Attributes:
        supported: all checks passed.
        reason: "verbatim", "covered", or what failed.
        coverage: weighted share of the sentence's content words that the passage has, 0 to 1.
        similarity: cosine of the embeddings; None where it was not needed or cannot be had.
    """

    supported: bool
    reason: str
    coverage: float
    similarity: float | None = None


def support(
    sentence: str,
    passage: str,
    *,
    weigh: Weigh = uniform,
    similarity: Similarity | None = None,
) -> Support:
    """Check one sentence against one passage (prepend the heading to it where it matters).

    Args:
        sentence: what is claimed.
        passage: what may support it.
        weigh: how rare a term is.
        similarity: decides where the trees are unsure, if given.

    Raises:
        WeightsError: the package's own file of trees is damaged.
    """
    if _is_verbatim(_plain(sentence), _plain(passage)):
        return Support(True, "verbatim", 1.0)
    signals = claim_signals(sentence, passage, weigh)
    covered = signals["covered"]
    if reason := fault(sentence, passage):
        return Support(False, reason, covered)
    if covered < HALF_COVERED:
        return Support(False, "too few of its words are in the passage", covered)
    row = np.array([[signals[name] for name in CLAIM_SIGNALS]])
    score = float(_trees().predict(row)[0])
    if score >= SUPPORTED or (score >= UNSURE and covered >= COVERED):
        return Support(True, "covered", covered)
    if score < UNSURE or similarity is None:
        return Support(False, _scattered(row), covered)
    cosine = similarity(sentence, passage)
    if cosine >= SIMILAR:
        return Support(True, "covered in part, and similar", covered, cosine)
    return Support(False, _scattered(row), covered, cosine)


def _scattered(row: NDArray[np.float64]) -> str:
    """What speaks most against the sentence, by its exact share of the trees' score."""
    against = CLAIM_SIGNALS[int(_trees().contributions(row)[0].argmin())]
    return f"{_SCATTERED}: {AGAINST[against]}"


@cache
def _trees() -> Trees:
    return Trees.read(Path(__file__).with_name("support.json"))


def nearest_sentence(encode: Encode) -> Similarity:
    """A similarity: the cosine of a sentence and the sentence of the passage nearest to it.

    The whole passage is too much for one vector: its cosine does not tell right from wrong.
    """

    def cosine(sentence: str, passage: str) -> float:
        parts = [passage[start:end] for start, end in sentence_spans(passage)]
        vectors = encode([sentence, *parts])
        return float((vectors[1:] @ vectors[0]).max(initial=-1.0))

    return cosine


def _is_verbatim(sentence: str, passage: str) -> bool:
    """Whether the words stand there as they are, and not behind a negator that was cut off."""
    match = re.search(rf"(?<!\w){re.escape(sentence)}(?!\w)", passage) if sentence else None
    if match is None or _NEGATED_BEHIND.match(passage, match.end()):
        return False
    return not NEGATOR.search(CLAUSE.split(passage[: match.start()])[-1])


def fault(sentence: str, passage: str) -> str:
    """What the sentence says that the passage does not, in one clause; "" if there is nothing."""
    if missing := numbers(sentence) - numbers(passage):
        return f"the passage has no {_listed(missing)}"
    held = set(analyse(passage))
    if missing := {name for name in names(sentence) if not held.issuperset(analyse(name))}:
        return f"the passage does not name {_listed(missing)}"
    if reversed_terms := contradicted_terms(sentence, passage):
        return f"one of the two negates {_listed(reversed_terms)}"
    return misplacement(sentence, passage, nearest_part(sentence, passage))


def _plain(text: str) -> str:
    """White space and case set aside, so that a line break does not make a quote a paraphrase."""
    return " ".join(text.split()).casefold().rstrip(".!?")


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))

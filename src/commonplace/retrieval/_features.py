"""What is known about a query and a passage, as numbers: the features of learning to rank.

`search --explain` computes them (`Explanation.features`) and `benchmarks.ranking.learning_to_rank`
trains on them. What a stage did not compute is NaN, which trees take as it is. Feedback is 0 here:
it belongs to one library, and nothing that is trained on public sets may depend on it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from commonplace.corpus import Passage, analyse, indexed_text, spellings
from commonplace.foundation.arrays import Float32s

FEATURES: Final = (
    "bm25",
    "cosine",
    "neighbours",  # mean fused score of the nearest candidates
    "late interaction",
    "title match",  # share of the query's idf mass that title and headings hold
    "coverage",  # share of the query's distinct terms that the passage holds
    "idf held",  # share of the query's idf mass that the passage holds
    "idf missed",  # idf mass of the query's terms that it lacks, in nats
    "proximity",  # distinct query terms held, over the shortest stretch of terms with all of them
    "length",  # log(1 + terms)
    "position",  # log(1 + passages before it in its document)
    "age",  # log(1 + days since it was written)
    "code",  # 1 for a program's text
    "pdf",  # 1 for a page
    "feedback",
)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the stages of a search computed for n passages, [n]; None where a stage did not run."""

    bm25: Float32s
    cosine: Float32s | None = None
    neighbours: Float32s | None = None
    late_interaction: Float32s | None = None


def features(
    terms: Sequence[str],
    passages: Sequence[Passage],
    signals: Signals,
    idf: Callable[[str], float],
    now: datetime,
) -> Float32s:
    """The features of each passage for a query of these terms, float32 [n, len(FEATURES)]."""
    weights = {term: idf(term) for term in dict.fromkeys(terms)}
    nothing = np.full(len(passages), np.nan, np.float32)
    stages = (signals.bm25, signals.cosine, signals.neighbours, signals.late_interaction)
    columns = [nothing if values is None else values for values in stages]
    texts = [[*_words(passage, weights), *_place(passage, now), 0.0] for passage in passages]
    width = len(FEATURES) - len(columns)
    return np.column_stack([*columns, np.array(texts, np.float32).reshape(-1, width)])


def _words(passage: Passage, weights: dict[str, float]) -> list[float]:
    """How the query's terms stand in a passage: title match to length."""
    text = indexed_text(passage.title, passage.heading, passage.text)
    held = [*analyse(text), *spellings(text)]
    titles = set(analyse(" ".join((passage.title, *passage.heading))))
    mass, shared = sum(weights.values()), weights.keys() & set(held)
    held_mass = sum(weights[term] for term in shared)
    return [
        sum(weights[term] for term in weights.keys() & titles) / mass if mass else 0.0,
        len(shared) / len(weights) if weights else 0.0,
        held_mass / mass if mass else 0.0,
        mass - held_mass,
        len(shared) / shortest_cover(held, shared) if shared else 0.0,
        float(np.log1p(len(held))),
    ]


def _place(passage: Passage, now: datetime) -> list[float]:
    """Where a passage is from: position, age, kind."""
    days = max((now - passage.written_at).total_seconds(), 0.0) / 86_400
    place = float(np.log1p(passage.position)), float(np.log1p(days))
    return [*place, float(passage.kind == "code"), float(passage.kind == "pdf")]


def shortest_cover(held: Sequence[str], terms: Iterable[str]) -> int:
    """The length of the shortest stretch of `held` with every one of `terms`; 0 if there is none.

    The minimal cover of Tao & Zhai, "An exploration of proximity measures" (SIGIR 2007), in one
    pass: of the last places of all terms the first begins the stretch that ends here.
    """
    last = dict.fromkeys(terms, -1)
    best = 0
    for end, term in enumerate(held):
        if term in last:
            last[term] = end
            start = min(last.values())
            if start >= 0 and (not best or end - start + 1 < best):
                best = end - start + 1
    return best

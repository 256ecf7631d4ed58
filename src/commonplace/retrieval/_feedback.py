"""Relevance feedback: what this library's user thought of earlier results shifts the next ranking.

    adjustment(q, p) = bound * sum_i w_i K(q, q_i) v_i / (prior + sum_i w_i K(q, q_i))

over the feedback i on passage p, with v = 1 for "up" and "opened", -1 for "down" and "dismissed",
in standard deviations of the scores of the best passages (`spread`). The adjustment is added to
the other parts of a score. What makes it safe:

- *prior* shrinks: one verdict moves little, agreement moves more, nothing moves beyond *bound*;
- K falls to nothing between queries that are not alike (cosine of their vectors; without an
  encoder only the same words are alike), so a verdict does not leak into other questions;
- a click low on a page says more than one at its top, where everyone looks: it weighs by rank
  (inverse propensity 1/rank, clipped: Joachims et al., WSDM 2017);
- of one query, passage and day only the last explicit verdict ("up", "down") and the last implicit
  one ("opened", "dismissed") count, so that an angry minute is one verdict, and a habit is many.
    python -m benchmarks.ranking.feedback DIR
"""

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from commonplace.corpus import FeedbackRecord, Verdict, analyse
from commonplace.foundation import write_atomically
from commonplace.foundation.arrays import Float32s

Encode = Callable[[Sequence[str]], Float32s]  # unit vectors of queries [n, dimension]

_EXPLICIT: Final = frozenset({"up", "down"})
_VALUE: Final[dict[Verdict, float]] = {"up": 1, "opened": 1, "down": -1, "dismissed": -1}


@dataclass(frozen=True, slots=True)
class FeedbackParameters:
    """How far feedback moves a ranking; chosen in a simulation (docs/measurements/ranking.md)."""

    bound: float = 6.0  # the most that it moves a passage, in standard deviations of the top
    prior: float = 6.0  # verdicts' worth of doubt: one thumb moves by bound / (1 + prior)
    alike: float = 0.8  # cosine of two queries from which they begin to be alike
    implicit: float = 0.5  # weight of "opened" and "dismissed"; an explicit verdict has 1
    clip: float = 5.0  # most that a low rank multiplies the weight of a click by
    depth: int = 50  # best passages, the top, that are moved


@dataclass(frozen=True)
class RelevanceFeedback:
    """The feedback of one library, made ready for ranking.

    Attributes:
        records: what counts, the oldest first.
        queries: the vector of each record's query [records, dimension]; None without an encoder.
    """

    records: tuple[FeedbackRecord, ...]
    queries: Float32s | None
    parameters: FeedbackParameters = FeedbackParameters()

    def adjustments(self, query: str, vector: Float32s | None, contents: Sequence[str]) -> Float32s:
        """How far each passage moves for a query, float32 [passages], within +-`bound`.

        Args:
            query: as asked.
            vector: its unit vector; None compares by words.
            contents: the content hash of each passage.
        """
        place_of = {content: place for place, content in enumerate(contents)}
        votes, weights = np.zeros(len(contents)), np.zeros(len(contents))
        for record, similarity in zip(self.records, self._similarities(query, vector), strict=True):
            place = place_of.get(record.content)
            if place is not None and similarity > 0:
                weight = similarity * self._weight(record)
                votes[place] += weight * _VALUE[record.verdict]
                weights[place] += weight
        p = self.parameters
        return np.asarray(p.bound * votes / (p.prior + weights), np.float32)

    def _similarities(self, query: str, vector: Float32s | None) -> Sequence[float]:
        """How alike this query is to each record's: 0 below `alike`, 1 for the same."""
        if self.queries is None or vector is None:
            words = frozenset(analyse(query))
            return [float(words == frozenset(analyse(r.query))) for r in self.records]
        floor = self.parameters.alike
        cosines = self.queries @ vector
        similarities: list[float] = np.clip((cosines - floor) / (1 - floor), 0, 1).tolist()
        return similarities

    def _weight(self, record: FeedbackRecord) -> float:
        if record.verdict in _EXPLICIT:
            return 1.0
        if record.verdict == "dismissed":
            return self.parameters.implicit
        return self.parameters.implicit * min(record.rank or 1, self.parameters.clip)


def spread(scores: NDArray[np.floating]) -> float:
    """The standard deviation behind scores [n], unbiased also where there are few (Holtzman 1950).

    The plain estimate is too small for few scores. For two passages it is half their distance: not
    even an "up" of the one with a "down" of the other would turn their order.
    """
    n = len(scores)
    if n < 2:
        return 0.0
    shrunk = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return float(scores.std(ddof=1)) / shrunk


def relevance_feedback(
    records: Iterable[FeedbackRecord],
    encode: Encode | None,
    parameters: FeedbackParameters | None = None,
) -> RelevanceFeedback | None:
    """Feedback made ready for ranking; None where there is none.

    Args:
        records: the oldest first.
        encode: makes the vectors of queries; None: only the same words are alike.
        parameters: None: those that were measured.
    """
    last: dict[tuple[object, ...], FeedbackRecord] = {}
    for record in records:
        query = " ".join(record.query.split()).casefold()
        key = (query, record.content, record.verdict in _EXPLICIT, record.at.date())
        last.pop(key, None)  # so that the new one stands at the end: the oldest come first
        last[key] = record
    if not last:
        return None
    counted = tuple(last.values())
    distinct = list(dict.fromkeys(record.query for record in counted))
    vectors = encode(distinct) if encode else None
    place_of = {query: place for place, query in enumerate(distinct)}
    queries = None if vectors is None else vectors[[place_of[r.query] for r in counted]]
    return RelevanceFeedback(counted, queries, parameters or FeedbackParameters())


def cached_encoding(encode: Encode, file: Path) -> Encode:
    """The same encoder with its vectors in a file of `cache/`, so that a cold search encodes once.

    Queries are named by their hash. A file that is missing, damaged or cannot be written is no
    error: its vectors are made again.
    """

    def encoded(texts: Sequence[str]) -> Float32s:
        names = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
        vectors = _read(file)
        missing = {n: text for n, text in zip(names, texts, strict=True) if n not in vectors}
        if missing:
            vectors |= dict(zip(missing, encode(list(missing.values())), strict=True))
            _write(file, {name: vectors[name] for name in names})
        return np.stack([vectors[name] for name in names])

    return encoded


def _read(file: Path) -> dict[str, Float32s]:
    try:
        with np.load(BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
            return dict(zip(arrays["names"].tolist(), arrays["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def _write(file: Path, vectors: dict[str, Float32s]) -> None:
    archive = BytesIO()
    np.savez(archive, names=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    with contextlib.suppress(OSError):
        write_atomically(file, archive.getvalue())

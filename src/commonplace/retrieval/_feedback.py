"""What this library's user said of earlier results, as a small shift of the next ranking.

    adjustment(q, p) = bound * sum_i w_i K(q, q_i) v_i / (prior + sum_i w_i K(q, q_i))

over the feedback i on passage p, with v = 1 for "up" and "opened", -1 for "down" and "dismissed",
in standard deviations of the scores of the best passages (`spread`): it is added to a ranking's
other parts.
What makes it safe:

- *prior* shrinks: one verdict moves little, agreement moves more, nothing moves beyond *bound*;
- K falls to nothing between queries that are not alike (cosine of their vectors; without an
  encoder only the same words are alike), so a verdict does not leak into other questions;
- a click low on a page says more than one at its top, where everyone looks: it weighs by rank
  (inverse propensity 1/rank, clipped: Joachims et al., WSDM 2017);
- of one query, passage and day only the last verdict that was *said* and the last that was *done*
  count, so that an angry minute is one verdict, and a habit is many.

    python -m pytest tests/retrieval/test_feedback_ranking.py
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

_SAID: Final = frozenset({"up", "down"})
_VALUE: Final[dict[Verdict, float]] = {"up": 1, "opened": 1, "down": -1, "dismissed": -1}


@dataclass(frozen=True, slots=True)
class FeedbackParameters:
    """How far feedback moves a ranking; chosen in a simulation (docs/measurements/ranking.md)."""

    bound: float = 6.0  # the most that it moves a passage, in standard deviations of the top
    prior: float = 6.0  # verdicts' worth of doubt: one thumb moves by bound / (1 + prior)
    alike: float = 0.8  # cosine of two queries from which they begin to be alike
    done: float = 0.5  # weight of what was done (opened, dismissed); what was said has 1
    clip: float = 5.0  # most that a low rank multiplies the weight of a click by
    depth: int = 50  # best passages, the top, that are moved


@dataclass(frozen=True)
class Taste:
    """Feedback, made ready for ranking.

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
        likeness = self._likeness(query, vector)
        at = {content: place for place, content in enumerate(contents)}
        said, weight = np.zeros(len(contents)), np.zeros(len(contents))
        for record, alike in zip(self.records, likeness, strict=True):
            place = at.get(record.content)
            if place is not None and alike > 0:
                counts = alike * self._weight(record)
                said[place] += counts * _VALUE[record.verdict]
                weight[place] += counts
        p = self.parameters
        return np.asarray(p.bound * said / (p.prior + weight), np.float32)

    def _likeness(self, query: str, vector: Float32s | None) -> Sequence[float]:
        """How alike this query is to each record's: 0 below `alike`, 1 for the same."""
        if self.queries is None or vector is None:
            words = frozenset(analyse(query))
            return [float(words == frozenset(analyse(r.query))) for r in self.records]
        floor = self.parameters.alike
        cosines = self.queries @ vector
        likeness: list[float] = np.clip((cosines - floor) / (1 - floor), 0, 1).tolist()
        return likeness

    def _weight(self, record: FeedbackRecord) -> float:
        if record.verdict in _SAID:
            return 1.0
        if record.verdict == "dismissed":
            return self.parameters.done
        return self.parameters.done * min(record.rank or 1, self.parameters.clip)


def spread(scores: NDArray[np.floating]) -> float:
    """The standard deviation behind scores [n], unbiased also where there are few (Holtzman 1950).

    The plain one is too small for few: of two passages it is half their distance, and not even an
    "up" of the one with a "down" of the other would turn their order.
    """
    n = len(scores)
    if n < 2:
        return 0.0
    shrunk = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return float(scores.std(ddof=1)) / shrunk


def taste(
    records: Iterable[FeedbackRecord],
    encode: Encode | None,
    parameters: FeedbackParameters | None = None,
) -> Taste | None:
    """Feedback made ready for ranking; None where there is none.

    Args:
        records: the oldest first.
        encode: makes the vectors of queries; None: only the same words are alike.
        parameters: None: those that were measured.
    """
    last: dict[tuple[object, ...], FeedbackRecord] = {}
    for record in records:
        asked = " ".join(record.query.split()).casefold()
        key = (asked, record.content, record.verdict in _SAID, record.at.date())
        last.pop(key, None)
        last[key] = record
    if not last:
        return None
    kept = tuple(last.values())
    distinct = list(dict.fromkeys(record.query for record in kept))
    vectors = encode(distinct) if encode else None
    at = {query: place for place, query in enumerate(distinct)}
    queries = None if vectors is None else vectors[[at[record.query] for record in kept]]
    return Taste(kept, queries, parameters or FeedbackParameters())


def remembering(encode: Encode, file: Path) -> Encode:
    """The same encoder, keeping what it made in a file of `cache/`: a cold search encodes once.

    Queries are kept by their hash. A file that is missing, damaged or not to be written is no
    error: it is made again.
    """

    def encoded(texts: Sequence[str]) -> Float32s:
        names = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
        known = _read(file)
        new = {n: text for n, text in zip(names, texts, strict=True) if n not in known}
        if new:
            known |= dict(zip(new, encode(list(new.values())), strict=True))
            _write(file, {name: known[name] for name in names})
        return np.stack([known[name] for name in names])

    return encoded


def _read(file: Path) -> dict[str, Float32s]:
    try:
        with np.load(BytesIO(file.read_bytes()), allow_pickle=False) as kept:
            return dict(zip(kept["names"].tolist(), kept["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def _write(file: Path, known: dict[str, Float32s]) -> None:
    made = BytesIO()
    np.savez(made, names=np.array(list(known)), vectors=np.stack(list(known.values())))
    with contextlib.suppress(OSError):
        write_atomically(file, made.getvalue())

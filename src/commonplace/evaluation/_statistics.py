"""How far a mean may be trusted, and whether two configurations differ: intervals and p values.

Both resample, seeded, so that the same values give the same numbers. The percentile bootstrap is
that of Efron (1979) over queries; the test flips the signs of the paired differences at random
(Fisher; recommended for retrieval by Smucker, Allan and Carterette, CIKM 2007), and tries every
flip where there are few. Shares of questions get Wilson's interval (1927), which stays honest where
none or all of them succeed: there a bootstrap would have no width at all.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from commonplace.evaluation._types import Change, Comparison, Span

_RESAMPLES: Final = 5_000
_FLIPS: Final = 20_000
_EXACT: Final = 14  # so many differences are flipped in every way: 16,384
_CHUNK: Final = 2_000_000  # numbers that are drawn at once
_ROUNDING: Final = 1e-12  # rounding moves sums of values in [0, 1] by less
_Z: Final = 1.959963984540054  # the standard normal distribution's .975 quantile
CHANGES: Final = 10  # queries that a comparison names


def interval(values: ArrayLike, counts: ArrayLike | None = None, *, seed: int = 0) -> Span:
    """95 % percentile bootstrap interval of a mean, or of sum(values) / sum(counts).

    Args:
        values: of each query [n].
        counts: what each value is a part of [n]; None: 1.
        seed: for the resampling.

    Raises:
        ValueError: there are no values.
    """
    totals = np.asarray(values, np.float64)
    parts = np.ones_like(totals) if counts is None else np.asarray(counts, np.float64)
    if not len(totals):
        raise ValueError("no values, no interval")
    random = np.random.default_rng(seed)
    means: list[float] = []
    for size in _chunks(_RESAMPLES, len(totals)):
        at = random.integers(0, len(totals), (size, len(totals)))
        sums, counted = totals[at].sum(axis=1), parts[at].sum(axis=1)
        means += (sums[counted > 0] / counted[counted > 0]).tolist()
    low, high = np.percentile(means, [2.5, 97.5]) if means else (0.0, 0.0)
    return float(low), float(high)


def share_interval(successes: int, trials: int) -> Span:
    """Wilson's 95 % score interval of a share; all of 0 to 1 where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    half *= _Z / (1 + square / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def randomisation_p(differences: ArrayLike, *, seed: int = 0) -> float:
    """Two-sided p of a mean of paired differences being 0, by flipping their signs.

    It is exact up to 14 differences that are not 0. Above that it takes 20,000 random flips and
    counts the observed signs among them, so that p is never 0.
    """
    values = np.asarray(differences, np.float64)
    moved = values[np.abs(values) > _ROUNDING]
    if not len(moved):
        return 1.0
    least = abs(float(moved.sum())) * (1 - _ROUNDING) - _ROUNDING
    if len(moved) <= _EXACT:
        ways = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float(np.mean(np.abs((2 * ways - 1) @ moved) >= least))
    random, reached = np.random.default_rng(seed), 0
    for size in _chunks(_FLIPS, len(moved)):
        signs = 2.0 * random.integers(0, 2, (size, len(moved)), dtype=np.int8) - 1
        reached += int(np.sum(np.abs(signs @ moved) >= least))
    return (1 + reached) / (1 + _FLIPS)


def _chunks(rounds: int, width: int) -> Iterator[int]:
    """How many rounds at a time, so that memory stays small."""
    size = max(1, _CHUNK // width)
    while rounds > 0:
        yield min(size, rounds)
        rounds -= size


def compare(
    measure: str,
    before: tuple[str, Mapping[str, float]],
    after: tuple[str, Mapping[str, float]],
) -> Comparison:
    """What changed between two (name, value of each query), over the queries that are in both.

    Raises:
        ValueError: no query is in both.
    """
    queries = [query for query in before[1] if query in after[1]]
    if not queries:
        raise ValueError("no query is in both")
    changes = [Change(query, before[1][query], after[1][query]) for query in queries]
    moved = np.array([change.after - change.before for change in changes])
    better, worse = int(np.sum(moved > _ROUNDING)), int(np.sum(moved < -_ROUNDING))
    return Comparison(
        measure,
        before=before[0],
        after=after[0],
        queries=len(queries),
        difference=float(moved.mean()),
        interval=interval(moved),
        p=randomisation_p(moved),
        better=better,
        worse=worse,
        equal=len(queries) - better - worse,
        changes=tuple(_largest(changes)),
    )


def in_order(
    measure: str, rows: Sequence[tuple[str, Mapping[str, float]]]
) -> tuple[Comparison, ...]:
    """Each row compared with the one before it."""
    return tuple(compare(measure, *pair) for pair in pairwise(rows))


def _largest(changes: Iterable[Change]) -> list[Change]:
    moved = [change for change in changes if abs(change.after - change.before) > _ROUNDING]
    return sorted(moved, key=lambda c: -abs(c.after - c.before))[:CHANGES]

"""Runs of configurations: each query through `Library.search`, with its results and its time.

A query is worth what its ranking of *units* is worth: the documents of a set (a document ranks as
its best passage), or the contents of a library's own passages (equal ones count once).
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from commonplace.corpus import indexed_text
from commonplace.evaluation._measures import Judgments, measure
from commonplace.evaluation._statistics import interval
from commonplace.evaluation._types import FEWEST, MEASURE, Row, Worst
from commonplace.foundation import InputError, Progress
from commonplace.library import Library
from commonplace.retrieval import Hit, Profile

DEPTH: Final = 100  # units of a ranking that are judged
PASSAGES: Final = 130  # searched for them: a document may have several
WORST: Final = 10  # queries that a report names
_FEW: Final = 30
_SHOWN: Final = 160  # characters of what was ranked first
CONFIGURATIONS: Final[tuple[Profile, ...]] = ("bm25", "dense", "fast", "best")
Unit = Callable[[Hit], str]


@dataclass(frozen=True, slots=True)
class Run:
    """The units of each query, best first; how its first hit begins; and the seconds it took."""

    configuration: str
    ranked: Mapping[str, Sequence[str]]
    first: Mapping[str, str]
    seconds: Sequence[float]


def profiles_of(only: Sequence[str]) -> tuple[Profile, ...]:
    """The named profiles in the order of the stages; none named: all.

    Raises:
        InputError: there is none of this name.
    """
    existing = get_args(Profile)
    for name in only:
        if name not in existing:
            raise InputError(
                f"there is no profile {name!r} to measure; choose of {', '.join(CONFIGURATIONS)}"
            )
    stages = [*CONFIGURATIONS, *(profile for profile in existing if profile not in CONFIGURATIONS)]
    return tuple(p for p in stages if p in only) if only else CONFIGURATIONS


def run_profile(
    library: Library,
    profile: Profile,
    queries: Mapping[str, str],
    unit: Unit,
    progress: Progress,
) -> Run:
    """Search every query once; weights are opened and warmed up before the first is timed.

    Raises:
        InputError: no query found anything.
    """
    ranked, first, seconds = {}, {}, []
    library.search("warm up", profile=profile)
    for number, (name, text) in enumerate(queries.items(), 1):
        start = time.perf_counter()
        hits = library.search(text, limit=PASSAGES, profile=profile)
        seconds.append(time.perf_counter() - start)
        ranked[name] = list(dict.fromkeys(unit(hit) for hit in hits))[:DEPTH]
        first[name] = _beginning(hits[0]) if hits else ""
        progress(profile, number, len(queries), "queries")
    if not any(ranked.values()):
        raise InputError(f"{profile} found nothing for any query; there is nothing to measure")
    return Run(profile, ranked, first, seconds)


def _beginning(hit: Hit) -> str:
    passage = hit.passage
    text = " ".join(indexed_text(passage.title, passage.heading, passage.text).split())
    return text[:_SHOWN]


def row_of(run: Run, judgments: Judgments) -> Row:
    """The measures of a run, their means and intervals."""
    values = measure(judgments, run.ranked)
    return Row(
        run.configuration,
        values,
        means={name: statistics.fmean(each.values()) for name, each in values.items()},
        intervals={name: interval(list(each.values())) for name, each in values.items()},
        p50_ms=1000 * statistics.median(run.seconds),
        nothing=sum(not units for units in run.ranked.values()),
    )


def few(count: int) -> tuple[str, ...]:
    """A notice where the queries are few: a bootstrap of few queries is too narrow."""
    if count < FEWEST:
        queries = "one query is" if count == 1 else f"{count} queries are"
        return (f"{queries} too few for intervals: trust only p",)
    return (f"{count} queries are few: only large differences show",) if count < _FEW else ()


def worst_of(
    run: Run, row: Row, queries: Mapping[str, str], judgments: Judgments
) -> tuple[Worst, ...]:
    """The queries on which a run did worst; among equals those whose relevant unit is lowest."""
    named = [
        _worst(run, query, text, row.values[MEASURE][query], judgments[query])
        for query, text in queries.items()
        if row.values[MEASURE][query] < 1
    ]
    return tuple(sorted(named, key=lambda w: (w.value, -(w.rank or DEPTH + 1)))[:WORST])


def _worst(run: Run, query: str, text: str, value: float, grades: Mapping[str, int]) -> Worst:
    ranked = run.ranked[query]
    relevant = tuple(unit for unit, grade in grades.items() if grade > 0)
    rank = next((place for place, unit in enumerate(ranked, 1) if unit in relevant), None)
    first = ranked[0] if ranked else ""
    return Worst(
        run.configuration,
        query,
        text,
        value,
        first=first,
        first_text=run.first[query],
        relevant=relevant,
        rank=rank,
    )

"""Measures how well and how fast each profile finds what a set judges relevant, as users search.

Every document of the set becomes a file, the folder is added to a library of its own, and each
query is searched in it; a document ranks as its best passage.

    commonplace evaluate retrieval DIR
"""

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import fsum
from pathlib import Path

from commonplace.evaluation._history import (
    Record,
    find_report,
    moment_of,
    save_report,
    set_folder,
    values_by_configuration,
)
from commonplace.evaluation._measures import Judgments, require_measures
from commonplace.evaluation._quiet import QuietLibrary
from commonplace.evaluation._ranking import Unit, few, profiles_of, row_of, run_profile, worst_of
from commonplace.evaluation._statistics import compare, in_order
from commonplace.evaluation._types import MEASURE, Comparison, RetrievalReport, Row, Worst
from commonplace.evaluation.sets.beir import BeirSet, read_beir, write_documents
from commonplace.foundation import InputError, Progress, display_path, silent
from commonplace.library import Library
from commonplace.retrieval import Profile

_SEED = 11  # of the choice of queries
_JUDGED = "the set's own judgments"


def evaluate_retrieval(
    folder: Path,
    *,
    only: Sequence[str] = (),
    library: Path | None = None,
    against: str | None = None,
    keep_in: Path | None = None,
    limit: int = 0,
    explain: bool = False,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda _: None,
) -> tuple[RetrievalReport, Path]:
    """Measure the profiles on a set; returns the report and the file that keeps it.

    Args:
        folder: a set in the BEIR layout.
        only: the profiles to measure; none named: bm25, dense, fast and best.
        library: keep the set's documents and library in this folder, and use them again.
        against: "last" or a kept report to compare with.
        keep_in: the file to keep the report in, in place of the user's data folder.
        limit: so many queries, the same ones each time; 0: all.
        explain: whether to check that the terms of each BM25 score add up to it.
        progress: called with each query.
        announce: called when weights are fetched.

    Raises:
        InputError: the set, a profile or the earlier report cannot be used, or nothing was found.
        WeightsError: weights that a profile needs cannot be had.
    """
    require_measures()
    profiles = profiles_of(only)
    beir = read_beir(folder)
    history = set_folder(beir.name, beir.hash)
    before = find_report(against, "retrieval", history, beir.hash) if against else None
    queries = sample_queries(beir.queries, limit)
    with place_for(library) as place:
        vectors = any(profile != "bm25" for profile in profiles)  # encoding takes the most time
        measured_library, identities, seconds = open_set(
            beir, place, vectors=vectors, progress=progress, announce=announce
        )
        rows, worst = measured(
            measured_library,
            profiles,
            queries,
            judgments={query: beir.judgments[query] for query in queries},
            unit=lambda hit: identities[hit.passage.path],
            progress=progress,
        )
        error = worst_explanation(measured_library, queries.values()) if explain else None
    report = RetrievalReport(
        set=beir.name,
        hash=beir.hash,
        made_from=_JUDGED,
        documents=len(beir.documents),
        queries=queries,
        rows=rows,
        comparisons=stages(rows),
        worst=worst,
        against=against_earlier(rows, before),
        notices=(*beir.notices, *few(len(queries))),
        explanation_error=error,
        seconds=seconds,
    )
    return report, save_report(report.record(), history, keep_in)


def sample_queries(queries: Mapping[str, str], limit: int) -> dict[str, str]:
    """All queries, or `limit` of them in their order, the same ones each time."""
    if not limit or limit >= len(queries):
        return dict(queries)
    sample = set(random.Random(_SEED).sample(sorted(queries), limit))
    return {query: text for query, text in queries.items() if query in sample}


@contextmanager
def place_for(library: Path | None) -> Iterator[Path]:
    """The folder for a set's files and library, or a temporary one.

    Raises:
        InputError: the folder is a user's library.
    """
    if library is None:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    place = library.expanduser()
    if (place / "format.json").exists():
        raise InputError(
            f"{display_path(place)} is a library; --library names the folder that a set's files "
            "and library are kept in: choose an empty one"
        )
    yield place


def open_set(
    beir: BeirSet,
    place: Path,
    *,
    vectors: bool = True,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda _: None,
) -> tuple[QuietLibrary, dict[str, str], dict[str, float]]:
    """A set as a library in a folder, one file a document; what is there already is used again.

    Returns:
        The library, the ids of its documents by path, and the seconds that adding took, by stage.

    Raises:
        InputError: the folder holds the files of something else, or was moved.
    """
    identities = write_documents(_texts(beir), place / "documents")
    library = QuietLibrary.like(Library.open(place / "library", announce=announce))
    if any(file.path not in identities for file in library.status().files):
        raise InputError(
            f"the library kept in {display_path(place)} was made in another folder, and its files "
            "are named by that; move it back, or name an empty folder"
        )
    added = library.add(place / "documents", vectors=vectors, progress=progress)
    return library, identities, dict(added.seconds)


def _texts(beir: BeirSet) -> Iterator[tuple[str, str, str]]:
    """(id, file name, text) of each document; a Markdown heading for its title."""
    for number, (identity, (title, text)) in enumerate(beir.documents.items()):
        content = f"# {title}\n\n{text}" if title else text
        yield identity, f"{number}{'.md' if title else '.txt'}", content


def measured(
    library: Library,
    profiles: Sequence[Profile],
    queries: Mapping[str, str],
    *,
    judgments: Judgments,
    unit: Unit,
    progress: Progress,
) -> tuple[tuple[Row, ...], tuple[Worst, ...]]:
    """A row for each profile, and the worst queries of the last."""
    rows = []
    for profile in profiles:
        run = run_profile(library, profile, queries, unit, progress)
        rows.append(row_of(run, judgments))
    return tuple(rows), worst_of(run, rows[-1], queries, judgments)


def stages(rows: Sequence[Row]) -> tuple[Comparison, ...]:
    """Each row compared with the one before it."""
    return in_order(MEASURE, [(row.configuration, row.values[MEASURE]) for row in rows])


def against_earlier(rows: Sequence[Row], before: Record | None) -> tuple[Comparison, ...]:
    """Each row compared with the same configuration of an earlier report.

    Raises:
        InputError: the earlier report has no configuration or no query in common.
    """
    if before is None:
        return ()
    then = values_by_configuration(before, [row.configuration for row in rows])
    name = moment_of(before)
    try:
        return tuple(
            compare(
                MEASURE,
                (f"{row.configuration} of {name}", then[row.configuration]),
                (row.configuration, row.rounded_values),
            )
            for row in rows
            if row.configuration in then
        )
    except ValueError as error:
        raise InputError("the earlier report has no query in common with this one") from error


def worst_explanation(library: Library, queries: Iterable[str]) -> float:
    """How far a BM25 score is from the sum of its terms at most, in the top ten of all queries."""
    worst = 0.0
    for text in queries:
        for hit in library.search(text, profile="bm25", explain=True):
            assert hit.explanation is not None, "an explanation was asked for"
            total = fsum(term.weight for term in hit.explanation.terms)
            worst = max(worst, abs(total - hit.score))
    return worst

"""Measuring a user's own library: by the user's judgments, or by questions made from the library.

commonplace evaluate
"""

import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from commonplace.evaluation._history import Record, find_report, library_folder, save_report
from commonplace.evaluation._measures import Judgments, require_measures
from commonplace.evaluation._own_answers import LEAST, OwnAnswers, ask_definitions
from commonplace.evaluation._quiet import QuietLibrary
from commonplace.evaluation._ranking import few, profiles_of
from commonplace.evaluation._retrieval import against_earlier, measured, stages
from commonplace.evaluation._types import FEWEST, MEASURE, RetrievalReport, rounded
from commonplace.evaluation.sets.judgments import judgments_of
from commonplace.evaluation.sets.known_items import SORTS, KnownItem, known_items
from commonplace.foundation import InputError, Progress, display_path, silent
from commonplace.library import Library
from commonplace.retrieval import Profile

By = Literal["judgments", "known-items"]
MADE_FROM: Final[dict[By, str]] = {
    "judgments": "your judgments",
    "known-items": "known-item questions made from this library (not your judgments)",
}


@dataclass(frozen=True, slots=True)
class LibraryReport:
    """The measurements of a library.

    Attributes:
        ranking: the rows, as for a set; its `made_from` says whose judgments they rest on.
        by: "judgments" or "known-items".
        judged: a hash of each query's judgments: only equal ones can be compared later.
        sorts: for each sort of known-item questions what they were made from, how many there are,
            and the mean nDCG@10 of each row.
        answers: answers and refusals, where the library has enough definitions.
    """

    ranking: RetrievalReport
    by: By
    judged: Mapping[str, str]
    sorts: tuple[tuple[str, int, tuple[float, ...]], ...]
    answers: OwnAnswers | None

    def record(self) -> dict[str, Any]:
        """The report as an object."""
        names = [row.configuration for row in self.ranking.rows]
        return {
            **self.ranking.record(),
            "kind": self.by,
            "judged": dict(self.judged),
            "sorts": [
                {
                    "made_of": sort,
                    "queries": count,
                    MEASURE: {n: rounded(mean) for n, mean in zip(names, means, strict=True)},
                }
                for sort, count, means in self.sorts
            ],
            "answers": self.answers.record() if self.answers else None,
        }


def evaluate_library(
    library: Library,
    *,
    by: By | None = None,
    only: Sequence[str] = (),
    questions: int = 200,
    answers: int = 20,
    against: str | None = None,
    keep_in: Path | None = None,
    progress: Progress = silent,
) -> tuple[LibraryReport, Path]:
    """Measure a library; returns the report and the file that keeps it.

    The ranking is that of the library without what it learned from feedback: judgments that it was
    taught by cannot examine it.

    Args:
        library: what is measured; nothing is written to its log.
        by: what the questions come from; None: the user's judgments, where there are any.
        only: the profiles to measure; none named: all that the library has vectors for.
        questions: at most so many known-item questions.
        answers: how many definitions are asked for; 0: none.
        against: "last" or a kept report to compare with.
        keep_in: the file to keep the report in, in place of `learned/evaluations/`.
        progress: called with each query.

    Raises:
        InputError: the library is empty, or has nothing to measure by.
        WeightsError: weights that are needed cannot be had.
    """
    require_measures()
    quiet = QuietLibrary.like(library)
    profiles, notices = _profiles(quiet, only)
    judged = _judged(quiet) if by != "known-items" else {}
    if by == "judgments" and not judged:
        raise InputError(
            "there is no judgment of a passage that fits a query yet; `commonplace judge` asks "
            "for some, and --by known-items measures without"
        )
    passages = quiet.status().totals["passages"]
    source: By = "judgments" if judged else "known-items"
    history = library_folder(quiet.folder)
    before = find_report(against, source, history, "") if against else None
    most = max(questions, len(SORTS) * answers)
    items = [] if judged and not answers else _known_items(quiet, most)
    judgments = judged or {i.text: dict.fromkeys(i.relevant, 1) for i in items[:questions]}
    _require(judgments)
    queries = {query: query for query in judgments}
    rows, worst = measured(
        quiet,
        profiles,
        queries,
        judgments=judgments,
        unit=lambda hit: hit.passage.content_hash,
        progress=progress,
    )
    own_answers = (
        ask_definitions(quiet, _definitions(items, answers), progress) if answers else None
    )
    digests = _digests(judgments)
    before, changed = _comparable(before, digests, passages)
    ranking = RetrievalReport(
        set=quiet.folder.resolve().name,
        hash="",
        made_from=MADE_FROM[source],
        documents=passages,
        queries=queries,
        rows=rows,
        comparisons=stages(rows),
        worst=worst,
        against=against_earlier(rows, before),
        notices=(*notices, *changed, *_notices(source, len(queries), answers, own_answers)),
    )
    sorts = () if judged else _sorts(items[:questions], ranking)
    report = LibraryReport(ranking, source, digests, sorts, own_answers)
    return report, save_report(report.record(), history, keep_in)


def _profiles(library: Library, only: Sequence[str]) -> tuple[tuple[Profile, ...], list[str]]:
    """What can be measured, and what to say about what cannot."""
    totals = library.status().totals
    if not totals["passages"]:
        raise InputError(
            f"the library in {display_path(library.folder)} holds no passage; "
            "`commonplace add` your files first"
        )
    profiles, missing = profiles_of(only), totals["passages"] - totals["vectors"]
    if totals["vectors"] or profiles == ("bm25",):
        partly = f"{missing:,} of {totals['passages']:,} passages have no vector yet"
        return profiles, [f"{partly}: `commonplace add` makes them"] if missing else []
    if only:
        raise InputError(
            "the library has no vectors yet, and only bm25 can be measured; "
            "`commonplace add` makes them"
        )
    return ("bm25",), ["no vectors yet: only bm25 is measured; `commonplace add` makes them"]


def _judged(library: QuietLibrary) -> dict[str, dict[str, int]]:
    with library.snapshot() as snapshot:
        where = snapshot.where_visible
        table = snapshot["passages"].to_table(columns=["content_hash"], filter=where)
    return judgments_of(library.feedback(), set(table["content_hash"].to_pylist()))


def _known_items(library: QuietLibrary, most: int) -> list[KnownItem]:
    with library.snapshot() as snapshot:
        return known_items(snapshot, most)


def _digests(judgments: Judgments) -> dict[str, str]:
    """A hash of the judgments of each query."""
    return {
        query: hashlib.blake2b(
            json.dumps(sorted(grades.items())).encode(), digest_size=6
        ).hexdigest()
        for query, grades in judgments.items()
    }


def _comparable(
    before: Record | None, digests: Mapping[str, str], passages: int
) -> tuple[Record | None, list[str]]:
    """The earlier report with only those queries whose judgments are the same now, and notices."""
    if before is None:
        return None, []
    then = before.get("judged", {})
    same = {query for query, digest in digests.items() if then.get(query) == digest}
    rows = [
        {**row, "values": {q: v for q, v in row.get("values", {}).items() if q in same}}
        for row in before["rows"]
    ]
    notices = []
    if changed := len(digests) - len(same):
        notices.append(f"{changed} queries are new or judged otherwise since, and not compared")
    if before.get("documents") != passages:
        notices.append(
            f"the library held {before.get('documents')} passages then and {passages} now: "
            "not only the ranking has changed"
        )
    return {**before, "rows": rows}, notices


def _require(judgments: Judgments) -> None:
    if not judgments:
        raise InputError(
            "the library has no judgments yet and no headings, definitions or links to make "
            "questions of; `commonplace judge QUERY...` takes judgments"
        )


def _definitions(items: Sequence[KnownItem], most: int) -> list[KnownItem]:
    return [item for item in items if item.sort == "definition"][:most]


def _sorts(
    items: Sequence[KnownItem], ranking: RetrievalReport
) -> tuple[tuple[str, int, tuple[float, ...]], ...]:
    sorts = []
    for sort in dict.fromkeys(item.sort for item in items):
        texts = [item.text for item in items if item.sort == sort]
        means = [statistics.fmean(r.values[MEASURE][t] for t in texts) for r in ranking.rows]
        sorts.append((sort, len(texts), tuple(means)))
    return tuple(sorts)


def _notices(source: By, queries: int, answers: int, own_answers: OwnAnswers | None) -> list[str]:
    """What a reader of the numbers should know."""
    notices = []
    if source == "known-items":
        notices.append(
            "made questions use the words of the text: they compare configurations, and promise "
            "nothing about yours; a passage is searched together with its headings"
        )
    else:
        notices.append(
            "what was never judged counts as not fitting; `commonplace judge` fills gaps"
        )
        if queries < FEWEST:
            notices.append(
                "`--by known-items` measures by questions that are made from the library"
            )
    notices += few(queries)
    if answers and own_answers is None:
        notices.append(
            f"answers and refusals are left out: fewer than {LEAST} sentences define something"
        )
    return notices

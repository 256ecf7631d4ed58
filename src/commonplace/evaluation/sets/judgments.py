"""Judgments that a library's user gave: what was liked, disliked, opened and dismissed, by query.

For a passage and a query the last verdict counts; an explicit verdict (a thumb, `judge`) counts
more than an opened citation. A passage is identified by its content, so that a judgment is valid
as long as the passage is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from commonplace.corpus import FeedbackRecord

_GRADES: Final = {"up": 1, "opened": 1, "down": 0, "dismissed": 0}
_EXPLICIT: Final = ("up", "down")  # the other verdicts are implicit


def judgments_of(
    records: Iterable[FeedbackRecord], contents: Collection[str]
) -> dict[str, dict[str, int]]:
    """Query -> content -> grade, of queries for which something is relevant that is still there.

    Args:
        records: the oldest first.
        contents: the hashes of the library's passages.
    """
    explicit: dict[str, dict[str, int]] = {}
    implicit: dict[str, dict[str, int]] = {}
    for record in records:
        if record.content in contents:
            grades = explicit if record.verdict in _EXPLICIT else implicit
            query = same_query(record.query)
            grades.setdefault(query, {})[record.content] = _GRADES[record.verdict]
    queries = {**implicit, **explicit}
    merged = {query: implicit.get(query, {}) | explicit.get(query, {}) for query in queries}
    return {query: grades for query, grades in merged.items() if any(grades.values())}


def same_query(query: str) -> str:
    """The query without the blanks that do not tell it from others."""
    return " ".join(query.split())


def unjudged_queries(
    log: Sequence[Mapping[str, Any]], records: Iterable[FeedbackRecord]
) -> list[str]:
    """Queries of the log, newest first, for which no passage has an explicit verdict."""
    judged = {same_query(record.query) for record in records if record.verdict in _EXPLICIT}
    queries = [
        same_query(str(record.get("query", "")))
        for record in log
        if record.get("verb") in {"ask", "search"}
    ]
    return [query for query in dict.fromkeys(queries) if query and query not in judged]

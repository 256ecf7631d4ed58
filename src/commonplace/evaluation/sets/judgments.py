"""Judgments that a library's user gave: what was liked, disliked, opened and dismissed, by query.

Of what was said of a passage for a query, the last word counts; a thumb or a verdict of `judge`
counts more than an opened citation. A passage is known by its content, so that a judgment holds
on while the passage does.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from commonplace.corpus import FeedbackRecord

_GRADES: Final = {"up": 1, "opened": 1, "down": 0, "dismissed": 0}
_SAID: Final = ("up", "down")  # the others are only done


def judgments_of(
    records: Iterable[FeedbackRecord], contents: Collection[str]
) -> dict[str, dict[str, int]]:
    """Query -> content -> grade, of queries for which something is relevant that is still there.

    Args:
        records: the oldest first.
        contents: the hashes of the library's passages.
    """
    said: dict[str, dict[str, int]] = {}
    done: dict[str, dict[str, int]] = {}
    for record in records:
        if record.content in contents:
            grades = said if record.verdict in _SAID else done
            query = same_query(record.query)
            grades.setdefault(query, {})[record.content] = _GRADES[record.verdict]
    merged = {query: done.get(query, {}) | said.get(query, {}) for query in {**done, **said}}
    return {query: grades for query, grades in merged.items() if any(grades.values())}


def same_query(query: str) -> str:
    """The query as it is told from others: blanks do not count."""
    return " ".join(query.split())


def unjudged_queries(
    log: Sequence[Mapping[str, Any]], records: Iterable[FeedbackRecord]
) -> list[str]:
    """What was asked and searched, newest first, of which no passage was said to fit or not."""
    judged = {same_query(record.query) for record in records if record.verdict in _SAID}
    asked = [
        same_query(str(record.get("query", "")))
        for record in log
        if record.get("verb") in {"ask", "search"}
    ]
    return [query for query in dict.fromkeys(asked) if query and query not in judged]

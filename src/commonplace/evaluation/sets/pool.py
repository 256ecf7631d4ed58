"""The pool that a person judges: the first passages of several rankings, mixed.

It is pooling as in Spärck Jones and van Rijsbergen (1975): what several configurations put first is
judged together and in no order, so that the judgments favour none of them.
"""

import random
from collections.abc import Sequence
from typing import Final

from commonplace.corpus import FeedbackRecord, Passage
from commonplace.evaluation._quiet import QuietLibrary
from commonplace.evaluation.sets.judgments import same_query, unjudged_queries
from commonplace.library import Library
from commonplace.retrieval import Profile

POOLED: Final[tuple[Profile, ...]] = ("bm25", "dense", "best")
_COPIES: Final = 4  # passages that are searched for each different one
_LOGGED: Final = 10_000  # records of the log that are read


def candidates(library: Library, query: str, depth: int = 5) -> list[Passage]:
    """The first `depth` of each ranking, each content once, those not judged yet, mixed.

    The order is seeded by the query. In a library without vectors BM25 alone ranks.
    """
    quiet = QuietLibrary.like(library)
    judged = _judged(library.feedback(), query)
    profiles = POOLED if library.status().totals["vectors"] else POOLED[:1]
    pooled: dict[str, Passage] = {}
    for profile in profiles:
        hits = quiet.search(query, limit=_COPIES * depth, profile=profile)
        different = list(dict.fromkeys(hit.passage.content_hash for hit in hits))[:depth]
        for hit in hits:
            if hit.passage.content_hash in different:
                pooled.setdefault(hit.passage.content_hash, hit.passage)
    pool = [pooled[content] for content in sorted(pooled) if content not in judged]
    random.Random(same_query(query)).shuffle(pool)
    return pool


def _judged(records: Sequence[FeedbackRecord], query: str) -> set[str]:
    same = same_query(query)
    return {
        r.content for r in records if r.verdict in ("up", "down") if same_query(r.query) == same
    }


def queries_to_judge(library: Library, most: int) -> list[str]:
    """Recent queries of the log without a judgment, the newest first."""
    return unjudged_queries(library.log(_LOGGED), library.feedback())[:most]

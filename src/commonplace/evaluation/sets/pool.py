"""What a person is shown to judge: the first of several rankings, mixed so that none shows.

Pooling as in Spärck Jones and van Rijsbergen (1975): what several configurations put first is
judged together, so that the judgments favour none of them.
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
_COPIES: Final = 4  # passages that are looked at for each different one
_LOGGED: Final = 10_000  # records of the log that are looked through


def candidates(library: Library, query: str, depth: int = 5) -> list[Passage]:
    """The first `depth` of each ranking, each content once, those not judged yet, mixed.

    The order is seeded by the query. A library without vectors has its words' ranking only.
    """
    quiet = QuietLibrary.like(library)
    judged = _judged(library.feedback(), query)
    profiles = POOLED if library.status().totals["vectors"] else POOLED[:1]
    found: dict[str, Passage] = {}
    for profile in profiles:
        hits = quiet.search(query, limit=_COPIES * depth, profile=profile)
        different = list(dict.fromkeys(hit.passage.content_hash for hit in hits))[:depth]
        for hit in hits:
            if hit.passage.content_hash in different:
                found.setdefault(hit.passage.content_hash, hit.passage)
    pool = [found[content] for content in sorted(found) if content not in judged]
    random.Random(same_query(query)).shuffle(pool)
    return pool


def _judged(records: Sequence[FeedbackRecord], query: str) -> set[str]:
    wanted = same_query(query)
    return {
        r.content for r in records if r.verdict in ("up", "down") if same_query(r.query) == wanted
    }


def queries_to_judge(library: Library, most: int) -> list[str]:
    """What was asked and searched lately and has no judgment yet, the newest first."""
    return unjudged_queries(library.log(_LOGGED), library.feedback())[:most]

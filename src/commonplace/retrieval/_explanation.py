"""What a search returns: passages and, if asked for, every number behind their places."""

from dataclasses import dataclass

from commonplace.corpus import Passage
from commonplace.retrieval.index.bm25 import TermContribution


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage is where it is: every number that its place came from.

    `terms` add up to `bm25`, whose statistics are those of all passages, also under a filter.
    Ranks count from 1; None where the passage was not in that list or the stage did not run.
    `contributions` are what each kind of evidence adds to the final score, in the order of the
    stages; they add up to it. `features` are those of `_features.py`, for learning.
    """

    terms: tuple[TermContribution, ...]
    bm25: float
    bm25_rank: int | None
    cosine: float | None
    dense_rank: int | None
    fused: float | None
    fused_rank: int | None
    neighbours: float | None  # the mean fused score of its neighbours
    reranked: float | None
    contributions: tuple[tuple[str, float], ...]
    features: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score; `score` orders the hits of one search and means nothing across.

    `also_in` are the paths of identical copies of its file. `superseded_by` names the hit of the
    same search that says it anew, and when; or is "". `changed` says in a clause what happened to
    the file since it was read; or is "". `fits` is false where it shares no word with the query
    and hardly a meaning: it is merely the nearest that there is.
    """

    passage: Passage
    score: float
    explanation: Explanation | None = None
    also_in: tuple[str, ...] = ()
    superseded_by: str = ""
    changed: str = ""
    fits: bool = True

"""From a query to ranked passages, with every number that the ranking came from."""

from commonplace.retrieval._explanation import Explanation, Hit
from commonplace.retrieval._features import FEATURES, Signals, features, shortest_cover
from commonplace.retrieval._feedback import (
    FeedbackParameters,
    RelevanceFeedback,
    cached_encoding,
    relevance_feedback,
    spread,
)
from commonplace.retrieval._search import Profile, RankingParameters, search
from commonplace.retrieval._view import View, open_view
from commonplace.retrieval.fusion import FusionParameters
from commonplace.retrieval.index.accelerator import Accelerator
from commonplace.retrieval.index.bm25 import BM25, BM25Parameters, TermContribution
from commonplace.retrieval.mixture import RerankParameters
from commonplace.retrieval.neighbours import NeighbourParameters

__all__ = [
    "BM25",
    "FEATURES",
    "Accelerator",
    "BM25Parameters",
    "Explanation",
    "FeedbackParameters",
    "FusionParameters",
    "Hit",
    "NeighbourParameters",
    "Profile",
    "RankingParameters",
    "RelevanceFeedback",
    "RerankParameters",
    "Signals",
    "TermContribution",
    "View",
    "cached_encoding",
    "features",
    "open_view",
    "relevance_feedback",
    "search",
    "shortest_cover",
    "spread",
]

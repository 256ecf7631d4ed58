"""From a query to ranked passages, with every number that the ranking came from."""

from commonplace.retrieval._bm25 import BM25, BM25Parameters, TermContribution
from commonplace.retrieval._feedback import FeedbackParameters, Taste, remembering, taste
from commonplace.retrieval._fusion import FusionParameters
from commonplace.retrieval._mixture import RerankParameters
from commonplace.retrieval._search import Explanation, Hit, Profile, search
from commonplace.retrieval._view import View, open_view

__all__ = [
    "BM25",
    "BM25Parameters",
    "Explanation",
    "FeedbackParameters",
    "FusionParameters",
    "Hit",
    "Profile",
    "RerankParameters",
    "Taste",
    "TermContribution",
    "View",
    "open_view",
    "remembering",
    "search",
    "taste",
]

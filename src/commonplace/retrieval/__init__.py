"""From a query to ranked passages, with every number that the ranking came from."""

from commonplace.retrieval._explanation import Explanation as Explanation
from commonplace.retrieval._explanation import Hit as Hit
from commonplace.retrieval._features import FEATURES as FEATURES
from commonplace.retrieval._features import Signals as Signals
from commonplace.retrieval._features import features as features
from commonplace.retrieval._features import shortest_cover as shortest_cover
from commonplace.retrieval._feedback import FeedbackParameters as FeedbackParameters
from commonplace.retrieval._feedback import RelevanceFeedback as RelevanceFeedback
from commonplace.retrieval._feedback import cached_encoding as cached_encoding
from commonplace.retrieval._feedback import relevance_feedback as relevance_feedback
from commonplace.retrieval._feedback import spread as spread
from commonplace.retrieval._search import Profile as Profile
from commonplace.retrieval._search import RankingParameters as RankingParameters
from commonplace.retrieval._search import search as search
from commonplace.retrieval._view import View as View
from commonplace.retrieval._view import open_view as open_view
from commonplace.retrieval.fusion import RerankParameters as RerankParameters
from commonplace.retrieval.index.accelerator import Accelerator as Accelerator
from commonplace.retrieval.index.bm25 import BM25 as BM25
from commonplace.retrieval.index.bm25 import BM25Parameters as BM25Parameters
from commonplace.retrieval.index.bm25 import TermContribution as TermContribution
from commonplace.retrieval.query import parse_query as parse_query

"""What a change did, in numbers that can be trusted. See docs/evaluation.md."""

from commonplace.evaluation._answer_report import AnswerReport, AnswerRow
from commonplace.evaluation._answers import evaluate_answers
from commonplace.evaluation._measures import measure
from commonplace.evaluation._own import By, LibraryReport, evaluate_library
from commonplace.evaluation._quiet import QuietLibrary
from commonplace.evaluation._retrieval import evaluate_retrieval, open_set
from commonplace.evaluation._statistics import compare, interval, randomisation_p, share_interval
from commonplace.evaluation._types import Comparison, RetrievalReport, Row, Worst
from commonplace.evaluation.sets.beir import BeirSet, read_beir, write_documents
from commonplace.evaluation.sets.judgments import judgments_of
from commonplace.evaluation.sets.known_items import KnownItem, known_items
from commonplace.evaluation.sets.pool import candidates, queries_to_judge
from commonplace.evaluation.sets.questions import CALIBRATION, Question, QuestionSet, read_questions

__all__ = [
    "CALIBRATION",
    "AnswerReport",
    "AnswerRow",
    "BeirSet",
    "By",
    "Comparison",
    "KnownItem",
    "LibraryReport",
    "Question",
    "QuestionSet",
    "QuietLibrary",
    "RetrievalReport",
    "Row",
    "Worst",
    "candidates",
    "compare",
    "evaluate_answers",
    "evaluate_library",
    "evaluate_retrieval",
    "interval",
    "judgments_of",
    "known_items",
    "measure",
    "open_set",
    "queries_to_judge",
    "randomisation_p",
    "read_beir",
    "read_questions",
    "share_interval",
    "write_documents",
]

"""From a question to a cited answer, to the closest quotes where unsure, or to a refusal."""

from commonplace.answers._ask import Context, Readers, answering
from commonplace.answers._comparison import Comparison, compare
from commonplace.answers._reasons import Assessment, Reason
from commonplace.answers._types import (
    Answer,
    Citation,
    Outcome,
    Refusal,
    Reply,
    RetrievedContext,
    Sentence,
    Step,
    Superseded,
    Unsure,
    WornAdapter,
)
from commonplace.answers.answerability import CAUTION, THRESHOLD, Caution
from commonplace.answers.documents import (
    MOST_DOCUMENTS,
    Document,
    document_request,
    of_best_items,
)
from commonplace.answers.extractive import READER_ADAPTER, ExtractiveReader, ExtractiveSettings
from commonplace.answers.generative import GenerativeReader, GenerativeSettings, UnsupportedSentence
from commonplace.answers.parts import question_parts
from commonplace.answers.support import nearest_sentence
from commonplace.answers.times.passages import superseded_passages

__all__ = [
    "CAUTION",
    "MOST_DOCUMENTS",
    "READER_ADAPTER",
    "THRESHOLD",
    "Answer",
    "Assessment",
    "Caution",
    "Citation",
    "Comparison",
    "Context",
    "Document",
    "ExtractiveReader",
    "ExtractiveSettings",
    "GenerativeReader",
    "GenerativeSettings",
    "Outcome",
    "Readers",
    "Reason",
    "Refusal",
    "Reply",
    "RetrievedContext",
    "Sentence",
    "Step",
    "Superseded",
    "UnsupportedSentence",
    "Unsure",
    "WornAdapter",
    "answering",
    "compare",
    "document_request",
    "nearest_sentence",
    "of_best_items",
    "question_parts",
    "superseded_passages",
]

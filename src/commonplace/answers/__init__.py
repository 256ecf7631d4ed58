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
    Unsure,
    WornAdapter,
)
from commonplace.answers.answerability import CAUTION, THRESHOLD, Caution
from commonplace.answers.extractive import READER_ADAPTER, ExtractiveReader, ExtractiveSettings
from commonplace.answers.generative import GenerativeReader, GenerativeSettings, UnsupportedSentence
from commonplace.answers.parts import question_parts
from commonplace.answers.support import nearest_sentence

__all__ = [
    "CAUTION",
    "READER_ADAPTER",
    "THRESHOLD",
    "Answer",
    "Assessment",
    "Caution",
    "Citation",
    "Comparison",
    "Context",
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
    "UnsupportedSentence",
    "Unsure",
    "WornAdapter",
    "answering",
    "compare",
    "nearest_sentence",
    "question_parts",
]

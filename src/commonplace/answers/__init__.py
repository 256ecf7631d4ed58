"""From a question to an answer, every sentence cited, or to a refusal that cites nothing."""

from commonplace.answers._ask import Context, Readers, answering
from commonplace.answers._comparison import Comparison, compare
from commonplace.answers._reasons import Assessment, Reason
from commonplace.answers._types import (
    Answer,
    Citation,
    Refusal,
    RetrievedContext,
    Sentence,
    Step,
    WornAdapter,
)
from commonplace.answers.answerability import CAUTION, THRESHOLD, Caution
from commonplace.answers.extractive import ExtractiveReader
from commonplace.answers.generative import GenerativeReader, GenerativeSettings, UnsupportedSentence
from commonplace.answers.support import nearest_sentence

__all__ = [
    "CAUTION",
    "THRESHOLD",
    "Answer",
    "Assessment",
    "Caution",
    "Citation",
    "Comparison",
    "Context",
    "ExtractiveReader",
    "GenerativeReader",
    "GenerativeSettings",
    "Readers",
    "Reason",
    "Refusal",
    "RetrievedContext",
    "Sentence",
    "Step",
    "UnsupportedSentence",
    "WornAdapter",
    "answering",
    "compare",
    "nearest_sentence",
]

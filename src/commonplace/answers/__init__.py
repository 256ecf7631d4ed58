"""From a question to a cited answer, to the closest quotes where unsure, or to a refusal.

The names below are imported when they are first used, so that a search does without the readers.
"""

from typing import TYPE_CHECKING

from commonplace.foundation import lazy_names

if TYPE_CHECKING:
    from commonplace.answers._ask import Context as Context
    from commonplace.answers._ask import Readers as Readers
    from commonplace.answers._ask import answering as answering
    from commonplace.answers._comparison import Comparison as Comparison
    from commonplace.answers._comparison import compare as compare
    from commonplace.answers._reasons import Assessment as Assessment
    from commonplace.answers._reasons import Reason as Reason
    from commonplace.answers._types import Answer as Answer
    from commonplace.answers._types import Citation as Citation
    from commonplace.answers._types import Outcome as Outcome
    from commonplace.answers._types import Refusal as Refusal
    from commonplace.answers._types import Reply as Reply
    from commonplace.answers._types import RetrievedContext as RetrievedContext
    from commonplace.answers._types import Sentence as Sentence
    from commonplace.answers._types import Step as Step
    from commonplace.answers._types import Superseded as Superseded
    from commonplace.answers._types import Unsure as Unsure
    from commonplace.answers._types import WornAdapter as WornAdapter
    from commonplace.answers.answerability import CAUTION as CAUTION
    from commonplace.answers.answerability import THRESHOLD as THRESHOLD
    from commonplace.answers.answerability import Caution as Caution
    from commonplace.answers.documents import document_request as document_request
    from commonplace.answers.documents import requested_documents as requested_documents
    from commonplace.answers.extractive import READER_ADAPTER as READER_ADAPTER
    from commonplace.answers.extractive import ExtractiveReader as ExtractiveReader
    from commonplace.answers.extractive import ExtractiveSettings as ExtractiveSettings
    from commonplace.answers.generative import GenerativeReader as GenerativeReader
    from commonplace.answers.generative import GenerativeSettings as GenerativeSettings
    from commonplace.answers.generative import UnsupportedSentence as UnsupportedSentence
    from commonplace.answers.parts import question_parts as question_parts
    from commonplace.answers.support import nearest_sentence as nearest_sentence
    from commonplace.answers.times.passages import superseded_passages as superseded_passages

__getattr__, __all__ = lazy_names(__name__, __file__)

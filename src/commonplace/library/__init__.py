"""What its user knows: `Library` and its records; never a rule of its own.

The names below are imported when they are first used, so that `commonplace --help` is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.library._answering import Question
    from commonplace.library._facade import Library
    from commonplace.library._models import ENCODER_SHA256, OpenModels
    from commonplace.library._records import (
        answer_record,
        as_json,
        assessment_record,
        citation_id,
        feedback_record,
        hit_record,
        hits_record,
        reading_record,
        reasons_record,
        sentence_record,
        shown_record,
        status_record,
    )
    from commonplace.library._selection import Selected

__all__ = [
    "ENCODER_SHA256",
    "Library",
    "OpenModels",
    "Question",
    "Selected",
    "answer_record",
    "as_json",
    "assessment_record",
    "citation_id",
    "feedback_record",
    "hit_record",
    "hits_record",
    "reading_record",
    "reasons_record",
    "sentence_record",
    "shown_record",
    "status_record",
]

_MODULES = {
    "_answering": ["Question"],
    "_facade": ["Library"],
    "_models": ["ENCODER_SHA256", "OpenModels"],
    "_records": [
        "answer_record",
        "as_json",
        "assessment_record",
        "citation_id",
        "feedback_record",
        "hit_record",
        "hits_record",
        "reading_record",
        "reasons_record",
        "sentence_record",
        "shown_record",
        "status_record",
    ],
    "_selection": ["Selected"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__

"""Answers from your own notes, papers and pages, every sentence cited."""

from commonplace._library import Library
from commonplace.answers import Answer, Citation, Refusal, Sentence
from commonplace.foundation import (
    CommonplaceError,
    InputError,
    LibraryError,
    UnreadableError,
    WeightsError,
)
from commonplace.library import AddReport, Filter, Locator, Passage
from commonplace.retrieval import Hit

__all__ = [
    "AddReport",
    "Answer",
    "Citation",
    "CommonplaceError",
    "Filter",
    "Hit",
    "InputError",
    "Library",
    "LibraryError",
    "Locator",
    "Passage",
    "Refusal",
    "Sentence",
    "UnreadableError",
    "WeightsError",
]

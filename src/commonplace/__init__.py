"""Answers from your own notes, papers and pages, every sentence cited.

The names below are imported when they are first used, so that `commonplace --help` is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.answers import Answer, Citation, Refusal, Sentence
    from commonplace.corpus import AddReport, Filter, Locator, Passage
    from commonplace.foundation import (
        CommonplaceError,
        InputError,
        LibraryError,
        UnreadableError,
        WeightsError,
    )
    from commonplace.library import Library
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

_PACKAGES = {
    "answers": ["Answer", "Citation", "Refusal", "Sentence"],
    "corpus": ["AddReport", "Filter", "Locator", "Passage"],
    "library": ["Library"],
    "retrieval": ["Hit"],
}
_HOME = {name: package for package, names in _PACKAGES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'foundation')}"), name)


def __dir__() -> list[str]:
    return __all__

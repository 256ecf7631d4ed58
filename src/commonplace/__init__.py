"""Answers from your own notes, papers and pages, every sentence cited.

The names below are imported when they are first used, so that `commonplace --help` is instant.
"""

from typing import TYPE_CHECKING

from commonplace.foundation import lazy_names

if TYPE_CHECKING:
    from commonplace.answers import Answer as Answer
    from commonplace.answers import Citation as Citation
    from commonplace.answers import Refusal as Refusal
    from commonplace.answers import Sentence as Sentence
    from commonplace.answers import Unsure as Unsure
    from commonplace.corpus import AddReport as AddReport
    from commonplace.corpus import Filter as Filter
    from commonplace.corpus import Locator as Locator
    from commonplace.corpus import Passage as Passage
    from commonplace.foundation import CommonplaceError as CommonplaceError
    from commonplace.foundation import InputError as InputError
    from commonplace.foundation import LibraryError as LibraryError
    from commonplace.foundation import UnreadableError as UnreadableError
    from commonplace.foundation import WeightsError as WeightsError
    from commonplace.library import Library as Library
    from commonplace.retrieval import Hit as Hit

__getattr__, __all__ = lazy_names(__name__, __file__)


def __dir__() -> list[str]:
    return __all__

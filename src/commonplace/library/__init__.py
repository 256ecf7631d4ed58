"""What its user knows: `Library` and its records; never a rule of its own.

The names below are imported when they are first used, so that `commonplace --help` is instant.
"""

from typing import TYPE_CHECKING

from commonplace.foundation import lazy_names

if TYPE_CHECKING:
    from commonplace.library._answering import Question as Question
    from commonplace.library._facade import Library as Library
    from commonplace.library._models import ENCODER_SHA256 as ENCODER_SHA256
    from commonplace.library._models import OpenModels as OpenModels
    from commonplace.library._records import answer_record as answer_record
    from commonplace.library._records import as_json as as_json
    from commonplace.library._records import assessment_record as assessment_record
    from commonplace.library._records import citation_id as citation_id
    from commonplace.library._records import feedback_record as feedback_record
    from commonplace.library._records import hit_record as hit_record
    from commonplace.library._records import hits_record as hits_record
    from commonplace.library._records import logged_outcome as logged_outcome
    from commonplace.library._records import reading_record as reading_record
    from commonplace.library._records import reasons_record as reasons_record
    from commonplace.library._records import sentence_record as sentence_record
    from commonplace.library._records import shown_record as shown_record
    from commonplace.library._records import status_record as status_record

__getattr__, __all__ = lazy_names(__name__, __file__)

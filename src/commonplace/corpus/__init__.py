"""Items, passages, locators, links, and the store that keeps them. See docs/architecture.md.

The names below are imported when they are first used.
"""

from typing import TYPE_CHECKING

from commonplace.foundation import lazy_names

if TYPE_CHECKING:
    from commonplace.corpus._paths import absolute as absolute
    from commonplace.corpus._paths import is_under as is_under
    from commonplace.corpus._paths import require as require
    from commonplace.corpus._paths import shown_path as shown_path
    from commonplace.corpus._types import KINDS as KINDS
    from commonplace.corpus._types import AddReport as AddReport
    from commonplace.corpus._types import Document as Document
    from commonplace.corpus._types import Draft as Draft
    from commonplace.corpus._types import FileReport as FileReport
    from commonplace.corpus._types import Filter as Filter
    from commonplace.corpus._types import Item as Item
    from commonplace.corpus._types import Kind as Kind
    from commonplace.corpus._types import Limits as Limits
    from commonplace.corpus._types import Locator as Locator
    from commonplace.corpus._types import PageLocator as PageLocator
    from commonplace.corpus._types import Passage as Passage
    from commonplace.corpus._types import ReadResult as ReadResult
    from commonplace.corpus._types import TextLocator as TextLocator
    from commonplace.corpus.ingest.add import add_files as add_files
    from commonplace.corpus.ingest.encode import encode_missing as encode_missing
    from commonplace.corpus.ingest.encode import vector_table as vector_table
    from commonplace.corpus.store.feedback import VERDICTS as VERDICTS
    from commonplace.corpus.store.feedback import FeedbackRecord as FeedbackRecord
    from commonplace.corpus.store.feedback import Verdict as Verdict
    from commonplace.corpus.store.feedback import feedback_file as feedback_file
    from commonplace.corpus.store.feedback import forget_feedback as forget_feedback
    from commonplace.corpus.store.feedback import read_feedback as read_feedback
    from commonplace.corpus.store.feedback import record_feedback as record_feedback
    from commonplace.corpus.store.schema import encode_locator as encode_locator
    from commonplace.corpus.store.schema import passages_from as passages_from
    from commonplace.corpus.store.snapshot import Snapshot as Snapshot
    from commonplace.corpus.store.snapshot import by_id as by_id
    from commonplace.corpus.store.tables import Store as Store
    from commonplace.corpus.store.vectors import Vectors as Vectors
    from commonplace.corpus.store.vectors import grown_vectors as grown_vectors
    from commonplace.corpus.store.vectors import load_vectors as load_vectors
    from commonplace.corpus.store.vectors import lookup as lookup
    from commonplace.corpus.text.analyser import analyse as analyse
    from commonplace.corpus.text.analyser import spellings as spellings
    from commonplace.corpus.text.indexed import heading_line as heading_line
    from commonplace.corpus.text.indexed import indexed_text as indexed_text
    from commonplace.corpus.text.sentences import sentence_spans as sentence_spans
    from commonplace.corpus.text.sentences import without_marker as without_marker
    from commonplace.corpus.views.reading_list import ReadingListEntry as ReadingListEntry
    from commonplace.corpus.views.reading_list import mark_entry as mark_entry
    from commonplace.corpus.views.reading_list import reading_list as reading_list
    from commonplace.corpus.views.resolve import ShownCitation as ShownCitation
    from commonplace.corpus.views.resolve import SourceFile as SourceFile
    from commonplace.corpus.views.resolve import find_cited as find_cited
    from commonplace.corpus.views.resolve import find_source as find_source
    from commonplace.corpus.views.resolve import narrow as narrow
    from commonplace.corpus.views.resolve import show as show
    from commonplace.corpus.views.status import FileStatus as FileStatus
    from commonplace.corpus.views.status import Status as Status
    from commonplace.corpus.views.status import find_items as find_items
    from commonplace.corpus.views.status import known_root as known_root
    from commonplace.corpus.views.status import read_status as read_status
    from commonplace.corpus.views.status import remove_paths as remove_paths

__getattr__, __all__ = lazy_names(__name__, __file__)

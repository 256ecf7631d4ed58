"""Items, passages, locators, links, and the store that keeps them. See docs/architecture.md."""

from commonplace.corpus._paths import absolute, is_under, require, shown_path
from commonplace.corpus._types import (
    AddReport,
    Box,
    Document,
    Draft,
    FileReport,
    Filter,
    Item,
    Kind,
    Limits,
    Link,
    Locator,
    PageLocator,
    Passage,
    ReadResult,
    TextLocator,
)
from commonplace.corpus.ingest.add import add_files
from commonplace.corpus.ingest.encode import Encoder, encode_missing, vector_table
from commonplace.corpus.store.feedback import (
    VERDICTS,
    FeedbackRecord,
    Verdict,
    feedback_file,
    forget_feedback,
    read_feedback,
    record_feedback,
)
from commonplace.corpus.store.schema import encode_locator, item_id, passages_from
from commonplace.corpus.store.snapshot import Snapshot, by_id
from commonplace.corpus.store.tables import Store
from commonplace.corpus.store.vectors import Vectors, grown_vectors, load_vectors, lookup
from commonplace.corpus.text.analyser import ANALYSER, analyse
from commonplace.corpus.text.indexed import heading_line, indexed_text
from commonplace.corpus.text.sentences import sentence_spans, without_marker
from commonplace.corpus.views.reading_list import (
    Mention,
    ReadingListEntry,
    mark_entry,
    reading_list,
)
from commonplace.corpus.views.resolve import (
    ShownCitation,
    SourceFile,
    find_cited,
    find_source,
    narrow,
    show,
)
from commonplace.corpus.views.status import (
    FileStatus,
    Status,
    find_items,
    known_root,
    read_status,
    remove_paths,
)

__all__ = [
    "ANALYSER",
    "VERDICTS",
    "AddReport",
    "Box",
    "Document",
    "Draft",
    "Encoder",
    "FeedbackRecord",
    "FileReport",
    "FileStatus",
    "Filter",
    "Item",
    "Kind",
    "Limits",
    "Link",
    "Locator",
    "Mention",
    "PageLocator",
    "Passage",
    "ReadResult",
    "ReadingListEntry",
    "ShownCitation",
    "Snapshot",
    "SourceFile",
    "Status",
    "Store",
    "TextLocator",
    "Vectors",
    "Verdict",
    "absolute",
    "add_files",
    "analyse",
    "by_id",
    "encode_locator",
    "encode_missing",
    "feedback_file",
    "find_cited",
    "find_items",
    "find_source",
    "forget_feedback",
    "grown_vectors",
    "heading_line",
    "indexed_text",
    "is_under",
    "item_id",
    "known_root",
    "load_vectors",
    "lookup",
    "mark_entry",
    "narrow",
    "passages_from",
    "read_feedback",
    "read_status",
    "reading_list",
    "record_feedback",
    "remove_paths",
    "require",
    "sentence_spans",
    "show",
    "shown_path",
    "vector_table",
    "without_marker",
]

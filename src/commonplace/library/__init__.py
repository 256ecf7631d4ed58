"""Items, passages, locators, links, and the store that keeps them. See docs/architecture.md."""

from commonplace.library._adding import add_files
from commonplace.library._analyser import ANALYSER, analyse
from commonplace.library._commit import mark_read
from commonplace.library._encode import Encoder, encode_missing, vector_table
from commonplace.library._feedback import (
    VERDICTS,
    FeedbackRecord,
    Verdict,
    feedback_file,
    forget_feedback,
    read_feedback,
    record_feedback,
)
from commonplace.library._paths import absolute, is_under, require, shown_path
from commonplace.library._place import heading_line, indexed_text
from commonplace.library._reading_list import Mention, Reading, known_entry, reading_list
from commonplace.library._resolve import Shown, Source, find_cited, find_source, narrow, show
from commonplace.library._schema import encode_locator, item_id, passages_from
from commonplace.library._sentences import sentence_spans, without_marker
from commonplace.library._snapshot import Snapshot, by_id
from commonplace.library._status import (
    FileStatus,
    Status,
    find_items,
    known_root,
    raw_paths,
    read_status,
)
from commonplace.library._store import Store
from commonplace.library._types import (
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
    TextLocator,
)
from commonplace.library._upkeep import remove
from commonplace.library._vectors import Vectors, grown_vectors, load_vectors, lookup

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
    "Reading",
    "Shown",
    "Snapshot",
    "Source",
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
    "known_entry",
    "known_root",
    "load_vectors",
    "lookup",
    "mark_read",
    "narrow",
    "passages_from",
    "raw_paths",
    "read_feedback",
    "read_status",
    "reading_list",
    "record_feedback",
    "remove",
    "require",
    "sentence_spans",
    "show",
    "shown_path",
    "vector_table",
    "without_marker",
]

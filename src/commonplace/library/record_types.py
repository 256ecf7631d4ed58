"""The documented objects as types: what `--json` prints and what the service sends.

Notable: each object is declared here and nowhere else. mypy holds the functions that make them to
these types, the service derives its OpenAPI models from them, and a test holds docs/json.md to
what is printed. Fields are only ever added.
"""

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from commonplace.answers import Outcome
from commonplace.corpus import Kind, Verdict


class BoxRecord(TypedDict):
    """A rectangle on a PDF page, in points, with its origin at the lower left."""

    left: float
    bottom: float
    right: float
    top: float


class TextLocatorRecord(TypedDict):
    """Characters of a text of a file; `part` names the text."""

    type: Literal["text"]
    start: int
    end: int
    part: str


class PageLocatorRecord(TypedDict):
    """Characters of a PDF page, and their boxes."""

    type: Literal["page"]
    page: int
    start: int
    end: int
    boxes: list[BoxRecord]


LocatorRecord = TextLocatorRecord | PageLocatorRecord


class HitRecord(TypedDict):
    """A passage that a search found, with its place, its text and its score."""

    path: str
    locator: LocatorRecord
    text: str
    score: float
    id: str
    title: str
    heading: list[str]
    kind: Kind
    written_at: datetime
    also_in: list[str]
    superseded_by: str
    changed: str
    fits: bool
    explanation: NotRequired[dict[str, Any]]


class HitsRecord(TypedDict):
    """The hits of a search, best first."""

    hits: list[HitRecord]


class CitationRecord(TypedDict):
    """The words that support a sentence, and where exactly they stand."""

    path: str
    title: str
    heading: list[str]
    locator: LocatorRecord
    quote: str
    id: str
    changed: str
    passage: str


class SupersededRecord(TypedDict):
    """An earlier statement that a sentence supersedes, and when it was made."""

    stated: str
    citation: CitationRecord


class SentenceRecord(TypedDict):
    """A sentence of an answer with its citations, and what it supersedes."""

    text: str
    citations: list[CitationRecord]
    note: str
    superseded: list[SupersededRecord]


class SpeculationRecord(TypedDict):
    """What it took to write an answer in this process, and what drafts saved."""

    tokens: int
    seconds: float
    drafted: int
    accepted: int
    acceptance: float | None
    plain_seconds: float | None
    speed_up: float | None
    prompt_tokens: int
    cached_tokens: int
    prompt_seconds: float
    off: str


class WornRecord(TypedDict):
    """An adapter that the model wore."""

    path: str
    strength: float
    sha256: str
    stale: list[str]
    unchecked: str


class ReasonRecord(TypedDict):
    """What one signal adds to the confidence, in logits; what was measured, also in words."""

    signal: str
    value: float | None
    adds: float
    phrase: str
    measured: str


class WhyRecord(TypedDict):
    """Why a question had its outcome: `start` and all that is added make `logit`."""

    confidence: float
    threshold: float
    start: float
    logit: float
    reasons: list[ReasonRecord]
    sentence: str | None


class LeftOutRecord(TypedDict):
    """A sentence that was not supported, and why it was left out."""

    text: str
    reason: str


class DecisionRecord(WhyRecord):
    """Why a question of the log was answered, was in doubt or was refused."""

    question: str
    answered: bool
    outcome: Outcome
    left_out: list[LeftOutRecord]


class AssessmentRecord(TypedDict):
    """What the log keeps of a decision: a reason is [signal, value, what it adds]."""

    confidence: float
    threshold: float
    start: float
    reasons: list[tuple[str, float | None, float]]
    sentence: str | None


class AnswerRecord(TypedDict):
    """What a question gets; all three outcomes have the same keys."""

    answered: bool
    outcome: Outcome
    question: str
    sentences: list[SentenceRecord]
    closest: list[CitationRecord]
    reason: str
    outline: list[str]
    missing: list[str]
    nearest: list[str]
    as_of: datetime
    newest: datetime | None
    oldest: datetime | None
    reader: str
    confidence: float
    unsupported: int
    timings: dict[str, float]
    speculation: SpeculationRecord | None
    worn: list[WornRecord]
    why: WhyRecord | None


class ShownRecord(TypedDict):
    """A citation in its place: words with the text around them, or (`picture`) a drawn page."""

    path: str
    title: str
    heading: list[str]
    kind: Kind
    locator: LocatorRecord
    before: str
    words: str
    after: str
    picture: bool
    changed: str
    written_at: datetime


class FileRecord(TypedDict):
    """What became of a file."""

    path: str
    state: Literal["indexed", "skipped", "superseded", "stale"]
    reason: str
    passages: int


class StatusRecord(TypedDict):
    """Every file that the library holds, and the totals."""

    files: list[FileRecord]
    totals: dict[str, int]


class MentionRecord(TypedDict):
    """A place that mentions a link, and the words around it."""

    path: str
    label: str
    context: str


class ReadingListEntryRecord(TypedDict):
    """An entry of the reading list."""

    url: str
    kind: str
    title: str
    count: int
    read: bool
    read_at: datetime | None
    mentions: list[MentionRecord]


class ReadingListRecord(TypedDict):
    """The links that the library mentions, the most mentioned first."""

    entries: list[ReadingListEntryRecord]


class VerdictRecord(TypedDict):
    """How a passage fitted a query, as someone said or did."""

    id: str
    at: datetime
    query: str
    passage_id: str
    item_id: str
    content: str
    verdict: Verdict
    rank: int | None
    source: str


class FeedbackListRecord(TypedDict):
    """Feedback, the oldest first."""

    records: list[VerdictRecord]

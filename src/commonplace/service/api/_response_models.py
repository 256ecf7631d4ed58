"""What the API sends, as OpenAPI describes it; the fields are those of docs/json.md."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from commonplace.corpus import Kind


class Document(BaseModel):
    """Base of what is sent: fields are only ever added."""

    model_config = ConfigDict(extra="allow")


class Box(Document):
    """A rectangle on a PDF page, in points, origin at the lower left."""

    left: float
    bottom: float
    right: float
    top: float


class TextPlace(Document):
    """Characters of a text of a file (`part` names which)."""

    type: Literal["text"]
    start: int
    end: int
    part: str


class PagePlace(Document):
    """Characters of a PDF page, and their boxes."""

    type: Literal["page"]
    page: int
    start: int
    end: int
    boxes: list[Box]


LocatorDocument = Annotated[TextPlace | PagePlace, Field(discriminator="type")]


class HitDocument(Document):
    """A passage that was found."""

    path: str
    locator: LocatorDocument
    text: str
    score: float
    id: str
    title: str
    heading: list[str]
    kind: Kind
    written_at: datetime
    explanation: dict[str, Any] | None = None


class HitsDocument(Document):
    """What a search found, best first."""

    hits: list[HitDocument]
    seconds: float


class ExplainDocument(Document):
    """A hit with its explanation, and its rank."""

    rank: int
    hit: HitDocument


class CitationDocument(Document):
    """The words that support a sentence, and where exactly they stand."""

    path: str
    title: str
    heading: list[str]
    locator: LocatorDocument
    quote: str
    id: str
    changed: str
    passage: str


class SentenceDocument(Document):
    """A sentence of an answer."""

    text: str
    citations: list[CitationDocument]


class ComparisonDocument(Document):
    """Whether an answer differs from an earlier one, and why."""

    at: str
    changed: bool
    then: list[str]
    reasons: list[str]


class SpeculationDocument(Document):
    """What it took to write, and what drafts saved; of a model in the server's process."""

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


class WornDocument(Document):
    """An adapter that the model wore."""

    path: str
    strength: float
    sha256: str
    stale: list[str]
    unchecked: str


class ReasonDocument(Document):
    """What one signal adds to the confidence, in logits; what was measured, also in words."""

    signal: str
    value: float | None
    adds: float
    phrase: str
    measured: str


class WhyDocument(Document):
    """Why a question was answered or refused: `start` and all that is added are `logit`."""

    confidence: float
    threshold: float
    start: float
    logit: float
    reasons: list[ReasonDocument]
    sentence: str | None


class AnswerDocument(Document):
    """An answer or a refusal; both have the same keys."""

    answered: bool
    question: str
    sentences: list[SentenceDocument]
    reason: str
    nearest: list[str]
    as_of: datetime
    newest: datetime | None
    oldest: datetime | None
    reader: str
    confidence: float
    unsupported: int
    timings: dict[str, float]
    speculation: SpeculationDocument | None
    worn: list[WornDocument]
    why: WhyDocument | None
    comparison: ComparisonDocument | None = None


class ShownDocument(Document):
    """A citation in its place: words with the text around them, or (`picture`) a drawn page."""

    id: str
    path: str
    title: str
    heading: list[str]
    kind: Kind
    locator: LocatorDocument
    before: str
    words: str
    after: str
    picture: bool
    changed: str
    written_at: datetime


class FileDocument(Document):
    """What became of a file."""

    path: str
    state: Literal["indexed", "skipped", "superseded", "stale"]
    reason: str
    passages: int
    uploaded: bool


class FilesDocument(Document):
    """Every file that the library knows."""

    files: list[FileDocument]
    totals: dict[str, int]


class StageDocument(Document):
    """How far a stage of a job is."""

    stage: str
    done: int
    total: int | None
    unit: str


class JobDocument(Document):
    """Something that changes the library."""

    id: str
    kind: Literal["add", "read", "remove", "watch"]
    label: str
    state: Literal["waiting", "running", "done", "failed", "stopped"]
    progress: list[StageDocument]
    files: list[dict[str, Any]]
    counts: dict[str, int]
    message: str
    at: datetime


class JobsDocument(Document):
    """The newest first."""

    jobs: list[JobDocument]


class EntryDocument(Document):
    """An entry of the reading list."""

    url: str
    kind: str
    title: str
    count: int
    read: bool
    read_at: datetime | None
    mentions: list[dict[str, str]]


class ReadingDocument(Document):
    """The links that the library mentions, the most mentioned first."""

    entries: list[EntryDocument]


class LogDocument(Document):
    """What was asked lately, newest first."""

    records: list[dict[str, Any]]


class FeedbackDocument(Document):
    """What was given; `on`: whether the ranking learns from it."""

    records: list[dict[str, Any]]
    on: bool


class MeDocument(Document):
    """Who asks, what they may do, and what the server offers."""

    name: str
    role: Literal["read", "write"]
    signed_in: bool
    library: str
    version: str
    models: list[str]
    upload_bytes: int
    watched: list[str]
    plans: list[str]


class Problem(Document):
    """What went wrong, in one sentence."""

    message: str
    type: str


class ErrorDocument(Document):
    """Every error of the service."""

    error: Problem

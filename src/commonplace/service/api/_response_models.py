"""What the API sends, as OpenAPI describes it.

Notable: what the library has a type for (`library.record_types`) is derived from that type, so that
a field is declared once. Only what the service adds to it, or sends by itself, is declared here.
"""

import typing
from datetime import datetime
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypedDict, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from commonplace.answers import Outcome
from commonplace.library import record_types as records


class Response(BaseModel):
    """Base of what is sent: fields are only ever added."""

    model_config = ConfigDict(extra="allow")


@cache
def response_model(record: Any) -> type[Response]:
    """The pydantic model of a typed dictionary; a key that may be missing is sent as null."""
    fields: dict[str, Any] = {
        name: (_modelled(hint), ...)
        if name in record.__required_keys__
        else (_modelled(hint) | None, None)
        for name, hint in typing.get_type_hints(record).items()
    }
    name = record.__name__.replace("Record", "Response")
    return create_model(name, __base__=Response, __doc__=record.__doc__, **fields)


def _modelled(hint: Any) -> Any:
    """A type in which each typed dictionary is replaced by its model."""
    if typing.is_typeddict(hint):
        return response_model(hint)
    origin, arguments = typing.get_origin(hint), tuple(map(_modelled, typing.get_args(hint)))
    if origin in (Union, UnionType):
        union = reduce(or_, arguments)
        is_tagged = NoneType not in arguments  # the `type` of each record says which one it is
        return Annotated[union, Field(discriminator="type")] if is_tagged else union
    return origin[arguments] if origin in (list, dict, tuple) else hint


class SearchRecord(records.HitsRecord):
    """What a search found, best first, and how long it took."""

    seconds: float


class ExplainedHitRecord(TypedDict):
    """A hit with its explanation, and its rank."""

    rank: int
    hit: records.HitRecord


class ComparisonRecord(TypedDict):
    """Whether an answer differs from an earlier one, its outcome and words, and why."""

    at: str
    changed: bool
    outcome: Outcome
    then: list[str]
    reasons: list[str]


class ComparedAnswerRecord(records.AnswerRecord):
    """What a question got, compared with an earlier time where the request names one."""

    comparison: ComparisonRecord | None


class CitedPlaceRecord(records.ShownRecord):
    """A citation in its place, with the id that was asked for."""

    id: str


class ServedFileRecord(records.FileRecord):
    """What became of a file, and whether it came through the service."""

    uploaded: bool


class FilesRecord(TypedDict):
    """Every file that the library holds, and the totals."""

    files: list[ServedFileRecord]
    totals: dict[str, int]


class FeedbackStateRecord(records.FeedbackListRecord):
    """Feedback; `on` says whether the ranking learns from it."""

    on: bool


SearchResponse = response_model(SearchRecord)
ExplainResponse = response_model(ExplainedHitRecord)
AnswerResponse = response_model(ComparedAnswerRecord)
ShownResponse = response_model(CitedPlaceRecord)
FilesResponse = response_model(FilesRecord)
FeedbackResponse = response_model(FeedbackStateRecord)
ReadingListEntryResponse = response_model(records.ReadingListEntryRecord)
ReadingListResponse = response_model(records.ReadingListRecord)


class LogResponse(Response):
    """What was asked lately, the newest first."""

    records: list[dict[str, Any]]


class StageResponse(Response):
    """How far a stage of a job is."""

    stage: str
    done: int
    total: int | None
    unit: str


class JobResponse(Response):
    """A job that changes the library."""

    id: str
    kind: Literal["add", "read", "remove", "watch"]
    label: str
    state: Literal["waiting", "running", "done", "failed", "stopped"]
    progress: list[StageResponse]
    files: list[dict[str, Any]]
    counts: dict[str, int]
    message: str
    at: datetime


class JobsResponse(Response):
    """The jobs, the newest first."""

    jobs: list[JobResponse]


class MeResponse(Response):
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


class ProblemResponse(Response):
    """What went wrong, in one sentence."""

    message: str
    type: str
    code: str | None = None
    param: str | None = None


class ErrorResponse(Response):
    """Every error of the service."""

    error: ProblemResponse

"""`/api`, questions: search, explain, ask, show, feedback and the log."""

import time
from collections.abc import AsyncIterator, Generator
from functools import partial
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse, StreamingResponse

from commonplace import library
from commonplace.answers import CAUTION, Outcome, RetrievedContext, Sentence, Step
from commonplace.corpus import FeedbackRecord
from commonplace.foundation import InputError
from commonplace.service.access.settings import ServiceSettings
from commonplace.service.api import _response_models as responses
from commonplace.service.api._events import event, event_stream
from commonplace.service.api._request_models import (
    AskRequest,
    ExplainQuery,
    FeedbackRequest,
    SearchQuery,
)
from commonplace.service.api.dependencies import (
    ERRORS,
    CurrentSettings,
    ReadableLibrary,
    WritableLibrary,
    offered_model,
)
from commonplace.service.state.libraries import OpenLibrary

answers_api = APIRouter(prefix="/api", responses=ERRORS)
Steps: TypeAlias = "partial[Generator[Step | responses.ComparedAnswerRecord]]"
_EVENTS: dict[Outcome, str] = {"answered": "answer", "unsure": "unsure", "refused": "refusal"}
_MOST_LOGGED = 1000  # records of the log among which an earlier answer is looked for


@answers_api.get("/search", response_model=responses.SearchResponse, tags=["search"])
async def search(
    open_library: ReadableLibrary, query: Annotated[SearchQuery, Query()]
) -> responses.SearchRecord:
    """The best passages for a query, best first."""
    open_library.require_held(*query.paths)
    start = time.perf_counter()
    hits = await open_library.search(
        open_library.library.search,
        query.q,
        limit=query.limit,
        profile=query.profile,
        filter=query.filter(),
        explain=query.explain,
    )
    return {**library.hits_record(hits), "seconds": round(time.perf_counter() - start, 4)}


@answers_api.get("/explain", response_model=responses.ExplainResponse, tags=["search"])
async def explain(
    open_library: ReadableLibrary, query: Annotated[ExplainQuery, Query()]
) -> responses.ExplainedHitRecord:
    """Why a passage has its place for a query."""
    open_library.require_held(*query.paths)
    hit, rank = await open_library.search(
        open_library.library.explain,
        query.q,
        query.citation,
        profile=query.profile,
        filter=query.filter(),
    )
    return {"rank": rank, "hit": library.hit_record(hit)}


@answers_api.post("/ask", response_model=responses.AnswerResponse, tags=["answers"])
async def ask(
    open_library: ReadableLibrary, settings: CurrentSettings, question: AskRequest
) -> responses.ComparedAnswerRecord | None:
    """An answer, every sentence cited, or the closest quotes where it is unsure, or a refusal."""
    record: responses.ComparedAnswerRecord | None = None
    async for step in open_library.stream(steps(open_library, settings, question)):
        if isinstance(step, dict):
            record = step
    return record


@answers_api.post(
    "/ask/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    tags=["answers"],
)
async def ask_stream(
    open_library: ReadableLibrary, settings: CurrentSettings, question: AskRequest
) -> StreamingResponse:
    """As `/api/ask`, as events: `retrieved`, each `sentence`, then `answer`, `unsure` or `refusal`.

    The last event is the record, whose `outcome` says the same.
    """
    return event_stream(_events(open_library, steps(open_library, settings, question)))


async def _events(open_library: OpenLibrary, make: Steps) -> AsyncIterator[str]:
    async for step in open_library.stream(make):
        if isinstance(step, RetrievedContext):
            yield event("retrieved", {"passages": step.passages, "paths": list(step.paths)})
        elif isinstance(step, Sentence):
            yield event("sentence", library.sentence_record(step))
        elif isinstance(step, dict):
            yield event(_EVENTS[step["outcome"]], step)


def steps(open_library: OpenLibrary, settings: ServiceSettings, question: AskRequest) -> Steps:
    """What makes the steps of an answer; the last of them is its record."""
    open_library.require_held(*question.paths)
    return partial(
        _steps, open_library, settings, offered_model(settings, question.model), question
    )


def _steps(
    open_library: OpenLibrary, settings: ServiceSettings, model: str | None, question: AskRequest
) -> Generator[Step | responses.ComparedAnswerRecord]:
    earlier = _earlier(open_library, question.against) if question.against else None
    library_steps = open_library.library.asking(
        library.Question(
            question.question,
            filter=question.filter(),
            model=model,
            threshold=CAUTION[question.caution],
            strict=question.strict,
            # A model behind an address runs in another process, where it can wear nothing of ours.
            wear=settings.wear if model and "://" not in model else (),
            force_wear=settings.force_wear,
        )
    )
    for step in library_steps:
        if isinstance(step, RetrievedContext | Sentence):
            yield step
            continue
        record = responses.ComparedAnswerRecord(**library.answer_record(step), comparison=None)
        if earlier:
            comparison = open_library.library.compare(earlier, step)
            record["comparison"] = {
                "at": comparison.at,
                "changed": comparison.changed,
                "outcome": library.logged_outcome(earlier),
                "then": list(comparison.then),
                "reasons": list(comparison.reasons),
            }
        yield record


def _earlier(open_library: OpenLibrary, at: str) -> dict[str, Any]:
    for record in open_library.library.log(_MOST_LOGGED):
        if record.get("at") == at and record.get("verb") == "ask":
            return record
    raise InputError(f"the log holds no question of {at}")


@answers_api.get("/passages/{citation}", response_model=responses.ShownResponse, tags=["answers"])
async def show(
    open_library: ReadableLibrary,
    citation: str,
    around: Annotated[int, Query(ge=0, le=5_000_000)] = 600,
) -> responses.CitedPlaceRecord:
    """A citation ("id" or "id:start-end") in its place, with that much text around it."""
    shown = await open_library.run(open_library.library.show, citation, around)
    return {"id": citation, **library.shown_record(shown)}


@answers_api.get(
    "/passages/{citation}/page",
    response_class=FileResponse,
    responses={200: {"content": {"image/png": {}}}},
    tags=["answers"],
)
async def page(open_library: ReadableLibrary, citation: str) -> FileResponse:
    """The PDF page of a citation, its words marked."""
    shown = await open_library.run(open_library.library.show, citation)
    if shown.picture is None:
        raise HTTPException(400, "there is no page to draw: " + (shown.changed or "it is a text"))
    return FileResponse(shown.picture, media_type="image/png")


@answers_api.get("/log", response_model=responses.LogResponse, tags=["log"])
async def log(
    open_library: ReadableLibrary, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """What was asked lately, newest first."""
    return {"records": await open_library.run(open_library.library.log, limit)}


@answers_api.get("/feedback", response_model=responses.FeedbackResponse, tags=["feedback"])
async def feedback(open_library: ReadableLibrary) -> responses.FeedbackStateRecord:
    """All feedback, and whether the ranking learns from it."""
    return _feedback(open_library, await open_library.run(open_library.library.feedback))


@answers_api.post("/feedback", response_model=responses.FeedbackResponse, tags=["feedback"])
async def give_feedback(
    open_library: WritableLibrary, feedback: FeedbackRequest
) -> responses.FeedbackStateRecord:
    """Say how a passage fitted a query; this library's ranking learns from it."""
    record = await open_library.run(
        open_library.library.give_feedback,
        feedback.query,
        feedback.citation,
        feedback.verdict,
        rank=feedback.rank,
        source=feedback.source,
    )
    return _feedback(open_library, [record])


@answers_api.delete("/feedback/{id}", response_model=responses.FeedbackResponse, tags=["feedback"])
async def forget_feedback(open_library: WritableLibrary, id: str) -> responses.FeedbackStateRecord:
    """Take feedback back, as if it had not been given."""
    records = await open_library.run(open_library.library.forget_feedback, id)
    return _feedback(open_library, records)


def _feedback(
    open_library: OpenLibrary, records: list[FeedbackRecord]
) -> responses.FeedbackStateRecord:
    return {**library.feedback_record(records), "on": open_library.library.learns_from_feedback}

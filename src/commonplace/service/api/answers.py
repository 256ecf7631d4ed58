"""`/api`, what is asked: search, explain, ask, show, feedback, the log."""

import time
from collections.abc import AsyncIterator, Generator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse, StreamingResponse

from commonplace.answers import CAUTION, Answer, Refusal, Retrieved, Sentence, Step
from commonplace.foundation import InputError
from commonplace.library import (
    answer_record,
    feedback_record,
    hit_record,
    hits_record,
    sentence_record,
    shown_record,
)
from commonplace.service.access.settings import Settings
from commonplace.service.api._events import event, event_stream
from commonplace.service.api._request_models import (
    AskRequest,
    Chosen,
    ExplainQuery,
    FeedbackRequest,
    SearchQuery,
)
from commonplace.service.api._response_models import (
    AnswerDocument,
    ExplainDocument,
    FeedbackDocument,
    HitsDocument,
    LogDocument,
    ShownDocument,
)
from commonplace.service.api.dependencies import (
    ERRORS,
    DeskOf,
    SettingsOf,
    WritingDesk,
    offered_model,
)
from commonplace.service.state.desk import Desk

answers_api = APIRouter(prefix="/api", responses=ERRORS)


@answers_api.get("/search", response_model=HitsDocument, tags=["search"])
async def search(desk: DeskOf, asked: Annotated[SearchQuery, Query()]) -> dict[str, Any]:
    """The best passages for a query, best first."""
    check_paths(desk, asked)
    start = time.perf_counter()
    hits = await desk.search(
        partial(
            desk.library.search,
            asked.q,
            limit=asked.limit,
            profile=asked.profile,
            filter=asked.filter(),
            explain=asked.explain,
        )
    )
    return {**hits_record(hits), "seconds": round(time.perf_counter() - start, 4)}


@answers_api.get("/explain", response_model=ExplainDocument, tags=["search"])
async def explain(desk: DeskOf, asked: Annotated[ExplainQuery, Query()]) -> dict[str, Any]:
    """Why a passage has its place for a query."""
    check_paths(desk, asked)
    hit, rank = await desk.search(
        partial(
            desk.library.explain,
            asked.q,
            asked.citation,
            profile=asked.profile,
            filter=asked.filter(),
        )
    )
    return {"rank": rank, "hit": hit_record(hit)}


@answers_api.post("/ask", response_model=AnswerDocument, tags=["answers"])
async def ask(desk: DeskOf, settings: SettingsOf, asked: AskRequest) -> dict[str, Any]:
    """An answer whose every sentence is cited, or a refusal."""
    record: dict[str, Any] = {}
    async for step in desk.stream(steps(desk, settings, asked)):
        if isinstance(step, dict):
            record = step
    return record


@answers_api.post(
    "/ask/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    tags=["answers"],
)
async def ask_stream(desk: DeskOf, settings: SettingsOf, asked: AskRequest) -> StreamingResponse:
    """As `/api/ask`, as events: `retrieved`, `sentence` for each, then `answer` or `refusal`."""
    return event_stream(_events(desk, steps(desk, settings, asked)))


async def _events(
    desk: Desk, make: "partial[Generator[Step | dict[str, Any]]]"
) -> AsyncIterator[str]:
    async for step in desk.stream(make):
        if isinstance(step, Retrieved):
            yield event("retrieved", {"passages": step.passages, "paths": list(step.paths)})
        elif isinstance(step, Sentence):
            yield event("sentence", sentence_record(step))
        elif isinstance(step, dict):
            yield event("answer" if step["answered"] else "refusal", step)


def steps(
    desk: Desk, settings: Settings, asked: AskRequest
) -> "partial[Generator[Step | dict[str, Any]]]":
    """What makes the steps of an answer; in place of the last, the record of the whole."""
    check_paths(desk, asked)
    return partial(_steps, desk, settings, offered_model(settings, asked.model), asked)


def _steps(
    desk: Desk, settings: Settings, model: str | None, asked: AskRequest
) -> Generator[Step | dict[str, Any]]:
    earlier = _earlier(desk, asked.against) if asked.against else None
    for step in desk.library.asking(
        asked.question,
        filter=asked.filter(),
        model=model,
        threshold=CAUTION[asked.caution],
        wear=settings.wear if model and "://" not in model else (),
        force_wear=settings.force_wear,
    ):
        if isinstance(step, (Answer, Refusal)):
            record = answer_record(step) | {"comparison": None}
            if earlier:
                compared = desk.library.compare(earlier, step)
                record["comparison"] = {
                    "at": compared.at,
                    "changed": compared.changed,
                    "then": list(compared.then),
                    "reasons": list(compared.reasons),
                }
            yield record
        else:
            yield step


def _earlier(desk: Desk, at: str) -> dict[str, Any]:
    for record in desk.library.log(_REMEMBERED):
        if record.get("at") == at and record.get("verb") == "ask":
            return record
    raise InputError(f"the log holds no question of {at}")


_REMEMBERED = 1000  # records of the log that can be asked again


def check_paths(desk: Desk, chosen: Chosen) -> None:
    """Refuse paths that the library does not hold, whatever the disk does.

    Raises:
        InputError: it holds nothing at one.
    """
    for path in chosen.paths:
        desk.require_known(path)


@answers_api.get("/passages/{citation}", response_model=ShownDocument, tags=["answers"])
async def show(
    desk: DeskOf, citation: str, around: Annotated[int, Query(ge=0, le=5_000_000)] = 600
) -> dict[str, Any]:
    """A citation ("id" or "id:start-end") in its place, with that much text around it."""
    shown = await desk.look(partial(desk.library.show, citation, around))
    return {"id": citation, **shown_record(shown)}


@answers_api.get(
    "/passages/{citation}/page",
    response_class=FileResponse,
    responses={200: {"content": {"image/png": {}}}},
    tags=["answers"],
)
async def page(desk: DeskOf, citation: str) -> FileResponse:
    """The PDF page of a citation, its words marked."""
    shown = await desk.look(partial(desk.library.show, citation))
    if shown.picture is None:
        raise HTTPException(400, "there is no page to draw: " + (shown.changed or "it is a text"))
    return FileResponse(shown.picture, media_type="image/png")


@answers_api.get("/log", response_model=LogDocument, tags=["log"])
async def log(desk: DeskOf, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
    """What was asked lately, newest first."""
    return {"records": await desk.look(partial(desk.library.log, limit))}


@answers_api.get("/feedback", response_model=FeedbackDocument, tags=["feedback"])
async def feedback(desk: DeskOf) -> dict[str, Any]:
    """What feedback was given, and whether the ranking learns from it."""
    return _feedback(desk, await desk.look(desk.library.feedback))


@answers_api.post("/feedback", response_model=FeedbackDocument, tags=["feedback"])
async def give_feedback(desk: WritingDesk, given: FeedbackRequest) -> dict[str, Any]:
    """Say how a passage fitted a query; this library's ranking learns from it."""
    record = await desk.look(
        partial(
            desk.library.give_feedback,
            given.query,
            given.citation,
            given.verdict,
            rank=given.rank,
            source=given.source,
        )
    )
    return _feedback(desk, [record])


@answers_api.delete("/feedback/{id}", response_model=FeedbackDocument, tags=["feedback"])
async def forget_feedback(desk: WritingDesk, id: str) -> dict[str, Any]:
    """Take feedback back, as if it had not been given."""
    return _feedback(desk, await desk.look(partial(desk.library.forget_feedback, id)))


def _feedback(desk: Desk, records: list[Any]) -> dict[str, Any]:
    return {**feedback_record(records), "on": desk.library.learns_from_feedback}

"""`/api`: the files of a library, the jobs that change it, the reading list, and who is asking."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from commonplace.foundation import InputError
from commonplace.library import reading_record, status_record
from commonplace.service.access.guard import COOKIE
from commonplace.service.access.tokens import default_tokens, find_token
from commonplace.service.api._events import event, event_stream
from commonplace.service.api._request_models import FileRequest, Path, ReadingRequest, SignIn
from commonplace.service.api._response_models import (
    EntryDocument,
    FilesDocument,
    JobDocument,
    JobsDocument,
    MeDocument,
    ReadingDocument,
)
from commonplace.service.api.dependencies import (
    ERRORS,
    DeskOf,
    SettingsOf,
    TokenOf,
    WritingDesk,
    model_name,
)
from commonplace.service.api.plans import PlansOf
from commonplace.service.state.desk import Desk
from commonplace.service.state.jobs import Job
from commonplace.service.state.uploads import keep_upload

library_api = APIRouter(prefix="/api", responses=ERRORS)
_LOOK_SECONDS = 0.1  # between two looks at a job that is followed


# -------------------------------------------------------------------- who is asking


@library_api.get("/me", response_model=MeDocument, tags=["session"])
async def me(
    desk: DeskOf, settings: SettingsOf, token: TokenOf, offered: PlansOf
) -> dict[str, Any]:
    """Who asks, what they may do, and what the server offers."""
    return {
        "name": token.name if token else "",
        "role": token.role if token else "write",
        "signed_in": token is not None,
        "library": desk.library.folder.name,
        "version": version("commonplace"),
        "models": [model_name(spec) for spec in settings.models],
        "upload_bytes": settings.upload_bytes,
        "watched": [str(folder) for folder in desk.watched],
        "plans": [plan["name"] for plan in offered.list()],
    }


@library_api.post("/session", status_code=204, tags=["session"])
async def sign_in(request: Request, settings: SettingsOf, given: SignIn) -> Response:
    """Keep a token as the page's cookie."""
    token = find_token(settings.tokens or default_tokens(), given.token)
    if token is None:
        raise HTTPException(401, "this token is not known here; `commonplace token add` makes one")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        given.token,
        max_age=90 * 24 * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@library_api.delete("/session", status_code=204, tags=["session"])
async def sign_out() -> Response:
    """Forget the page's cookie."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


# -------------------------------------------------------------------- files


@library_api.get("/files", response_model=FilesDocument, tags=["library"])
async def files(desk: DeskOf, limit: Annotated[int | None, Query(ge=0)] = None) -> dict[str, Any]:
    """Every file that the library knows (or the first `limit`), its state and why; and totals."""
    record = status_record(await desk.look(desk.library.status))
    record["files"] = record["files"][:limit]
    for file in record["files"]:
        file["uploaded"] = desk.is_upload(file["path"])
    return record


@library_api.post(
    "/files",
    response_model=JobDocument,
    status_code=202,
    tags=["library"],
    openapi_extra={
        "requestBody": {
            "required": False,  # an empty file is one too; it is skipped, and why is said
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def add(
    desk: WritingDesk, request: Request, name: Annotated[str, Query(min_length=1, max_length=1000)]
) -> dict[str, Any]:
    """Add a file: its bytes are the body. The same name again is a newer version of it."""
    kept = await keep_upload(desk.library.folder, name, request.stream())
    return desk.jobs.submit("add", kept.name, [kept]).record()


@library_api.delete("/files", response_model=JobDocument, status_code=202, tags=["library"])
async def remove(desk: WritingDesk, path: Annotated[Path, Query()]) -> dict[str, Any]:
    """Remove a file, or all under a folder, from the library; an upload itself is deleted too."""
    await desk.look(partial(desk.require_known, path))
    return desk.jobs.submit("remove", PurePath(path).name or path, [path]).record()


@library_api.post("/files/read", response_model=JobDocument, status_code=202, tags=["library"])
async def read_again(desk: WritingDesk, asked: FileRequest) -> dict[str, Any]:
    """Read a file again that the library knows, or all of those under a folder; no others."""
    await desk.look(partial(desk.require_known, asked.path))
    status = await desk.look(partial(desk.library.status, asked.path))
    known = [file.path for file in status.files]
    return desk.jobs.submit("read", PurePath(asked.path).name or asked.path, known).record()


# -------------------------------------------------------------------- jobs


@library_api.get("/jobs", response_model=JobsDocument, tags=["library"])
async def jobs(desk: DeskOf) -> dict[str, Any]:
    """What changes the library, or did lately; the newest first."""
    return {"jobs": [job.record() for job in desk.jobs.all()]}


@library_api.get("/jobs/{id}", response_model=JobDocument, tags=["library"])
async def job(desk: DeskOf, id: str) -> dict[str, Any]:
    """One of them."""
    return _known(desk, id).record()


@library_api.delete("/jobs/{id}", response_model=JobDocument, tags=["library"])
async def stop(desk: WritingDesk, id: str) -> dict[str, Any]:
    """Stop a job after its present commit; what is committed stays."""
    found = _known(desk, id)
    desk.jobs.stop(found)
    return found.record()


@library_api.get(
    "/jobs/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    tags=["library"],
)
async def follow(desk: DeskOf, id: str) -> StreamingResponse:
    """A job as it goes on: an event `job` for each change, until it has ended."""
    return event_stream(_follow(_known(desk, id)))


async def _follow(job: Job) -> AsyncIterator[str]:
    seen = -1
    while True:
        version, ended = job.version, job.ended
        if version != seen:
            seen = version
            yield event("job", job.record())
        if ended:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _known(desk: Desk, id: str) -> Job:
    found = desk.jobs.get(id)
    if found is None:
        raise InputError(f"there is no job {id[:80]!r}; it may have ended long ago")
    return found


# -------------------------------------------------------------------- reading list


@library_api.get("/reading", response_model=ReadingDocument, tags=["reading list"])
async def reading(
    desk: DeskOf, mentioned_in: Annotated[Sequence[Path], Query(alias="in", max_length=50)] = ()
) -> dict[str, Any]:
    """The links that the library mentions, each once, the most mentioned first."""
    for path in mentioned_in:
        await desk.look(partial(desk.require_known, path))
    return reading_record(await desk.look(partial(desk.library.reading, *mentioned_in)))


@library_api.post("/reading", response_model=EntryDocument, tags=["reading list"])
async def mark_read(desk: WritingDesk, asked: ReadingRequest) -> dict[str, Any]:
    """Mark an entry as read or unread."""
    canonical = await desk.look(partial(desk.library.mark_read, asked.url, asked.read))
    entries = reading_record(await desk.look(desk.library.reading))["entries"]
    return next(entry for entry in entries if entry["url"] == canonical)

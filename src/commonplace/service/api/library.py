"""`/api`: the session, the files of a library, the jobs that change it, and the reading list."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from commonplace.foundation import InputError
from commonplace.library import reading_record, status_record
from commonplace.library.record_types import ReadingListEntryRecord, ReadingListRecord
from commonplace.service.access.guard import COOKIE
from commonplace.service.access.tokens import default_tokens, find_token
from commonplace.service.api._events import event, event_stream
from commonplace.service.api._request_models import FileRequest, Path, ReadingRequest, SignInRequest
from commonplace.service.api._response_models import (
    FilesRecord,
    FilesResponse,
    JobResponse,
    JobsResponse,
    MeResponse,
    ReadingListEntryResponse,
    ReadingListResponse,
    ServedFileRecord,
)
from commonplace.service.api.dependencies import (
    ERRORS,
    CurrentSettings,
    CurrentToken,
    ReadableLibrary,
    WritableLibrary,
    model_name,
)
from commonplace.service.api.plans import OfferedPlans
from commonplace.service.state.jobs import Job
from commonplace.service.state.libraries import OpenLibrary
from commonplace.service.state.uploads import keep_upload

library_api = APIRouter(prefix="/api", responses=ERRORS)
_POLL_SECONDS = 0.1  # between two looks at a job that is followed


# -------------------------------------------------------------------- session


@library_api.get("/me", response_model=MeResponse, tags=["session"])
async def me(
    open_library: ReadableLibrary,
    settings: CurrentSettings,
    token: CurrentToken,
    offered: OfferedPlans,
) -> dict[str, Any]:
    """Who asks, what they may do, and what the server offers."""
    return {
        "name": token.name if token else "",
        "role": token.role if token else "write",
        "signed_in": token is not None,
        "library": open_library.library.folder.name,
        "version": version("commonplace"),
        "models": [model_name(spec) for spec in settings.models],
        "upload_bytes": settings.upload_bytes,
        "watched": [str(folder) for folder in open_library.watched],
        "plans": [plan["name"] for plan in offered.list()],
    }


@library_api.post("/session", status_code=204, tags=["session"])
async def sign_in(
    request: Request, settings: CurrentSettings, credentials: SignInRequest
) -> Response:
    """Keep a token as the page's cookie."""
    token = find_token(settings.tokens or default_tokens(), credentials.token)
    if token is None:
        raise HTTPException(401, "this token is not known here; `commonplace token add` makes one")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        credentials.token,
        max_age=90 * 24 * 3600,  # seconds
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",  # over plain HTTP it would never be sent back
    )
    return response


@library_api.delete("/session", status_code=204, tags=["session"])
async def sign_out() -> Response:
    """Delete the page's cookie."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


# -------------------------------------------------------------------- files


@library_api.get("/files", response_model=FilesResponse, tags=["library"])
async def files(
    open_library: ReadableLibrary, limit: Annotated[int | None, Query(ge=0)] = None
) -> FilesRecord:
    """Every file that the library holds (or the first `limit`), its state and why; and totals."""
    record = status_record(await open_library.run(open_library.library.status))
    files: list[ServedFileRecord] = [
        {**file, "uploaded": open_library.is_upload(file["path"])}
        for file in record["files"][:limit]
    ]
    return {"files": files, "totals": record["totals"]}


@library_api.post(
    "/files",
    response_model=JobResponse,
    status_code=202,
    tags=["library"],
    openapi_extra={
        "requestBody": {
            "required": False,  # an empty file is accepted; it is skipped with a reason
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def add(
    open_library: WritableLibrary,
    request: Request,
    name: Annotated[str, Query(min_length=1, max_length=1000)],
) -> dict[str, Any]:
    """Add a file: its bytes are the body. The same name again is a newer version of it."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise HTTPException(415, "a form is not taken; send the bytes of the file as the body")
    upload = await keep_upload(open_library.library.folder, name, request.stream())
    return open_library.jobs.submit("add", upload.name, [upload]).record()


@library_api.delete("/files", response_model=JobResponse, status_code=202, tags=["library"])
async def remove(open_library: WritableLibrary, path: Annotated[Path, Query()]) -> dict[str, Any]:
    """Remove a file, or all under a folder, from the library; an upload itself is deleted too."""
    await open_library.run(open_library.require_held, path)
    return open_library.jobs.submit("remove", PurePath(path).name or path, [path]).record()


@library_api.post("/files/read", response_model=JobResponse, status_code=202, tags=["library"])
async def read_again(open_library: WritableLibrary, file: FileRequest) -> dict[str, Any]:
    """Read a file of the library again, or all of its files under a folder; no others."""
    await open_library.run(open_library.require_held, file.path)
    status = await open_library.run(open_library.library.status, file.path)
    paths = [entry.path for entry in status.files]
    return open_library.jobs.submit("read", PurePath(file.path).name or file.path, paths).record()


# -------------------------------------------------------------------- jobs


@library_api.get("/jobs", response_model=JobsResponse, tags=["library"])
async def jobs(open_library: ReadableLibrary) -> dict[str, Any]:
    """The jobs that change the library, or did lately; the newest first."""
    return {"jobs": [job.record() for job in open_library.jobs.all()]}


@library_api.get("/jobs/{id}", response_model=JobResponse, tags=["library"])
async def job(open_library: ReadableLibrary, id: str) -> dict[str, Any]:
    """One job."""
    return _job(open_library, id).record()


@library_api.delete("/jobs/{id}", response_model=JobResponse, tags=["library"])
async def stop(open_library: WritableLibrary, id: str) -> dict[str, Any]:
    """Stop a job after its present commit; what was committed stays."""
    job = _job(open_library, id)
    open_library.jobs.stop(job)
    return job.record()


@library_api.get(
    "/jobs/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    tags=["library"],
)
async def follow(open_library: ReadableLibrary, id: str) -> StreamingResponse:
    """A job while it runs: an event `job` for each change, until it has ended."""
    return event_stream(_follow(_job(open_library, id)))


async def _follow(job: Job) -> AsyncIterator[str]:
    last_version = -1
    while True:
        # Before the record is made, so that a change in the meantime is sent the next time.
        version, ended = job.version, job.ended
        if version != last_version:
            last_version = version
            yield event("job", job.record())
        if ended:
            return
        await asyncio.sleep(_POLL_SECONDS)


def _job(open_library: OpenLibrary, id: str) -> Job:
    job = open_library.jobs.get(id)
    if job is None:
        raise InputError(f"there is no job {id[:80]!r}; it may have ended long ago")
    return job


# -------------------------------------------------------------------- reading list


@library_api.get("/reading", response_model=ReadingListResponse, tags=["reading list"])
async def reading(
    open_library: ReadableLibrary,
    mentioned_in: Annotated[Sequence[Path], Query(alias="in", max_length=50)] = (),
) -> ReadingListRecord:
    """The links that the library mentions, each once, the most mentioned first."""
    await open_library.run(open_library.require_held, *mentioned_in)
    return reading_record(await open_library.run(open_library.library.reading, *mentioned_in))


@library_api.post("/reading", response_model=ReadingListEntryResponse, tags=["reading list"])
async def mark_read(open_library: WritableLibrary, entry: ReadingRequest) -> ReadingListEntryRecord:
    """Mark an entry as read or unread."""
    canonical = await open_library.run(open_library.library.mark_read, entry.url, entry.read)
    entries = reading_record(await open_library.run(open_library.library.reading))["entries"]
    return next(record for record in entries if record["url"] == canonical)

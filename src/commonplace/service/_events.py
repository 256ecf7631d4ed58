"""Server-sent events: a name and one JSON object each, and an error as the last of them."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from commonplace._records import as_json
from commonplace.foundation import CommonplaceError, bug_report

STREAM_HEADERS = {
    "x-accel-buffering": "no",
    "cache-control": "no-store",
}  # proxies must not collect it


def event(name: str, record: dict[str, Any]) -> str:
    """One event."""
    return f"event: {name}\ndata: {as_json(record)}\n\n"


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """The answer that sends them; what goes wrong after the start is an event too."""
    return StreamingResponse(
        _guarded(events), media_type="text/event-stream", headers=STREAM_HEADERS
    )


async def _guarded(events: AsyncIterator[str]) -> AsyncIterator[str]:
    try:
        async for each in events:
            yield each
    except CommonplaceError as error:
        yield event("error", {"message": str(error), "type": type(error).__name__})
    except Exception as error:
        yield event("error", {"message": bug_report(error), "type": "bug"})

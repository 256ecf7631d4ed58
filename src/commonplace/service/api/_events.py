"""Server-sent events: a name and one JSON object each, and an error as the last of them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from commonplace.foundation import CommonplaceError, bug_report
from commonplace.library import as_json

_HEADERS = {"x-accel-buffering": "no", "cache-control": "no-store"}  # no proxy may collect it


class EventStream(StreamingResponse):
    """A stream that ends when the client goes away, also while there is nothing to send.

    Starlette would notice at the next piece, and a model may write for long without one.
    """

    def __init__(self, pieces: AsyncIterator[str]) -> None:
        super().__init__(pieces, media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what there is, or until nobody listens."""
        async with anyio.create_task_group() as both:
            both.start_soon(self._until_gone, receive, both.cancel_scope)
            with suppress(OSError):  # it went away while something was sent
                await self.stream_response(send)
            both.cancel_scope.cancel()

    async def _until_gone(self, receive: Receive, both: anyio.CancelScope) -> None:
        await self.listen_for_disconnect(receive)
        both.cancel()


def event(name: str, record: dict[str, Any]) -> str:
    """One event."""
    return f"event: {name}\ndata: {as_json(record)}\n\n"


def event_stream(events: AsyncIterator[str]) -> EventStream:
    """The answer that sends them; what goes wrong after the start is an event too."""
    return EventStream(_guarded(events))


async def _guarded(events: AsyncIterator[str]) -> AsyncIterator[str]:
    try:
        async for each in events:
            yield each
    except CommonplaceError as error:
        yield event("error", {"message": str(error), "type": type(error).__name__})
    except Exception as error:
        yield event("error", {"message": bug_report(error), "type": "bug"})

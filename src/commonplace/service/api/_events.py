"""Server-sent events: each is a name and one JSON object; an error is the last of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from commonplace.foundation import CommonplaceError, bug_report
from commonplace.library import as_json
from commonplace.service.api.dependencies import told

_HEADERS = {"x-accel-buffering": "no", "cache-control": "no-store"}  # no proxy may buffer it


class EventStream(StreamingResponse):
    """A stream that ends when the client goes away, also while there is nothing to send.

    Starlette would notice only at the next event, which a model that writes may delay for long.
    """

    def __init__(self, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or nobody listens."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_on_disconnect, receive, tasks.cancel_scope)
            with suppress(OSError):  # the client went away while something was sent
                await self.stream_response(send)
            tasks.cancel_scope.cancel()

    async def _cancel_on_disconnect(self, receive: Receive, scope: anyio.CancelScope) -> None:
        await self.listen_for_disconnect(receive)
        scope.cancel()


def event(name: str, record: Mapping[str, Any]) -> str:
    """One event as text."""
    return f"event: {name}\ndata: {as_json(record)}\n\n"


def event_stream(events: AsyncIterator[str]) -> EventStream:
    """The response that sends events; an error after the start is an event too."""
    return EventStream(_guarded(events))


async def _guarded(events: AsyncIterator[str]) -> AsyncIterator[str]:
    try:
        async for text in events:
            yield text
    except CommonplaceError as error:
        yield event("error", {"message": told(error), "type": type(error).__name__})
    except Exception as error:
        yield event("error", {"message": bug_report(error), "type": "bug"})

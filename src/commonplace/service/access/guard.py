"""What every request passes first: checks of Host, Origin, token, and of the body's size and pace.

Notable: plain ASGI, so that nothing behind it (the API, the page, MCP) can be reached around it,
and a body is counted while it arrives. Answers get the headers that isolate the page.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commonplace.foundation import LibraryError
from commonplace.service.access.settings import ServiceSettings, is_loopback
from commonplace.service.access.tokens import Token, find_token

log = logging.getLogger(__name__)

COOKIE: Final = "commonplace"
_PUBLIC: Final = ("/page/", "/api/session", "/health")
_UPLOAD: Final = "/api/files"
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class _RefusedError(HTTPException):
    """A request that goes no further: status, and one sentence.

    What the client still sends is not read, so the connection ends. (It is Starlette's kind of
    error because it is raised while a body is read, in the middle of the application.)
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message, {"connection": "close"})


class Guard:
    """Lets a request through to `app`, its token in `scope["state"]["token"]`, or answers it."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, tokens: Path) -> None:
        self._app, self._settings, self._tokens = app, settings, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # policy violation
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *_extra(message, scope)]
            await send(message)

        try:
            headers = _headers(scope)
            self._check_sender(scope["method"], headers)
            scope.setdefault("state", {})["token"] = self._token(scope, headers)
            body = _Body(receive, self._limit(scope, headers), self._settings.silence_seconds)
            await self._app(scope, body.receive, answer)
        except _RefusedError as refusal:
            if not started:  # a status that is sent cannot be taken back
                await _refuse(refusal, answer)
        except ClientDisconnect:
            pass  # nobody is there to be told

    def _check_sender(self, method: str, headers: Mapping[str, str]) -> None:
        """Refuse pages of other servers, and foreign names that resolve to this address."""
        host = headers.get("host", "")
        name = _host_name(f"//{host}")
        # With a token a foreign name gains nothing: a browser sends it no cookie of ours.
        is_own = is_loopback(name) or name in self._settings.allowed_hosts
        if not is_own and (not self._settings.wants_token or self._settings.allowed_hosts):
            raise _RefusedError(403, "this is not a name of this server; --allow-host adds one")
        origin = headers.get("origin")
        # A picture or a script is fetched without an Origin. A link to here may be followed, but
        # nothing is changed by following one.
        is_foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        is_followed = headers.get("sec-fetch-mode") == "navigate" and method in {"GET", "HEAD"}
        if origin is None and not (is_foreign and not is_followed):
            return
        if origin is None or origin.partition("://")[2] != host:
            raise _RefusedError(403, "a page of another server may not use this one")

    def _token(self, scope: Scope, headers: Mapping[str, str]) -> Token | None:
        if not self._settings.wants_token:
            return None
        path = scope["path"]
        if path == "/" or path.startswith(_PUBLIC):
            return None
        secret = _secret(headers)
        try:
            token = find_token(self._tokens, secret) if secret else None
        except LibraryError:
            log.exception("the tokens cannot be read")
            message = f"the file of tokens, {self._tokens.name}, cannot be read; its owner can mend"
            raise _RefusedError(503, f"{message} or remove it") from None
        if token is None:
            raise _RefusedError(401, "this needs a token; send it as `Authorization: Bearer ...`")
        return token

    def _limit(self, scope: Scope, headers: Mapping[str, str]) -> int:
        is_upload = scope["path"] == _UPLOAD and scope["method"] == "POST"
        limit = self._settings.upload_bytes if is_upload else self._settings.body_bytes
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():  # `int` would take "-1" and " 1_0 "
            raise _RefusedError(400, "the length of the body is no number")
        if int(length) > limit:
            raise _too_large(limit)
        return limit


class _Body:
    """A request's body, counted and timed while it arrives."""

    def __init__(self, receive: Receive, limit: int, silence: float) -> None:
        self._receive, self._silence = receive, silence
        self._limit = self._remaining = limit
        self._complete = False

    async def receive(self) -> Message:
        if self._complete:  # what follows is only that the client went away, however late
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._silence)
        except TimeoutError:
            # A slow client would hold a connection for good.
            raise _RefusedError(408, "the body stopped arriving") from None
        self._remaining -= len(message.get("body", b""))
        if self._remaining < 0:
            raise _too_large(self._limit)
        self._complete = not message.get("more_body", False)
        return message


def _too_large(limit: int) -> _RefusedError:
    return _RefusedError(413, f"this is larger than the {limit:,} bytes that are taken")


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name; of two values the last counts, and two hosts are none."""
    values: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        values[key] = "" if key == "host" and key in values else value.decode("latin-1")
    return values


def _host_name(address: str) -> str:
    """The name in an address, without its port; "" where there is none."""
    if any(strange in address[2:] for strange in "/@?#\\"):
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket that is not closed, say
        return ""


def _secret(headers: Mapping[str, str]) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def _extra(message: Message, scope: Scope) -> list[tuple[bytes, bytes]]:
    """Headers that every answer has; no cache on the way may store what the API says."""
    names = {name.lower() for name, _ in message.get("headers", ())}
    extra = dict(_HEADERS)
    if b"cache-control" not in names:
        is_page = scope["path"] == "/" or scope["path"].startswith("/page/")
        extra["cache-control"] = "no-cache" if is_page else "no-store"
    return [(name.encode(), value.encode()) for name, value in extra.items()]


async def _refuse(refusal: _RefusedError, send: Send) -> None:
    body = json.dumps({"error": {"message": refusal.detail, "type": "http"}}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    headers.append((b"content-length", str(len(body)).encode()))
    if refusal.status_code == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": refusal.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})

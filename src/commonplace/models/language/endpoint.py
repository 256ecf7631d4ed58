"""Any OpenAI-compatible endpoint: Ollama, vLLM, llama-server, a service.

Notable: the standard library only. What it sends is the messages and nothing else; the key of
`COMMONPLACE_API_KEY` goes to the named host alone, as redirects are refused. What comes back is
not trusted: lines are bounded, time is bounded, and anything malformed ends in one sentence.
"""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urldefrag, urlsplit

from commonplace.foundation import InputError, ServerError
from commonplace.models.language.messages import prepare_messages

KEY_VARIABLE = "COMMONPLACE_API_KEY"
_CONTEXT_TOKENS = 4096  # the protocol does not say how many a model has
_LONGEST_LINE = 1 << 20  # bytes
_BYTES_PER_TOKEN = 3  # text has about 4: this estimate is high rather than low
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class EndpointModel:
    """A model behind HTTP; make it from a specification with `open_endpoint`."""

    url: str  # up to and with /v1
    name: str  # as the endpoint knows it
    context_tokens: int = _CONTEXT_TOKENS
    silence_seconds: float = 120.0  # the longest wait for the next words
    total_seconds: float = 900.0

    def generate(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> Iterator[str]:
        """Continue a conversation, piece by piece.

        Args:
            messages: each with `role` and `content`.
            max_tokens: the most to generate.
            temperature: 0 always takes the likeliest token.

        Raises:
            InputError: the endpoint cannot be reached, refuses, breaks off or makes no sense.
        """
        body = {
            "model": self.name,
            "messages": prepare_messages(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
        }
        deadline = time.monotonic() + self.total_seconds
        try:
            with self._post(body) as response:
                yield from self._read(response, deadline)
        except urllib.error.HTTPError as error:
            raise self._failure(_refusal(error)) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise self._failure(f"{reason or type(error).__name__}") from error

    def count_tokens(self, text: str) -> int:
        """An estimate of a text's tokens that is rather too high than too low."""
        return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)

    def _post(self, body: Mapping[str, Any]) -> HTTPResponse:
        """Send the request; redirects are refused, and loopback is reached without a proxy."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(
            f"{self.url}/chat/completions", json.dumps(body).encode(), headers, method="POST"
        )
        local = urlsplit(self.url).hostname in _LOOPBACK
        proxies = urllib.request.ProxyHandler({} if local else None)
        opener = urllib.request.build_opener(proxies, _NoRedirect())
        response: HTTPResponse = opener.open(request, timeout=self.silence_seconds)
        return response

    def _read(self, response: HTTPResponse, deadline: float) -> Iterator[str]:
        """Yield the words of a reply: a stream of events, or one JSON object."""
        # Some endpoints do not stream, whatever they are asked for.
        if "event-stream" not in response.headers.get("Content-Type", "event-stream"):
            yield from self._words(response.read(_LONGEST_LINE))
            return
        while line := response.readline(_LONGEST_LINE):
            if time.monotonic() > deadline:
                raise self._failure(f"no end after {self.total_seconds:.0f} s")
            if not line.startswith(b"data:"):
                continue
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            yield from self._words(data)

    def _words(self, data: bytes) -> Iterator[str]:
        """The words of one JSON object: a piece of a message, or a whole one."""
        try:
            reply = json.loads(data)
            if "error" in reply:
                raise self._failure(_message(reply))
            for choice in reply["choices"]:
                part = choice.get("delta") or choice.get("message") or {}
                if content := part.get("content"):
                    yield str(content)
        # RecursionError: JSON nested so deeply that it is no reply but an attack.
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._failure("the reply is not that of an OpenAI-compatible endpoint") from error

    def _failure(self, reason: str) -> ServerError:
        return ServerError(
            f"The language model at {self.url} failed ({reason.rstrip('.')}): "
            f"check that it runs and serves {self.name!r}.",
            for_others=f"The language model {self.name!r} failed; the server's log says why.",
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses to go where a reply points to."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _refusal(error: urllib.error.HTTPError) -> str:
    """The status, and what the endpoint says about it."""
    try:
        detail = _message(json.loads(error.read(_LONGEST_LINE)))
    except (ValueError, OSError, HTTPException, RecursionError):
        detail = error.reason or ""
    return f"HTTP {error.code} {detail}".strip()


def _message(reply: Any) -> str:
    """The sentence in an error reply, shortened."""
    error = reply.get("error") if isinstance(reply, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    return str(text or "no reason given")[:300]


def open_endpoint(spec: str, *, context_tokens: int | None = None) -> EndpointModel:
    """Read a specification such as `http://localhost:11434/v1#llama3.2`.

    Raises:
        InputError: it is no such address, or names no model.
    """
    url, model = urldefrag(spec)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not model:
        raise InputError(f"{spec!r} is no language model: write http://HOST:PORT/v1#MODEL.")
    if parts.username or parts.password or parts.query:
        raise InputError(f"Put the key of {parts.hostname} into {KEY_VARIABLE}, not the address.")
    return EndpointModel(url.rstrip("/"), model, context_tokens or _CONTEXT_TOKENS)

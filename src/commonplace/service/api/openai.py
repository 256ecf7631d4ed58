"""`/v1`: OpenAI's chat completions, so that any client of OpenAI's can ask the library.

The question is the last message of the user; earlier messages are not used, as each answer is made
from the library alone. `max_tokens` and `stop` hold; tokens are counted as words and signs.
Citations are text (`[1]` behind a sentence or a quote, a list of
sources at the end) and `url_citation` annotations whose indices are characters of that text.

    client = openai.OpenAI(base_url="http://127.0.0.1:8765/v1", api_key="none")
    client.chat.completions.create(model="commonplace", messages=[{"role": "user", ...}])

Specification: https://platform.openai.com/docs/api-reference/chat/create
"""

import json
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from commonplace.answers import Sentence, Step
from commonplace.foundation import CommonplaceError, InputError
from commonplace.library import sentence_record
from commonplace.library.record_types import CitationRecord
from commonplace.service.api._events import EventStream
from commonplace.service.api._request_models import AskRequest
from commonplace.service.api._response_models import ComparedAnswerRecord
from commonplace.service.api.answers import steps
from commonplace.service.api.completion_ending import Ending, Limits, count_tokens
from commonplace.service.api.dependencies import (
    ERRORS,
    CurrentSettings,
    ReadableLibrary,
    RequestError,
    model_name,
    told,
)

openai_api = APIRouter(prefix="/v1", responses={**ERRORS, 404: ERRORS[400]})
_EXTRACTIVE = "commonplace"  # the model that quotes
_LONGEST = 4000  # characters of a question


class Part(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="allow")
    type: str
    text: str | None = None


class Message(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    """What a stream says besides the answer."""

    model_config = ConfigDict(extra="allow")
    include_usage: bool | None = False


class Completion(BaseModel):
    """A request; what has no meaning here (temperature, tools, ...) is accepted and ignored."""

    model_config = ConfigDict(extra="allow")
    model: str = Field(max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: str | list[str] | None = None
    n: int | None = None
    response_format: dict[str, Any] | None = None

    def limits(self) -> Limits:
        """Where the answer ends, however it would go on."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        most = self.max_completion_tokens or self.max_tokens
        return Limits(most, tuple(stop for stop in stops if stop))


@openai_api.get("/models", tags=["OpenAI"])
async def models(settings: CurrentSettings) -> dict[str, Any]:
    """`commonplace` quotes the library; `commonplace/NAME` lets that model write."""
    names = [_EXTRACTIVE, *(f"{_EXTRACTIVE}/{model_name(spec)}" for spec in settings.models)]
    return {"object": "list", "data": [_model(name) for name in names]}


@openai_api.get("/models/{name:path}", tags=["OpenAI"])
async def model(settings: CurrentSettings, name: str) -> dict[str, Any]:
    """One model."""
    for offered in (await models(settings))["data"]:
        if offered["id"] == name:
            return dict(offered)
    raise _no_model(name)


def _no_model(name: str) -> RequestError:
    return RequestError(
        f"there is no model {name[:80]!r}; /v1/models lists them",
        status=404,
        code="model_not_found",
        param="model",
    )


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "commonplace"}


@openai_api.post(
    "/chat/completions",
    response_model=None,
    responses={200: {"content": {"application/json": {}, "text/event-stream": {}}}},
    tags=["OpenAI"],
)
async def complete(
    open_library: ReadableLibrary,
    settings: CurrentSettings,
    request: Request,
    completion: Completion,
) -> dict[str, Any] | EventStream:
    """An answer with its citations, as text and as annotations."""
    await _check(completion, settings)
    asked = _question(completion.messages)
    question = AskRequest(question=asked, model=_written_by(completion.model))
    reply = _Reply(completion.model, str(request.base_url))
    ending = Ending(completion.limits())
    whole = _pieces(open_library.stream(steps(open_library, settings, question)), reply)
    pieces = ending.cut(whole)
    prompt = count_tokens("\n".join(map(_text, completion.messages)))
    if completion.stream:
        options = completion.stream_options
        counted = prompt if options and options.include_usage else None
        return EventStream(_chunks(reply, pieces, ending, counted))
    text = "".join([piece async for piece in pieces])
    message = {
        "role": "assistant",
        "content": text,
        "refusal": reply.refusal,
        "annotations": reply.within(len(text)),
    }
    choice = {"index": 0, "message": message, "finish_reason": ending.reason, "logprobs": None}
    usage = _usage(prompt, ending.tokens)
    return {**reply.head("chat.completion"), "choices": [choice], "usage": usage}


async def _check(completion: Completion, settings: CurrentSettings) -> None:
    """Refuse what cannot be done, rather than doing something else."""
    if completion.model not in [each["id"] for each in (await models(settings))["data"]]:
        raise _no_model(completion.model)
    if completion.n not in (None, 1):
        raise RequestError("there is one answer to a question; leave n out", param="n")
    form = (completion.response_format or {}).get("type", "text")
    if form != "text":
        raise RequestError(
            f"an answer is text with citations, and no {str(form)[:40]!r}; leave it out",
            param="response_format",
        )


def _usage(prompt: int, completion: int) -> dict[str, int]:
    """Tokens as this server counts them: words and signs."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _text(message: Message) -> str:
    content = message.content or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.text or "" for part in content if part.type == "text")


def _question(messages: list[Message]) -> str:
    for message in reversed(messages):
        if message.role == "user":
            content = _text(message)
            content = content.encode("utf-8", "replace").decode()  # half a surrogate pair is none
            if content.strip() and len(content) <= _LONGEST:
                return content
            raise InputError(f"a question has 1 to {_LONGEST} characters; this has {len(content)}")
    raise InputError("there is no message of the user; it is the question")


def _written_by(model: str) -> str | None:
    return model.partition("/")[2] or None


class _Reply:
    """The text of an answer while it grows: numbers of sources, and annotations at their marks."""

    def __init__(self, model: str, base: str) -> None:
        self.annotations: list[dict[str, Any]] = []
        self.refusal: str | None = None
        self._model, self._base = model, base
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        self._length = 0
        self._numbers: dict[str, int] = {}
        self._sources: list[str] = []

    def head(self, kind: str) -> dict[str, Any]:
        """The fields that every object of this answer begins with."""
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}

    def sentence(self, sentence: Sentence) -> str:
        """A sentence with its marks."""
        text = self._append((" " if self._length else "") + sentence.text + " ")
        record = sentence_record(sentence)
        text += "".join(map(self._mark, record["citations"]))
        if not record["note"]:
            return text
        text += self._append(f" ({record['note']} ")
        text += "".join(self._mark(earlier["citation"]) for earlier in record["superseded"])
        return text + self._append(")")

    def end(self, record: ComparedAnswerRecord) -> str:
        """The text after the last sentence: the sources, the closest quotes, or the refusal."""
        if record["outcome"] == "refused":
            self.refusal = f"The library does not answer this: {record['reason']}."
            return self._append(self.refusal)
        text = self._doubt(record) if record["outcome"] == "unsure" else ""
        text += "".join(self._append(f"\n\nNot answered: {part}") for part in record["missing"])
        return text + self._append("\n\nSources:\n" + "\n".join(self._sources))

    def _doubt(self, record: ComparedAnswerRecord) -> str:
        """The closest quotes as Markdown shows quotations, and what is in doubt."""
        outline = "".join(f"\n- {heading}" for heading in record["outline"])
        lead = f"What there is to read:\n{outline}" if outline else "The library may say this:"
        text = self._append(lead)
        for citation in record["closest"]:
            quote = "\n> ".join(citation["quote"].splitlines())
            text += self._append(f"\n\n> {quote} ") + self._mark(citation)
        reason = record["reason"]
        doubt = f"{reason[0].upper()}{reason[1:]}" if outline else f"In doubt, because {reason}"
        return text + self._append(f"\n\n{doubt}.")

    def _mark(self, citation: CitationRecord) -> str:
        """The number of a source, which is annotated where it stands."""
        name = citation["id"]
        title = citation["title"] or PurePath(citation["path"]).name
        if name not in self._numbers:
            self._numbers[name] = len(self._numbers) + 1
            self._sources.append(f"[{self._numbers[name]}] {title} ({self._place(name)})")
        mark = f"[{self._numbers[name]}]"
        url_citation = {
            "start_index": self._length,
            "end_index": self._length + len(mark),
            "url": self._place(name),
            "title": title,
        }
        self.annotations.append({"type": "url_citation", "url_citation": url_citation})
        return self._append(mark)

    def within(self, length: int) -> list[dict[str, Any]]:
        """The annotations of the first characters."""
        return [a for a in self.annotations if a["url_citation"]["end_index"] <= length]

    def _place(self, name: str) -> str:
        """Where the page shows a source; a path of this machine is nobody else's business."""
        return f"{self._base}#/source/{name}"

    def _append(self, text: str) -> str:
        self._length += len(text)
        return text


async def _pieces(
    steps: AsyncIterator[Step | ComparedAnswerRecord], reply: _Reply
) -> AsyncIterator[str]:
    async for step in steps:
        if isinstance(step, Sentence):
            yield reply.sentence(step)
        elif isinstance(step, dict):
            yield reply.end(step)


async def _chunks(
    reply: _Reply, pieces: AsyncIterator[str], ending: Ending, prompt: int | None
) -> AsyncIterator[str]:
    """The answer as events; the annotations come with the last of them, then the usage if asked."""
    yield _chunk(reply, {"role": "assistant", "content": ""})
    length = 0
    try:
        async for piece in pieces:
            length += len(piece)
            yield _chunk(reply, {"content": piece})
    except CommonplaceError as error:
        error_record = {"message": told(error), "type": type(error).__name__}
        problem = {"error": {**error_record, "code": None, "param": None}}
        yield f"data: {json.dumps(problem)}\n\n"
        return
    last: dict[str, Any] = {"annotations": reply.within(length)}
    yield _chunk(reply, last | ({"refusal": reply.refusal} if reply.refusal else {}))
    yield _chunk(reply, {}, ending.reason)
    if prompt is not None:
        usage = {"choices": [], "usage": _usage(prompt, ending.tokens)}
        yield f"data: {json.dumps({**reply.head('chat.completion.chunk'), **usage})}\n\n"
    yield "data: [DONE]\n\n"


def _chunk(reply: _Reply, delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    record = {**reply.head("chat.completion.chunk"), "choices": [choice]}
    return f"data: {json.dumps(record)}\n\n"

"""OpenAI's own client against the service: models, the three outcomes, streams, errors."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import Library
from commonplace.service.api.completion_ending import Ending, Limits, count_tokens
from outcomes import make_unsure
from service_running import Running, serving

QUESTION = "Why does LoRA use two matrices?"
UNKNOWN = "Which tokenizer does Whisper use?"


@pytest.fixture
def client(reader: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    with client_of(reader, monkeypatch) as client:
        yield client


def client_of(service: Running, monkeypatch: pytest.MonkeyPatch) -> openai.OpenAI:
    monkeypatch.setenv("NO_PROXY", "*")
    return openai.OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0)


def said(question: str) -> Any:
    return [
        {"role": "system", "content": "Answer in French."},
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "content": "A book."},
        {"role": "user", "content": question},
    ]


@pytest.mark.weights
def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["commonplace"]
    assert client.models.retrieve("commonplace").owned_by == "commonplace"


@pytest.mark.weights
def test_an_answer_has_its_citations_as_text_and_as_annotations(
    client: openai.OpenAI, reader: Running
) -> None:
    completion = client.chat.completions.create(model="commonplace", messages=said(QUESTION))
    (choice,) = completion.choices
    message = choice.message
    assert choice.finish_reason == "stop"
    assert message.content is not None
    assert "numbers. [1]" in message.content
    assert "Sources:\n[1] LoRA (" in message.content
    assert message.annotations
    for annotation in message.annotations:
        cited = annotation.url_citation
        mark = message.content[cited.start_index : cited.end_index]
        assert mark.startswith("[")
        assert mark.endswith("]")
        place = cited.url.partition("#/source/")[2]
        assert reader.json(f"/api/passages/{place}")["words"] in message.content
    assert message.refusal is None


@pytest.mark.weights
def test_a_stream_says_the_same(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="commonplace", messages=said(QUESTION))
    text, finish = "", None
    annotations: list[Any] = []
    for chunk in client.chat.completions.create(
        model="commonplace", messages=said(QUESTION), stream=True
    ):
        (choice,) = chunk.choices
        text += choice.delta.content or ""
        annotations += getattr(choice.delta, "annotations", None) or []
        finish = choice.finish_reason or finish
    assert text == whole.choices[0].message.content
    assert len(annotations) == len(whole.choices[0].message.annotations or [])
    assert finish == "stop"


@pytest.mark.weights
def test_a_refusal_is_one(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="commonplace", messages=said(UNKNOWN))
    message = completion.choices[0].message
    assert message.refusal is not None
    assert message.refusal.startswith("The library does not answer this")
    assert message.content == message.refusal
    assert not message.annotations


def test_a_doubt_quotes_what_is_closest(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    quotes = ("LoRA trains two small matrices.", "words that they share")
    make_unsure(monkeypatch, quotes, "it says nothing of 2022")
    with client_of(service, monkeypatch) as client:
        message = client.chat.completions.create(model="commonplace", messages=said("When?"))
        chunks = client.chat.completions.create(
            model="commonplace", messages=said("When?"), stream=True
        )
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    (choice,) = message.choices
    text = choice.message.content or ""
    assert streamed == text
    *lines, first, second = text.splitlines()
    assert lines == [
        "The library may say this:",
        "",
        "> LoRA trains two small matrices. [1]",
        "",
        "> words that they share [2]",
        "",
        "In doubt, because it says nothing of 2022.",
        "",
        "Sources:",
    ]
    assert first.startswith("[1] LoRA (")
    assert second.startswith("[2] bm25 (")
    assert all(line.endswith(")") and "#/source/" in line for line in (first, second))
    assert choice.message.refusal is None
    annotations = [each.url_citation for each in choice.message.annotations or []]
    marks = [text[each.start_index : each.end_index] for each in annotations]
    assert marks == ["[1]", "[2]"]
    for each, quote in zip(annotations, quotes, strict=True):
        place = each.url.partition("#/source/")[2]
        assert service.json(f"/api/passages/{place}")["words"] == quote


def test_limits_hold_and_tokens_are_counted(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unsure(monkeypatch, ("LoRA trains two small matrices.",), "it says nothing of 2022")
    with client_of(service, monkeypatch) as client:

        def asked(**more: Any) -> Any:
            return client.chat.completions.create(model="commonplace", messages=said("x?"), **more)

        whole = asked()
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage.completion_tokens > 20
        assert whole.usage.prompt_tokens > 5
        short = asked(max_tokens=3)
        assert short.choices[0].message.content == "The library may"
        assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 3)
        stopped = asked(stop=["trains two"])
        assert (stopped.choices[0].message.content or "").endswith("> LoRA ")
        assert not stopped.choices[0].message.annotations
        *chunks, last = asked(
            stream=True, max_completion_tokens=8, stream_options={"include_usage": True}
        )
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert streamed == (asked(max_tokens=8).choices[0].message.content)
        assert chunks[-1].choices[0].finish_reason == "length"
        assert last.usage is not None
        assert last.usage.completion_tokens == 8


@given(
    st.lists(st.text("ab .\n", max_size=6), max_size=8),
    st.integers(1, 12) | st.none(),
    st.lists(st.text("ab.", min_size=1, max_size=3), max_size=2),
)
def test_an_answer_is_cut_alike_however_it_comes(
    pieces: list[str], most: int | None, stops: list[str]
) -> None:
    async def cut(parts: list[str]) -> tuple[str, str]:
        async def come() -> AsyncIterator[str]:
            for part in parts:
                yield part

        ending = Ending(Limits(most, tuple(stops)))
        text = "".join([piece async for piece in ending.cut(come())])
        assert most is None or count_tokens(text) <= most
        assert not any(stop in text for stop in stops)
        return text, ending.reason

    text, reason = asyncio.run(cut(pieces))
    assert "".join(pieces).startswith(text)
    if not stops:
        whole, why = asyncio.run(cut(["".join(pieces)]))
        assert (whole.rstrip(), why) == (text.rstrip(), reason)


@pytest.mark.parametrize(
    ("more", "status", "code", "param"),
    [
        ({"model": "gpt-4"}, 404, "model_not_found", "model"),
        ({"model": "commonplace/gpt-4"}, 404, "model_not_found", "model"),
        ({"n": 2}, 400, None, "n"),
        ({"response_format": {"type": "json_object"}}, 400, None, "response_format"),
    ],
)
def test_what_cannot_be_done_is_refused_as_clients_know_it(
    service: Running,
    monkeypatch: pytest.MonkeyPatch,
    more: dict[str, Any],
    status: int,
    code: str | None,
    param: str,
) -> None:
    with client_of(service, monkeypatch) as client, pytest.raises(openai.APIStatusError) as error:
        client.chat.completions.create(**{"model": "commonplace", "messages": said("x?"), **more})
    assert (error.value.status_code, error.value.code, error.value.param) == (status, code, param)


def test_health_is_told_to_anybody(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library").folder
    with serving(library, require_token=True, tokens=tmp_path / "tokens.json") as running:
        assert running.client.get("/health").json() == {"status": "ok"}
        assert running.client.get("/api/me").status_code == 401


@pytest.mark.weights
def test_parts_of_a_message_are_read(client: openai.OpenAI) -> None:
    parts: Any = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    completion = client.chat.completions.create(model="commonplace", messages=parts)
    assert "[1]" in (completion.choices[0].message.content or "")


@pytest.mark.weights
@pytest.mark.parametrize(
    ("model", "messages", "why"),
    [
        ("commonplace", [{"role": "system", "content": "x"}], "no message of the user"),
        ("commonplace", [{"role": "user", "content": " "}], "1 to 4000 characters"),
    ],
)
def test_errors_are_said(client: openai.OpenAI, model: str, messages: Any, why: str) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match=why):
            client.chat.completions.create(model=model, messages=messages, stream=stream)

"""OpenAI's own client against the service: models, the three outcomes, streams, errors."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from outcomes import make_unsure
from service_running import Running

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
    assert second.endswith("bm25.txt)")
    assert choice.message.refusal is None
    annotations = [each.url_citation for each in choice.message.annotations or []]
    marks = [text[each.start_index : each.end_index] for each in annotations]
    assert marks == ["[1]", "[2]"]
    for each, quote in zip(annotations, quotes, strict=True):
        place = each.url.partition("#/source/")[2]
        assert service.json(f"/api/passages/{place}")["words"] == quote


@pytest.mark.weights
def test_parts_of_a_message_are_read(client: openai.OpenAI) -> None:
    parts: Any = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    completion = client.chat.completions.create(model="commonplace", messages=parts)
    assert "[1]" in (completion.choices[0].message.content or "")


@pytest.mark.weights
@pytest.mark.parametrize(
    ("model", "messages", "why"),
    [
        ("gpt-4", said("x?"), "no model"),
        ("commonplace/gpt-4", said("x?"), "offers no model"),
        ("commonplace", [{"role": "system", "content": "x"}], "no message of the user"),
        ("commonplace", [{"role": "user", "content": " "}], "1 to 4000 characters"),
    ],
)
def test_errors_are_said(client: openai.OpenAI, model: str, messages: Any, why: str) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match=why):
            client.chat.completions.create(model=model, messages=messages, stream=stream)

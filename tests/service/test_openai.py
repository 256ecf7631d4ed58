"""OpenAI's own client against the service: models, answers whole and streamed, refusals, errors."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from service_running import Running

pytestmark = pytest.mark.weights
QUESTION = "Why does LoRA use two matrices?"
UNKNOWN = "Which tokenizer does Whisper use?"


@pytest.fixture
def client(reader: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    monkeypatch.setenv("NO_PROXY", "*")
    with openai.OpenAI(base_url=f"{reader.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def said(question: str) -> Any:
    return [
        {"role": "system", "content": "Answer in French."},
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "content": "A book."},
        {"role": "user", "content": question},
    ]


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["commonplace"]
    assert client.models.retrieve("commonplace").owned_by == "commonplace"


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


def test_a_refusal_is_one(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="commonplace", messages=said(UNKNOWN))
    message = completion.choices[0].message
    assert message.refusal is not None
    assert message.refusal.startswith("The library does not answer this")
    assert message.content == message.refusal
    assert not message.annotations


def test_parts_of_a_message_are_read(client: openai.OpenAI) -> None:
    parts: Any = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    completion = client.chat.completions.create(model="commonplace", messages=parts)
    assert "[1]" in (completion.choices[0].message.content or "")


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

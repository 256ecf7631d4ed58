"""Language models: a fake OpenAI-compatible endpoint, and what needs no weights of llama.cpp."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from commonplace.foundation import InputError, WeightsError
from commonplace.models.language.endpoint import EndpointModel, open_endpoint
from commonplace.models.language.interface import open_language_model
from commonplace.models.language.llama import stream_words
from commonplace.models.language.messages import disarm, prepare_messages

MESSAGES = [{"role": "user", "content": "hello"}]


def event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


class Fake(ThreadingHTTPServer):
    """Answers every request with what a test sets, and keeps what it was asked."""

    daemon_threads = True
    status = 200
    kind = "text/event-stream"
    body = b""
    location: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class FakeHandler(BaseHTTPRequestHandler):
    server: Fake

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(size)))
        self.server.headers.append(dict(self.headers))
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.delenv("COMMONPLACE_API_KEY", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # loopback never goes through it
    with Fake() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def model(fake: Fake) -> EndpointModel:
    return open_endpoint(f"{fake.url}#some-model")


def test_words_arrive_as_they_are_streamed(fake: Fake, model: EndpointModel) -> None:
    fake.body = b": comment\n\n" + event("Hel") + event("lo é") + b"data: [DONE]\n\n" + event("x")
    assert list(model.generate(MESSAGES, max_tokens=7)) == ["Hel", "lo é"]
    (asked,) = fake.asked
    assert fake.paths == ["/v1/chat/completions"]
    assert (asked["model"], asked["max_tokens"], asked["stream"]) == ("some-model", 7, True)
    assert asked["temperature"] == 0
    assert "Authorization" not in fake.headers[0]


def test_the_key_comes_from_the_environment(
    fake: Fake, model: EndpointModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONPLACE_API_KEY", "secret")
    list(model.generate(MESSAGES, max_tokens=1))
    assert fake.headers[0]["Authorization"] == "Bearer secret"


def test_an_endpoint_that_does_not_stream_is_understood(fake: Fake, model: EndpointModel) -> None:
    fake.kind = "application/json"
    fake.body = json.dumps({"choices": [{"message": {"content": "whole"}}]}).encode()
    assert list(model.generate(MESSAGES, max_tokens=1)) == ["whole"]


def test_chunks_without_words_are_passed_over(fake: Fake, model: EndpointModel) -> None:
    fake.body = b'data: {"choices": []}\n\ndata: {"choices": [{"delta": {}}]}\n\n' + event("a")
    assert list(model.generate(MESSAGES, max_tokens=1)) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        b"data: nonsense\n\n",
        b"data: []\n\n",
        b'data: {"choices": 3}\n\n',
        b'data: {"choices": [{"delta": 4}]}\n\n',
        b"data: " + b"[" * 99999,
        b'data: {"x": "' + b"y" * (2 << 20) + b'"}\n\n',
    ],
)
def test_nonsense_ends_in_one_sentence(fake: Fake, model: EndpointModel, body: bytes) -> None:
    fake.body = body
    with pytest.raises(InputError, match="not that of an OpenAI-compatible endpoint"):
        list(model.generate(MESSAGES, max_tokens=1))


def test_an_error_in_the_stream_is_said(fake: Fake, model: EndpointModel) -> None:
    fake.body = event("a") + b'data: {"error": {"message": "out of memory"}}\n\n'
    with pytest.raises(InputError, match="out of memory"):
        list(model.generate(MESSAGES, max_tokens=1))


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_refusal_is_said(fake: Fake, model: EndpointModel, status: int) -> None:
    fake.status, fake.body = status, b'{"error": {"message": "not here."}}'
    with pytest.raises(InputError, match=rf"HTTP {status} not here\)"):
        list(model.generate(MESSAGES, max_tokens=1))


def test_redirects_are_not_followed(fake: Fake, model: EndpointModel) -> None:
    fake.status, fake.location = 307, f"{fake.url}/elsewhere"
    with pytest.raises(InputError, match="HTTP 307"):
        list(model.generate(MESSAGES, max_tokens=1))
    assert len(fake.paths) == 1


def test_an_endpoint_that_is_not_there_is_said(model: EndpointModel) -> None:
    gone = replace(model, url="http://127.0.0.1:9/v1")
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9.*refused"):
        list(gone.generate(MESSAGES, max_tokens=1))


def test_too_long_is_broken_off(fake: Fake, model: EndpointModel) -> None:
    fake.body = event("a")
    with pytest.raises(InputError, match="no end after"):
        list(replace(model, total_seconds=-1).generate(MESSAGES, max_tokens=1))


@pytest.mark.parametrize(
    "spec",
    [
        "http://host/v1",
        "ftp://host/v1#m",
        "http://#m",
        "http://user:key@host/v1#m",
        "https://host/v1?key=x#m",
    ],
)
def test_a_strange_address_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match=r"HOST:PORT|COMMONPLACE_API_KEY"):
        open_endpoint(spec)


def test_an_estimate_of_tokens_is_not_below_the_truth(model: EndpointModel) -> None:
    assert model.count_tokens("") == 0
    assert model.count_tokens("four words of text") >= 4


@pytest.mark.parametrize("spec", ["bge-small-en-v1.5", "nothing-of-the-kind"])
def test_what_is_no_language_model_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match=spec):
        open_language_model(spec)


def test_a_missing_file_and_a_missing_runtime_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeightsError, match="no language model at"):
        open_language_model(str(tmp_path / "none.gguf"))
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    for spec in (str(tmp_path / "none.gguf"), None):
        with pytest.raises(WeightsError, match=r"pip install 'commonplace\[llm\]'"):
            open_language_model(spec)


@pytest.mark.parametrize(
    "mark",
    [
        "<|im_start|>",
        "<|im_end|>",
        "<|eot_id|>",
        "</s>",
        "[/INST]",
        "<end_of_turn>",
        "<<SYS>>",
        "<think>",
        "<\uff5cUser\uff5c>",
    ],
)
def test_marks_of_a_chat_template_are_broken(mark: str) -> None:
    assert mark not in disarm(f"before {mark} after")
    assert mark not in prepare_messages([{"role": "user", "content": mark * 3}])[0]["content"]


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "a < b, x[1], <s>trike</s> is broken but <b>bold</b> and List[INT] are not; |x|"
    assert disarm(text) == text.replace("<s>", "< s>").replace("</s>", "< /s>")


@pytest.mark.parametrize("messages", [[], [{"role": "user"}], [{"role": "root", "content": "x"}]])
def test_malformed_messages_are_refused(messages: list[dict[str, str]]) -> None:
    with pytest.raises(InputError):
        prepare_messages(messages)


Take = Callable[[Any], bool]


def piece(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}


def test_a_callback_becomes_a_stream() -> None:
    def run(take: Take) -> None:
        take(piece("a"))
        take([piece("b"), {"choices": [{"delta": {}}]}])

    assert list(stream_words(run)) == ["a", "b"]


def test_a_reader_that_stops_ends_the_generation() -> None:
    ended = threading.Event()

    def run(take: Take) -> None:
        while not take(piece("a")):
            pass
        ended.set()

    stream = stream_words(run)
    assert next(stream) == "a"
    stream.close()
    assert ended.is_set()


def test_errors_of_the_runtime_are_said() -> None:
    def refuse(_: Take) -> dict[str, Any]:
        return {"error": {"message": "too long"}}

    def crash(_: Take) -> None:
        raise RuntimeError("crashed")

    for run, reason in ((refuse, "too long"), (crash, "crashed")):
        with pytest.raises(InputError, match=reason):
            list(stream_words(run))

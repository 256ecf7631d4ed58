"""What must not get through: strangers, other pages, paths, sizes, slow and vanishing clients."""

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from commonplace import InputError, Library
from commonplace.answers import RetrievedContext
from commonplace.service import Role, ServiceSettings, add_token, remove_token, serve
from patience import PATIENCE
from service_running import Running, serving, wait_until, write_notes

ENDPOINTS = [
    ("GET", "/api/me"),
    ("GET", "/api/search?q=lora"),
    ("POST", "/api/ask"),
    ("POST", "/api/ask/stream"),
    ("GET", "/api/passages/abcd"),
    ("GET", "/api/files"),
    ("POST", "/api/files?name=x.md"),
    ("DELETE", "/api/files?path=/x"),
    ("GET", "/api/jobs"),
    ("GET", "/api/reading"),
    ("GET", "/api/log"),
    ("POST", "/api/feedback"),
    ("GET", "/v1/models"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/mcp"),
    ("GET", "/openapi.json"),
]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """A service that asks for tokens: two libraries, and (role, library) -> secret."""
    secrets: dict[str, str] = {}
    roles: tuple[tuple[str, Role, str], ...] = (
        ("anna", "read", "one"), ("bert", "write", "one"), ("carl", "write", "two")
    )  # fmt: skip
    for name, role, folder in roles:
        library = tmp_path / folder
        Library.open(library)
        secrets[name] = add_token(tmp_path / "tokens.json", name, role, library)
    Library.open(tmp_path / "one").add(write_notes(tmp_path / "notes"), vectors=False)
    with serving(tmp_path / "one", require_token=True) as running:
        yield running, secrets


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_no_token_and_a_wrong_one(guarded: tuple[Running, dict[str, str]]) -> None:
    service, secrets = guarded
    for method, path in ENDPOINTS:
        for headers in ({}, bearer("cp_wrong"), bearer(secrets["anna"][:-1]), {"cookie": "x"}):
            response = service.client.request(method, path, headers=headers)
            assert response.status_code == 401, (method, path)
            assert response.headers["www-authenticate"] == "Bearer"
    assert service.client.get("/").status_code == 200  # the page, which asks for one
    assert service.client.get("/page/app.js").status_code == 200


def test_a_token_names_its_library_and_role(guarded: tuple[Running, dict[str, str]]) -> None:
    service, secrets = guarded
    search = {
        name: service.client.get("/api/search?q=LoRA", headers=bearer(secret)).json()["hits"]
        for name, secret in secrets.items()
    }
    assert search["anna"]
    assert [hit["id"] for hit in search["anna"]] == [hit["id"] for hit in search["bert"]]
    assert search["carl"] == []
    for method, path in (("POST", "/api/files?name=x.md"), ("DELETE", "/api/files?path=/x")):
        refused = service.client.request(method, path, headers=bearer(secrets["anna"]))
        assert refused.status_code == 403
        assert "may read" in refused.json()["error"]["message"]
    given = {"query": "q", "citation": search["anna"][0]["id"], "verdict": "up"}
    assert service.client.post(
        "/api/feedback", json=given, headers=bearer(secrets["anna"])
    ).status_code == 403  # fmt: skip


def test_a_removed_token_stops_at_once(guarded: tuple[Running, dict[str, str]]) -> None:
    service, secrets = guarded
    assert service.client.get("/api/me", headers=bearer(secrets["anna"])).status_code == 200
    assert service.settings.tokens is not None
    remove_token(service.settings.tokens, "anna")
    assert service.client.get("/api/me", headers=bearer(secrets["anna"])).status_code == 401


def test_the_page_signs_in_with_a_cookie(guarded: tuple[Running, dict[str, str]]) -> None:
    service, secrets = guarded
    assert service.client.post("/api/session", json={"token": "cp_wrong"}).status_code == 401
    signed = service.client.post("/api/session", json={"token": secrets["bert"]})
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert service.json("/api/me")["name"] == "bert"
    service.client.delete("/api/session")
    assert service.client.get("/api/me").status_code == 401


def test_the_cookie_is_found_among_strange_ones(
    guarded: tuple[Running, dict[str, str]],
) -> None:
    service, secrets = guarded
    for before in ('prefs={"a":1}', "bare", "a b=1", "x="):
        headers = {"cookie": f"{before}; commonplace={secrets['anna']}"}
        assert service.client.get("/api/me", headers=headers).status_code == 200


@pytest.mark.parametrize("field", ["since", "until", "as_of"])
@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00"]
)
def test_the_edges_of_the_calendar_are_errors_of_the_client(
    service: Running, field: str, moment: str
) -> None:
    asked = {"q": "low-rank", "profile": "bm25", field: moment}
    assert service.client.get("/api/search", params=asked).status_code in {200, 400}


def test_half_an_upload_is_no_bug_of_ours(service: Running) -> None:
    gone = raw_open(service, "POST /api/files?name=half.md HTTP/1.1\r\nContent-Length: 9999\r\n")
    gone.sendall(b"abc")
    gone.close()
    assert service.client.head("/").status_code == 200
    cache = service.settings.library / "cache"
    wait_until(lambda: not list(cache.glob("*.part")))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"host": "evil.example"},
        {"host": "evil.example:80"},
        {"host": "127.0.0.1.evil.example"},
        {"host": ""},
        {"host": "["},
        {"host": "evil.example@localhost"},
        {"host": "localhost/../evil"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_other_pages_and_bent_names_are_refused(service: Running, headers: dict[str, str]) -> None:
    for method, path in ENDPOINTS:
        response = service.client.request(method, path, headers=headers)
        assert response.status_code == 403, (path, response.text)


def test_the_own_page_and_a_proxys_name_are_let_in(service: Running, tmp_path: Path) -> None:
    own = {"origin": service.url, "sec-fetch-site": "same-origin"}
    assert service.client.get("/api/me", headers=own).status_code == 200
    with serving(tmp_path / "library", allowed_hosts=("notes.example",)) as behind:
        proxied = {"host": "notes.example", "origin": "https://notes.example"}
        assert behind.client.get("/api/me", headers=proxied).status_code == 200
        assert behind.client.get("/api/me", headers={"host": "other.example"}).status_code == 403


TRAVERSALS = [
    "/etc/passwd",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "file:///etc/passwd",
    "~/.ssh/id_rsa",
    "",
    "%00",
    "/proc/self/environ",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_outside_the_library_can_be_named(
    service: Running, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/the-home-of-somebody")
    client = service.client
    tried = [
        client.get("/api/search", params={"q": "root", "in": path}),
        client.get("/api/explain", params={"q": "root", "citation": path or "x", "in": path}),
        client.post("/api/ask", json={"question": "root?", "in": [path]}),
        client.get(f"/api/passages/{path}"),
        client.get(f"/api/passages/{path}/page"),
        client.delete("/api/files", params={"path": path}),
        client.post("/api/files/read", json={"path": path}),
        client.get("/api/reading", params={"in": path}),
        client.get(f"/page/{path}"),
        client.get(f"/page/..%2f..%2f{path}"),
        client.post("/api/reading", json={"url": path or "x"}),
        client.post("/api/feedback", json={"query": "q", "citation": path or "x", "verdict": "up"}),
    ]
    for response in tried:
        assert response.status_code in {400, 404, 405, 422}, (response.url, response.text)
        assert "root:" not in response.text
    assert "/the-home-of-somebody" not in "".join(r.text for r in tried if "~" in path)
    job = client.post("/api/files", params={"name": path}, content=b"# hello")
    assert job.status_code in {202, 400, 422}
    if job.status_code == 202:
        service.ended(job.json()["id"])
        uploads = service.settings.library / "uploads"
        assert [file.parent for file in uploads.iterdir()] == [uploads]


def test_models_and_files_of_the_machine_cannot_be_named_as_models(service: Running) -> None:
    for model in ("/etc/passwd", "http://127.0.0.1:9/v1#x", "SmolLM2-135M-Instruct"):
        response = service.client.post("/api/ask", json={"question": "who?", "model": model})
        assert response.status_code == 400
        assert "offers no model" in response.json()["error"]["message"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(service: Running) -> None:
    said = raw(service, f"POST /api/files?name=a.bin HTTP/1.1\r\nContent-Length: {2 << 30}\r\n")
    assert said.startswith(b"HTTP/1.1 413")
    told = service.client.post("/api/ask", content=b"x" * 1_100_000)
    assert told.status_code == 413
    assert "1,000,000" in told.json()["error"]["message"]


def test_a_body_of_unknown_length_is_counted(tmp_path: Path) -> None:
    Library.open(tmp_path / "library")
    with serving(tmp_path / "library", upload_bytes=100_000) as service:

        def endless() -> Iterator[bytes]:
            while True:
                yield b"x" * 10_000

        try:
            response = service.client.post("/api/files?name=a.md", content=endless())
            assert response.status_code == 413
        except httpx.TransportError:
            pass  # the connection was closed while we wrote, which is as good
        assert not list((tmp_path / "library" / "cache").glob("*.part"))
        assert service.json("/api/files")["files"] == []


def test_a_slow_client_is_dropped_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    Library.open(tmp_path / "library")
    begun = "POST /api/files?name=a.md HTTP/1.1\r\nContent-Length: 50\r\n"
    with serving(tmp_path / "library", silence_seconds=PATIENCE) as service:
        slow = [raw_open(service, begun) for _ in range(20)]
        assert service.client.get("/api/me").status_code == 200
        assert not select.select(slow, [], [], 0)[0], "all of them are still waited for"
        for connection in slow:
            connection.close()
    with serving(tmp_path / "library", silence_seconds=0.3) as service:
        slow = [raw_open(service, begun) for _ in range(20)]
        assert {received(connection)[:12] for connection in slow} == {b"HTTP/1.1 408"}


@pytest.mark.weights
def test_a_client_that_goes_away_holds_nothing(reader: Running) -> None:
    for _ in range(reader.settings.answers_at_once + 1):
        body = json.dumps({"question": "Why does LoRA use two matrices?"})
        gone = raw_open(
            reader,
            "POST /api/ask/stream HTTP/1.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n",
        )
        gone.sendall(body.encode())
        gone.close()
    answer = reader.client.post("/api/ask", json={"question": "Why does LoRA use two matrices?"})
    assert answer.json()["answered"]


def test_a_client_that_goes_away_in_mid_stream_ends_the_answer(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(*_: Any, **__: Any) -> Iterator[Any]:
        begun.set()
        try:
            while True:
                yield RetrievedContext(1, ("/notes/lora.md",))
                time.sleep(0.02)
        finally:
            ended.set()

    monkeypatch.setattr(Library, "asking", endless)
    completion = {"messages": [{"role": "user", "content": "Why?"}], "model": "commonplace"}
    for path, body in (
        ("/api/ask/stream", {"question": "Why?"}),
        ("/v1/chat/completions", {**completion, "stream": True}),
    ):
        begun.clear()
        ended.clear()
        with service.client.stream("POST", path, json=body) as response:
            assert response.status_code == 200
            arriving = response.iter_bytes()  # when it is collected, the client goes
            next(arriving)
            assert begun.wait(PATIENCE)  # /v1 sends its first words before it asks the library
            assert not ended.is_set()
        assert ended.wait(PATIENCE), f"the answer of {path} went on"
    assert service.client.get("/api/search?q=lora").status_code == 200


def test_every_answer_keeps_the_page_to_itself(service: Running) -> None:
    for path in ("/", "/page/app.js", "/api/me", "/api/none", "/openapi.json"):
        headers = service.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_scripts_in_names_and_notes_stay_text(service: Running) -> None:
    name = '<img src=x onerror="alert(1)">.md'
    job = service.upload(name, "# <script>alert(1)</script>\n\nThe zebra says <b>hello</b>.\n")
    assert job["state"] == "done", job
    found = service.client.get("/api/search?q=zebra")
    assert found.headers["content-type"] == "application/json"
    assert found.json()["hits"][0]["path"].endswith(name)


def raw_open(service: Running, head: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
    connection.sendall(f"{head}Host: 127.0.0.1:{service.port}\r\n\r\n".encode())
    return connection


def received(connection: socket.socket) -> bytes:
    with connection:
        return connection.recv(4096)


def raw(service: Running, head: str) -> bytes:
    return received(raw_open(service, head))


def test_jobs_of_one_library_are_not_seen_by_another(
    guarded: tuple[Running, dict[str, str]],
) -> None:
    service, secrets = guarded
    made = service.client.post(
        "/api/files?name=a.md", content=b"# a", headers=bearer(secrets["bert"])
    ).json()
    path = f"/api/jobs/{made['id']}"
    assert service.client.get(path, headers=bearer(secrets["anna"])).status_code == 200
    assert service.client.get(path, headers=bearer(secrets["carl"])).status_code == 400
    wait_until(
        lambda: service.client.get(path, headers=bearer(secrets["anna"])).json()["state"] == "done"
    )


def test_a_form_of_another_site_is_refused_although_it_navigates(service: Running) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    reply = service.client.post("/api/files?name=a.md", content=b"Planted.", headers=headers)
    assert reply.status_code == 403
    assert service.client.get("/", headers=headers).status_code == 200


def test_a_form_with_a_file_is_refused_with_a_sentence(service: Running) -> None:
    reply = service.client.post("/api/files?name=a.md", files={"file": ("a.md", b"Words.")})
    assert (reply.status_code, "bytes of the file" in reply.text) == (415, True)


def test_a_broken_file_of_tokens_lets_nobody_in_and_is_named(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    library = Library.open(tmp_path / "library").folder
    with serving(library, require_token=True, tokens=tokens) as running:
        tokens.write_text("{")
        reply = running.client.get("/api/me", headers={"authorization": "Bearer cp_x"})
    assert (reply.status_code, "tokens.json" in reply.text) == (503, True)
    assert str(tmp_path) not in reply.text


def test_an_allowed_name_without_a_token_has_to_be_meant(tmp_path: Path) -> None:
    settings = ServiceSettings(tmp_path / "library", allowed_hosts=("notes.example.org",))
    with pytest.raises(InputError, match="--no-token"):
        serve(settings, lambda *_: None, lambda _: None)

"""Files, jobs and the reading list over HTTP, as the page uses them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from commonplace import Library
from commonplace.service import add_token
from patience import PATIENCE
from service_running import Running, serving, wait_until


def held_back(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Hold back what is added: (set when it has begun, to be set when it may go on)."""
    begun, go_on = threading.Event(), threading.Event()
    add = Library.add

    def slow(self: Library, *paths: Any, **more: Any) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        return add(self, *paths, **more)

    monkeypatch.setattr(Library, "add", slow)
    return begun, go_on


def test_a_dropped_file_is_kept_read_and_found(service: Running) -> None:
    job = service.upload("zebra.md", "# Zebra\n\nA zebra has stripes.\n")
    assert (job["state"], job["counts"]) == ("done", {"added": 1})
    (hit,) = service.json("/api/search", q="stripes", profile="bm25")["hits"]
    assert Path(hit["path"]) == service.settings.library / "uploads" / "zebra.md"
    files = {Path(file["path"]).name: file for file in service.json("/api/files")["files"]}
    assert files["zebra.md"]["uploaded"]
    assert not files["lora.md"]["uploaded"]
    assert files["empty.md"]["state"] == "skipped"
    assert files["empty.md"]["reason"]


def test_the_same_name_again_is_a_newer_version(service: Running) -> None:
    service.upload("zebra.md", "# Zebra\n\nA zebra has stripes.\n")
    job = service.upload("zebra.md", "# Zebra\n\nA zebra has spots.\n")
    assert job["counts"] == {"changed": 1}
    assert not service.json("/api/search", q="stripes", profile="bm25")["hits"]
    assert service.json("/api/search", q="spots", profile="bm25")["hits"]


def test_what_cannot_be_read_says_why(service: Running) -> None:
    job = service.upload("broken.pdf", b"%PDF-1.7 nothing")
    (file,) = job["files"]
    assert (job["state"], file["outcome"]) == ("done", "skipped")
    assert file["reason"]


def test_removing_deletes_an_upload_and_leaves_a_note(service: Running, notes: Path) -> None:
    service.upload("zebra.md", "# Zebra\n\nA zebra has stripes.\n")
    for path in (service.settings.library / "uploads" / "zebra.md", notes / "lora.md"):
        removed = service.client.delete("/api/files", params={"path": str(path)})
        assert removed.status_code == 202
        assert service.ended(removed.json()["id"])["counts"] == {"removed": 1}
    assert not (service.settings.library / "uploads" / "zebra.md").exists()
    assert (notes / "lora.md").exists()
    for words in ("stripes", "matrices"):
        assert not service.json("/api/search", q=words, profile="bm25")["hits"]


def test_a_file_is_read_again(service: Running, notes: Path) -> None:
    (notes / "lora.md").write_text("# LoRA\n\nIt has an aardvark now.\n", encoding="utf-8")
    states = {Path(f["path"]).name: f["state"] for f in service.json("/api/files")["files"]}
    assert states["lora.md"] == "stale"
    asked = service.client.post("/api/files/read", json={"path": str(notes / "lora.md")})
    assert service.ended(asked.json()["id"])["counts"] == {"changed": 1}
    assert service.json("/api/search", q="aardvark", profile="bm25")["hits"]


def test_reading_a_folder_again_reads_no_file_that_nobody_added(
    service: Running, notes: Path
) -> None:
    (notes / "secret.md").write_text("# Secret\n\nA dugong.\n", encoding="utf-8")
    for path in (str(notes), "/"):
        asked = service.client.post("/api/files/read", json={"path": path})
        assert "added" not in service.ended(asked.json()["id"])["counts"]
    assert not service.json("/api/search", q="dugong", profile="bm25")["hits"]


def test_a_newer_upload_outlives_an_older_removal(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.upload("a.md", "# a\n\nyak")
    begun, go_on = held_back(monkeypatch)
    first = service.client.post("/api/files", params={"name": "b.md"}, content=b"# b").json()
    assert begun.wait(PATIENCE)
    path = str(service.settings.library / "uploads" / "a.md")
    removing = service.client.delete("/api/files", params={"path": path}).json()
    again = service.client.post("/api/files", params={"name": "a.md"}, content=b"# a\n\ngnu").json()
    go_on.set()
    states = [service.ended(job["id"])["state"] for job in (first, removing, again)]
    assert states == ["done", "done", "done"]
    assert service.json("/api/search", q="gnu", profile="bm25")["hits"]
    assert not service.json("/api/search", q="yak", profile="bm25")["hits"]


def test_a_job_is_followed_to_its_end(service: Running) -> None:
    made = service.client.post("/api/files", params={"name": "a.md"}, content=b"# a\n\nword").json()
    with service.client.stream("GET", f"/api/jobs/{made['id']}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = "".join(response.iter_text())
    blocks = [block for block in text.split("\n\n") if block]
    assert all(block.startswith("event: job\ndata: {") for block in blocks)
    assert json.loads(blocks[-1].partition("data: ")[2])["state"] == "done"
    known = [job["id"] for job in service.json("/api/jobs")["jobs"]]
    assert known[0] == made["id"]


def test_a_job_is_stopped_after_its_commit(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = held_back(monkeypatch)
    first, second = (
        service.client.post(
            "/api/files", params={"name": f"{n}.md"}, content=f"# {n}\n\nyak"
        ).json()
        for n in "ab"
    )
    assert begun.wait(PATIENCE)
    for job in (second, first):
        assert service.client.delete(f"/api/jobs/{job['id']}").status_code == 200
    go_on.set()
    assert service.ended(first["id"])["state"] == "stopped"
    assert service.ended(second["id"])["state"] == "stopped"
    with serving(service.settings.library) as again:  # the next start reads what was not
        wait_until(lambda: len(again.json("/api/search", q="yak", profile="bm25")["hits"]) == 2)


def test_a_failure_is_one_sentence_and_the_queue_goes_on(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Library, "add", broken)
        job = service.upload("a.md", "# a\n\nyak")
    assert job["state"] == "failed"
    assert "bug of ours (ZeroDivisionError)" in job["message"]
    details = Path(job["message"].rpartition(" ")[2])
    assert "Traceback" in details.read_text()
    details.unlink()
    assert service.upload("b.md", "# b\n\ngnu")["state"] == "done"


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was uploaded before a kill -9 is found after the next start."""
    process = start(tmp_path)
    try:
        address = process.stdout.readline().split()[0].decode()  # type: ignore[union-attr]
        with client_of(address) as client:
            for n in range(30):
                text = f"# Note {n}\n\n" + f"The animal of note {n} is zebra{n}.\n\n" * 50
                response = client.post("/api/files", params={"name": f"{n}.md"}, content=text)
                assert response.status_code == 202
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
    with serving(tmp_path / "library") as again:
        wait_until(
            lambda: all(
                again.json("/api/search", q=f"zebra{n}", profile="bm25", limit=1)["hits"]
                for n in range(30)
            )
        )


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_graceful(tmp_path: Path, end: signal.Signals) -> None:
    process = start(tmp_path)
    process.stdout.readline()  # type: ignore[union-attr]
    process.send_signal(end)
    out, err = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in out + err
    assert process.returncode in {0, -signal.SIGTERM}, (process.returncode, err)


@pytest.mark.slow
def test_beyond_this_machine_an_owner_gets_a_token_once(tmp_path: Path) -> None:
    add_token(tmp_path / "t.json", "owner", "read", tmp_path / "another")
    more = ("--host", "0.0.0.0", "--tokens", "t.json")
    for is_first in (True, False):
        process = start(tmp_path, *more)
        assert process.stdout is not None
        address = process.stdout.readline().split()[0].decode()
        said = process.stdout.readline().decode()
        assert ("shown this once" in said) is is_first
        with client_of(address) as client:
            assert client.get("/api/me").status_code == 401
            if is_first:
                headers = {"authorization": f"Bearer {said.split()[-1]}"}
                me = client.get("/api/me", headers=headers).json()
                assert (me["name"], me["role"]) == ("owner-2", "write")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def client_of(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False)


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    """`commonplace serve` in a process of its own."""
    words = ["serve", "--port", "0", "--library", "library", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "commonplace", *words],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_watched_folder_is_kept_current(tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "before.md").write_text("# Before\n\nAn okapi.\n", encoding="utf-8")
    library = watched / "library"  # inside: its own changes must not be taken for news
    with serving(library, watched=(watched,)) as service:

        def found(words: str) -> bool:
            return bool(service.json("/api/search", q=words, profile="bm25")["hits"])

        wait_until(lambda: found("okapi"))
        (watched / "new.md").write_text("# New\n\nA quagga.\n", encoding="utf-8")
        wait_until(lambda: found("quagga"))
        (watched / "new.md").write_text("# New\n\nA tapir.\n", encoding="utf-8")
        wait_until(lambda: found("tapir") and not found("quagga"))
        (watched / "new.md").unlink()
        wait_until(lambda: not found("tapir"))
        jobs = len(service.json("/api/jobs")["jobs"])
        threading.Event().wait(2.5)
        assert len(service.json("/api/jobs")["jobs"]) == jobs


@pytest.mark.parametrize("seconds_away", [0, 3])
def test_a_watched_folder_that_comes_back_is_watched_again(
    tmp_path: Path, seconds_away: int
) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "a.md").write_text("# a\n\nAn okapi.\n", encoding="utf-8")
    with serving(tmp_path / "library", watched=(watched,)) as service:

        def found(words: str) -> bool:
            return bool(service.json("/api/search", q=words, profile="bm25")["hits"])

        wait_until(lambda: found("okapi"))
        shutil.rmtree(watched)
        threading.Event().wait(seconds_away)
        watched.mkdir()
        (watched / "b.md").write_text("# b\n\nA quagga.\n", encoding="utf-8")
        wait_until(lambda: found("quagga") and not found("okapi"))
        (watched / "c.md").write_text("# c\n\nA tapir.\n", encoding="utf-8")
        wait_until(lambda: found("tapir"))
        assert {Path(file["path"]).name for file in service.json("/api/files")["files"]} >= {"c.md"}


def silent_system(*_: Any, stop_event: threading.Event, **__: Any) -> Iterator[set[Any]]:
    while not stop_event.wait(0.05):
        yield set()


def no_watches_left(*_: Any, **__: Any) -> Iterator[set[Any]]:
    raise OSError("OS file watch limit reached")


@pytest.mark.parametrize("watch", [silent_system, no_watches_left])
def test_what_the_system_does_not_tell_a_look_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watch: Any
) -> None:
    monkeypatch.setattr("watchfiles.watch", watch)
    watched = tmp_path / "watched"
    watched.mkdir()
    often = {"rescan_seconds": 0.3, "look_seconds": 0.1}
    with serving(tmp_path / "library", watched=(watched,), **often) as service:
        wait_until(lambda: bool(service.json("/api/jobs")["jobs"]))
        (watched / "a.md").write_text("# a\n\nAn okapi.\n", encoding="utf-8")
        wait_until(lambda: bool(service.json("/api/search", q="okapi", profile="bm25")["hits"]))


def test_the_reading_list_is_marked(service: Running) -> None:
    (entry,) = service.json("/api/reading")["entries"]
    assert (entry["count"], entry["read"]) == (2, False) or entry["count"] == 1
    marked = service.client.post("/api/reading", json={"url": entry["url"], "read": True})
    assert marked.json()["read"]
    assert service.json("/api/reading")["entries"][0]["read_at"]
    unknown = service.client.post("/api/reading", json={"url": "https://example.org"})
    assert unknown.status_code == 400

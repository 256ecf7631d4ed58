"""A service on a real port, in a thread of this process: what the tests of the service talk to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from commonplace.service import Settings
from commonplace.service._app import create_app

NOTES = {
    "lora.md": (
        "# LoRA\n\n## Why two matrices\n\n"
        "The low-rank update B A has rank at most r. LoRA trains two small matrices.\n\n"
        "See [the paper](https://arxiv.org/abs/2106.09685) for the low-rank update.\n"
    ),
    "deep/bm25.txt": "Okapi BM25 ranks passages by the rare words that they share with a query.\n",
    "empty.md": "",
}


def write_notes(folder: Path) -> Path:
    """Three files in a folder; returns it."""
    for name, text in NOTES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class Running:
    """The address of a service, and an httpx client for it."""

    def __init__(self, port: int, settings: Settings) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.settings = settings
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def json(self, path: str, **params: Any) -> Any:
        """The object at a path; it must be there."""
        response = self.client.get(path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def upload(self, name: str, data: bytes | str) -> dict[str, Any]:
        """Add a file and wait for its job; returns the job."""
        content = data.encode() if isinstance(data, str) else data
        response = self.client.post("/api/files", params={"name": name}, content=content)
        assert response.status_code == 202, response.text
        return self.ended(response.json()["id"])

    def ended(self, job: str) -> dict[str, Any]:
        """A job once it has ended."""
        record: dict[str, Any] = {}

        def over() -> bool:
            nonlocal record
            record = self.json(f"/api/jobs/{job}")
            return record["state"] in {"done", "failed", "stopped"}

        wait_until(over)
        return record


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens in another thread or process."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


Serve = Callable[..., Running]  # starts a service for one test; takes what `serving` takes


@contextmanager
def serving(library: Path, **chosen: Any) -> Iterator[Running]:
    """Serve a library on a free port; without vectors unless the test says so."""
    settings = replace(Settings(library, port=0, vectors=False), **chosen)
    settings = replace(settings, tokens=settings.tokens or library.parent / "tokens.json")
    config = uvicorn.Config(
        create_app(settings), port=0, log_level="error", lifespan="on", ws="none",
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    running = Running(server.servers[0].sockets[0].getsockname()[1], settings)
    try:
        yield running
    finally:
        running.client.close()
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the service did not stop"

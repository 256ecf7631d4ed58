"""Many at once: searches and streamed answers while files are being added, and not one error."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from patience import PATIENCE
from service_running import Running, serving

pytestmark = [pytest.mark.slow, pytest.mark.weights]
ADDED, SEARCHES, ANSWERS = 10, 70, 5


def test_searches_and_answers_while_files_are_added(
    tmp_path: Path, sample: tuple[Path, Path]
) -> None:
    shutil.copytree(sample[0], tmp_path / "library")
    with (
        serving(tmp_path / "library", vectors=True) as service,
        ThreadPoolExecutor(50 + ANSWERS + 1) as pool,
    ):
        adding = pool.submit(lambda: [add(service, n) for n in range(ADDED)])
        answering = [pool.submit(ask, service) for _ in range(ANSWERS)]
        searching = [pool.submit(search, service, n) for n in range(SEARCHES)]
        assert {future.result(PATIENCE) for future in searching} == {200}
        assert {future.result(PATIENCE) for future in answering} == {"answer"}
        assert set(adding.result(PATIENCE)) == {"done"}
        for n in range(ADDED):
            (hit,) = service.json("/api/search", q=f"zebra{n}", limit=1)["hits"]
            assert f"zebra{n}" in hit["text"]


def add(service: Running, number: int) -> str:
    text = f"# Note {number}\n\nThe animal of this note is zebra{number}.\n"
    return str(service.upload(f"{number}.md", text)["state"])


def search(service: Running, number: int) -> int:
    asked = {"q": f"low-rank matrices {number}"}
    return service.client.get("/api/search", params=asked).status_code


def ask(service: Running) -> str:
    asked = {"question": "Why does LoRA use two matrices?"}
    with service.client.stream("POST", "/api/ask/stream", json=asked) as response:
        *_, last = [line for line in response.iter_lines() if line.startswith("event: ")]
        assert response.status_code == 200
    return last.removeprefix("event: ")

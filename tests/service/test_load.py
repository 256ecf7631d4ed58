"""Many at once: searches and answers while files are being added, and not one error."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from service_running import Running, serving, write_notes

from commonplace import Library

pytestmark = pytest.mark.slow


def test_fifty_searches_while_files_are_added(tmp_path: Path) -> None:
    Library.open(tmp_path / "library").add(write_notes(tmp_path / "notes"), vectors=False)
    with serving(tmp_path / "library") as service, ThreadPoolExecutor(58) as pool:
        adding = [pool.submit(add, service, n) for n in range(20)]
        searching = [pool.submit(search, service, n) for n in range(300)]
        assert {future.result(60) for future in searching} == {200}
        assert {future.result(60) for future in adding} == {"done"}
        for n in range(20):
            assert service.json("/api/search", q=f"zebra{n}", profile="bm25", limit=1)["hits"]


def add(service: Running, number: int) -> str:
    text = f"# Note {number}\n\nThe animal of this note is zebra{number}.\n"
    return str(service.upload(f"{number}.md", text)["state"])


def search(service: Running, number: int) -> int:
    asked = {"q": f"low-rank matrices {number}", "profile": "bm25"}
    return service.client.get("/api/search", params=asked).status_code

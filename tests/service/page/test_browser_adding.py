"""The page in a browser: files that are dropped or chosen, and how far a job is."""

import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from browsing import Browsing, drop, jobs, row_of
from commonplace import Library
from commonplace.service import add_token
from patience import PATIENCE
from service_running import Running, Serve, write_notes


def test_dropped_files_are_added_and_found(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, "library")
    row_of(page, "lora.md").wait_for()
    drop(page, ".drop", {"zebra.md": "# Zebra\n\nZebras graze.\n", "okapi.md": "Okapis hide.\n"})
    expect(jobs(page).filter(has_text="Adding zebra.md")).to_contain_text("1 added")
    expect(jobs(page).filter(has_text="Adding okapi.md")).to_contain_text("1 added")
    expect(row_of(page, "zebra.md")).to_contain_text("uploaded")
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_text("Search", exact=True).click()
    page.get_by_label("Question or words").fill("zebras graze")
    page.keyboard.press("Enter")
    expect(page.locator(".hit h3").first).to_have_text("Zebra")


def test_a_chosen_file_that_is_too_large_is_named(
    tmp_path: Path, browse: Browsing, serve: Serve
) -> None:
    service = serve(tmp_path / "library", upload_bytes=1_000_000)
    page = browse.open(service.url, "library")
    expect(page.get_by_text("Nothing is here yet.")).to_be_visible()
    large, small = tmp_path / "large.txt", tmp_path / "small.txt"
    large.write_bytes(b"x" * 1_000_001)
    small.write_text("small but here\n", encoding="utf-8")
    page.locator("#picker").set_input_files([large, small])
    expect(page.get_by_role("alert")).to_contain_text("large.txt: it is larger than the 1 MB")
    expect(row_of(page, "small.txt")).to_contain_text("indexed")


def test_a_job_shows_how_far_it_is_and_can_be_stopped(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def slow_add(*_: Any, progress: Any, **__: Any) -> None:
        for done in (3, 4):
            progress("reading", done, 10, "files")
            assert goes_on.wait(PATIENCE)

    monkeypatch.setattr(Library, "add", slow_add)
    page = browse.open(service.url, "library")
    page.get_by_role("button", name="Read lora.md again").click()
    job = jobs(page).filter(has_text="Reading again lora.md")
    bar = job.get_by_role("progressbar", name="reading: 3 of 10 files")
    expect(bar).to_have_attribute("value", "3")
    expect(bar).to_have_attribute("max", "10")
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        job.get_by_role("button", name="stop").click()
    goes_on.set()
    expect(job).to_contain_text("stopped")
    expect(bar).to_have_count(0)


def test_many_dropped_files_are_all_sent_while_the_first_is_still_read(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    real = Library.add

    def slow_add(*arguments: Any, **options: Any) -> Any:
        assert goes_on.wait(PATIENCE)
        return real(*arguments, **options)

    monkeypatch.setattr(Library, "add", slow_add)
    page = browse.open(service.url, "library")
    row_of(page, "lora.md").wait_for()
    names = [f"note-{number}.txt" for number in range(9)]  # a browser has six connections
    drop(page, ".drop", {name: f"This is {name}.\n" for name in names})
    expect(jobs(page).filter(has_text="waiting")).to_have_count(8)
    goes_on.set()
    expect(jobs(page).filter(has_text="1 added")).to_have_count(9)
    expect(page.locator(".files .name", has_text="note-")).to_have_count(9)


def test_a_file_that_falls_on_another_view_is_added_too(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url)
    page.locator(".welcome").wait_for()
    drop(page, ".welcome", {"zebra.md": "# Zebra\n\nZebras graze.\n"})
    expect(page.get_by_role("heading", name="Library")).to_be_visible()
    expect(jobs(page).filter(has_text="Adding zebra.md")).to_contain_text("1 added")
    drop(page, ".files", {"okapi.md": "Okapis hide.\n"})
    expect(jobs(page).filter(has_text="Adding okapi.md")).to_contain_text("1 added")
    expect(row_of(page, "zebra.md")).to_contain_text("uploaded")
    expect(row_of(page, "okapi.md")).to_contain_text("uploaded")


def test_a_file_that_falls_does_not_replace_the_page_and_words_may_be_dragged(
    service: Running, browse: Browsing
) -> None:
    page = browse.open(service.url)
    page.locator(".welcome").wait_for()
    prevented = page.evaluate(
        """() => {
            const [file, words] = [new DataTransfer(), new DataTransfer()];
            file.items.add(new File(["x"], "x.md"));
            words.setData("text/plain", "words");
            return [file, words].map((dataTransfer) => !document.body.dispatchEvent(
                new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer })));
        }"""
    )
    assert prevented == [True, False]


def test_who_may_only_read_adds_nothing(tmp_path: Path, browse: Browsing, serve: Serve) -> None:
    Library.open(tmp_path / "library").add(write_notes(tmp_path / "notes"), vectors=False)
    secret = add_token(tmp_path / "tokens.json", "anna", "read", tmp_path / "library")
    service = serve(tmp_path / "library", require_token=True)
    page = browse.open(service.url, expected=["status of 401"])
    page.get_by_role("textbox", name="Token").fill(secret)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".welcome").wait_for()
    drop(page, ".welcome", {"zebra.md": "Zebras graze.\n"})
    page.get_by_role("link", name="Library").click()
    expect(row_of(page, "lora.md")).to_be_visible()
    expect(jobs(page)).to_have_count(0)
    expect(row_of(page, "zebra.md")).to_have_count(0)

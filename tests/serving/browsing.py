"""The page in headless Chromium: what the browser tests share.

Every page that a test opens is watched: an error on its console, in its scripts or of its
content-security policy, or a request to another host fails the test that opened it.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FloatRect,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 30  # for anything that a test waits for
expect.set_options(timeout=1000 * SECONDS)
WIDE = {"width": 1180, "height": 620}
PHONE = {"width": 360, "height": 740}


def chromium_path() -> str:
    """The system's Chromium. Without one the tests are skipped, or fail where it is required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = "the browser tests need Chromium: apt install chromium"
        if os.environ.get("COMMONPLACE_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Its event loop counts as running in this thread for as long as it is open."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Browsing:
    """Opens pages for one test, and remembers what went wrong in them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[Page] = []
        self.errors: list[str] = []

    def open(
        self,
        url: str,
        view: str = "",
        *,
        size: dict[str, int] = WIDE,
        theme: str = "light",
        expected: Sequence[str] = (),
    ) -> Page:
        """A page at a view ("library", "ask/What?"), in a context of its own.

        `expected`: patterns of console errors that the test provokes, such as a status 401.
        """
        context = self._browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(1000 * SECONDS)
        page = context.new_page()
        self._opened.append(page)
        page.on("console", lambda said: self._heard(said, expected))
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        page.on("dialog", lambda dialog: self._asked(dialog.message, dialog.dismiss))
        page.on("request", lambda request: self._requested(request, url))
        page.goto(f"{url}/#/{quote(view)}")
        return page

    def close(self) -> None:
        """Close all; fails where one had an error."""
        for page in self._opened:
            page.context.close()
        assert not self.errors, "\n".join(self.errors)

    def _heard(self, said: ConsoleMessage, expected: Sequence[str]) -> None:
        if said.type == "error" and not any(re.search(one, said.text) for one in expected):
            self.errors.append(f"console: {said.text}")

    def _asked(self, message: str, dismiss: "object") -> None:
        self.errors.append(f"dialog: {message}")
        if callable(dismiss):
            dismiss()

    def _requested(self, request: Request, url: str) -> None:
        if urlsplit(request.url).netloc != urlsplit(url).netloc:
            self.errors.append(f"another host: {request.url}")


def write_question(page: Page, text: str, mode: str = "Ask") -> None:
    """Write into the box, and let it be answered or searched for."""
    page.get_by_text(mode, exact=True).last.click()
    page.get_by_label("Question or words").fill(text)
    page.get_by_role("button", name="Go").click()


def answered(page: Page) -> Locator:
    """The answer, once it is whole."""
    page.locator(".answer .foot p").first.wait_for()
    return page.locator(".answer")


def drop(page: Page, target: str, files: dict[str, str]) -> None:
    """Let files fall onto an element, as a person does."""
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, text] of Object.entries(files)) {
                transfer.items.add(new File([text], name));
            }
            return transfer;
        }""",
        files,
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event(target, kind, {"dataTransfer": transfer})


def severe_findings(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} ({one['nodes'][0].get('failureSummary')})"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def box_of(element: Locator) -> FloatRect:
    """Where an element stands in the window; it must be there."""
    element.wait_for()
    box = element.bounding_box()
    assert box is not None
    return box


def scrolls_sideways(page: Page) -> bool:
    """Whether anything is wider than the window, or than the dialog in it."""
    return bool(
        page.evaluate(
            """[document.documentElement, ...document.querySelectorAll("dialog[open], .body")]
                .some((it) => it.scrollWidth > it.clientWidth)"""
        )
    )


def change(path: Path, text: str) -> None:
    """Write a file anew, with a time that certainly differs."""
    later = path.stat().st_mtime_ns + 2_000_000_000
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(later, later))


def row_of(page: Page, name: str) -> Locator:
    """The line of a file in the library's view."""
    return page.locator(".files tbody tr").filter(has=page.get_by_text(name, exact=True))


def jobs(page: Page) -> Locator:
    """What is being done to the library, as its view says it."""
    return page.locator(".jobs .job:visible")

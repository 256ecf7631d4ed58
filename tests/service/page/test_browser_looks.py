"""The page in a browser: light and dark, a phone's width, the measure, and what axe-core finds."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import (
    PHONE,
    WIDE,
    Browsing,
    answered,
    box_of,
    drop,
    scrolls_sideways,
    severe_findings,
)
from commonplace.service import add_token
from outcomes import make_unsure
from service_running import Running, Serve, write_notes

DECODING = "What is speculative decoding?"
IN_A_PDF = "Why does latent diffusion work in latent space?"
UNKNOWN = "Which tokenizer does Whisper use?"


def _answer(page: Page) -> None:
    answered(page)


def _refusal(page: Page) -> None:
    page.locator(".refusal").wait_for()


def _reasons(page: Page) -> None:
    page.get_by_role("button", name="why here?").first.click()
    page.get_by_text("The words", exact=True).click()


def _filters(page: Page) -> None:
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Kind").select_option("pdf")
    page.get_by_role("button", name="Remove the filter pdf").wait_for()


def _source(page: Page) -> None:
    answered(page)
    page.locator(".mark").first.click()
    page.locator("dialog mark.here").wait_for()


def _passage(page: Page) -> None:
    answered(page)
    page.locator(".mark").first.focus()
    page.locator("#passage").wait_for()


def _keys(page: Page) -> None:
    page.get_by_role("button", name="Keys").click()


def _removing(page: Page) -> None:
    page.get_by_role("button", name="Remove dora.md").click()


def _mentions(page: Page) -> None:
    page.locator("summary").first.click()


def _log(page: Page) -> None:
    page.locator(".log li").first.wait_for()


# (address, what is done there): every view, every dialog
STATES: dict[str, tuple[str, Callable[[Page], object]]] = {
    "welcome": ("", lambda page: page.locator(".welcome").wait_for()),
    "answer": (f"ask/{DECODING}", _answer),
    "refusal": (f"ask/{UNKNOWN}", _refusal),
    "passage": (f"ask/{DECODING}", _passage),
    "source": (f"ask/{DECODING}", _source),
    "reasons": ("search/low-rank update", _reasons),
    "keys": ("reading", _keys),
    "library": ("library", lambda page: page.locator(".files").wait_for()),
    "removing": ("library", _removing),
    "reading": ("reading", _mentions),
    "log": ("log", _log),
    "filters": ("search/diffusion", _filters),
}


def every_state(page: Page, url: str) -> Iterator[str]:
    """Bring one page into each of the states; what was asked already stands there again."""
    for name, (view, act) in STATES.items():
        page.goto(f"{url}/#/{view}")
        act(page)
        yield name
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page).not_to_have_url(re.compile("#/source/"))  # closed, it goes back by itself


@pytest.mark.weights
def test_axe_finds_nothing_serious_in_any_view_light_or_dark(
    reader: Running, browse: Browsing
) -> None:
    page = browse.open(reader.url)
    for name in every_state(page, reader.url):
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            assert severe_findings(page) == [], (name, theme)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_doubt_is_accessible_light_and_dark_wide_and_narrow(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch, size: dict[str, int]
) -> None:
    quotes = ("LoRA trains two small matrices.", "Okapi BM25 ranks passages by the rare words")
    make_unsure(monkeypatch, quotes, "it says nothing of 2022")
    page = browse.open(service.url, "ask/When was LoRA made?", size=size)
    answered(page).get_by_text("Why it is unsure").click()
    assert not scrolls_sideways(page)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        assert severe_findings(page) == [], theme


@pytest.mark.weights
def test_a_page_on_a_phone_is_drawn_wide_enough_to_read(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{IN_A_PDF}", size=PHONE)
    answered(page)
    page.locator(".mark").first.click()
    drawn = page.locator("dialog img.page")
    drawn.evaluate("it => it.decode()")
    assert box_of(drawn)["width"] > 1.25 * PHONE["width"]
    shown = reader.json(page.url.split("#/source/")[1].join(("/api/passages/", "")))
    boxes, width = shown["locator"]["boxes"], drawn.evaluate("it => it.naturalWidth") / 2  # points
    page.wait_for_function(
        """([left, right]) => {
            const page = document.querySelector("img.page"), body = page.parentElement;
            const start = page.getBoundingClientRect().left, wide = page.clientWidth;
            return body.scrollLeft > 0 && start + wide * left >= 0
                && start + wide * right <= body.clientWidth;
        }""",
        arg=[min(it["left"] for it in boxes) / width, max(it["right"] for it in boxes) / width],
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.weights
def test_a_phone_shows_every_view_without_scrolling_sideways(
    reader: Running, browse: Browsing
) -> None:
    page = browse.open(reader.url, size=PHONE)
    for name in every_state(page, reader.url):
        assert not scrolls_sideways(page), name
        if name == "answer":
            words, note = box_of(page.locator(".words").first), box_of(page.locator(".note").first)
            assert note["y"] >= words["y"] + words["height"], "the note is folded under it"
        if name == "source":
            dialog = box_of(page.locator("#source"))
            assert dialog["x"] >= 0
            assert dialog["x"] + dialog["width"] <= PHONE["width"]
        if name in {"reasons", "library"}:
            assert severe_findings(page) == [], name


@pytest.mark.weights
def test_a_line_holds_60_to_75_characters(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{DECODING}")
    answered(page)
    characters = page.locator(".words").first.evaluate("""(words) => {
        const line = words.cloneNode(true);
        line.style.cssText = "position: absolute; white-space: nowrap; visibility: hidden";
        line.querySelectorAll("sup").forEach((mark) => mark.remove());
        words.after(line);
        const each = line.getBoundingClientRect().width / line.textContent.length;
        line.remove();
        return words.getBoundingClientRect().width / each;
    }""")
    assert 60 <= characters <= 75
    serif = page.locator(".words").first.evaluate("it => getComputedStyle(it).fontFamily")
    sans = page.locator(".about").first.evaluate("it => getComputedStyle(it).fontFamily")
    assert serif.endswith(" serif")
    assert sans.endswith("sans-serif")


def test_the_theme_follows_the_system_until_it_is_chosen(
    service: Running, browse: Browsing
) -> None:
    page = browse.open(service.url, "library", theme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    assert max(int(part) for part in dark[4:-1].split(",")) < 60
    page.get_by_role("button", name="Light or dark").click()
    light = page.evaluate(paper)
    assert min(int(part) for part in light[4:-1].split(",")) > 200
    page.reload()
    assert page.evaluate(paper) == light
    page.get_by_role("heading", name="Library").wait_for()
    page.keyboard.press("t")
    assert page.evaluate(paper) == dark


def test_the_skip_link_leads_to_the_view_that_is_shown(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, "library")
    page.locator(".files").wait_for()
    page.locator("#skip").focus()
    expect(page.locator("#skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.get_by_role("heading", name="Library")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_empty_book_an_upload_and_a_problem_are_accessible_too(
    tmp_path: Path, browse: Browsing, serve: Serve, theme: str
) -> None:
    service = serve(tmp_path / "library", upload_bytes=500_000)
    for view in ("", "library", "reading", "log"):
        page = browse.open(service.url, view, theme=theme, expected=["status of 400"])
        page.locator(".lead").wait_for()
        assert severe_findings(page) == [], view
        assert not scrolls_sideways(page)
    page.goto(f"{service.url}/#/library")
    drop(page, ".drop", {"a.md": "An aardvark.\n", "b.md": "x" * 500_001})
    expect(page.get_by_role("alert").first).to_contain_text("b.md: it is larger")
    expect(page.locator(".jobs .job")).to_contain_text("1 added")
    assert severe_findings(page) == []
    page.goto(f"{service.url}/#/source/0123456789abcdef")
    expect(page.get_by_role("dialog", name="The source cannot be shown")).to_be_visible()
    assert severe_findings(page) == []


def test_the_sign_in_is_accessible(tmp_path: Path, browse: Browsing, serve: Serve) -> None:
    write_notes(tmp_path / "notes")
    add_token(tmp_path / "tokens.json", "anna", "write", tmp_path / "library")
    service = serve(tmp_path / "library", require_token=True)
    page = browse.open(service.url, expected=["status of 401"], size=PHONE)
    page.get_by_role("dialog").wait_for()
    assert severe_findings(page) == []
    assert not scrolls_sideways(page)

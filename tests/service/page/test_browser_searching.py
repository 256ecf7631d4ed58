"""The page in a browser: searching, filters, reasons, thumbs, errors, and who may come in."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from browsing import Browsing, write_question
from commonplace import Library
from commonplace.service import add_token
from service_running import Running, Serve, serving, write_notes


@pytest.mark.weights
def test_bars_say_why_a_passage_stands_there(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, "search/low-rank update")
    page.get_by_role("button", name="why here?").first.click()
    rows = page.locator(".bars tbody tr:not(.sum)")
    rows.first.wait_for()
    numbers = [float(text.replace("−", "-")) for text in rows.locator(".number").all_inner_texts()]
    score = float(page.locator(".bars .sum .number").inner_text())
    assert sum(numbers) == pytest.approx(score, abs=0.003)
    widths = [float(w or 0) for w in page.locator(".bars rect").evaluate_all(
        "all => all.map((one) => one.getAttribute('width'))")]  # fmt: skip
    assert widths.index(max(widths)) == numbers.index(max(numbers, key=abs))
    page.get_by_text("The words", exact=True).click()
    expect(page.locator(".terms")).to_contain_text("rank")


@pytest.mark.weights
def test_filters_are_chips_and_change_what_is_found(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, "search/diffusion images", expected=["status of 400"])
    places = page.locator(".hit p.place")
    expect(places.first).to_be_visible()
    assert not all("/papers/" in place for place in places.all_inner_texts())
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Folder").select_option(str(sample_notes(reader) / "papers"))
    chip = page.get_by_role("button", name="Remove the filter in …/notes/papers")
    expect(chip).to_be_visible()
    wait_until_all_paths_hold(page, "/papers/")
    page.get_by_label("Kind").select_option("pdf")
    wait_until_all_paths_hold(page, "/papers/diffusion-in-brief.pdf")
    chip.click()
    expect(chip).to_have_count(0)
    page.get_by_label("As of").fill("2001-01-01")
    expect(page.get_by_role("alert")).to_contain_text("the library held nothing on 2001-01-01")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("button", name="Remove the filter as of").click()
    expect(page.get_by_label("As of")).to_have_value("")
    expect(places.first).to_be_visible()
    page.get_by_label("Written since").fill("2024-05-01")
    expect(page.get_by_role("button", name="Remove the filter written since")).to_be_visible()
    page.get_by_role("button", name="Remove the filter pdf").click()
    page.get_by_label("Kind").select_option("epub")
    expect(page.locator(".refusal")).to_contain_text("The filters leave nothing that fits.")


def wait_until_all_paths_hold(page: Page, part: str) -> None:
    page.wait_for_function(
        """(part) => {
            const found = [...document.querySelectorAll(".hit p.place")];
            return found.length > 0 && found.every((it) => it.title.includes(part));
        }""",
        arg=part,
    )


def sample_notes(reader: Running) -> Path:
    return reader.settings.library.parent / "notes"


def test_what_stands_on_the_page_is_kept_beneath_other_views(
    service: Running, browse: Browsing
) -> None:
    page = browse.open(service.url)
    write_question(page, "rare words", "Search")
    expect(page.locator(".hit")).to_have_count(1)
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("heading", name="Library")).to_be_visible()
    page.get_by_role("link", name="Ask", exact=True).click()
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.get_by_label("Question or words")).to_have_value("rare words")
    write_question(page, "two matrices", "Search")
    expect(page.locator(".hit .excerpt")).to_contain_text("LoRA trains two small matrices")
    page.reload()
    expect(page.locator(".hit .excerpt")).to_contain_text("LoRA trains two small matrices")


def test_a_passage_of_a_note_is_shown_as_one_reads_it(
    tmp_path: Path, browse: Browsing, serve: Serve
) -> None:
    note = tmp_path / "zebra.md"
    note.write_text(
        "**Zebras** graze `grass`.\n\nSee [the *zebra*](http://x.y).\n", encoding="utf-8"
    )
    Library.open(tmp_path / "library").add(note, vectors=False)
    page = browse.open(serve(tmp_path / "library").url, "search/zebras grass")
    excerpt = page.locator(".hit .excerpt")
    expect(excerpt).to_have_text("Zebras graze grass.\nSee the *zebra*.", use_inner_text=True)
    expect(excerpt.locator("strong mark")).to_have_text("Zebras")
    expect(excerpt.locator("code mark")).to_have_text("grass")


def test_nobody_is_asked_to_write_what_is_only_searched_for(
    tmp_path: Path, browse: Browsing, serve: Serve
) -> None:
    service = serve(tmp_path / "library", models=("SmolLM2-135M-Instruct#draft",))
    page = browse.open(service.url)
    writer = page.get_by_label("Who writes")
    expect(writer).to_contain_text("let SmolLM2-135M-Instruct write")
    page.get_by_text("Search", exact=True).click()
    expect(writer).to_be_hidden()
    page.get_by_text("Ask", exact=True).last.click()
    expect(writer).to_be_visible()


def test_a_slow_view_does_not_come_up_over_a_later_one(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url)
    page.locator(".welcome").wait_for()
    held: list[Route] = []
    page.route("**/api/reading", lambda route: held.append(route))
    with page.expect_request("**/api/reading"):
        page.get_by_role("link", name="Reading").click()
    page.get_by_role("link", name="Log").click()
    expect(page.get_by_role("heading", name="Log")).to_be_visible()
    with page.expect_response("**/api/reading"):
        held[0].continue_()
    page.evaluate("() => fetch('/api/me').then((later) => later.text())")  # the first was taken
    expect(page.get_by_role("heading", name="Reading list")).to_have_count(0)
    expect(page.get_by_role("heading", name="Log")).to_be_visible()


def test_an_address_that_was_mistyped_is_taken_as_it_is(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url)
    page.goto(f"{service.url}/#/search/100%")
    expect(page.get_by_label("Question or words")).to_have_value("100%")
    expect(page.locator(".refusal")).to_contain_text("Nothing found.")


def test_a_source_that_is_opened_by_its_address_closes_onto_the_page(
    service: Running, browse: Browsing
) -> None:
    (hit,) = service.json("/api/search", q="rare words")["hits"]
    page = browse.open(service.url, f"source/{hit['id']}")
    expect(page.locator("dialog mark.here")).to_have_text(hit["text"])
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(page.get_by_label("Question or words")).to_be_visible()
    expect(page).to_have_url(f"{service.url}/#/")


def test_a_source_that_is_gone_is_said_to_be(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, "source/0123456789abcdef", expected=["status of 400"])
    gone = page.get_by_role("dialog", name="The source cannot be shown")
    expect(gone).to_contain_text("The library does not hold this passage any more")
    expect(gone.get_by_role("button", name="Try again")).to_have_count(0)


def test_thumbs_are_kept_and_taken_back(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, "search/rare words")
    up = page.get_by_role("button", name="This fits")
    down = page.get_by_role("button", name="This does not fit")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    (record,) = service.json("/api/feedback")["records"]
    assert (record["query"], record["verdict"]) == ("rare words", "up")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(up).to_have_attribute("aria-pressed", "false")
    assert [one["verdict"] for one in service.json("/api/feedback")["records"]] == ["down"]
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    assert service.json("/api/feedback")["records"] == []


def test_a_service_that_is_away_is_said_in_one_sentence(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, expected=["ERR_INTERNET_DISCONNECTED"])
    page.locator(".welcome").wait_for()
    page.context.set_offline(True)
    write_question(page, "rare words", "Search")
    expect(page.get_by_role("alert").first).to_contain_text("The service does not answer; is it")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.locator(".problem")).to_have_count(0)


def test_a_service_that_was_stopped(tmp_path: Path, browse: Browsing) -> None:
    Library.open(tmp_path / "library")
    with serving(tmp_path / "library") as service:
        page = browse.open(service.url, expected=["ERR_CONNECTION_REFUSED"])
        expect(page.locator(".welcome")).to_contain_text("This book is still empty.")
    page.get_by_role("link", name="Reading").click()
    expect(page.get_by_role("alert").first).to_contain_text("The service does not answer")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".problem")).to_have_count(1)


def test_signing_in_with_a_token(tmp_path: Path, browse: Browsing, serve: Serve) -> None:
    Library.open(tmp_path / "library").add(write_notes(tmp_path / "notes"), vectors=False)
    secret = add_token(tmp_path / "tokens.json", "anna", "read", tmp_path / "library")
    service = serve(tmp_path / "library", require_token=True)
    page = browse.open(service.url, "search/rare words", expected=["status of 401"])
    asking = page.get_by_role("dialog", name="This library asks for a token")
    field = page.get_by_role("textbox", name="Token")
    field.fill("cp_wrong")
    page.keyboard.press("Enter")
    expect(asking.get_by_role("alert")).to_contain_text("this token is not known here")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    field.fill(secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.locator(".thumb")).to_have_count(0)  # it may read, and say nothing
    page.reload()
    expect(page.locator(".hit")).to_have_count(1)
    page.get_by_role("link", name="Library").click()
    expect(page.locator(".files")).to_contain_text("lora.md")
    expect(page.locator(".drop")).to_have_count(0)
    expect(page.locator(".files button")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(asking).to_be_visible()

"""The page in a browser: files, watched folders, the reading list, the log, hostile notes."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from browsing import Browsing, answered, change, drop, jobs, row_of
from commonplace import Library
from service_running import Running, Serve, wait_until

LORA = "Why does LoRA use two matrices?"


def found(service: Running, words: str) -> list[str]:
    return [Path(hit["path"]).name for hit in service.json("/api/search", q=words)["hits"]]


def test_every_file_has_its_state_and_reason(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, "library")
    expect(row_of(page, "lora.md")).to_contain_text("indexed")
    expect(row_of(page, "empty.md")).to_contain_text("skipped")
    assert row_of(page, "empty.md").locator(".reason").inner_text() != ""
    expect(page.locator(".files tbody th").first).to_contain_text("empty.md")
    page.get_by_label("Show only files whose path holds").fill("BM25")
    expect(page.locator(".files tbody tr")).to_have_count(1)
    page.get_by_label("Show only files whose path holds").fill("no such file")
    expect(page.get_by_text("No path holds this.")).to_be_visible()


def test_a_changed_file_is_read_again(service: Running, browse: Browsing, notes: Path) -> None:
    page = browse.open(service.url, "library")
    button = page.get_by_role("button", name="Read bm25.txt again")
    button.wait_for()
    change(notes / "deep" / "bm25.txt", "Now it tells of quokkas.\n")
    button.focus()
    page.keyboard.press("Enter")
    expect(jobs(page).filter(has_text="bm25.txt")).to_contain_text("1 changed")
    assert found(service, "quokkas") == ["bm25.txt"]
    expect(button).to_be_focused()


def test_removing_asks_first_and_then_is_complete(
    service: Running, browse: Browsing, notes: Path
) -> None:
    page = browse.open(service.url, "library")
    page.get_by_role("button", name="Remove bm25.txt").click()
    asking = page.get_by_role("dialog", name="Remove bm25.txt?")
    expect(asking).to_contain_text("The file itself stays where it is")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(asking).to_be_hidden()
    assert found(service, "rare words") == ["bm25.txt"]
    page.get_by_role("button", name="Remove bm25.txt").click()
    asking.get_by_role("button", name="Remove").click()
    expect(jobs(page).filter(has_text="Removing bm25.txt")).to_contain_text("1 removed")
    expect(row_of(page, "bm25.txt")).to_have_count(0)
    assert found(service, "rare words") == []
    assert (notes / "deep" / "bm25.txt").exists()


def test_a_watched_folder_is_kept_current_by_itself(
    tmp_path: Path, browse: Browsing, serve: Serve
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "first.md").write_text("The first note.\n", encoding="utf-8")
    service = serve(tmp_path / "library", watched=(notes,))
    page = browse.open(service.url, "library")
    expect(page.get_by_text("Kept current by itself: ")).to_be_visible()
    expect(row_of(page, "first.md")).to_contain_text("indexed")
    (notes / "second.md").write_text("A wombat digs.\n", encoding="utf-8")
    expect(row_of(page, "second.md")).to_contain_text("indexed")
    assert found(service, "wombat") == ["second.md"]
    change(notes / "second.md", "A quokka smiles.\n")
    wait_until(lambda: found(service, "quokka") == ["second.md"])
    assert found(service, "wombat") == []
    (notes / "second.md").rename(notes / "third.md")
    expect(row_of(page, "third.md")).to_contain_text("indexed")
    expect(row_of(page, "second.md").locator(".state")).not_to_have_text("indexed")
    assert found(service, "quokka") == ["third.md"]
    (notes / "third.md").unlink()
    expect(row_of(page, "third.md").locator(".state")).not_to_have_text("indexed")
    wait_until(lambda: found(service, "quokka") == [])


LINKS = {
    "a.md": "See [Zeta](https://example.org/zeta) and [Alpha](https://example.org/alpha).\n",
    "b.md": "Again [Zeta](https://example.org/zeta), and javascript:alert(1).\n",
}


def test_the_reading_list_sorts_and_remembers_what_was_read(
    tmp_path: Path, browse: Browsing, serve: Serve
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for name, text in LINKS.items():
        (notes / name).write_text(text, encoding="utf-8")
    Library.open(tmp_path / "library").add(notes, vectors=False)
    service = serve(tmp_path / "library")
    page = browse.open(service.url, "reading")
    titles = page.locator(".entry .title")
    expect(titles).to_have_text(["Zeta", "Alpha"])  # two mentions before one
    page.get_by_label("Order").select_option("title")
    expect(titles).to_have_text(["Alpha", "Zeta"])
    expect(titles.first.locator("a")).to_have_attribute("href", "https://example.org/alpha")
    expect(titles.first.locator("a")).to_have_attribute("rel", "noopener noreferrer")
    page.get_by_label("Read: Zeta").check()
    expect(page.get_by_text("2 links, 1 read")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Read: Zeta")).to_be_checked()
    expect(page.get_by_label("Read: Alpha")).not_to_be_checked()
    page.get_by_label("only unread").check()
    expect(titles).to_have_text(["Alpha"])
    page.get_by_text("1 mention", exact=True).click()
    expect(page.locator(".mentions")).to_contain_text("a.md")


@pytest.mark.weights
def test_the_log_asks_again_and_says_why_the_answer_changed(
    service: Running, browse: Browsing, notes: Path
) -> None:
    page = browse.open(service.url, f"ask/{LORA}")
    expect(answered(page).locator(".words").first).to_contain_text("rank at most r")
    page.get_by_role("button", name="This fits").first.click()
    expect(page.get_by_role("button", name="This fits").first).to_have_attribute(
        "aria-pressed", "true"
    )
    (given,) = service.json("/api/feedback")["records"]
    assert (given["query"], given["source"]) == (LORA, "ask")
    page.get_by_role("link", name="Log").click()
    record = page.locator(".log li").filter(has_text=LORA).last
    again = record.get_by_role("button", name="Ask again, and compare")
    again.click()
    expect(record.locator(".same")).to_contain_text("The same answer as on")
    change(notes / "lora.md", "# LoRA\n\nLoRA uses two matrices because one would be too large.\n")
    Library.open(service.settings.library).add(notes, vectors=False)
    again.click()
    changed = record.locator(".compared")
    expect(changed).to_contain_text("The answer changed because")
    expect(changed.locator("li").first).to_contain_text("lora.md")
    expect(changed.locator("blockquote")).to_contain_text("rank at most r")


def test_the_log_says_what_was_chosen_and_whether_drafts_paid(
    service: Running, browse: Browsing
) -> None:
    drafted = {"drafted": 56, "accepted": 40, "speed_up": 0.885}
    record = {
        "at": "2026-11-28T14:47:28+00:00", "verb": "ask", "query": "What?", "passages": [],
        "filter": {"paths": ["/notes/papers"], "kinds": ["pdf"], "as_of": "2026-01-02T12:00:00Z"},
        "answered": True, "sentences": ["It waits."], "confidence": 0.7, "reader": "generative",
        "timings": {"write": 2.0}, "speculation": drafted,
    }  # fmt: skip
    page = browse.open(service.url)
    page.locator(".welcome").wait_for()
    page.route("**/api/log*", lambda route: route.fulfill(json={"records": [record]}))
    page.get_by_role("link", name="Log").click()
    about = page.locator(".log .about")
    expect(about).to_contain_text("in /notes/papers · pdf · as of Jan 2, 2026")
    expect(about).to_contain_text("40 of 56 drafts right, 0.89 times as fast")
    expect(about).to_contain_text("answered, 70 % sure · 2.0 s")


HOSTILE = '<img src=x onerror="hacked=1">'


def test_markup_in_names_titles_and_text_stays_text(service: Running, browse: Browsing) -> None:
    note = (
        f"---\ntitle: '<script>hacked=2</script> {HOSTILE}'\n---\n"
        f"# <script>hacked=3</script>{HOSTILE}\n\n"
        f"The gnu says <script>hacked=4</script> {HOSTILE} <svg onload=hacked=5>.\n\n"
        f"[{HOSTILE}](https://example.org/?q=<script>) [b](javascript:hacked=6)\n"
    )
    page = browse.open(service.url, "library")
    row_of(page, "lora.md").wait_for()
    drop(page, ".drop", {f"{HOSTILE}.md": note})
    expect(row_of(page, f"{HOSTILE}.md")).to_contain_text("indexed")
    for view in ("search/gnu", "reading", "log", "library"):
        page.goto(f"{service.url}/#/{view}")
        expect(page.locator("main")).to_contain_text("gnu" if view in {"log"} else "onerror")
        assert page.locator("main script, main img, main svg[onload]").count() == 0
        assert page.locator("main a[href^='javascript']").count() == 0
    page.goto(f"{service.url}/#/search/gnu")
    page.locator(".hit h3 a").click()
    expect(page.locator("dialog .text")).to_contain_text("<script>hacked=4</script>")
    assert page.locator("dialog script, dialog img").count() == 0
    assert page.evaluate("typeof hacked") == "undefined"

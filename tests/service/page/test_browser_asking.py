"""The page in a browser: asking, sources in their place, doubts, refusals, the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from browsing import Browsing, answered, box_of, write_question
from commonplace.foundation import append_record
from outcomes import make_unsure
from service_running import Running

LOW = {"width": 1180, "height": 330}  # where what is cited is below what is seen
LORA = "Why does LoRA use two matrices?"
DECODING = "What is speculative decoding?"
IN_A_PDF = "Why does latent diffusion work in latent space?"
UNKNOWN = "Which tokenizer does Whisper use?"


@pytest.mark.weights
def test_an_answer_streams_in_with_its_sources_beside_it(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url)
    page.evaluate("""() => {
        window.seen = [];
        new MutationObserver(() => seen.push([
            document.querySelectorAll(".sentence").length, !!document.querySelector(".loading"),
            document.querySelector(".loading")?.textContent,
        ])).observe(document.body, { subtree: true, childList: true, characterData: true });
    }""")
    write_question(page, "What are the steps of speculative decoding?")
    answer = answered(page)
    seen = page.evaluate("seen")
    assert [1, True, "reading on"] in seen, "a sentence came before the answer was whole"
    assert any((told or "").startswith("reading ") and "passages" in told for *_, told in seen)
    sentences = answer.locator(".sentence")
    assert sentences.count() > 1
    for at in range(sentences.count()):
        mark = sentences.nth(at).locator(".mark")
        note = sentences.nth(at).locator(".note")
        expect(mark).to_have_text(str(at + 1))
        beside, words = box_of(note), box_of(sentences.nth(at).locator(".words"))
        assert beside["x"] > words["x"] + words["width"], "the note stands in the margin"
        assert abs(beside["y"] - words["y"]) < 12, "and begins where its sentence begins"
    expect(answer.locator(".from a").first).to_have_text("Speculative decoding")
    assert "speculative" in page.url, "the address names the question"


def test_markdown_is_shown_as_one_reads_it(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url)
    shown = page.evaluate("""async () => {
        const { inline } = await import("/page/ask/inline.js");
        const said = (text, path) => {
            const element = document.createElement("p");
            element.append(...inline(text, path));
            return element.innerHTML;
        };
        const text = "**Dropout** of `p` in [A *way*](http://x.y) is *very* 2*3*4 <b>b</b> $a_i$";
        return [said(text, "/a.md"), said(text, "/a.txt")];
    }""")
    words = "2*3*4 &lt;b&gt;b&lt;/b&gt; $a_i$"
    assert shown == [
        f"<strong>Dropout</strong> of <code>p</code> in A *way* is <em>very</em> {words}",
        f"**Dropout** of `p` in [A *way*](http://x.y) is *very* {words}",
    ]


@pytest.mark.weights
def test_the_panel_says_how_an_answer_was_made(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{LORA}")
    panel = answered(page).locator("details.how")
    panel.locator("summary").click()
    expect(panel.get_by_role("row", name="reading passages token by token")).to_be_visible()
    panel.get_by_role("button", name="why was LoRA read?").click()
    bars = panel.locator("table.bars").last
    expect(bars.get_by_role("row", name="score")).to_be_visible()
    *parts, score = [
        float(cell.replace("−", "-")) for cell in bars.locator(".number").all_inner_texts()
    ]
    assert sum(parts) == pytest.approx(score, abs=0.003)


@pytest.mark.weights
def test_a_citation_opens_at_the_very_words(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{LORA}")
    said = answered(page).locator(".words").first.evaluate("it => it.firstChild.textContent")
    page.locator(".mark").first.click()
    here = page.locator("dialog mark.here")
    expect(here).to_be_in_viewport(ratio=1)
    assert here.text_content() == said
    assert page.locator("dialog .body").evaluate("it => it.scrollTop") > 0, "it was scrolled to"
    expect(page.locator("dialog .text")).to_contain_text("idea leans on Aghajanyan")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#source")).to_be_hidden()
    expect(page.locator(".sentence")).to_have_count(1)


@pytest.mark.weights
def test_a_citation_in_a_pdf_opens_its_drawn_page(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{IN_A_PDF}", size=LOW)
    said = answered(page).locator(".words").first.evaluate("it => it.firstChild.textContent")
    with page.expect_response("**/page") as drawn:
        page.locator(".mark").first.click()
    assert drawn.value.headers["content-type"] == "image/png"
    picture = page.get_by_role("img", name="with these words marked")
    picture.evaluate("it => it.decode()")
    assert picture.evaluate("it => it.naturalWidth") > 800
    assert said in (picture.get_attribute("alt") or "")
    shown = reader.json(page.url.split("#/source/")[1].join(("/api/passages/", "")))
    box = shown["locator"]["boxes"][0]
    page.wait_for_function(
        """(top) => {
            const page = document.querySelector("img.page"), body = page.parentElement;
            const at = page.getBoundingClientRect().top + page.clientHeight * top;
            const seen = body.getBoundingClientRect();
            return at > seen.top && at < seen.bottom;
        }""",
        arg=1 - 2 * box["top"] / picture.evaluate("it => it.naturalHeight"),
    )


@pytest.mark.weights
def test_the_passage_is_shown_on_hover_and_on_focus(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{DECODING}")
    said = answered(page).locator(".words").first.evaluate("it => it.firstChild.textContent")
    passage, mark, note = (
        page.locator("#passage"),
        page.locator(".mark").first,
        page.locator(".note").first,
    )
    expect(passage).to_be_hidden()
    mark.hover()
    expect(passage).to_be_visible()
    assert passage.locator("mark").text_content() == said
    expect(note).to_have_class("note connected")
    page.mouse.move(5, 5)
    expect(passage).to_be_hidden()
    mark.focus()
    expect(passage.locator("mark")).to_be_in_viewport()
    expect(mark).to_have_attribute("aria-describedby", "passage")
    page.keyboard.press("Escape")
    expect(passage).to_be_hidden()
    note.hover()
    expect(mark).to_have_class("mark connected")


@pytest.mark.weights
def test_a_refusal_shows_no_references(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{UNKNOWN}")
    refusal = page.locator(".refusal")
    expect(refusal).to_contain_text("Your library does not answer this.")
    expect(refusal).to_have_css("border-top-style", "dashed")
    for reference in (".mark", ".note", ".sentence", "main a[href*='#/source']"):
        expect(page.locator(reference)).to_have_count(0)
    refusal.get_by_text("Why it was refused").click()
    why = refusal.get_by_role("table", name="What speaks for an answer, and against")
    expect(why.locator("tr.sum")).to_contain_text(
        re.compile(r"together: \d+ % sure; 48 % are needed")
    )
    expect(why.locator("svg.bar.less").first).to_be_visible()
    page.get_by_role("button", name="Show passages that come near").click()
    expect(page.locator(".hit").first).to_be_visible()


CLOSEST = ("LoRA trains two small matrices.", "Okapi BM25 ranks passages by the rare words")


def test_a_doubt_shows_quotations_that_open_at_their_place(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unsure(monkeypatch, CLOSEST, "it says nothing of 2022")
    page = browse.open(service.url, "ask/When was LoRA made?")
    doubt = answered(page)
    expect(doubt.get_by_role("heading", name="The library may say this")).to_be_visible()
    expect(doubt.get_by_role("blockquote")).to_have_count(2)
    assert doubt.locator("blockquote q").all_inner_texts() == list(CLOSEST)
    expect(doubt).to_contain_text("In doubt, because it says nothing of 2022.")
    expect(doubt).to_contain_text("only 30 % sure")
    expect(page.locator("#announcer")).to_have_text("unsure: the library may say this, 2 quotes")
    for other in (".refusal", "p.words", ".loading"):
        expect(page.locator(other)).to_have_count(0)
    beside, words = box_of(doubt.locator(".note").first), box_of(doubt.locator("q").first)
    assert beside["x"] > words["x"] + words["width"], "the note stands in the margin"
    doubt.locator(".mark").last.hover()
    assert page.locator("#passage mark").text_content() == CLOSEST[1]
    doubt.locator(".mark").last.click()
    expect(page.locator("dialog mark.here")).to_have_text(CLOSEST[1])


def test_a_doubt_can_be_judged_as_a_whole(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unsure(monkeypatch, CLOSEST, "it says nothing of 2022")
    page = browse.open(service.url, "ask/When was LoRA made?")
    answered(page).get_by_role("button", name="This answers it").click()
    expect(page.locator("#announcer")).to_have_text("noted: this answers it")
    records = service.json("/api/feedback")["records"]
    assert [(record["verdict"], record["source"]) for record in records] == [("up", "ask")] * 2


def test_a_doubt_is_read_by_the_keyboard_alone(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unsure(monkeypatch, CLOSEST, "it says nothing of 2022")
    page = browse.open(service.url)
    page.locator(".welcome").wait_for()
    page.keyboard.type("When was LoRA made?")
    page.keyboard.press("Enter")
    answered(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    source = page.locator(".from a").last
    expect(source).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog mark.here")).to_have_text(CLOSEST[1])
    page.keyboard.press("Escape")
    expect(source).to_be_focused()


def test_the_log_shows_a_doubt_and_compares_it(
    service: Running, browse: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit = service.json("/api/search", q="two small matrices", profile="bm25")["hits"][0]
    start = hit["text"].index(CLOSEST[0])
    place = f"{hit['id']}:{start}-{start + len(CLOSEST[0])}"
    record = {"at": "2026-01-02T12:00:00+00:00", "verb": "ask", "query": "When?", "answered": False}
    record |= {"outcome": "unsure", "passages": [place], "confidence": 0.3, "reader": "extractive"}
    record["closest"] = [{"id": place, "quote": quote} for quote in CLOSEST]
    append_record(service.settings.library / "log" / "log.jsonl", record)
    make_unsure(monkeypatch, CLOSEST, "it says nothing of 2022")
    page = browse.open(service.url, "log")
    logged = page.locator(".log .record").first
    expect(logged).to_contain_text("unsure (30 %)")
    expect(logged).to_contain_text("The library may say this:")
    logged.get_by_role("button", name="Ask again, and compare").click()
    expect(logged.locator(".doubt")).to_be_visible()
    expect(logged.locator(".same")).to_contain_text("The same outcome as on Jan 2, 2026")
    logged.locator(".asking blockquote a").first.click()
    expect(page.locator("dialog mark.here")).to_have_text(CLOSEST[0])


@pytest.mark.weights
def test_a_whole_job_without_the_mouse(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, "log")
    page.get_by_role("heading", name="Log").wait_for()
    page.keyboard.press("1")
    field = page.get_by_label("Question or words")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).not_to_be_focused()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type(LORA)
    page.keyboard.press("Enter")
    answered(page)
    page.keyboard.press("ArrowDown")
    source = page.locator(".from a").first
    expect(source).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog mark.here")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(source).to_be_focused()
    expect(page.locator(".sentence")).to_have_count(1)
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("write a question")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="Library")).to_be_visible()


def test_an_answer_that_breaks_off_says_so_below_what_had_arrived(
    service: Running, browse: Browsing
) -> None:
    page = browse.open(service.url)
    page.locator(".welcome").wait_for()
    page.route("**/api/ask/stream", lambda route: route.fulfill(
        content_type="text/event-stream",
        body='event: sentence\ndata: {"text": "It waits.", "citations": []}\n\n',
    ))  # fmt: skip
    write_question(page, "What does it do?")
    expect(page.locator(".problem")).to_contain_text("The answer broke off")
    expect(page.locator(".words")).to_have_text("It waits.")
    expect(page.locator(".loading")).to_have_count(0)

"""The page in a browser: the notes in the margin, the lines they stand beside, and thumbs."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browsing import PHONE, Browsing, answered, box_of
from service_running import Running, Serve

DECODING = "What is speculative decoding?"
LONG_NAME = "a very long name of a paper that nobody would write by hand.pdf"


def cited(number: int, path: str, page: int, title: str = "A paper") -> dict[str, Any]:
    """A citation as the service sends it."""
    return {
        "id": f"{number:016x}:0-9", "path": path, "title": title, "heading": [], "changed": "",
        "quote": "It waits.", "passage": "It waits.", "locator": {"type": "page", "page": page},
    }  # fmt: skip


def show_sentences(page: Page, citations: list[dict[str, Any]]) -> None:
    """Put an answer onto the page, one sentence for each citation."""
    page.locator(".welcome").wait_for()
    page.evaluate(
        """async (citations) => {
            const { answerView } = await import("/page/ask/answer.js");
            const view = answerView("What?", { me: { role: "write" } });
            for (const one of citations) view.sentence({ text: "It waits.", citations: [one] });
            document.querySelector(".result").replaceChildren(view.element);
        }""",
        citations,
    )


def test_a_source_is_named_once_and_then_ibid_with_its_page(
    service: Running, browse: Browsing
) -> None:
    page = browse.open(service.url)
    paper, other = "/papers/p.pdf", "/papers/q.pdf"
    where = [(paper, 2), (paper, 2), (paper, 7), (other, 7), (paper, 7)]
    show_sentences(page, [cited(n, path, at) for n, (path, at) in enumerate(where)])
    assert [text.split("\n") for text in page.locator(".note .from").all_inner_texts()] == [
        ["A paper", "page 2", "p.pdf"],
        ["ibid."],
        ["ibid.", "page 7"],
        ["A paper", "page 7", "q.pdf"],
        ["A paper", "page 7", "p.pdf"],
    ]
    names = page.locator(".from a").evaluate_all(
        "all => all.map((it) => it.getAttribute('aria-label'))"
    )
    assert names == [None, "A paper, the same place", "A paper, page 7", None, None]


@pytest.mark.parametrize("size", [None, PHONE])
def test_a_long_file_name_leaves_room_for_the_page_number(
    service: Running, browse: Browsing, size: dict[str, int] | None
) -> None:
    page = browse.open(service.url, size=size or {"width": 1180, "height": 620})
    show_sentences(page, [cited(1, f"/papers/{LONG_NAME}", 23)])
    place, thumbs = page.locator(".note .place"), page.locator(".note .thumbs")
    within, file = place.locator(".within"), place.locator(".file")
    assert within.evaluate("it => it.scrollWidth <= it.clientWidth"), "the page is whole"
    assert file.evaluate("it => it.scrollWidth > it.clientWidth"), "the name is cut"
    assert box_of(place)["x"] + box_of(place)["width"] <= box_of(thumbs)["x"] + 1
    assert abs(box_of(place)["y"] - box_of(thumbs)["y"]) < 12, "both stand in one line"


@pytest.mark.weights
def test_marks_do_not_push_the_lines_apart(reader: Running, browse: Browsing) -> None:
    page = browse.open(reader.url, f"ask/{DECODING}")
    answered(page)
    lines = page.locator(".words").evaluate_all(
        "all => all.map((it) => it.clientHeight / parseFloat(getComputedStyle(it).lineHeight))"
    )
    assert lines == pytest.approx([round(count) for count in lines], abs=0.03)


@pytest.mark.weights
def test_an_answer_as_a_whole_has_thumbs(
    sample: tuple[Any, Any], browse: Browsing, serve: Serve, tmp_path: Any
) -> None:
    import shutil

    shutil.copytree(sample[0], tmp_path / "library")
    service = serve(tmp_path / "library", vectors=True)
    page = browse.open(service.url, f"ask/{DECODING}")
    answered(page)
    passages = page.locator(".from a").evaluate_all(
        "all => all.map((it) => decodeURIComponent(it.hash).split('/').pop().split(':')[0])"
    )
    up = page.get_by_role("button", name="This answers it")
    down = page.get_by_role("button", name="This does not answer it")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    said = service.json("/api/feedback")["records"]
    assert [(one["passage_id"], one["verdict"], one["source"]) for one in said] == [
        (passage, "up", "ask") for passage in passages
    ]
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    verdicts = [one["verdict"] for one in service.json("/api/feedback")["records"]]
    assert verdicts == ["down"] * len(passages)
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    assert service.json("/api/feedback")["records"] == []

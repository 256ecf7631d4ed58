"""What a page holds beside its paragraphs: raised marks, asides, tabs, pictures' words, numbers."""

from pathlib import Path

import pytest

from commonplace.corpus import Document, Limits
from commonplace.corpus.readers.html.reader import read as read_html


def read(body: str) -> Document:
    page = f"<html><body><article><p>A page about the harbour.</p>{body}</article></body></html>"
    return read_html(Path("page.html"), page.encode(), Limits())


def text(body: str) -> str:
    return read(body).sources[""]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("We saw 480<sup><a href='#n3'>3</a></sup> boats", "480 [3] boats"),
        ("about 10<sup>6</sup> litres", "10⁶ litres"),
        ("made of CO<sub>2</sub>", "CO2"),
        ("the 12<sup>th</sup> grade", "12th grade"),
        ("an area of 8 m<sup>2</sup>", "8 m²"),
    ],
)
def test_raised_and_lowered_marks_stay_apart(body: str, shown: str) -> None:
    assert shown in text(f"<p>{body}</p>")


@pytest.mark.parametrize(
    "body",
    [
        "<aside>The word</aside>",
        "<section><p>More.</p><footer>The word</footer></section>",
        "<div class='tab-pane' style='display:none'>The word</div>",
        "<div role='tabpanel' hidden>The word</div>",
        "<details><summary>More</summary>The word</details>",
        "<noscript>The word</noscript>",
        "<img src='a.png' alt='The word'>",
        "<figure><img src='a.png'><figcaption>The word</figcaption></figure>",
    ],
)
def test_what_belongs_to_the_article_is_read(body: str) -> None:
    assert "The word" in text(body)


def test_the_menu_and_the_footer_of_the_site_stay_out_and_the_footer_is_counted() -> None:
    page = "<body><nav>Menu</nav><article><p>Words.</p></article><footer>Imprint</footer></body>"
    document = read_html(Path("page.html"), page.encode(), Limits())
    assert document.sources[""] == "Words."
    assert document.notices == ("not read: 1 footer of the site",)


def test_what_has_no_text_is_counted() -> None:
    body = "<video src='a'></video><iframe src='b'></iframe><iframe src='c'></iframe>"
    (notice,) = read(body).notices
    assert "1 video" in notice
    assert "2 embedded pages" in notice


@pytest.mark.parametrize(
    ("items", "numbers"),
    [
        ("<ol start='4'><li>a<li>b</ol>", ["4. a", "5. b"]),
        ("<ol type='a'><li>a<li>b</ol>", ["a. a", "b. b"]),
        ("<ol type='I'><li>a<li>b</ol>", ["I. a", "II. b"]),
        ("<ol reversed><li>a<li>b</ol>", ["2. a", "1. b"]),
        ("<ol><li>a<li value='7'>b</ol>", ["1. a", "7. b"]),
    ],
)
def test_lists_have_the_numbers_that_are_shown(items: str, numbers: list[str]) -> None:
    assert "\n".join(numbers) in text(items)

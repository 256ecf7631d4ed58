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
        ("up to 2<sup>n &minus; 1</sup> of them", "2^(n \u2212 1) of them"),
        ("a rope of 5 kg<sup>1</sup>.", "5 kg [1]."),
        ("log<sub>10</sub>5", "log10 5"),
        ("SO<sub>4</sub><sup>2-</sup>", "SO4²⁻"),
        ("3<sup>1</sup>/<sub>2</sub> inches", "3 1/2 inches"),
        ("480<span style='vertical-align: super'>3</span> boats", "480 [3] boats"),
        ("on 9 January<a class='footnote-ref' href='#fn1'>1</a>.", "9 January [1]."),
        ("see <a href='#fn1'>1</a>", "see 1"),
        ("a claim[<sup>8</sup>]", "claim[⁸]"),
        ("3<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "3 1/2"),
        ("<del>300</del><ins>345</ins> crowns", "300 345 crowns"),
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
        "<svg role='img' aria-label='The word'></svg>",
    ],
)
def test_what_belongs_to_the_article_is_read(body: str) -> None:
    assert "The word" in text(body)


def test_the_menu_and_the_footer_of_the_site_stay_out_and_the_footer_is_counted() -> None:
    page = "<body><nav>Menu</nav><article><p>Words.</p></article><footer>Imprint</footer></body>"
    document = read_html(Path("page.html"), page.encode(), Limits())
    assert document.sources[""] == "Words."
    assert document.notices == ("not read: 1 footer of the site",)


def test_a_tab_of_a_page_whose_article_is_told_by_its_role_is_read() -> None:
    page = "<div role='main'><p>Words.</p><div style='display:none'>Tab.</div></div>"
    assert read_html(Path("page.html"), page.encode(), Limits()).sources[""] == "Words.\n\nTab."


def test_ticks_of_a_list_are_read_and_switches_of_the_page_are_not() -> None:
    body = "<ul><li><input type=checkbox checked>Rope</ul><p><input type=checkbox>Dark"
    assert text(body).endswith("- ☑ Rope\n\nDark")


def test_logos_and_arrows_are_no_descriptions() -> None:
    assert "Picture" not in text("<img src='a' alt='Harbour logo'><img src='b' alt='Next'>")


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

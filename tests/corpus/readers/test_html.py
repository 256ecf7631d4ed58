"""Pages as they are, broken ones, and hostile ones."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus import Document, Limits, TextLocator
from commonplace.corpus.readers.html.reader import read as read_html
from commonplace.foundation import UnreadableError

PAGE = """<!doctype html><html><head><title>Notes &amp; things | A site</title>
<meta property="article:published_time" content="2024-03-05T10:00:00Z">
<link rel="canonical" href="https://example.org/notes/one.html">
<script>var text = "<p>never shown</p>";</script><style>p { color: red }</style></head><body>
<nav><a href="/home">Home</a></nav><header><h1>Notes &amp; things</h1></header>
<p>Hello <b>bold</b>world, see <a href="../paper.html">this
  paper</a> now.<br>Next line.</p>
<ul><li>one<li><p>two</p><ul><li>nested</ul></ul>
<ol start="3"><li>three</li><li>four</li></ol>
<h2>A table</h2>
<table><tr><th>name<th>value</tr><tr><td>rank<td><p>8</p></tr></table>
<pre>
def f():
    return  1
</pre>
<p style="display: none">hidden</p><p hidden>hidden too</p><p aria-hidden="true">and this</p>
<form><p>Subscribe!</p></form><aside>aside</aside><footer>footer</footer>"""


def read(markup: str | bytes, limits: Limits | None = None) -> Document:
    data = markup.encode() if isinstance(markup, str) else markup
    document = read_html(Path("page.html"), data, limits or Limits())
    for draft in document.drafts:
        assert isinstance(draft.locator, TextLocator)
        source = document.sources[draft.locator.part]
        assert source[draft.locator.start : draft.locator.end] == draft.text
    return document


def test_what_a_visitor_sees() -> None:
    assert read(PAGE).sources[""] == (
        "Notes & things\n\nHello boldworld, see this paper now.\nNext line.\n\n"
        "- one\n- two\n  - nested\n3. three\n4. four\n\nA table\n\n"
        "name | value\nrank | 8\n\ndef f():\n    return  1"
    )


def test_title_date_headings_and_links() -> None:
    page = read(PAGE)
    assert page.title == "Notes & things"
    assert page.written_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert {draft.heading for draft in page.drafts} == {
        ("Notes & things",),
        ("Notes & things", "A table"),
    }
    (link,) = page.links
    assert (link.url, link.label) == ("https://example.org/paper.html", "this paper")
    assert link.context == "Hello boldworld, see this paper now. Next line."


def test_relative_links_without_a_base_and_scripts_lead_nowhere() -> None:
    page = read(
        '<p>text <a href="x.html">a</a> <a href="javascript:alert(1)">b</a> <a href="#c">c</a>'
        ' <a href="mailto:a@b.example">d</a> <a href="http://[broken">e</a></p>'
    )
    assert page.links == ()


def test_a_table_that_only_arranges_the_page_is_no_table() -> None:
    page = read("<table><tr><td><h2>Left</h2><p>First.</p><p>Second.</p><td>Right</table>")
    assert page.sources[""] == "Left\n\nFirst.\n\nSecond.\n\nRight"
    assert page.drafts[0].heading == ("Left",)


def test_a_page_that_is_all_form_is_shown() -> None:
    page = read(
        "<form id=aspnet><p>" + "All the text of this page stands in a form. " * 9 + "</form>"
    )
    assert "All the text" in page.sources[""]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<p>caf\xe9</p>", "caf\u00e9"),
        (b"<p>\x93quoted\x94</p>", "\u201cquoted\u201d"),
        (b"<meta charset=iso-8859-1><p>\x80 5</p>", "\u20ac 5"),
        (b"<meta charset=koi8-r><p>\xf0\xf2\xe9</p>", "\u041f\u0420\u0418"),
        ("<meta charset=koi8-r><p>caf\u00e9</p>".encode(), "caf\u00e9"),
        ("\ufeff<p>caf\u00e9</p>".encode(), "caf\u00e9"),
        ("<p>caf\u00e9</p>".encode("utf-16"), "caf\u00e9"),
        (
            b'<meta http-equiv="content-type" content="text/html; charset=nonsense"><p>\xe9',
            "\u00e9",
        ),
        (b"<meta charset=utf-7><p>+ADw-script+AD4-</p>", "+ADw-script+AD4-"),
        (b"<p>a&nbsp;b &lt;i&gt; &unknown; &#x1F600;</p>", "a b <i> &unknown; \U0001f600"),
    ],
)
def test_encodings(data: bytes, expected: str) -> None:
    assert read(data).sources[""] == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            '<script type="application/ld+json">{"datePublished": "2023-01-02"}</script>',
            (2023, 1, 2),
        ),
        ('<time datetime="2022-12-31T23:00:00+00:00">yesterday</time>', (2022, 12, 31)),
        ('<meta name="DC.date" content="2021-05-06">', (2021, 5, 6)),
        ("<p>2020-01-01</p>", None),
    ],
)
def test_dates(markup: str, expected: tuple[int, int, int] | None) -> None:
    written = read(markup + "<p>Text.</p>").written_at
    assert (written and written.timetuple()[:3]) == expected


@pytest.mark.parametrize(
    "tag", ["div", "b", "blockquote", "ul><li", "table><tr><td", "p", "a href=x", "h1", "form"]
)
def test_fifty_thousand_nested(tag: str) -> None:
    began = time.process_time()
    text = read("<p>before</p>" + f"<{tag}>" * 50_000 + "deep" + "</div>" * 9 + "<p>after").sources[
        ""
    ]
    assert time.process_time() - began < 60
    assert "before" in text
    assert tag == "form" or "deep" in text


@pytest.mark.parametrize(
    "markup",
    [
        "<",
        "<!--",
        "<a x='",
        "&",
        "<![CDATA[",
        "<script>",
        "<div " + "a " * 50_000,
        "</p>",
        "<title>",
    ],
)
def test_broken_markup_a_hundred_thousand_times(markup: str) -> None:
    began = time.process_time()
    assert "before" in read("<p>before</p>" + markup * (100_000 // len(markup) + 1)).sources[""]
    assert time.process_time() - began < 60


def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    laughs = (
        '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY e SYSTEM "/etc/passwd">]>'
    )
    text = read(laughs + "<p>x &b; &e; y</p>").sources[""]
    assert "haha" not in text
    assert "root:" not in text


def test_limits_cut_with_a_notice() -> None:
    page = read(
        "<p>" + "word " * 1000 + "</p>" + "<p>more</p>" * 1000, Limits(text_characters=6000)
    )
    assert len(page.sources[""]) < 8_100
    assert page.notices == ("read the first 6,000 characters; the page is longer",)


@pytest.mark.parametrize("data", [b"", b"<html><script>x</script></html>", b"\x00\x01\x02" * 99])
def test_nothing_to_show(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(data)


@given(
    st.lists(
        st.sampled_from(
            "<p> </p> <li> <ul> </ul> <table> <tr> <td> </table> <pre> </pre> <h2> </h2> text &lt;"
            " <a\u00a0href=http://x.example/> </a> <br> <div> </div> <form> </form> \n <ol>".split(
                " "
            )
        ),
        max_size=30,
    )
)
def test_passages_are_slices_whatever_the_markup(pieces: list[str]) -> None:
    read("<p>one</p>" + " ".join(pieces))

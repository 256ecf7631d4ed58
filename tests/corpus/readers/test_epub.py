"""Books made here: good, protected, broken, and bombs."""

import io
import zipfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from commonplace.corpus import Document, Limits, TextLocator
from commonplace.corpus.readers.html.epub import read as read_epub
from commonplace.foundation import UnreadableError

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>A small book</dc:title><dc:date>2019-07-01</dc:date></metadata>
<manifest><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="two%20b.xhtml#x" media-type="application/xhtml+xml"/>
<item id="c" href="../../../etc/passwd" media-type="application/xhtml+xml"/>
<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/><itemref idref="c"/></spine>
</package>"""
MEMBERS = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/one.xhtml": "<html><body><h1>One</h1><p>The first chapter.</p></body></html>",
    "OPS/two b.xhtml": "<h1>Two</h1><p>See <a href='https://example.org/x'>this</a>.</p>",
    "OPS/nav.xhtml": "<nav>Contents</nav>",
}


def packed(**changes: str | bytes | None) -> bytes:
    """The book as a zip, with members replaced (or left out, where None) by their file names."""
    stream = io.BytesIO()
    by_name = {name.rpartition("/")[2].partition(".")[0]: name for name in MEMBERS}
    members: dict[str, str | bytes | None] = {**MEMBERS}
    for key, value in changes.items():
        members[by_name.get(key, f"META-INF/{key}.xml")] = value
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return stream.getvalue()


def read(data: bytes, limits: Limits | None = None) -> Document:
    return read_epub(Path("book.epub"), data, limits or Limits())


def test_chapters_in_the_order_of_the_spine() -> None:
    book = read(packed())
    assert book.title == "A small book"
    assert book.written_at == datetime(2019, 7, 1, tzinfo=UTC)
    assert list(book.sources) == ["OPS/two b.xhtml", "OPS/one.xhtml"]
    assert [draft.text for draft in book.drafts] == ["See this.", "The first chapter."]
    assert [draft.heading for draft in book.drafts] == [("Two",), ("One",)]
    assert [(link.url, link.label) for link in book.links] == [("https://example.org/x", "this")]
    for draft in book.drafts:
        assert isinstance(draft.locator, TextLocator)
        source = book.sources[draft.locator.part]
        assert source[draft.locator.start : draft.locator.end] == draft.text


def test_a_missing_chapter_is_named_and_the_others_go_on() -> None:
    notices = read(packed(one=None)).notices
    assert "the chapter OPS/one.xhtml is missing" in notices
    assert any("etc/passwd is missing" in notice for notice in notices)


def test_a_chapter_that_is_not_text_is_left_out_with_its_reason() -> None:
    book = read(packed(one=b"\x00\x01\x02" * 100))
    assert any("OPS/one.xhtml was left out" in notice for notice in book.notices)
    assert len(book.sources) == 1


def test_a_damaged_chapter_is_left_out_too() -> None:
    data = bytearray(packed())
    place = data.find(b"OPS/one.xhtml") + len("OPS/one.xhtml") + 5
    data[place] ^= 0xFF
    book = read(bytes(data))
    assert any("OPS/one.xhtml is damaged" in notice for notice in book.notices)
    assert list(book.sources) == ["OPS/two b.xhtml"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "broken or truncated archive"),
        (packed()[:300], "broken or truncated archive"),
        (packed(container=None), "has no META-INF/container.xml"),
        (packed(container="<container/>"), "names no package"),
        (packed(book="<package"), "damaged"),
        (packed(book="<package/>"), "shows no text"),
        (packed(one=b" " * 3_000_000), "times its size"),
        (packed(one="<p>" + "<b>" * 1_000_000), "times its size"),
        (
            packed(encryption="<e><EncryptionMethod Algorithm='http://drm.example/aes'/></e>"),
            r"encrypted book \(DRM\)",
        ),
    ],
)
def test_reasons(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(data)


def test_a_header_that_lies_about_the_size_gains_nothing() -> None:
    data = bytearray(packed(one=b"<p>" + bytes(range(32, 127)) * 100_000))
    place = data.rfind(b"PK\x01\x02")
    while data[place + 46 : place + 59] != b"OPS/one.xhtml":
        place = data.rfind(b"PK\x01\x02", 0, place)
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")  # the size that it states
    book = read(bytes(data))
    assert any("OPS/one.xhtml is damaged" in notice for notice in book.notices)
    assert "OPS/one.xhtml" not in book.sources


def test_the_whole_is_limited_too() -> None:
    with pytest.raises(UnreadableError, match="unpacks to more than 0 MiB"):
        read(packed(), Limits(unpacked_bytes=500))


def test_scrambled_fonts_do_not_make_a_book_unreadable() -> None:
    scrambled = "<e><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/></e>"
    assert read(packed(encryption=scrambled)).drafts


def test_billion_laughs_and_external_entities() -> None:
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    laughs = f'<!DOCTYPE p [<!ENTITY a "ha">{entities}<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    for entity in ("&j;", "&e;"):
        with pytest.raises(UnreadableError):
            read(packed(book=laughs + f"<package>{entity}</package>"))
        chapter = laughs + f"<p>a {entity} z</p>"
        assert all(len(text) < 2_000 for text in read(packed(one=chapter)).sources.values())


def test_notes_and_what_is_in_no_order_are_read() -> None:
    chapter = (
        "<html xmlns:epub='http://www.idpf.org/2007/ops'><body><h1>One</h1>"
        "<p>It opened on 9 January<sup><a epub:type='noteref' href='#n'>1</a></sup>.</p>"
        "<aside epub:type='footnote' id='n'><p>In 1952 only in February.</p></aside>"
        "<footer><p>Letter dated 3 March.</p></footer></body></html>"
    )
    package = PACKAGE.replace('<itemref idref="b"/>', "")
    book = read(packed(one=chapter, book=package, nav="<p>A preface.</p><nav>Contents</nav>"))
    words = "\n".join(book.sources.values())
    assert "9 January [1]" in words
    for part in ("In 1952", "3 March", "A preface.", "See this."):
        assert part in words


def test_a_page_that_is_a_picture_is_counted() -> None:
    item = '<item id="p" href="p.svg" media-type="image/svg+xml"/></manifest>'
    package = PACKAGE.replace("</manifest>", item).replace("<spine>", '<spine><itemref idref="p"/>')
    assert (
        "chapters that are no text were left out: 1 (image/svg+xml)"
        in read(packed(book=package)).notices
    )

"""Word documents made here: good, broken, and bombs."""

import contextlib
import io
import zipfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from commonplace.corpus import Document, Limits, TextLocator
from commonplace.corpus.readers.office.docx import read as read_docx
from commonplace.foundation import UnreadableError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = f"""<w:styles xmlns:w="{W}">
<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Liste"><w:name w:val="List Bullet"/></w:style></w:styles>"""
PARTS = ("footnotes", "endnotes", "comments", "header1", "header2", "footer1", "numbering")
RELATIONS = """<Relationships><Relationship Id="r1"
Target="https://example.org/a" TargetMode="External"/>
<Relationship Id="r2" Target="styles.xml"/></Relationships>"""
CORE = """<c xmlns:dc="d" xmlns:t="t"><dc:title>On ranks</dc:title>
<t:created>2020-01-01T00:00:00Z</t:created><t:modified>2024-02-03T04:05:06Z</t:modified></c>"""


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{inner if inner.startswith('<') else run(inner)}</w:p>"


def packed(body: str, **changes: str | bytes) -> bytes:
    stream = io.BytesIO()
    document = f'<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}</w:body></w:document>'
    members: dict[str, str | bytes] = {
        "word/document.xml": changes.get("document", document),
        "word/styles.xml": changes.get("styles", STYLES),
        "word/_rels/document.xml.rels": RELATIONS,
        "docProps/core.xml": CORE,
    }
    for part in PARTS:
        if part in changes:
            members[f"word/{part}.xml"] = changes[part]
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def read(data: bytes, limits: Limits | None = None) -> Document:
    document = read_docx(Path("a.docx"), data, limits or Limits())
    for draft in document.drafts:
        assert isinstance(draft.locator, TextLocator)
        assert document.sources[""][draft.locator.start : draft.locator.end] == draft.text
    return document


def cell(text: str) -> str:
    return f"<w:tc>{paragraph(text)}</w:tc>"


def test_headings_lists_tables_and_notes() -> None:
    body = (
        paragraph("Method", "berschrift1")
        + paragraph("It has two matrices.")
        + paragraph("first", "Liste")
        + paragraph(f'<w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr>{run("deeper")}')
        + f"<w:tbl><w:tr>{cell('a')}{cell('b')}</w:tr><w:tr>{cell('c')}{cell('d')}</w:tr></w:tbl>"
        + paragraph("Results", "berschrift2")
        + paragraph(f"{run('one')}<w:r><w:tab/></w:r>{run('two')}<w:r><w:br/></w:r>{run('three')}")
    )
    notes = (
        f'<w:footnotes xmlns:w="{W}"><w:footnote>{paragraph("A note.")}</w:footnote></w:footnotes>'
    )
    document = read(packed(body, footnotes=notes))
    assert document.sources[""] == (
        "Method\n\nIt has two matrices.\n\n- first\n  - deeper\n\na | b\nc | d\n\nResults\n\n"
        "one two\nthree\n\nA note."
    )
    assert document.drafts[-1].heading == ("Method", "Results")
    assert document.title == "On ranks"
    assert document.written_at == datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_links_by_relation_and_by_field() -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText> HYPERLINK "https://example.org/b" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{run("that")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    linked = f'<w:hyperlink r:id="r1">{run("this")}</w:hyperlink>'
    body = f"<w:p>{run('See ')}{linked}{run(' and ')}{field}</w:p>"
    document = read(packed(body))
    assert document.sources[""] == "See this and that"
    assert [(link.url, link.label) for link in document.links] == [
        ("https://example.org/a", "this"),
        ("https://example.org/b", "that"),
    ]


def test_deleted_text_and_fallbacks_are_left_out() -> None:
    body = (
        f"<w:p><w:del>{run('gone')}<w:r><w:delText>gone</w:delText></w:r></w:del>"
        f"<w:ins>{run('stays')}</w:ins>"
        '<m:AlternateContent xmlns:m="m"><m:Choice>' + run(" once") + "</m:Choice>"
        f"<m:Fallback>{run(' twice')}</m:Fallback></m:AlternateContent></w:p>"
    )
    assert read(packed(body)).sources[""] == "stays once"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "broken or truncated archive"),
        (packed(paragraph("x"))[:200], "broken or truncated archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "encrypted, or an old .doc"),
        (packed(""), "has no text"),
        (packed("", document="<w:document"), "damaged"),
        (packed("", document=b" " * 3_000_000), "times its size"),
    ],
)
def test_reasons(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(data)


def test_a_zip_that_is_no_document() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(UnreadableError, match="not a Word document"):
        read(stream.getvalue())


def test_billion_laughs_and_external_entities() -> None:
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    secret = '<!ENTITY e SYSTEM "file:///etc/passwd">'
    for entity in ("&j;", "&e;"):
        document = (
            f'<!DOCTYPE d [<!ENTITY a "ha">{entities}{secret}]>'
            f'<w:document xmlns:w="{W}">{paragraph(f"a{entity}z")}</w:document>'
        )
        try:
            text = read(packed("", document=document)).sources[""]
        except UnreadableError:
            continue
        assert text == "az"


def test_deep_nesting_does_not_crash() -> None:
    deep = f'<w:document xmlns:w="{W}">' + "<w:p>" * 50_000 + run("deep") + "</w:p>" * 50_000
    with contextlib.suppress(UnreadableError):
        assert "deep" in read(packed("", document=deep + "</w:document>")).sources[""]

"""Presentations, tables, mails, calendars, canvases: made here and read whole, or refused."""

import contextlib
import io
import json
import zipfile
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus import Document, Limits, TextLocator
from commonplace.corpus.readers._registry import read_document
from commonplace.foundation import UnreadableError

NOW = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
A = 'xmlns:a="urn:a" xmlns:p="urn:p" xmlns:r="urn:r"'
RELATION = '<Relationship Id="{}" Type="t" Target="{}"/>'
OFFICE = " ".join(
    f'xmlns:{name}="urn:{name}"' for name in "office text table draw svg dc presentation".split()
)


def read(name: str, data: bytes) -> Document:
    document = read_document(Path(name), data, Limits(), NOW)
    for draft in document.drafts:
        assert isinstance(draft.locator, TextLocator)
        source = document.sources[draft.locator.part]
        assert source[draft.locator.start : draft.locator.end] == draft.text
    return document


def packed(members: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def paragraphs(*texts: str) -> str:
    return "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in texts)


def shape(kind: str, *texts: str) -> str:
    place = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else ""
    return f"<p:sp>{place}<p:txBody>{paragraphs(*texts)}</p:txBody></p:sp>"


def presentation() -> bytes:
    first = shape("title", "Quarter plan") + shape("body", "Hire two welders", "Sell the crane")
    table = "<a:tbl><a:tr><a:tc>{}</a:tc><a:tc>{}</a:tc></a:tr></a:tbl>".format(
        paragraphs("Site"), paragraphs("Quay")
    )
    picture = '<p:pic><p:cNvPr descr="A boat on a trailer"/></p:pic><p:pic><p:cNvPr/></p:pic>'
    second = shape("", "One text box") + table + picture + shape("sldNum", "2") + "<c:chart/>"
    return packed(
        {
            "ppt/presentation.xml": f'<p:p {A}><p:sldId r:id="x"/><p:sldId r:id="y"/></p:p>',
            "ppt/_rels/presentation.xml.rels": "<R>"
            + RELATION.format("x", "slides/slide2.xml")
            + RELATION.format("y", "slides/slide1.xml")
            + "</R>",
            "ppt/slides/slide2.xml": f"<p:sld {A}>{first}</p:sld>",
            "ppt/slides/slide1.xml": f'<p:sld {A} xmlns:c="urn:c" show="0">{second}</p:sld>',
            "ppt/slides/_rels/slide2.xml.rels": "<R>"
            + RELATION.format("n", "../notesSlides/notesSlide1.xml")
            + "</R>",
            "ppt/notesSlides/notesSlide1.xml": f"<p:n {A}>{shape('body', 'Say it slowly')}</p:n>",
        }
    )


def test_a_presentation_slide_by_slide() -> None:
    document = read("deck.pptx", presentation())
    assert [(draft.heading, draft.text) for draft in document.drafts] == [
        (
            ("Slide 1: Quarter plan",),
            "- Hire two welders\n- Sell the crane\n\nNotes: Say it slowly",
        ),
        (
            ("Slide 2 (hidden)",),
            "One text box\n\nSite | Quay\n\n[Picture: A boat on a trailer]",
        ),
    ]
    assert document.notices == ("not read: 1 picture, 1 chart",)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Parts"
    sheet.append(["part", "price", "share", "since"])
    sheet.append(["valve", 42.5, 0.125, datetime(2024, 3, 4)])
    sheet["C2"].number_format = "0.0%"
    for number in range(150):
        sheet.append([f"bolt number {number}", number, 0, None])
    hidden = book.create_sheet("Notes")
    hidden.append(["Kept in the yellow box"])
    hidden.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_sheet_by_sheet_below_the_names_of_its_columns() -> None:
    document = read("parts.xlsx", workbook())
    first, second, *_, last = document.drafts
    assert first.text.startswith("part | price | share | since\nvalve | 42.5 | 12.5 % | 2024-03-04")
    assert first.heading == ("Parts",)
    assert second.heading == ("Parts", "part | price | share | since")
    assert (last.heading, last.text) == (("Notes (hidden)",), "Kept in the yellow box")


def open_document(body: str, **members: str) -> bytes:
    content = f"<office:c {OFFICE}><office:body>{body}</office:body></office:c>"
    return packed({"content.xml": content, **members})


def test_a_text_document() -> None:
    body = """<office:text><text:h text:outline-level="1">Anchors</text:h>
<text:p>The big one<text:s text:c="1"/>weighs 46 kilos.<text:note><text:note-citation>1
</text:note-citation><text:note-body><text:p>Without the shackle.</text:p></text:note-body>
</text:note><office:annotation><dc:creator>Mara</dc:creator><text:p>Weigh it again</text:p>
</office:annotation></text:p>
<text:list><text:list-item><text:p>bow locker</text:p><text:list><text:list-item>
<text:p>left side</text:p></text:list-item></text:list></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>Bower</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="2"><text:p>30 m</text:p></table:table-cell>
</table:table-row></table:table><text:p><draw:frame><draw:image/></draw:frame></text:p>
</office:text>"""
    document = read("anchor.odt", open_document(body))
    assert document.sources[""] == (
        "Anchors\n\nThe big one weighs 46 kilos. [1]\n\nNote: Without the shackle.\n\n"
        "Comment by Mara: Weigh it again\n\n- bow locker\n  - left side\n\nBower | 30 m | 30 m"
    )
    assert document.notices == ("not read: 1 picture",)


def test_a_rich_text() -> None:
    data = rb"{\rtf1\ansi The anchor weighs {\b 14} kilos.\par Caf\'e9 closed.}"
    document = read("note.rtf", data)
    assert document.sources[""] == "The anchor weighs 14 kilos.\n\nCafé closed."


def mail(subject: str, words: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "anna@example.org", "bo@example.org"
    message["Subject"], message["Date"] = subject, "Mon, 06 Jan 2025 09:00:00 +0100"
    message.set_content(words)
    return message


def test_a_mail_with_its_attachments() -> None:
    message = mail("The crane", "It comes at 7:15.\n")
    message.add_alternative("<p>It comes at <b>7:15</b>.</p>", subtype="html")
    message.add_attachment("part,price\nvalve,42\nbolt,3\n", subtype="csv", filename="parts.csv")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="a.png")
    message.add_attachment(mail("Before", "The slings are yellow.\n"))
    document = read("mail.eml", message.as_bytes())
    assert document.title == "The crane"
    assert document.written_at is not None
    texts = [draft.text for draft in document.drafts]
    assert texts[0].startswith("From: anna@example.org\nTo: bo@example.org\n")
    assert texts[0].endswith("Subject: The crane\n\nIt comes at 7:15.")
    assert any("valve,42" in text for text in texts)
    assert any("slings are yellow" in text for text in texts)
    assert any("a.png was not read" in notice for notice in document.notices)


def test_a_mail_of_html_only() -> None:
    message = mail("Page", "x")
    message.set_content("<p>Bring the <b>rag</b>.</p>", subtype="html")
    assert read("m.eml", message.as_bytes()).drafts[0].text.endswith("Bring the rag.")


def test_a_mailbox_mail_by_mail() -> None:
    mails = [mail("One", "From noon on.\n>From here it counts."), mail("Two", "The second.")]
    data = b"\n".join(b"From a@b Mon Jan  6 2025\n" + each.as_bytes() for each in mails)
    document = read("box.mbox", data)
    assert [draft.heading for draft in document.drafts] == [("One",), ("Two",)]
    assert list(document.sources) == ["mail 1", "mail 2"]
    assert "From here it counts" in document.drafts[0].text


def test_a_saved_page() -> None:
    data = (
        b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\n'
        b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<p>The pump draws 6=20amps.</p>\n--x--\n"
    )
    assert read("page.mhtml", data).drafts[0].text == "The pump draws 6 amps."


def test_a_calendar() -> None:
    data = b"""BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
SUMMARY:Crane day\r
DTSTART:20250417T120000Z\r
LOCATION:North quay\r
DESCRIPTION:Bring the slings\\, and a rag.\r
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=5\r
END:VEVENT\r
END:VCALENDAR\r
"""
    (draft,) = read("harbour.ics", data).drafts
    assert draft.heading == ("Crane day",)
    assert draft.text == (
        "Begins: 2025-04-17 12:00 UTC\nPlace: North quay\n"
        "Repeats: every 2 weeks on Thursday, 5 times\n\nBring the slings, and a rag."
    )


def test_a_canvas() -> None:
    nodes = [
        {"id": "a", "type": "text", "text": "Tomatoes on the south wall", "x": 0, "y": 10},
        {"id": "b", "type": "group", "label": "Greenhouse", "x": 0, "y": 0},
        {"id": "c", "type": "link", "url": "https://example.org", "x": 9, "y": 10},
    ]
    edges = [{"fromNode": "a", "toNode": "b", "label": "stand in"}]
    data = json.dumps({"nodes": nodes, "edges": edges}).encode()
    assert read("plan.canvas", data).sources[""] == (
        "Group: Greenhouse\n\nTomatoes on the south wall\n\nLink: https://example.org\n\n"
        "- Tomatoes on the south wall → Greenhouse: stand in"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.doc", "an old Word document; save it as a docx"),
        ("a.pages", "a Pages document"),
        ("a.MSG", "an Outlook message"),
        ("a.djvu", "a DjVu scan"),
        ("a.png", "a picture"),
        ("a.mp3", "a recording"),
        ("a.zip", "unpack it"),
    ],
)
def test_a_refusal_names_the_format(name: str, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read(name, b"anything")


ODT = open_document("<text:p>x</text:p>")
WHOLE = {
    "a.pptx": presentation(),
    "a.xlsx": workbook(),
    "a.odt": ODT,
}
SUFFIXES = "pptx xlsx odt ods odp rtf eml mbox mhtml ics canvas".split()


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_cut_off_it_is_refused_with_a_reason(name: str, share: float) -> None:
    data = WHOLE[name]
    with pytest.raises(UnreadableError):
        read(name, data[: int(share * len(data))])


@given(st.sampled_from(SUFFIXES), st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(suffix: str, data: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        read(f"a.{suffix}", data)


@pytest.mark.parametrize("suffix", ["pptx", "xlsx", "odt"])
def test_a_bomb_is_refused(suffix: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("content.xml", "ppt/presentation.xml", "xl/workbook.xml"):
            archive.writestr(name, b" " * (1 << 27))
    with pytest.raises(UnreadableError, match="zip bomb"):
        read(f"a.{suffix}", stream.getvalue())

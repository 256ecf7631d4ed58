"""What a PDF holds beside plain lines: marks, heads that say something, tables, comments, forms."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from commonplace.corpus import Document, Limits, PageLocator
from commonplace.corpus.readers.pdf import reader

Draw = Callable[[Canvas], None]


def pdf(*pages: Draw) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(600, 800), invariant=True)
    for draw in pages:
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def read(*pages: Draw) -> Document:
    return reader.read(Path("paper.pdf"), pdf(*pages), Limits())


def text(document: Document) -> str:
    return "\n".join("\n".join([*draft.heading, draft.text]) for draft in document.drafts)


def line(words: str, y: float = 500, x: float = 60) -> Draw:
    return lambda canvas: canvas.drawString(x, y, words)


def both(*draws: Draw) -> Draw:
    def draw(canvas: Canvas) -> None:
        for each in draws:
            each(canvas)

    return draw


def scripted(before: str, script: str, after: str, rise: float) -> Draw:
    def draw(canvas: Canvas) -> None:
        words = canvas.beginText(60, 500)
        words.setFont("Helvetica", 10)
        words.textOut(before)
        words.setFont("Helvetica", 6)
        words.setRise(rise)
        words.textOut(script)
        words.setFont("Helvetica", 10)
        words.setRise(0)
        words.textOut(after)
        canvas.drawText(words)

    return draw


@pytest.mark.parametrize(
    ("before", "script", "after", "rise", "shown"),
    [
        ("The foundry cast 350", "2", " bells.", 4, "cast 350² bells"),
        ("All of the boats", "12", " left.", 4, "boats¹² left"),
        ("It weighs 10", "-6", " grams.", 4, "10⁻⁶ grams"),
        ("Water is H", "2", "O here.", -2, "H₂O here"),
        ("An area of 8 m", "2", " is left.", 4, "8 m² is left"),
        ("The 12", "th", " of May.", 4, "The 12th of May"),
        ("A range of 350", "-12", " is plain.", 0, "350-12 is plain"),
    ],
)
def test_raised_and_lowered_digits_stay_apart(
    before: str, script: str, after: str, rise: float, shown: str
) -> None:
    assert shown in text(read(scripted(before, script, after, rise)))


@pytest.mark.parametrize(
    "heads",
    [
        ["Invoice 40018", "Invoice 40019", "Invoice 40020"],
        ["Budget 2021: 14 million", "Budget 2022: 17 million", "Budget 2023: 12 million"],
        ["Lab day 2023-05-04", "Lab day 2023-05-06", "Lab day 2023-05-11"],
        ["2021", "2022", "2023"],
        ["Amount due: EUR 318.40", "Amount due: EUR 27.95", "Amount due: EUR 99.00"],
        ["Room 7", "Room 9", "Room 4"],
    ],
)
@pytest.mark.parametrize("height", [770, 30])
def test_a_head_that_says_something_is_read(heads: list[str], height: float) -> None:
    words = ["One box came.", "Two rolls came.", "No screws came."]
    pages = [both(line(h, height), line(w)) for h, w in zip(heads, words, strict=True)]
    assert all(head in text(read(*pages)) for head in heads)


@pytest.mark.parametrize(
    "heads",
    [
        ["A report of the harbour"] * 4,
        ["7", "8", "9", "10"],
        ["iii", "iv", "v", "vi"],
        ["Page 1 of 4", "Page 2 of 4", "Page 3 of 4", "Page 4 of 4"],
        ["A report - 3", "A report - 4", "A report - 5", "A report - 6"],
        ["- 1018 -", "- 1019 -", "- 1020 -", "- 1021 -"],
    ],
)
def test_what_repeats_or_counts_with_the_page_is_left_out(heads: list[str]) -> None:
    bodies = ["One box came.", "Two rolls came.", "No screws came.", "Nothing came."]
    pages = [both(line(h, 770), line(w)) for h, w in zip(heads, bodies, strict=True)]
    document = read(*pages)
    assert [draft.text for draft in document.drafts] == bodies


def test_the_rows_and_cells_of_a_table_stay_apart() -> None:
    rows = [("Alloy", "Melts", "Density"), ("Brass", "930 C", "8.5"), ("Solder", "183 C", "8.4")]
    cells = [
        line(cell, 600 - 14 * row, 60 + 150 * column)
        for row, words in enumerate(rows)
        for column, cell in enumerate(words)
    ]
    document = read(both(*cells, line("What follows is a sentence about the table.", 540)))
    assert "Alloy | Melts | Density\nBrass | 930 C | 8.5\nSolder | 183 C | 8.4\n" in text(document)
    assert "8.4 What" not in text(document)


def test_a_list_is_no_table() -> None:
    items = [both(line("-", 600 - 14 * n), line(f"The item number {n}", 600 - 14 * n, 90))
             for n in range(3)]  # fmt: skip
    assert "|" not in text(read(both(*items)))


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_table_that_is_set_sideways_is_read_row_by_row(degrees: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(*((580, 20) if degrees == 90 else (20, 780)))
        canvas.rotate(degrees)
        for number, words in enumerate(
            ["Table 7. Rainfall in millimetres", "Arbor 812", "Brock 455", "Source: water board"]
        ):
            canvas.drawString(40, (540 if degrees == 90 else 520) - 80 * number, words)

    document = read(line("The table follows."), draw)
    assert "in millimetres\nArbor 812\nBrock 455\nSource: water board" in text(document)
    places = [d.locator for d in document.drafts if "Arbor" in d.text]
    assert isinstance(places[0], PageLocator)
    assert all(0 <= box.left < box.right <= 600 for box in places[0].boxes)


def test_words_along_the_edge_are_read() -> None:
    def edge(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.rotate(90)
        canvas.drawString(200, -20, "Received on 4 May by the harbour office")
        canvas.restoreState()

    assert "Received on 4 May" in text(read(both(line("A letter about the crane."), edge)))


def annotate(canvas: Canvas, kind: str, contents: str, box: tuple[int, int, int, int]) -> None:
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFString

    entry: dict[str, Any] = {
        "Type": PDFName("Annot"),
        "Subtype": PDFName(kind),
        "Contents": PDFString(contents),
        "Rect": PDFArray(box),
    }
    if kind == "Highlight":
        left, bottom, right, top = box
        corners = [left, top, right, top, left, bottom, right, bottom]
        entry["QuadPoints"] = PDFArray(corners)
    canvas._addAnnotation(PDFDictionary(entry))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Text", "Note: seven is right"),
        ("FreeText", "Text box: seven is right"),
        ("Highlight", "Highlighted “nine kilowatts”: seven is right"),
    ],
)
def test_an_annotation_is_read_and_cited_on_its_page(kind: str, expected: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 500, "nine kilowatts")
        canvas.drawString(60, 460, "was the first survey.")
        annotate(canvas, kind, "seven is right", (58, 495, 140, 512))

    data = pdf(line("An empty cover."), draw)
    document = reader.read(Path("paper.pdf"), data, Limits())
    (draft,) = [draft for draft in document.drafts if expected in draft.text]
    assert isinstance(draft.locator, PageLocator)
    assert draft.locator.page == 2
    assert reader.page_text(data, draft.locator) == draft.text


def test_the_values_of_a_form_stand_beside_their_labels() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 600, "Name of the boat:")
        canvas.acroForm.textfield(name="a", value="Albatross", x=200, y=594, width=200, height=18)
        canvas.drawString(60, 560, "Length:")
        canvas.acroForm.textfield(name="b", value="", x=200, y=554, width=200, height=18)
        canvas.acroForm.checkbox(name="c", checked=True, x=60, y=516, size=14)
        canvas.drawString(80, 520, "Shore power")
        canvas.acroForm.checkbox(name="d", checked=False, x=60, y=476, size=14)
        canvas.drawString(80, 480, "Water")

    words = text(read(draw))
    assert "Name of the boat: Albatross" in words
    assert "Shore power: ticked" in words
    assert "Water: not ticked" in words
    assert words.count("Length") == 1


def test_pages_that_are_pictures_are_named() -> None:
    def picture(canvas: Canvas) -> None:
        canvas.rect(100, 100, 200, 200, fill=1)

    document = read(line("A lease."), picture, picture, lambda canvas: None)
    assert document.notices == ("pages 2-3: pictures without text; they need OCR",)


def test_lines_of_chinese_and_japanese_are_joined_without_a_space() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))

    def draw(canvas: Canvas) -> None:
        canvas.setFont("HeiseiMin-W3", 12)
        canvas.drawString(60, 500, "交換用の対物レ")
        canvas.drawString(60, 484, "ンズは三番の引き出しにある。")

    assert "対物レンズは" in text(read(draw))

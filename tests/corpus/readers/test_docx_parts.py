"""Word documents: marks of notes, comments, headers, equations, ticks and automatic numbers."""

import pytest

from tests.corpus.readers.test_docx import W, packed, paragraph, read, run

M = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def raised(text: str, how: str = "superscript") -> str:
    return f'<w:r><w:rPr><w:vertAlign w:val="{how}"/></w:rPr><w:t>{text}</w:t></w:r>'


def text_of(body: str, **parts: str) -> str:
    return read(packed(body, **parts)).sources[""]


def part(name: str, inner: str) -> str:
    return f'<w:{name} xmlns:w="{W}">{inner}</w:{name}>'


def numbered(text: str, number: str, level: int = 0, style: str = "") -> str:
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    listed = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}{listed}</w:pPr>{run(text)}</w:p>"


def level(at: int, form: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


NUMBERING = part(
    "numbering",
    '<w:abstractNum w:abstractNumId="0">'
    + level(0, "decimal", "%1", '<w:pStyle w:val="berschrift1"/>')
    + level(1, "decimal", "%1.%2")
    + level(2, "lowerLetter", "(%3)")
    + level(3, "upperRoman", "%4.")
    + '</w:abstractNum><w:abstractNum w:abstractNumId="1">'
    + level(0, "bullet", "\uf0b7")
    + '</w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="8"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
    '<w:startOverride w:val="4"/></w:lvlOverride></w:num>'
    '<w:num w:numId="9"><w:abstractNumId w:val="1"/></w:num>',
)


@pytest.mark.parametrize(
    ("before", "script", "how", "after", "expected"),
    [
        ("We counted 350", "2", "superscript", " boats", "We counted 350 [2] boats"),
        ("in January", "12", "superscript", ".", "in January [12]."),
        ("10", "6", "superscript", " units", "10⁶ units"),
        ("about 40 m", "2", "superscript", ".", "about 40 m²."),
        ("the 12", "th", "superscript", " of May", "the 12th of May"),
        ("H", "2", "subscript", "O", "H2O"),
    ],
)
def test_raised_and_lowered_text_is_never_fused_with_a_number(
    before: str, script: str, how: str, after: str, expected: str
) -> None:
    body = f"<w:p>{run(before)}{raised(script, how)}{run(after)}</w:p>"
    assert text_of(body) == expected


def test_text_that_is_set_higher_is_raised() -> None:
    higher = raised("4").replace("vertAlign", "position").replace("superscript", "6")
    assert text_of(f"<w:p>{run('128')}{higher}{run(' cleats')}</w:p>") == "128 [4] cleats"


def test_a_mark_in_two_runs_is_one_mark() -> None:
    assert text_of(f"<w:p>{run('350')}{raised('1')}{raised('2')}{run(' x')}</w:p>") == "350 [12] x"


def test_notes_keep_their_marks() -> None:
    reference = '<w:r><w:{}Reference w:id="{}"/></w:r>'
    body = (
        f"<w:p>{run('The fee is 350')}{reference.format('footnote', 5)}"
        f"{run(' and 20')}{reference.format('endnote', 3)}</w:p>"
    )
    footnotes = part("footnotes", f'<w:footnote w:id="5">{paragraph("In crowns.")}</w:footnote>')
    endnotes = part("endnotes", f'<w:endnote w:id="3">{paragraph("By law.")}</w:endnote>')
    assert text_of(body, footnotes=footnotes, endnotes=endnotes) == (
        "The fee is 350 [1] and 20 [i]\n\n[1] In crowns.\n\n[i] By law."
    )


def test_comments_headers_and_footers_are_read_once() -> None:
    comment = f'<w:comment w:id="0" w:author="Ada">{paragraph("Not in May")}</w:comment>'
    header = part("hdr", paragraph("File QX-1"))
    text = text_of(
        paragraph("Body."),
        comments=part("comments", comment),
        header1=header,
        header2=header,
        footer1=part("ftr", paragraph("Draft of the board")),
    )
    assert text == (
        "Body.\n\nComment by Ada: Not in May\n\nPage footer: Draft of the board\n\n"
        "Page header: File QX-1"
    )


def test_automatic_numbers_of_headings_clauses_and_lists() -> None:
    body = (
        numbered("Duties", "7", style="berschrift1")
        + paragraph("Text.")
        + paragraph("Fees", "berschrift1")
        + numbered("Payment", "7", 1, "berschrift2")
        + numbered("in cash", "7", 2)
        + numbered("by card", "7", 2)
        + numbered("Limits", "7", 1, "berschrift2")
        + numbered("again", "7", 2)
        + numbered("deep", "7", 3)
        + numbered("bullet", "9")
    )
    styles = part(
        "styles",
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/><w:pPr><w:numPr>'
        '<w:numId w:val="7"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>',
    )
    document = read(packed(body, numbering=NUMBERING, styles=styles))
    assert document.sources[""] == (
        "1 Duties\n\nText.\n\n2 Fees\n\n2.1 Payment\n\n    (a) in cash\n    (b) by card\n\n"
        "2.2 Limits\n\n    (a) again\n      I. deep\n- bullet"
    )
    assert document.drafts[-1].heading == ("2 Fees", "2.2 Limits")


def test_a_list_may_start_later_and_a_deleted_paragraph_does_not_count() -> None:
    gone = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="8"/></w:numPr><w:rPr><w:del/>'
        "</w:rPr></w:pPr><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
    )
    body = numbered("four", "8") + gone + numbered("five", "8") + numbered("no list", "0")
    assert text_of(body, numbering=NUMBERING) == "4 four\n5 five\n\nno list"


def test_a_former_numbering_of_tracked_changes_is_not_read() -> None:
    body = (
        '<w:p><w:pPr><w:pPrChange><w:pPr><w:pStyle w:val="berschrift1"/><w:numPr>'
        '<w:numId w:val="7"/></w:numPr></w:pPr></w:pPrChange></w:pPr>' + run("Plain.") + "</w:p>"
    )
    assert text_of(body, numbering=NUMBERING) == "Plain."


def test_a_text_box_leaves_the_number_to_its_paragraph() -> None:
    box = f"<w:r><w:txbxContent>{paragraph('Boxed.')}</w:txbxContent></w:r>"
    body = numbered("four", "8").replace("</w:pPr>", f"</w:pPr>{box}")
    assert text_of(body, numbering=NUMBERING) == "Boxed.\n\n4 four"


def test_fields_of_older_forms() -> None:
    def field(inner: str) -> str:
        return (
            f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{inner}</w:ffData></w:fldChar></w:r>'
        )

    tick = '<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>'
    choice = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="Oak"/><w:listEntry w:val="Elm"/>'
    body = f"<w:p>{field(tick)}{run(' insured, of ')}{field(choice + '</w:ddList>')}</w:p>"
    assert text_of(body) == "☑ insured, of Elm"


def test_an_equation_stays_apart_from_a_number_before_it() -> None:
    equation = f'<m:oMath xmlns:m="{M}"><m:r><m:t>7</m:t></m:r></m:oMath>'
    assert text_of(f"<w:p>{run('12')}{equation}{run('3')}</w:p>") == "12 7 3"


def test_many_notes_take_no_more_time_each() -> None:
    references = "".join(f'<w:r><w:footnoteReference w:id="{n}"/></w:r>' for n in range(20_000))
    assert text_of(f"<w:p>{run('x')}{references}</w:p>").endswith("[20000]")


def test_equations_read_as_a_line() -> None:
    def math(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    square = f"<m:sSup><m:e>{math('v')}</m:e><m:sup>{math('2')}</m:sup></m:sSup>"
    fraction = f"<m:f><m:num>{math('a+b')}</m:num><m:den>{math('2')}</m:den></m:f>"
    root = f"<m:rad><m:deg/><m:e>{math('x')}</m:e></m:rad>"
    body = (
        f'<w:p>{run("Load ")}<m:oMath xmlns:m="{M}">{math("F=0.6")}{square}{math("+")}'
        f"{fraction}{math('+')}{root}</m:oMath>{run(' holds.')}</w:p>"
    )
    assert text_of(body) == "Load F=0.6v²+(a+b)/2+√(x) holds."


def test_ticks_and_symbols() -> None:
    body = (
        '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
        f'{run(" yes ")}<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r></w:p>'
    )
    assert text_of(body) == "☑ yes α"


def test_what_is_not_text_is_counted() -> None:
    body = (
        '<w:p><w:r><w:drawing><wp:docPr xmlns:wp="p" descr="A red winch"/><pic:pic xmlns:pic="q"/>'
        '</w:drawing><w:drawing><wp:docPr xmlns:wp="p"/><pic:pic xmlns:pic="q"/></w:drawing>'
        f'<c:chart xmlns:c="c"/><o:OLEObject xmlns:o="o"/><o:OLEObject xmlns:o="o"/></w:r>'
        f"{run('Text.')}</w:p>"
    )
    document = read(packed(body))
    assert document.sources[""] == "[Picture: A red winch] Text."
    assert document.notices == (
        "not read: 1 picture without a description, 1 chart, 2 embedded objects",
    )

"""Make the two PDFs of the sample library from our own text in ``examples/documents``.

    python examples/make_documents.py [FOLDER]

writes ``papers/diffusion-in-brief.pdf`` (two columns, formulas, hyphens at line ends, a list) and
``courses/networks/network-planning.pdf`` (one column, headings, a table) below FOLDER, which is
``examples/library`` unless given. What is notable:

- the same text gives the same bytes on every machine: the dates come from the text, nothing is
  compressed (the output of a compressor depends on its version) and no font is embedded;
- words break only where ``HYPHENATION`` allows it, as soft hyphens, so that the pages have real
  hyphens at line ends without a dictionary of a language;
- the markup is a small part of Markdown: front matter, ``##``, paragraphs, ``-`` lists, tables,
  ``**strong**``, and ``$$`` around a formula on a line of its own.

Needs reportlab (the extra ``dev``), and nothing of commonplace.
"""

import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    FrameBreak,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

HERE = Path(__file__).parent
DOCUMENTS = {  # text -> PDF, relative to the folder that is written
    HERE / "documents" / "diffusion-in-brief.md": Path("papers/diffusion-in-brief.pdf"),
    HERE / "documents" / "network-planning.md": Path("courses/networks/network-planning.pdf"),
}
HYPHENATION = """
    au-to-en-coder band-width com-pres-sion com-pressed com-po-si-tion com-pu-ta-tion
    con-di-tion de-nois-ing de-ter-min-is-tic de-scribe dif-fer-ent dif-fu-sion dis-tri-bu-tion
    en-coder equip-ment eval-u-a-tions ex-pen-sive guid-ance in-de-pend-ent in-stal-la-tion
    la-tent lin-early net-work pic-ture po-si-tion pre-dict pre-dic-tion pre-dicts pro-cess
    reg-u-lar-i-sa-tion re-gres-sion res-o-lu-tion re-weighted sam-pler sam-pling se-quence
    sep-a-rate short-cuts stan-dard train-ing un-con-di-tional util-i-sa-tion vari-ance
    vari-ances vari-a-tional
"""
SOFT_HYPHEN = "\u00ad"
BREAKS = {w.replace("-", ""): w.replace("-", SOFT_HYPHEN) for w in HYPHENATION.split()}
GREEK = {"epsilon": "e", "theta": "q"}  # TeX name -> character of the Symbol font

BODY = ParagraphStyle(
    "body", fontName="Times-Roman", fontSize=10.5, leading=13, alignment=4, spaceAfter=5
)
BODY.embeddedHyphenation = 1  # break at the soft hyphens, and nowhere else
FORMULA = ParagraphStyle("formula", BODY, alignment=1, spaceBefore=2)
HEADING = ParagraphStyle(
    "heading", BODY, fontName="Helvetica-Bold", fontSize=11.5, alignment=0, spaceBefore=7
)
ITEM = ParagraphStyle("item", BODY, alignment=0, leftIndent=10, bulletIndent=1, spaceAfter=2)
SOURCE = ParagraphStyle("source", BODY, alignment=0, fontSize=9.5, leading=12, spaceAfter=3)
TITLE = ParagraphStyle("title", HEADING, fontSize=18, leading=22, alignment=1, spaceAfter=2)
BYLINE = ParagraphStyle("byline", BODY, alignment=1, textColor=colors.Color(0.3, 0.3, 0.3))


@dataclass(frozen=True)
class Text:
    """One document as it is written: front matter and blocks."""

    meta: dict[str, str]  # title, author, date (ISO), subject, keywords, columns
    blocks: list[str]  # what stands between empty lines


def read(path: Path) -> Text:
    """Read a text with its front matter."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = dict(line.split(": ", 1) for line in front.splitlines())
    return Text(meta, [block.strip() for block in re.split(r"\n{2,}", body.strip())])


def inline(text: str) -> str:
    """Turn ``**strong**`` into reportlab's markup and mark where words may break."""
    marked = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))
    return re.sub(r"[A-Za-z]+", lambda word: BREAKS.get(word[0], word[0]), marked)


def formula(text: str) -> str:
    r"""Turn ``x_t``, ``s^2`` and ``\epsilon`` into reportlab's markup, letters in italics."""
    marked = re.sub(r"(?<![\\A-Za-z])([A-Za-z])(?![A-Za-z])", r"<i>\1</i>", text)
    for name, letter in GREEK.items():
        marked = marked.replace(f"\\{name}", f"<greek>{letter}</greek>")
    atom = r"(<i>.</i>|<greek>.</greek>|\d)"
    marked = re.sub(rf"_{atom}", r'<sub rise="2" size="8">\1</sub>', marked)
    marked = re.sub(rf"\^{atom}", r'<super rise="4" size="8">\1</super>', marked)
    return marked.replace("  ", "&nbsp; ")


def table(block: str) -> Any:
    """Lay out a Markdown table: first row in bold, a rule below it, numbers to the right."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
    style = [
        ("FONT", (0, 0), (-1, 0), "Times-Bold", 11),
        ("FONT", (0, 1), (-1, -1), "Times-Roman", 11),
        ("ALIGN", (0, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.Color(0.7, 0.7, 0.7)),
    ]
    return Table([rows[0], *rows[2:]], style=style, spaceBefore=4, spaceAfter=8)


def flow(block: str) -> list[Any]:
    """Turn one block into what reportlab sets."""
    if block.startswith("## "):
        # A column ends before a heading that would have fewer than three lines below it.
        return [CondPageBreak(60), Paragraph(inline(block[3:]), HEADING)]
    if block.startswith("$$"):
        return [Paragraph(formula(block.strip("$")), FORMULA)]
    if block.startswith("|"):
        return [table(block)]
    if block.startswith("- "):
        items = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
        return [Paragraph(inline(item), ITEM, bulletText="\u2022") for item in items] + [
            Spacer(1, 3)
        ]
    return [Paragraph(inline(block), SOURCE if re.match(r"\[\d\] ", block) else BODY)]


def template(name: str, columns: int, head: float) -> Any:
    """Make a page of equal columns below a head of the given height (in points)."""
    width, height = A4
    margin, gap, foot = 22 * mm, 7 * mm, 22 * mm
    inner = width - 2 * margin
    column = (inner - gap * (columns - 1)) / columns
    top = height - 20 * mm
    pad = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
    frames = [Frame(margin, top - head, inner, head, **pad)] if head else []
    for number in range(columns):
        left = margin + number * (column + gap)
        frames.append(Frame(left, foot, column, top - head - foot, **pad))
    return PageTemplate(name, frames, onPage=page_number)


def page_number(canvas: Any, document: Any) -> None:
    """Write title and page number at the foot of a page."""
    canvas.setFont("Times-Roman", 8)
    canvas.drawString(22 * mm, 13 * mm, document.title)
    canvas.drawRightString(A4[0] - 22 * mm, 13 * mm, str(canvas.getPageNumber()))


def make(text: Text, target: Path) -> None:
    """Write one PDF."""
    day = datetime.fromisoformat(text.meta["date"]).replace(tzinfo=UTC)
    columns = int(text.meta["columns"])
    story = [
        Paragraph(inline(text.meta["title"]), TITLE),
        Paragraph(f"{text.meta['author']}, {day.day} {day:%B %Y}", BYLINE),
        FrameBreak(),
        NextPageTemplate("later"),
    ]
    for block in text.blocks:
        story.extend(flow(block))
    target.parent.mkdir(parents=True, exist_ok=True)
    document = BaseDocTemplate(
        str(target),
        pagesize=A4,
        pageTemplates=[template("first", columns, 20 * mm), template("later", columns, 0)],
        pageCompression=0,
        invariant=1,
        lang="en",
        **{key: text.meta[key] for key in ("title", "author", "subject", "keywords")},
    )
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(day.timestamp()))  # reportlab's CreationDate
    try:
        document.build(story)
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def main(folder: Path) -> list[Path]:
    """Write all PDFs below a folder and return their paths."""
    targets = []
    for source, relative in DOCUMENTS.items():
        make(read(source), folder / relative)
        targets.append(folder / relative)
    return targets


if __name__ == "__main__":
    for path in main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "library"):
        print(f"{path}  {path.stat().st_size:,} bytes")

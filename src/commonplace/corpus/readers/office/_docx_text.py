"""From WordprocessingML to the text of a document, in one pass over the parser's events.

ECMA-376 part 1, chapter 17. Deleted text and field codes are left out, inserted text stays; a text
box is a paragraph of its own; what stands twice for older programs (`mc:Fallback`) is read once.
A note's mark is its number in brackets, in the text and before the note. What holds text that is
not read here (charts, embedded objects) is counted.
"""

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

from commonplace.corpus.readers._numerals import roman
from commonplace.corpus.readers._raised import lowered, raised
from commonplace.corpus.readers._source_text import Anchor, SourceText, Writer, join
from commonplace.corpus.readers.office._docx_math import Equation
from commonplace.corpus.readers.office._docx_styles import Styles, symbol
from commonplace.corpus.text.split import BlockKind
from commonplace.foundation import UnreadableError

_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_RELATION: Final = re.compile(r"\{[^}]*/relationships\}id")
_SKIPPED: Final = frozenset(
    """del moveFrom Fallback instrText delText sectPr pPrChange rPrChange tblPrChange trPrChange
    tcPrChange numberingChange tabs tblPr delInstrText""".split()
)
_SPACES: Final = {"tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_UNREAD: Final = {  # elements that show something which is not read as text
    "chart": "chart",
    "relIds": "SmartArt drawing",
    "OLEObject": "embedded object",
    "altChunk": "embedded document",
    "contentPart": "ink drawing",
}
_PICTURES: Final = frozenset({"pic", "imagedata"})
_PROPERTIES: Final = frozenset(
    "pStyle outlineLvl numPr numId ilvl hyperlink fldSimple fldChar".split()
)
_THINGS: Final = frozenset(
    """footnoteReference endnoteReference footnote endnote comment hdr ftr sym docPr txbxContent
    checkBox ddList default checked result listEntry""".split()
) | {*_PICTURES, *_UNREAD}
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"([^"]{1,2000})"')


class Watcher:
    """Takes the parser's events of document.xml (and of the notes) and writes the blocks."""

    def __init__(self, styles: Styles, most: int) -> None:
        self.targets: Mapping[str, str] = {}  # where the links of the part now read lead
        self._styles, self._remaining = styles, most
        self._written: list[Writer] = []
        self._writer = Writer("prose", 0, 0, "")
        self._skipped = self._tables = 0
        self._in_text = False
        self._field = ""
        self._in_code = False
        self._cut = False
        self._unread: dict[str, int] = {}
        self._script = self._raised = ""  # how the run stands, and the raised text held back
        self._equation: Equation | None = None
        self._depth = 0  # of elements within the equation
        self._in_run_properties = False
        self._list: list[str] | None = None  # number and level that a paragraph states
        self._style = ""
        self._is_deleted = False  # the mark of the paragraph
        self._prefix = ""  # before the next paragraph: a note's mark, or who commented
        self._marks: dict[str, dict[str, str]] = {"footnote": {}, "endnote": {}}  # by id
        self._outer: list[tuple[Writer, int]] = []  # paragraphs around the open text boxes
        self._entries: list[str] = []  # of a field's list
        self._choice = 0  # which of them is chosen; whether a box is ticked
        self._described = False  # whether the drawing has an alternative text

    def parse(self, data: bytes, what: str) -> None:
        """One XML part; may be called for several."""
        parser = etree.XMLParser(
            target=self, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        try:
            parser.feed(data)
            parser.close()
        except (etree.XMLSyntaxError, ValueError) as error:
            raise UnreadableError(f"{what} is damaged ({error})") from None

    def source_text(self) -> SourceText:
        """Everything that was written."""
        self._break()
        source = SourceText(cut=self._cut, unread=self._unread)
        join(source, self._written)
        return source

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """It could declare entities, which libxml2 expands for a target; Word writes none."""
        raise UnreadableError("damaged or malicious: a Word document declares no document type")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        name = tag.rpartition("}")[2]
        if self._skipped or name in _SKIPPED:
            self._is_deleted |= name == "del" and self._in_run_properties
            self._skipped += 1
            self._in_code = name == "instrText"
        elif self._equation or name == "oMath":
            self._start_math(name, attributes)
        elif name == "t" and self._is_word(tag):
            self._in_text = True
        elif name == "rPr" or self._in_run_properties:
            self._run_property(name, attributes)
        elif name == "r":
            self._script = ""
        elif name == "p" and self._is_word(tag):
            self._begin()
        elif name == "tbl":
            self._break()
            self._tables += 1
            self._break()
        elif name in {"tr", "tc"}:
            self._flush()
            self._writer.hold("\n" if name == "tr" else " | ")
        elif name in _SPACES and self._is_word(tag):
            self._space(_SPACES[name])
        elif name in _PROPERTIES:
            self._property(name, attributes)
        elif name in _THINGS:
            self._thing(name, attributes)

    def end(self, tag: str) -> None:
        """An element closes."""
        name = tag.rpartition("}")[2]
        if self._skipped:
            self._skipped -= 1
            self._in_code = False
        elif self._equation:
            self._end_math(name)
        elif name == "rPr":
            self._in_run_properties = False
        elif name == "pPr":
            self._number()
        elif name == "p" and self._is_word(tag):
            self._begin()
        elif name == "tbl":
            self._break()
            self._tables = max(0, self._tables - 1)
            self._break()
        elif name == "t":
            self._in_text = False
        elif name in {"hyperlink", "fldSimple"}:
            self._flush()
            self._close_anchor()
        elif name == "txbxContent" and self._outer:
            self._break()
            self._writer, self._tables = self._outer.pop()
        elif name == "checkBox":
            self._put("☑" if self._choice else "☐")
        elif name == "ddList":
            self._put("".join(self._entries[self._choice : self._choice + 1]))

    def data(self, text: str) -> None:
        """Text between tags."""
        if self._in_code:
            self._field += text
        elif self._in_text and not self._skipped and not self._cut:
            self._remaining -= len(text)
            self._cut = self._remaining < 0
            if not self._cut:
                self._put(text)

    def close(self) -> None:
        """The end of the part."""

    @staticmethod
    def _is_word(tag: str) -> bool:
        return tag.startswith((f"{{{_W}}}", f"{{{_STRICT}}}"))

    def _put(self, text: str) -> None:
        """Text of a run: raised text is held back until the whole of it is there."""
        if self._equation:
            self._equation.data(text)
        elif self._script:
            if self._raised[:1] != self._script[:3][-1:]:
                self._flush()
                self._raised = self._script[:3][-1:]
            self._raised += text
        else:
            self._flush()
            self._writer.write(text)

    def _flush(self) -> None:
        """Write the raised or lowered text that was held back; its first letter tells which."""
        if self._raised:
            held, self._raised = self._raised, ""
            self._writer.script(held[1:], raised if held[0] == "p" else lowered)

    def _space(self, space: str) -> None:
        self._flush()
        if space == "-":
            self._writer.write("-")
        else:
            self._writer.hold(space)

    def _begin(self) -> None:
        """A paragraph begins or ends; inside a table's cell that is a space."""
        self._list, self._style, self._is_deleted = None, "", False
        if self._tables:
            self._flush()
            self._writer.hold(" ")
        else:
            self._break()

    def _break(self) -> None:
        self._flush()
        if self._writer.text.strip():
            self._writer.mark = self._prefix + self._writer.mark
            self._prefix = ""
            self._written.append(self._writer)
        kind: BlockKind = "table" if self._tables else "prose"
        self._writer = Writer(kind, 0, 0, "")

    def _property(self, name: str, attributes: Mapping[str, str]) -> None:
        """What says how a paragraph is set, or where a link leads."""
        value = _value(attributes)
        if name == "pStyle":
            self._style = value
            if not self._tables:
                self._writer.heading = self._styles.levels.get(value, 0)
        elif name == "outlineLvl" and value.isdecimal() and int(value) < 6 and not self._tables:
            self._writer.heading = int(value) + 1
        elif name == "numPr":
            self._list = ["", ""]
        elif name in {"numId", "ilvl"} and self._list:
            self._list[name == "ilvl"] = value
        elif name == "hyperlink":
            self._open_anchor(self.targets.get(_relation(attributes), ""))
        elif name == "fldSimple":
            match = _HYPERLINK.match(_value(attributes, "instr"))
            self._open_anchor(match[1] if match else "")
        elif name == "fldChar":
            self._field_character(_value(attributes, "fldCharType"))

    def _run_property(self, name: str, attributes: Mapping[str, str]) -> None:
        """How a run is set: only raised and lowered text matters here."""
        self._in_run_properties = True
        if name == "vertAlign":
            value = _value(attributes)
            self._script = value if value in {"superscript", "subscript"} else ""
        elif name == "position" and _value(attributes)[:1].isdecimal():
            self._script = self._script or "superscript"
        elif name == "rStyle":
            self._script = self._styles.scripts.get(_value(attributes), "")

    def _number(self) -> None:
        """The paragraph's properties are complete: set the number that Word would show."""
        self._script = ""
        of_style = self._styles.numbering.of_style(self._style)
        stated = self._list
        number, level = of_style or ("", 0)
        if stated:
            number = stated[0] or number
            level = int(stated[1]) if stated[1].isdecimal() else level
        level = min(level, 9)
        is_list = stated is not None or self._style in self._styles.lists or bool(number)
        if not is_list or number == "0" or self._is_deleted:
            return
        label = self._styles.numbering.label(number, level)
        if self._tables:
            self._writer.write(f"{label or '-'} ") if label != "" else None
        elif self._writer.heading:
            self._writer.mark = f"{label} " if label else ""
        else:
            self._writer.kind, self._writer.level = "item", level
            self._writer.mark = "  " * level + ("- " if label is None else f"{label} ".lstrip())

    def _thing(self, name: str, attributes: Mapping[str, str]) -> None:
        """Marks of notes, symbols, ticks, and what is not text."""
        if name in {"footnoteReference", "endnoteReference"}:
            self._flush()
            self._writer.write(self._note_mark(name[:-9], _value(attributes, "id")))
        elif name in {"footnote", "endnote"}:
            mark = self._marks[name].get(_value(attributes, "id"), "")
            self._prefix = f"{mark.strip()} " if mark else ""
        elif name == "comment":
            author = " ".join(_value(attributes, "author").split())[:100]
            self._prefix = f"Comment by {author}: " if author else "Comment: "
        elif name in {"hdr", "ftr"}:
            self._prefix = "Page header: " if name == "hdr" else "Page footer: "
        elif name == "sym":
            shown = symbol(_value(attributes, "font"), _value(attributes, "char"))
            self._put(shown) if shown else self._count("unknown symbol")
        elif name == "txbxContent":
            self._flush()
            self._outer.append((self._writer, self._tables))
            self._tables, self._writer = 0, Writer("prose", 0, 0, "")
        elif name in {"checkBox", "ddList"}:
            self._entries, self._choice = [], 0
        elif name in {"default", "checked", "result", "listEntry"}:
            self._legacy_field(name, _value(attributes))
        elif name == "docPr":
            description = attributes.get("descr") or ""
            self._described = bool(description.strip())
            self._describe(description)
        elif name in _PICTURES:
            if not self._described:
                self._count("picture without a description")
            self._described = False
        elif name in _UNREAD:
            self._count(_UNREAD[name])

    def _legacy_field(self, name: str, value: str) -> None:
        """What a field of an older form holds: a tick, or a choice of a list (17.16)."""
        if name == "listEntry":
            self._entries.append(value)
        else:
            ticked = value not in {"0", "false", "off"}
            self._choice = int(value) if value.isdecimal() and len(value) < 4 else int(ticked)

    def _describe(self, description: str) -> None:
        """The alternative text of a picture, in brackets."""
        if text := " ".join(description.split())[:2_000]:
            self._flush()
            self._writer.hold(" ")
            self._writer.write(f"[Picture: {text}]")
            self._writer.hold(" ")

    def _count(self, kind: str) -> None:
        self._unread[kind] = self._unread.get(kind, 0) + 1

    def _note_mark(self, kind: str, identity: str) -> str:
        """Footnotes count 1, 2, 3 and endnotes i, ii, iii, as in Word."""
        marks = self._marks[kind]
        count = len(marks) + 1
        return marks.setdefault(identity, f" [{count if kind == 'footnote' else roman(count)}]")

    def _start_math(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._equation:
            self._flush()
            self._equation = Equation()
        self._depth += 1
        self._in_text = name == "t"
        value = next((v for k, v in attributes.items() if k.rpartition("}")[2] == "val"), "")
        self._equation.start(name, value)

    def _end_math(self, name: str) -> None:
        if self._equation is None:
            return
        self._in_text = False
        self._depth -= 1
        self._equation.end()
        if not self._depth:
            text, self._equation = " ".join(self._equation.text.split()), None
            self._writer.fence()
            self._writer.write(text)
            self._writer.fence()

    def _field_character(self, kind: str) -> None:
        self._flush()
        if kind == "begin":
            self._field = ""
        elif kind == "separate" and (match := _HYPERLINK.match(self._field)):
            self._open_anchor(match[1])
        elif kind == "end":
            self._close_anchor()

    def _open_anchor(self, url: str) -> None:
        self._flush()
        if url:
            self._writer.anchors.append(Anchor(url, self._writer.next, -1))

    def _close_anchor(self) -> None:
        if self._writer.anchors and self._writer.anchors[-1].end < 0:
            self._writer.anchors[-1].end = self._writer.length


def _value(attributes: Mapping[str, str], name: str = "val") -> str:
    """An attribute of WordprocessingML, whichever of its two namespaces it is in."""
    return attributes.get(f"{{{_W}}}{name}") or attributes.get(f"{{{_STRICT}}}{name}") or ""


def _relation(attributes: Mapping[str, str]) -> str:
    return next((value for key, value in attributes.items() if _RELATION.fullmatch(key)), "")

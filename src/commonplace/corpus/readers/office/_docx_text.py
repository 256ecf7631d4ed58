"""From WordprocessingML to the text of a document, in one pass over the parser's events.

ECMA-376 part 1, chapter 17. Deleted text and field codes are left out, inserted text stays; a text
box is a paragraph of its own; what stands twice for older programs (`mc:Fallback`) is read once.
"""

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

from commonplace.corpus.readers._source_text import Anchor, SourceText, Writer, join
from commonplace.corpus.text.split import BlockKind
from commonplace.foundation import UnreadableError

_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_RELATION: Final = re.compile(r"\{[^}]*/relationships\}id")
_SKIPPED: Final = frozenset(
    {"del", "moveFrom", "Fallback", "instrText", "delText", "rPr", "sectPr"}
)
_SPACES: Final = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"([^"]{1,2000})"')


class Watcher:
    """Takes the parser's events of document.xml (and of the notes) and writes the blocks."""

    def __init__(self, levels: Mapping[str, int], lists: frozenset[str], most: int) -> None:
        self.targets: Mapping[str, str] = {}  # where the links of the part now read lead
        self._levels, self._list_styles, self._remaining = levels, lists, most
        self._written: list[Writer] = []
        self._writer = Writer("prose", 0, 0, "")
        self._skipped = self._tables = 0
        self._in_text = False
        self._field = ""
        self._in_code = False
        self._cut = False

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
        source = SourceText(cut=self._cut)
        join(source, self._written)
        return source

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """It could declare entities, which libxml2 expands for a target; Word writes none."""
        raise UnreadableError("damaged or malicious: a Word document declares no document type")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        name = tag.rpartition("}")[2]
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
            self._in_code = name == "instrText"
        elif name == "p" and self._is_word(tag):
            self._begin()
        elif name == "tbl":
            self._break()
            self._tables += 1
            self._break()
        elif name in {"tr", "tc"}:
            self._writer.hold("\n" if name == "tr" else " | ")
        elif name == "t" and self._is_word(tag):
            self._in_text = True
        elif name in _SPACES and self._is_word(tag):
            self._space(_SPACES[name])
        else:
            self._property(name, attributes)

    def end(self, tag: str) -> None:
        """An element closes."""
        name = tag.rpartition("}")[2]
        if self._skipped:
            self._skipped -= 1
            self._in_code = False
        elif name == "p" and self._is_word(tag):
            self._begin()
        elif name == "tbl":
            self._break()
            self._tables = max(0, self._tables - 1)
            self._break()
        elif name == "t":
            self._in_text = False
        elif name in {"hyperlink", "fldSimple"}:
            self._close_anchor()

    def data(self, text: str) -> None:
        """Text between tags."""
        if self._in_code:
            self._field += text
        elif self._in_text and not self._skipped and not self._cut:
            self._remaining -= len(text)
            self._cut = self._remaining < 0
            if not self._cut:
                self._writer.write(text)

    def close(self) -> None:
        """The end of the part."""

    @staticmethod
    def _is_word(tag: str) -> bool:
        return tag.startswith((f"{{{_W}}}", f"{{{_STRICT}}}"))

    def _space(self, space: str) -> None:
        if space == "-":
            self._writer.write("-")
        else:
            self._writer.hold(space)

    def _begin(self) -> None:
        """A paragraph begins or ends; inside a table's cell that is a space."""
        if self._tables:
            self._writer.hold(" ")
        else:
            self._break()

    def _break(self) -> None:
        if self._writer.text.strip():
            self._written.append(self._writer)
        kind: BlockKind = "table" if self._tables else "prose"
        self._writer = Writer(kind, 0, 0, "")

    def _property(self, name: str, attributes: Mapping[str, str]) -> None:
        """What says how a paragraph is set, or where a link leads."""
        value = _value(attributes)
        if name == "pStyle" and not self._tables:
            self._writer.heading = self._levels.get(value, 0)
            if value in self._list_styles:
                self._make_item(0)
        elif name == "outlineLvl" and value.isdecimal() and int(value) < 6 and not self._tables:
            self._writer.heading = int(value) + 1
        elif name == "ilvl" and not self._tables and not self._writer.heading:
            self._make_item(int(value) if value.isdecimal() else 0)
        elif name == "hyperlink":
            self._open_anchor(self.targets.get(_relation(attributes), ""))
        elif name == "fldSimple":
            match = _HYPERLINK.match(_value(attributes, "instr"))
            self._open_anchor(match[1] if match else "")
        elif name == "fldChar":
            self._field_character(_value(attributes, "fldCharType"))

    def _make_item(self, level: int) -> None:
        level = min(level, 9)
        self._writer.kind, self._writer.level = "item", level
        self._writer.mark = "  " * level + "- "

    def _field_character(self, kind: str) -> None:
        if kind == "begin":
            self._field = ""
        elif kind == "separate" and (match := _HYPERLINK.match(self._field)):
            self._open_anchor(match[1])
        elif kind == "end":
            self._close_anchor()

    def _open_anchor(self, url: str) -> None:
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


def styles(root: etree._Element) -> tuple[dict[str, int], frozenset[str]]:
    """Heading level by style id, and the ids of list styles."""
    levels: dict[str, int] = {}
    lists = set()
    for style in root.iter("{*}style"):
        identity = _value(style.attrib, "styleId")
        names = [_value(name.attrib).lower() for name in style.iterchildren("{*}name")]
        outline = [_value(level.attrib) for level in style.iter("{*}outlineLvl")]
        name = names[0] if names else ""
        if match := re.fullmatch(r"heading (\d)", name):
            levels[identity] = int(match[1])
        elif outline and outline[0].isdecimal() and int(outline[0]) < 6:
            levels[identity] = int(outline[0]) + 1
        elif name == "title":
            levels[identity] = 1
        elif name.startswith("list ") and name != "list paragraph":
            lists.add(identity)
    return levels, frozenset(lists)

"""From HTML to the text that a visitor sees, in one pass over the parser's events.

No tree is built: libxml2 hands over tags and text as they come, so 50,000 nested tags cost what
50,000 flat ones do, and broken markup, unclosed quotes or comments are linear. (Measured on such
inputs: the standard library's parser took 138 s on 100,000 opened comments, lexbor 5.8 s on deep
nesting, libxml2's tree stops at depth 256; its events took 0.03 s.) Nothing is run or fetched.

The text is the source that locators count in, built the same way each time: paragraphs apart by a
blank line, list items after "- " or "1. ", the cells of a row apart by " | ", `pre` as it stands.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from commonplace.corpus.readers._numerals import letter, roman
from commonplace.corpus.readers._raised import is_reference, lowered, mark, raised
from commonplace.corpus.readers._source_text import Anchor, SourceText, Writer, join
from commonplace.corpus.readers.html._parse import HEADINGS, LISTS, parse, survey
from commonplace.corpus.readers.html._shown import AROUND, COUNTED, SILENT, WITHOUT_TEXT, left_out
from commonplace.corpus.text.split import BlockKind
from commonplace.corpus.text.words import words

_BLOCKS: Final = words(
    """address article aside blockquote body center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol
    p pre section summary table tbody td tfoot th thead tr ul caption"""
)
_ROWS: Final = frozenset({"tr", "caption"})
_MATH: Final = frozenset({"msup", "msub", "msubsup", "mfrac", "munder", "mover", "munderover"})
_INLINE: Final = frozenset({"br", "sup", "sub", "img", "ins", "input", *_MATH})
_LONGEST_SCRIPT: Final = 60  # characters; what is longer is a sentence that is set small
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([\w-]+)", re.I)
_FORMS: Final[Mapping[str, Callable[[int], str]]] = {
    **dict.fromkeys(("a", "lower-alpha", "lower-latin"), letter),
    **dict.fromkeys(("A", "upper-alpha", "upper-latin"), lambda number: letter(number).upper()),
    **dict.fromkeys(("i", "lower-roman"), roman),
    **dict.fromkeys(("I", "upper-roman"), lambda number: roman(number).upper()),
}
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.I)
_NOTE = re.compile(r"\b(?:fn|note|cite|bib)(?:ref|note)?[-_:.]?\d|(?:foot|end)note|noteref", re.I)
_ORNAMENT = re.compile(r"(?:.*\blogo|prev(?:ious)?|next|up|home|back|top)", re.I)
_BUTTONS: Final = frozenset({"hidden", "submit", "button", "reset", "image", "password", "file"})
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
# Control characters, soft hyphens, zero-width spaces, byte-order marks: they would part words.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\ufeff]")


def look(
    markup: str,
    most_characters: int,
    around: frozenset[str] = AROUND,
    *,
    may_be_all_around: bool = True,
) -> SourceText:
    """What a visitor would see of a page, without what stands `around` its text.

    A page that is all form (as some frameworks wrap it) or all aside is shown with them, if that
    `may_be`.
    """
    layout = survey(markup)
    content = _watch(markup, _Watcher(layout, around, most_characters))
    # Only these pages are parsed twice: others have their text outside of forms and asides.
    if may_be_all_around and (len(content.text) < 200 or "<form" in markup.lower()):
        everything = _watch(markup, _Watcher(layout, frozenset(), most_characters))
        if len(content.text) < len(everything.text) / 4:
            return everything
    return content


def _watch(markup: str, watcher: "_Watcher") -> SourceText:
    parse(markup, watcher)
    return watcher.source_text()


class _Watcher:
    """Takes the parser's events and writes the blocks of the page."""

    def __init__(
        self,
        layout: tuple[frozenset[int], Mapping[int, int]],
        around: frozenset[str],
        most: int,
    ) -> None:
        (self._layout, self._items_of), self._around, self._remaining = layout, around, most
        self._source = SourceText()
        self._written: list[Writer] = []
        self._open: list[tuple[str, bool]] = []  # tags that are open, and whether each hides
        self._hidden = 0  # how many of them hide what is inside
        self._tables: list[bool] = []  # for each open table: does it hold data?
        self._lists: list[_List | None] = []  # for each open list: its numbers, None for bullets
        self._list_count = 0
        self._inside: dict[str, int] = {}  # how many of each tag are open
        self._kind, self._kind_has_text = SILENT, False  # of the part that is being left out
        self._script: list[str] | None = None  # raised or lowered text
        self._script_depth = 0  # how many tags are open within it and around it
        self._place: Callable[[str, str], str] = raised
        self._math: list[int] = []  # for each open fraction or power: its parts so far
        self._picture = ""  # the last alternative text
        self._struck = -1  # where struck text ended
        self._items = self._pre = self._heading = self._count = 0
        self._capture: list[str] | None = None  # a title or JSON-LD
        self._writer = Writer("prose", 0, 0, "")

    def source_text(self) -> SourceText:
        """Everything, once the parser is done."""
        self._break()
        join(self._source, self._written)
        self._source.title = " ".join(self._source.title.split())
        return self._source

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        if tag in {"meta", "link", "base", "time"}:
            self._note(tag, attributes)
        kind = left_out(tag, attributes, self._around, self._inside)
        if tag == "title" or (tag == "script" and "ld+json" in attributes.get("type", "")):
            self._capture = []
        if "aria-label" in attributes and not self._hidden and attributes.get("role") == "img":
            self._describe({"alt": attributes["aria-label"]} if tag != "img" else attributes)
        if kind is not None and not self._hidden:
            self._kind, self._kind_has_text = kind, kind in WITHOUT_TEXT
        if self._math and not self._hidden and kind is None:
            self._math_part()
        opened = "main" if attributes.get("role") == "main" else tag
        self._open.append((opened, kind is not None))
        if opened in COUNTED:
            self._inside[opened] = self._inside.get(opened, 0) + 1
        self._hidden += kind is not None
        if not self._hidden:
            self._opened(tag, attributes)

    def end(self, tag: str) -> None:
        """A tag closes; the parser closes what was left open."""
        opened, hides = self._open.pop() if self._open else (tag, False)
        if opened in self._inside:
            self._inside[opened] -= 1
            if not self._inside[opened]:
                del self._inside[opened]
        if self._script is not None and len(self._open) < self._script_depth:
            self._end_script()
        if not self._hidden:
            self._closed(tag)
        self._hidden -= hides
        if hides and not self._hidden and self._kind_has_text and self._kind != SILENT:
            self._count_unread(self._kind)
        if self._capture is not None and tag in {"title", "script"}:
            captured, self._capture = "".join(self._capture), None
            if tag == "script":
                self._source.data.append(captured)
            elif all(name != "svg" for name, _ in self._open[-20:]):
                self._source.title = self._source.title or captured

    def data(self, text: str) -> None:
        """Text between tags."""
        if self._capture is not None:
            self._capture.append(text)
        elif self._hidden:
            self._kind_has_text = self._kind_has_text or not text.isspace()
        elif "noscript" in self._inside and "javascript" in text.lower():
            pass  # a request to turn it on
        elif not self._source.cut:
            text = _UNWANTED.sub("", text)
            if self._script is None:
                self._write(text)
            else:
                self._script.append(text)

    def close(self) -> None:
        """The end of the page."""

    def _count_unread(self, kind: str) -> None:
        self._source.unread[kind] = self._source.unread.get(kind, 0) + 1

    def _begin_script(self, place: Callable[[str, str], str]) -> None:
        """Raised or lowered text begins with the tag that is now innermost."""
        if self._script is None:
            self._script, self._place, self._script_depth = [], place, len(self._open)

    def _end_script(self) -> None:
        if self._script is not None:
            text, self._script = "".join(self._script), None
            if self._place is _reference and not is_reference(text, self._writer.tail):
                self._write(text)
            elif len(text) > _LONGEST_SCRIPT:
                self._write(f" {text}")
            else:
                self._remaining -= len(text)
                self._writer.script(text, self._place)

    def _math_part(self) -> None:
        """The next part of a fraction or a power begins: say so before it."""
        if not self._math or not self._open or self._open[-1][0] not in _MATH:
            return
        self._math[-1] += 1
        name, part = self._open[-1][0], self._math[-1]
        self._end_math_script()
        if name == "mfrac" and part == 2:
            self._write("/")
        elif part > 1 and name != "mfrac" and self._script is None:
            is_raised = name == "msup" or part == 3
            self._script, self._place = [], raised if is_raised else lowered
            self._script_depth = len(self._open) + 1

    def _end_math_script(self) -> None:
        if self._script is not None and self._script_depth > len(self._open):
            self._end_script()

    def _describe(self, attributes: Mapping[str, str]) -> None:
        """The alternative text of a picture; one that has none, and is no ornament, is counted."""
        text = " ".join(_UNWANTED.sub("", attributes.get("alt", "")).split())[:2_000]
        if not text:
            tiny = {attributes.get("width"), attributes.get("height")} & {"0", "1"}
            if "alt" not in attributes and not tiny and "noscript" not in self._inside:
                self._count_unread("picture without a description")
        elif text != self._picture and not _ORNAMENT.fullmatch(text):
            self._write(f" [Picture: {text}] " if any(map(str.isalnum, text)) else text)
        self._picture = text

    def _note(self, tag: str, attributes: Mapping[str, str]) -> None:
        """What the page says about itself."""
        notes = self._source.meta
        if tag == "time" and (moment := attributes.get("datetime")):
            self._source.times.append(moment)
        elif tag == "base" and (href := attributes.get("href")):
            notes.setdefault("base", href)
        elif tag == "link" and attributes.get("rel", "").lower() == "canonical":
            notes.setdefault("canonical", attributes.get("href", ""))
        elif tag == "meta":
            names = filter(None, map(attributes.get, ("name", "property", "itemprop")))
            for name in names:
                notes.setdefault(name.lower(), attributes.get("content", ""))

    def _opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in {"td", "th"} and self._in_data:
            self._writer.hold(" | ")
        elif tag in _ROWS and self._in_data:
            self._writer.hold("\n")
        elif tag in _BLOCKS:
            self._enter(tag, attributes)
        elif tag == "a" and (href := attributes.get("href", "").strip()):
            if "#" not in href or not self._is_mark(attributes):
                self._writer.anchors.append(Anchor(href, self._writer.next, -1))
        elif tag in _INLINE:
            self._inline(tag, attributes)
        elif "style" in attributes and (placed := _RAISED.search(attributes["style"])):
            self._begin_script(raised if placed[1].lower() == "super" else lowered)

    def _inline(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag within a line that is more than a change of the letters."""
        if tag == "br":
            self._writer.hold("\n")
        elif tag in {"sup", "sub"}:
            self._begin_script(raised if tag == "sup" else lowered)
        elif tag == "img":
            self._describe(attributes)
        elif tag == "ins" and self._struck == self._writer.length:
            self._writer.hold(" ")
        elif tag == "input":
            self._field(attributes)
        elif tag in _MATH:
            self._math.append(0)
            self._writer.fence()

    def _is_mark(self, attributes: Mapping[str, str]) -> bool:
        """Whether a link is the mark of a note: it says so, or is raised; such text is captured."""
        stated = f"{attributes.get('epub:type', '')} {attributes.get('role', '')}"
        if self._script is not None or "noteref" in stated:
            self._begin_script(mark)
            self._place = mark
        elif any(_NOTE.search(attributes.get(name, "")) for name in ("href", "class", "id")):
            self._begin_script(_reference)
        return self._script is not None

    def _field(self, attributes: Mapping[str, str]) -> None:
        """A box to tick is read; what was written into another field is counted."""
        kind = attributes.get("type", "text").lower()
        if kind in {"checkbox", "radio"}:
            if (self._items or self._in_data) and not self._pre:  # else a switch of the page
                self._write(" ☑ " if "checked" in attributes else " ☐ ")
        elif kind not in _BUTTONS and attributes.get("value", "").strip():
            self._count_unread("form field")

    def _enter(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A block begins. Inside a table that holds data it is no more than a space."""
        outer = self._in_data
        if tag == "table":
            self._tables.append(self._count not in self._layout)
            self._count += 1
        elif tag in LISTS:
            items = self._items_of.get(self._list_count, 0)
            self._list_count += 1
            self._lists.append(_numbers(attributes, items) if tag == "ol" else None)
        elif tag == "li":
            self._items += 1
            if self._lists and (numbers := self._lists[-1]):
                numbers.next = _integer(attributes.get("value", ""), numbers.next)
        elif tag == "pre":
            self._pre += 1
        elif tag in HEADINGS:
            self._heading = int(tag[1])
        if outer:
            self._writer.hold(" ")
        else:
            self._break(self._mark() if tag == "li" else "")

    def _mark(self) -> str:
        """What stands before a list item: "- ", or its number, indented by its depth."""
        indent = "  " * max(0, min(len(self._lists), 10) - 1)
        numbers = self._lists[-1] if self._lists else None
        if not numbers:
            return f"{indent}- "
        number, numbers.next = numbers.next, numbers.next + numbers.step
        return f"{indent}{_FORMS.get(numbers.form, str)(number)}. "

    def _closed(self, tag: str) -> None:
        if tag == "a" and self._writer.anchors and self._writer.anchors[-1].end < 0:
            self._writer.anchors[-1].end = self._writer.length
        elif tag in _BLOCKS:
            inner = self._in_data
            self._leave(tag)
            if not inner or not self._in_data:
                self._break()
            else:
                self._writer.hold("\n" if tag in _ROWS else " ")
        elif tag in _MATH and self._math:
            self._math.pop()
            self._writer.fence()
        elif tag in {"del", "s", "strike"}:
            self._struck = self._writer.length

    def _leave(self, tag: str) -> None:
        if tag == "table" and self._tables:
            self._tables.pop()
        elif tag in LISTS and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._items -= 1
        elif tag == "pre":
            self._pre -= 1
        elif tag in HEADINGS:
            self._heading = 0

    @property
    def _in_data(self) -> bool:
        return bool(self._tables) and self._tables[-1]

    def _break(self, mark: str = "") -> None:
        """End the block that is being written, and begin another."""
        self._end_script()
        if self._writer.text.strip():
            self._written.append(self._writer)
        elif self._writer.mark and not mark:
            mark = self._writer.mark  # of an item whose text comes in a paragraph
        kind: BlockKind = "table" if self._in_data else "code" if self._pre else "prose"
        if kind == "prose" and self._items > 0:
            kind = "item"
        level = max(0, len(self._lists) - 1)
        self._writer = Writer(kind, level, self._heading, mark if kind == "item" else "")

    def _write(self, text: str) -> None:
        """Text into the block, white space collapsed unless it is preformatted."""
        self._remaining -= len(text)
        if self._remaining < 0:
            self._source.cut = True
        elif self._pre:
            text = text.replace("\r\n", "\n")
            self._writer.write(text if self._writer.length else text.removeprefix("\n"))
        elif collapsed := _SPACES.sub(" ", text):
            if collapsed.startswith(" "):
                self._writer.hold(" ")
            if inner := collapsed.strip(" "):
                self._writer.write(inner)
                if collapsed.endswith(" "):
                    self._writer.hold(" ")


@dataclass(slots=True)
class _List:
    """How a list counts."""

    next: int
    step: int
    form: str


def _reference(text: str, before: str) -> str:
    """The mark of a note that stands on the line, as `mark` writes it."""
    return mark(text, before)


def _numbers(attributes: Mapping[str, str], items: int) -> _List:
    """How an `ol` counts; `items`: how many it has, which only a reversed one needs."""
    is_reversed = "reversed" in attributes
    style = _LIST_STYLE.search(attributes.get("style", ""))
    form = style[1].lower() if style else attributes.get("type", "")
    first = _integer(attributes.get("start", ""), items if is_reversed else 1)
    return _List(first, -1 if is_reversed else 1, form)


def _integer(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch(r"-?[0-9]{1,6}", text.strip()) else otherwise

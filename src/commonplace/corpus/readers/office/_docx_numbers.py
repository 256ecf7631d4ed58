"""The numbers that Word sets by itself: of headings, clauses and lists.

ECMA-376 part 1, 17.9. Counters belong to the abstract definition, so that lists which share one
count on; a start override restarts it where its list is first used. A level restarts after every
higher one, unless its definition says otherwise.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from commonplace.corpus.readers._numerals import letter, roman

_PLACE: Final = re.compile(r"%([1-9])")
_LARGEST: Final = 1_000_000
_LEVELS: Final = 9


def attribute(element: etree._Element, name: str = "val") -> str:
    """An attribute of WordprocessingML in either of its namespaces; "" if it is not there."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    text: str
    restart: int
    decimal: bool  # whether higher levels are shown as decimals, whatever their form
    style: str


@dataclass(slots=True)
class _List:
    """A list that paragraphs name: its abstract definition, and what it changes of it."""

    abstract: str
    starts: dict[int, int] = field(default_factory=dict)
    levels: dict[int, _Level] = field(default_factory=dict)


class Numbering:
    """The lists of a document, and how far each has counted."""

    def __init__(
        self, numbering: etree._Element | None = None, styles: etree._Element | None = None
    ) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        linked: dict[str, str] = {}  # abstract definitions that only point at a style
        for element in [] if numbering is None else numbering.iterchildren("{*}abstractNum"):
            name = attribute(element, "abstractNumId")
            self._abstract[name] = _levels(element)
            for link in element.iterchildren("{*}numStyleLink"):
                linked[name] = attribute(link)
        for element in [] if numbering is None else numbering.iterchildren("{*}num"):
            self._lists[attribute(element, "numId")] = _list(element)
        self._styles = _numbered_styles(styles)
        for listed in self._lists.values():
            target = self._lists.get(self._styles.get(linked.get(listed.abstract, ""), ("", 0))[0])
            listed.abstract = target.abstract if target else listed.abstract

    def of_style(self, style: str) -> tuple[str, int] | None:
        """The list and level that a paragraph style sets; None if it sets none."""
        number, stated = self._styles.get(style, ("", 0))
        if not number or number == "0":
            return None
        levels = self._levels_of(number)
        return number, next((n for n, level in levels.items() if level.style == style), stated)

    def label(self, number: str, level: int) -> str | None:
        """Count on, and give what stands before the paragraph; None for a bullet."""
        levels = self._levels_of(number)
        if level not in levels:
            return None
        counts = self._count(number, level, levels)
        own = levels[level]
        if own.form in {"bullet", "none"}:
            return None if own.form == "bullet" else _PLACE.sub("", own.text).strip()

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            form = levels[at].form if at in levels else "decimal"
            return _shown(counts.get(at, 1), "decimal" if own.decimal and at != level else form)

        return _PLACE.sub(shown, own.text).strip()

    def _levels_of(self, number: str) -> dict[int, _Level]:
        listed = self._lists.get(number)
        return self._abstract.get(listed.abstract, {}) | listed.levels if listed else {}

    def _count(self, number: str, level: int, levels: Mapping[int, _Level]) -> dict[int, int]:
        listed = self._lists[number]
        counts = self._counts.setdefault(listed.abstract, {})
        if number not in self._begun:
            self._begun.add(number)
            counts.update({at: start - 1 for at, start in listed.starts.items() if at >= level})
        for deeper in range(level + 1, _LEVELS):
            restart = levels[deeper].restart if deeper in levels else deeper
            if level < restart and not (deeper in listed.starts and deeper not in counts):
                counts.pop(deeper, None)
        for higher in range(level):
            counts.setdefault(higher, levels[higher].start if higher in levels else 1)
        counts[level] = counts.get(level, levels[level].start - 1) + 1
        return counts


def _number(text: str, otherwise: int) -> int:
    return min(int(text), _LARGEST) if text.isdecimal() and len(text) < 8 else otherwise


def _levels(element: etree._Element) -> dict[int, _Level]:
    levels = {}
    for level in element.iterchildren("{*}lvl"):
        at = _number(attribute(level, "ilvl"), 0)
        values = {
            str(child.tag).rpartition("}")[2]: attribute(child) for child in level.iterchildren("*")
        }
        if at < _LEVELS:
            levels[at] = _Level(
                start=_number(values.get("start", ""), 0 if "start" not in values else 1),
                form=values.get("numFmt", "decimal"),
                text=values.get("lvlText", "")[:100],
                restart=_number(values.get("lvlRestart", ""), at),
                decimal=values.get("isLgl", "0") not in {"0", "false"} or values.get("isLgl") == "",
                style=values.get("pStyle", ""),
            )
    return levels


def _list(element: etree._Element) -> _List:
    abstract = [attribute(child) for child in element.iterchildren("{*}abstractNumId")]
    listed = _List(abstract[0] if abstract else "")
    for override in element.iterchildren("{*}lvlOverride"):
        at = _number(attribute(override, "ilvl"), 0)
        for start in override.iterchildren("{*}startOverride"):
            listed.starts[at] = _number(attribute(start), 1)
        listed.levels |= _levels(override)
    return listed


def _numbered_styles(styles: etree._Element | None) -> dict[str, tuple[str, int]]:
    """List and level by style, also where a style takes them from the one it is based on."""
    own: dict[str, tuple[str, int]] = {}
    parents: dict[str, str] = {}
    for style in [] if styles is None else styles.iter("{*}style"):
        name = attribute(style, "styleId")
        for based in style.iterchildren("{*}basedOn"):
            parents[name] = attribute(based)
        levels = [_number(attribute(level), 0) for level in style.iter("{*}ilvl")]
        for number in style.iter("{*}numId"):
            own[name] = (attribute(number), levels[0] if levels else 0)
    resolved = dict(own)
    for name in parents:
        ancestor = name
        for _ in range(10):
            if ancestor in own:
                resolved[name] = own[ancestor]
                break
            ancestor = parents.get(ancestor, "")
    return resolved


def _shown(number: int, form: str) -> str:
    return _FORMS.get(form, str)(number)


def _ordinal(number: int) -> str:
    tens = "th" if number % 100 in {11, 12, 13} else ""
    return f"{number}{tens or {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


_FORMS: Final[Mapping[str, Callable[[int], str]]] = {
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "lowerLetter": letter,
    "upperLetter": lambda number: letter(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "ordinal": _ordinal,
}

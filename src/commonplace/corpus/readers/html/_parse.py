"""libxml2's HTML parser as events, and a first look at its tables and lists."""

from collections.abc import Mapping
from typing import Final

from lxml import etree

HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
_LAYOUT: Final = frozenset({"table", "ul", "ol", "pre", "blockquote", "article", *HEADINGS})


def parse(markup: str, target: object) -> None:
    """Tell `target` of each tag and text (`start`, `end`, `data`, `close`); nothing is fetched."""
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True)
    data = markup.replace("\0", "\ufffd").encode("utf-8", "replace")
    parser.feed(b"<!DOCTYPE html>" if not data.strip() else data)
    parser.close()


def survey(markup: str) -> tuple[frozenset[int], Mapping[int, int]]:
    """Which tables (by their order) only arrange a page, and how many items each list has.

    Such tables have blocks inside their cells. Lists are counted where one is reversed.
    """
    lowered = markup.lower()
    if "<table" not in lowered and " reversed" not in lowered:
        return frozenset(), {}
    scout = _Scout()
    parse(markup, scout)
    return frozenset(scout.layout), scout.items


class _Scout:
    """Looks at tables and lists only."""

    def __init__(self) -> None:
        self.layout: set[int] = set()
        self._open: list[int] = []
        self._count = 0
        self.items: dict[int, int] = {}
        self._lists: list[int] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        if self._open and (tag in _LAYOUT or attributes.get("role") == "presentation"):
            self.layout.add(self._open[-1])
        if tag == "table":
            self._open.append(self._count)
            self._count += 1
        elif tag in LISTS:
            self._lists.append(len(self.items))
            self.items[len(self.items)] = 0
        elif tag == "li" and self._lists:
            self.items[self._lists[-1]] += 1

    def end(self, tag: str) -> None:
        """A tag closes."""
        if tag == "table" and self._open:
            self._open.pop()
        elif tag in LISTS and self._lists:
            self._lists.pop()

    def data(self, text: str) -> None:
        """Text."""

    def close(self) -> None:
        """The end."""

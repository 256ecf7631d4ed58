"""libxml2's HTML parser as events, and a first look at which tables only arrange the page."""

from collections.abc import Mapping
from typing import Final

from lxml import etree

HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LAYOUT: Final = frozenset({"table", "ul", "ol", "pre", "blockquote", "article", *HEADINGS})


def parse(markup: str, target: object) -> None:
    """Tell `target` of each tag and text (`start`, `end`, `data`, `close`); nothing is fetched."""
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True)
    data = markup.replace("\0", "\ufffd").encode("utf-8", "replace")
    parser.feed(b"<!DOCTYPE html>" if not data.strip() else data)
    parser.close()


def layout_tables(markup: str) -> frozenset[int]:
    """Which tables (by their order) only arrange a page: those with blocks inside their cells."""
    if "<table" not in markup.lower():
        return frozenset()
    scout = _Scout()
    parse(markup, scout)
    return frozenset(scout.layout)


class _Scout:
    """Looks at tables only."""

    def __init__(self) -> None:
        self.layout: set[int] = set()
        self._open: list[int] = []
        self._count = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        if self._open and (tag in _LAYOUT or attributes.get("role") == "presentation"):
            self.layout.add(self._open[-1])
        if tag == "table":
            self._open.append(self._count)
            self._count += 1

    def end(self, tag: str) -> None:
        """A tag closes."""
        if tag == "table" and self._open:
            self._open.pop()

    def data(self, text: str) -> None:
        """Text."""

    def close(self) -> None:
        """The end."""

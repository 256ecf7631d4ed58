"""HTML: what a visitor of the page sees, with its headings, lists, tables and links.

Passages are exact slices of the page's visible text (`_visible`). The date is what the page says
of itself: article or Dublin Core metadata, JSON-LD, `<time>`. A relative link is resolved only if
the page says where it lives (`<base>`, or its canonical address). Nothing is fetched.
"""

import codecs
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from commonplace.corpus._types import Document, Limits, Link
from commonplace.corpus.readers._outline import Outline, title_of
from commonplace.corpus.readers._source_text import Anchor, SourceText, unread_notice
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.decode import binary_reason, decode
from commonplace.corpus.readers.html._visible import look
from commonplace.corpus.text.links import CONTEXT, find_links
from commonplace.foundation import UnreadableError

_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?([\w.:-]{2,40})""", re.I
)
# The 8-bit and Asian encodings as Python names them; never UTF-7, which no browser reads.
_CHARSETS: Final = tuple("iso8859 cp koi8 mac shift_jis euc gb big5 ascii latin hz".split())
_DATES: Final = (  # the first that a page states counts: published before modified
    """article:published_time datepublished dcterms.created dcterms.issued dcterms.date
    dc.date.issued dc.date.created dc.date citation_publication_date citation_date parsely-pub-date
    sailthru.date publish-date pubdate date article:modified_time datemodified last-modified
    og:updated_time"""
).split()
_PUBLISHED = re.compile(r'"(?:datePublished|dateCreated|dateModified)"\s*:\s*"([^"]{4,40})"')
_WEB = re.compile(r"https?://[^/]", re.I)


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a page.

    Raises:
        UnreadableError: it is empty or not text, or shows nothing.
    """
    page = look(decoded(data), limits.text_characters)
    if not page.text:
        raise UnreadableError("the page shows no text")
    notice = f"read the first {limits.text_characters:,} characters; the page is longer"
    return Document(
        kind="html",
        title=title(page) or path.stem,
        sources={"": page.text},
        drafts=tuple(Outline().drafts(page.text, page.parts, limits.passage_characters)),
        links=tuple(links_of(page)),
        written_at=written(page),
        notices=((notice,) if page.cut else ()) + unread_notice(page.unread),
    )


def decoded(data: bytes) -> str:
    """The markup as text.

    A byte-order mark decides; then what reads as UTF-8 is UTF-8, whatever the page says; then the
    encoding that the page names; else windows-1252, byte by byte.
    """
    named = _named_charset(data)
    if not named or data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(data)
    try:
        return decode(data) if data.decode("utf-8") else ""
    except UnicodeDecodeError:
        if reason := binary_reason(data):
            raise UnreadableError(reason) from None
        return data.decode(named, "replace")


def _named_charset(data: bytes) -> str:
    """The 8-bit or Asian encoding that the page names; "" if it names none that Python knows."""
    match = _CHARSET.search(data[:4096])
    if not match:
        return ""
    try:
        name = codecs.lookup(match[1].decode("ascii", "replace")).name
    except LookupError:
        return ""
    if name in {"iso8859-1", "ascii"}:  # as every browser reads them
        return "cp1252"
    return name if name.replace("-", "_").startswith(_CHARSETS) else ""


def title(page: SourceText) -> str:
    """The page's title; its first heading if that is how the title begins, or there is none."""
    first = title_of(page.parts, "")
    stated = (
        page.meta.get("citation_title")
        or page.title
        or " ".join(page.meta.get("og:title", "").split())
    )
    return first if first and (not stated or stated.startswith(first)) else stated[:300]


def written(page: SourceText) -> datetime | None:
    """When the page says it was written."""
    stated = [page.meta[name] for name in _DATES if name in page.meta]
    published = [match[1] for text in page.data for match in _PUBLISHED.finditer(text)]
    return next(filter(None, map(parse_date, [*stated, *published, *page.times[:1]])), None)


def links_of(page: SourceText) -> Iterator[Link]:
    """Links with their labels and the words around them, then addresses that stand in the text."""
    base = next((u for u in map(page.meta.get, ("base", "canonical")) if u and _WEB.match(u)), "")
    linked = set()
    for anchor in page.anchors:
        if url := _absolute(anchor.href, base):
            linked.add(url)
            yield _link(page.text, anchor, url)
    yield from (link for link in find_links(page.text) if link.url not in linked)


def _absolute(href: str, base: str) -> str:
    """The address that a link leads to; "" if it leads nowhere on the web, or into its own page."""
    try:
        url = urljoin(base, href) if base and not href.startswith("#") else href
        url = "https:" + url if url.startswith("//") else url
        urlsplit(url)
    except ValueError:
        return ""
    return url if _WEB.match(url) and len(url) < 2_000 else ""


def _link(text: str, anchor: Anchor, url: str) -> Link:
    label = " ".join(text[anchor.start : anchor.end].split())[:300]
    before = text[max(0, anchor.start - CONTEXT) : anchor.start].rpartition("\n\n")[2]
    after = text[anchor.end : anchor.end + CONTEXT].partition("\n\n")[0]
    return Link(url, label, " ".join((before + text[anchor.start : anchor.end] + after).split()))

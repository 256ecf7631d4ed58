"""The URLs that a text mentions: where, under which label, among which words.

Links are found from the URL outwards: one fast pattern finds `https://`, `www.`, `arXiv:` and
`doi:`, and what stands around it tells how it was written (Markdown, HTML, reStructuredText, Org,
LaTeX, `<...>` or bare) and so where it ends and what its label is. That is linear on any input,
where a pattern for whole Markdown links would not be. Nothing is ever fetched.

Notable: every mention is one `Link`, also the third of the same URL; `urls.canonical_url` says
which of them are the same thing. Embedded pictures (`![...](...)`, `<img src>`) are content, not
something to read, and are no links.
"""

import html
import re
from typing import Final

from commonplace.corpus._types import Link

CONTEXT: Final = 120  # characters around a link, on each side
_LONGEST_LABEL: Final = 300  # characters, as is the next
_LONGEST_URL: Final = 2_000
_STOPS: Final = r"\s<>\"`{}|\\^\u201c\u201d\u2018\u2019\u3000-\u303f\uff00-\uffef\u00ab\u00bb"


def _starting(first: str, before: str, rest: str) -> str:
    """A pattern that begins with a letter of either case, so that the engine can leap to it."""
    guarded = rf"(?<![{before}].)(?i:{rest})"
    return f"{first}{guarded}|{first.upper()}{guarded}"


_REST: Final = rf"[^{_STOPS}]{{1,{_LONGEST_URL}}}"
_ARXIV_ID: Final = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?!\d)"
_URL = re.compile(
    "|".join(
        (
            _starting("h", "A-Za-z0-9", rf"ttps?://{_REST}|uggingface\.co/{_REST}"),
            _starting("w", r"\w/.@-", rf"ww\.(?=\w){_REST}"),
            _starting("a", r"\w/.@-", rf"rxiv(?:\.org/(?:abs|pdf|html)/{_REST}|:\s?{_ARXIV_ID})"),
            _starting("d", r"\w/.@-", rf"(?:x\.doi\.org/|oi\.org/|oi:\s?10\.\d{{4,9}}/){_REST}"),
            _starting("g", r"\w/.@-", rf"ithub\.com/{_REST}"),
            _starting("y", r"\w/.@-", rf"outu\.be/{_REST}"),
            _starting("o", r"\w/.@-", rf"penreview\.net/{_REST}"),
        )
    )
)
_DEFINITION = re.compile(r"^[ \t]{0,3}\[([^\]\n]{1,200})\]:[ \t]*<?$")
_PAIRS: Final = {")": "(", "]": "["}
_TRAILING: Final = ".,;:!?'\"*_~\u2026"
_LABEL_CLOSE = re.compile(r"</a\s*>", re.I)
_TAG = re.compile(r"<(?!https?:)[^>]{0,500}>")
_HOST = re.compile(r"(?:https?://)?+(?:[^/@\s]*@)?(?:\w|\[[0-9a-f:.]+\])", re.I)
_MARKDOWN_LINK = re.compile(
    r"!?\[([^\[\]]{0,300})\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]]{0,80}\])"
)
_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?=\s|$)|^[\s>#*+-]+|\{#[^}]*\}")


def find_links(text: str) -> list[Link]:
    """Every mention of a URL in `text`, in order, as written."""
    links: list[Link] = []
    used = _reference_uses(text)
    at = 0
    while match := _URL.search(text, at):
        at = match.end()
        if at - match.start() >= _LONGEST_URL:
            continue  # not a URL that anyone wrote
        link = _link(text, match, used)
        if link:
            links.append(link)
        # Go on where the URL ended, not where the match did: `b.svg)](https://...` holds two.
        at = match.start() + max(4, len(link.url) if link else _balanced(match.group()))
    return links


def _link(text: str, match: re.Match[str], used: dict[str, tuple[str, int, int]]) -> Link | None:
    """What the characters before the URL say about how it was written."""
    start = match.start()
    before = text[max(0, start - 60) : start]
    url = match.group()
    if re.search(r"\b(?:src|srcset|poster)\s*=\s*[\"']?$", before):
        return None
    if before.endswith(("](", "](<")):
        return _markdown(text, start, url, len(before) - before.rindex("]"))
    if re.search(r"\bhref\s*=\s*[\"']?$", before, re.I):
        return _anchor(text, start, url)
    if before.endswith("[["):
        url = url.partition("][")[0]
        after = text[start + len(url) : start + len(url) + _LONGEST_LABEL]
        return _checked_link(text, start, url, after.removeprefix("][").partition("]]")[0])
    line = text[max(0, start - 210) : start].rpartition("\n")[2]
    if defined := _DEFINITION.match(line):
        name = defined[1]
        plain = "" if name.isdigit() else name
        label, first, last = used.get(name.lower(), (plain, start, start + len(url)))
        url = _trimmed(url)
        return Link(html.unescape(url), _clean(label), _context(text, first, last)) if url else None
    if before.endswith("<"):
        named = re.search(r"`([^`<]{1,60})\s*<$", before)
        return _checked_link(text, start, url, named[1] if named else "")
    if before.endswith("\\href{") and text.startswith("}{", match.end()):
        return _checked_link(
            text, start, url, text[match.end() + 2 : match.end() + 202].split("}")[0]
        )
    return _checked_link(text, start, _trimmed(url), "")


def _markdown(text: str, start: int, url: str, back: int) -> Link | None:
    """`[label](url "title")`: the URL ends at the bracket that closes it."""
    close = start - back
    opening = _opening(text, close)
    if opening is None:
        return _checked_link(text, start, _trimmed(url), "")
    if text[opening - 1 : opening] == "!":
        return None
    url = url[: _balanced(url)]
    return _checked_link(text, start, url, text[opening + 1 : close], opening)


def _opening(text: str, close: int) -> int | None:
    """The bracket that `text[close]` closes, not too far back."""
    depth = 0
    for place in range(close, max(-1, close - _LONGEST_LABEL), -1):
        depth += (text[place] == "]") - (text[place] == "[")
        if depth == 0:
            return place
    return None


def _anchor(text: str, start: int, url: str) -> Link | None:
    """`<a href="url">label</a>`."""
    url = url.split("'")[0]
    after = text[start + len(url) : start + len(url) + 600]
    _, opened, label = after.partition(">")
    closed = _LABEL_CLOSE.search(label)
    label_text = label[: closed.start()] if opened and closed else ""
    tag = text.rfind("<", max(0, start - _LONGEST_LABEL), start)
    return _checked_link(
        text, start, url, html.unescape(_TAG.sub(" ", label_text)), max(tag, 0) or None
    )


def _checked_link(
    text: str, start: int, url: str, label: str, first: int | None = None
) -> Link | None:
    if not _HOST.match(url):
        return None
    context = _context(text, start if first is None else first, start + len(url))
    return Link(html.unescape(url), _clean(label), context)


def _trimmed(url: str) -> str:
    """A bare URL without the punctuation of the sentence around it."""
    url = url[: _balanced(url)]
    while url and (url[-1] in _TRAILING or (url[-1] in _PAIRS and _unbalanced(url))):
        url = url[:-1]
    return url


def _balanced(url: str) -> int:
    """Where a bracket closes that was not opened in the URL."""
    depth = {"(": 0, "[": 0}
    for place, character in enumerate(url):
        if character in depth:
            depth[character] += 1
        elif opener := _PAIRS.get(character):
            if not depth[opener]:
                return place
            depth[opener] -= 1
    return len(url)


def _unbalanced(url: str) -> bool:
    return url.count(url[-1]) > url.count(_PAIRS[url[-1]])


def _reference_uses(text: str) -> dict[str, tuple[str, int, int]]:
    """Where `[label][name]` first uses a link that is defined elsewhere."""
    uses: dict[str, tuple[str, int, int]] = {}
    if "]:" not in text:
        return uses
    for match in re.finditer(r"\[([^\[\]]{1,300})\](?:\[([^\[\]]{0,200})\]|(?![\[(:]))", text):
        name = (match[2] or match[1]).lower()
        uses.setdefault(name, (match[1], match.start(), match.end()))
    return uses


def _context(text: str, start: int, end: int) -> str:
    """The words around `start:end` on its line or in its paragraph, as one reads them."""
    before = text[max(0, start - 2 * CONTEXT) : start]
    after = text[end : end + 2 * CONTEXT]
    before = re.split(r"\n[ \t]*\r?\n|\n(?=[ \t]*(?:[-*+]|\d+\.) )", before)[-1]
    after = re.split(r"\r?\n[ \t]*\r?\n|\n(?=[ \t]*(?:[-*+]|\d+\.) |#)", after)[0]
    after = re.sub(r"<[^<>]*\Z", "", after)  # a tag that the window cut off
    words = _clean(before + text[start:end] + after)
    anchor = _clean(before + text[start:end])
    middle = len(anchor) - len(_clean(text[start:end])) // 2
    return _window(words, middle)


def _window(words: str, middle: int) -> str:
    """About twice `CONTEXT` characters around `middle`, at word boundaries."""
    first, last = max(0, middle - CONTEXT), min(len(words), middle + CONTEXT)
    if first:
        first = words.find(" ", first, middle) + 1 or first
    if last < len(words):
        last = max(words.rfind(" ", middle, last), middle) if " " in words[middle:last] else last
    return words[first:last].strip()


def _clean(raw: str) -> str:
    plain = _MARKDOWN_LINK.sub(r"\1", raw.replace("\r", " "))
    return " ".join(_MARKS.sub(" ", _TAG.sub(" ", plain)).split())[:600]

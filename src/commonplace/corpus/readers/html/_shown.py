"""What of a page is left out, and why: hidden parts, what stands around the text, what has no text.

A part within the article (`article`, `main`, `section`) is read even if it waits to be shown, as
an inactive tab does. What stands around the article is not; except for menus, it is counted.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from commonplace.corpus.text.words import words

AROUND: Final = frozenset({"nav", "footer", "aside", "form", "menu", "dialog"})
SILENT: Final = ""  # the kind of what is left out without being counted
_NOT_SHOWN: Final = {
    **dict.fromkeys(words("script style template map head button annotation annotation-xml"), ""),
    **dict.fromkeys(words("frameset noframes"), "frame"),
    **dict.fromkeys(words("select datalist option textarea"), "form field"),
    "iframe": "embedded page",
    "object": "embedded object",
    "embed": "embedded object",
    "svg": "drawing",
    "canvas": "canvas",
    "audio": "audio recording",
    "video": "video",
}
WITHOUT_TEXT: Final = frozenset(
    {"embedded page", "embedded object", "canvas", "audio recording", "video"}
)  # counted even if there is no text in them
_KINDS: Final = {
    "nav": SILENT,
    "menu": SILENT,
    "navigation": SILENT,
    "search": "form",
    "footer": "footer of the site",
    "contentinfo": "footer of the site",
    "aside": "aside outside of the article",
    "complementary": "aside outside of the article",
    "form": "form",
    "dialog": "dialog",
}
_ROLES: Final = frozenset({"navigation", "contentinfo", "complementary", "search", "dialog"})
_INSIDE: Final = frozenset({"article", "main", "section"})
_OF_CONTENT: Final = frozenset({*_INSIDE, "blockquote", "figure", "td", "li", "aside"})
_NOTES: Final = re.compile(r"(?:foot|end|rear)notes?\b|doc-(?:foot|end)note")
_STYLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_WAITING: Final = frozenset({"div", "section", "p", "ul", "ol", "dl", "table", "li", "tr", "pre"})
_PANEL: Final = re.compile(r"\b(?:tab|pane|panel|collapse|accordion)", re.I)


# Most tags are neither special nor state anything of the kind, which is quicker to see first.
_SPECIAL: Final = frozenset({*_NOT_SHOWN, *AROUND})
_TELLING: Final = frozenset({"role", "aria-hidden", "hidden", "style"})
COUNTED: Final = frozenset({*_OF_CONTENT, "noscript"})  # the tags that `inside` must tell of


def left_out(
    tag: str, attributes: Mapping[str, str], around: Collection[str], inside: Collection[str]
) -> str | None:
    """The kind of a part that is not read, None for one that is; `inside`: tags that are open."""
    if tag not in _SPECIAL and _TELLING.isdisjoint(attributes):
        return None
    if tag in _NOT_SHOWN:
        return _NOT_SHOWN[tag]
    if tag in {"html", "body", "main"}:
        return None
    role = attributes.get("role", "").lower()
    if around and not _is_of_content(tag, role, attributes, inside):
        for name in (tag, role):
            if name in around or (name in _ROLES and name == role):
                return _KINDS[name]
    if attributes.get("aria-hidden") == "true":
        return SILENT
    return "hidden part" if _waits(tag, role, attributes, inside) else None


def _is_of_content(
    tag: str, role: str, attributes: Mapping[str, str], inside: Collection[str]
) -> bool:
    """Notes wherever they stand, and the asides and footers of an article."""
    stated = f"{attributes.get('epub:type', '')} {attributes.get('class', '')} {role}"
    if _NOTES.search(stated):
        return True
    if tag == "footer" and role != "contentinfo":
        return not _OF_CONTENT.isdisjoint(inside)
    return (tag == "aside" or role == "complementary") and not _INSIDE.isdisjoint(inside)


def _waits(tag: str, role: str, attributes: Mapping[str, str], inside: Collection[str]) -> bool:
    """Whether it is hidden, and no part of the article that a click would show."""
    # A browser's search finds what is hidden "until-found".
    hidden = attributes.get("hidden", "until-found") != "until-found"
    if not hidden and not ("style" in attributes and _STYLE.search(attributes["style"])):
        return False
    if role == "tabpanel" or _PANEL.search(attributes.get("class", "")):
        return False
    return tag not in _WAITING or _INSIDE.isdisjoint(inside)

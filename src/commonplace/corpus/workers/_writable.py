"""Text that can be written: a lone surrogate (from a file name, from JSON) becomes U+FFFD.

One character for one, so that every locator still fits.
"""

import re
from dataclasses import replace

from commonplace.corpus._types import Document, Draft, Link

_SURROGATE = re.compile("[\ud800-\udfff]")


def writable(document: Document) -> Document:
    """The document with every text fit to be encoded as UTF-8; the same one where all are."""
    parts = [document.title, *document.sources.values(), *document.notices]
    parts += [part for draft in document.drafts for part in (draft.text, *draft.heading)]
    parts += [part for link in document.links for part in (link.url, link.label, link.context)]
    if not any(_SURROGATE.search(part) for part in parts):
        return document
    return replace(
        document,
        title=_mend(document.title),
        sources={_mend(name): _mend(text) for name, text in document.sources.items()},
        drafts=tuple(_draft(draft) for draft in document.drafts),
        links=tuple(Link(_mend(x.url), _mend(x.label), _mend(x.context)) for x in document.links),
        notices=tuple(map(_mend, document.notices)),
    )


def _draft(draft: Draft) -> Draft:
    return replace(draft, text=_mend(draft.text), heading=tuple(map(_mend, draft.heading)))


def _mend(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)

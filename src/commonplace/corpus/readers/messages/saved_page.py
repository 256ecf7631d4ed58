"""Saved pages (mhtml): the HTML in them is read as a page; its pictures come along unread."""

from email import message_from_bytes, policy
from pathlib import Path

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers.html import reader
from commonplace.foundation import UnreadableError


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a saved page (RFC 2557).

    Raises:
        UnreadableError: there is no page in it, or it shows nothing.
    """
    for part in message_from_bytes(data, policy=policy.default).walk():
        if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and page.strip():
                return reader.read(path, page, limits)
    raise UnreadableError("not a saved page: it holds no HTML")

"""Mails (eml): heads as `key: value`, the words, and what is attached.

The standard library's `email` reads them (RFC 5322, RFC 2045 to 2049). Each attachment that a
reader reads is a source text of its own; others are named in a notice. A mail that is both plain
and HTML is read as plain.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Draft, Kind, Limits, Link
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers.decode import decode
from commonplace.corpus.readers.html import reader as html
from commonplace.corpus.text.links import find_links
from commonplace.foundation import UnreadableError

_HEADS: Final = ("From", "To", "Cc", "Date", "Subject")
_DEEPEST: Final = 3  # mails within mails


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a mail.

    Raises:
        UnreadableError: it is none, or has no text.
    """
    message = message_of(data)
    if not any(message.get(name) for name in _HEADS):
        raise UnreadableError("not a mail: it names neither sender nor subject")
    collected = Collected(limits, limits.text_characters)
    collected.take(message, "", 0)
    subject = " ".join(str(message.get("Subject", "")).split())
    return collected.document("mail", subject[:300] or path.stem, date_of(message))


def message_of(data: bytes) -> EmailMessage:
    """The mail that these bytes are, however broken."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage), "of the default policy"
    return message


def date_of(message: EmailMessage) -> datetime | None:
    """When a mail says that it was sent; None where it does not say."""
    try:
        moment = parsedate_to_datetime(str(message.get("Date", "")))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(slots=True)
class Collected:
    """What was read of mails so far."""

    limits: Limits
    room: int  # characters that may still be read
    sources: dict[str, str] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def take(self, message: EmailMessage, part: str, depth: int) -> None:
        """Read a mail as the source text `part`, and what is attached to it."""
        text = Composed(max(0, self.room))
        for name in _HEADS:
            text.field(name, str(message.get(name, "")))
        text.paragraph(_words(message))
        subject = " ".join(str(message.get("Subject", "")).split())
        self._add(part, text, subject if part else "")
        for attached in _attached(message):
            self._attachment(attached, part, depth)

    def document(self, kind: Kind, title: str, date: datetime | None) -> Document:
        """All of it."""
        if not self.sources:
            raise UnreadableError("; ".join(self.notices) or "the mail has no text")
        return Document(
            kind=kind,
            title=title,
            sources=self.sources,
            drafts=tuple(self.drafts),
            links=tuple(self.links),
            written_at=date,
            notices=tuple(self.notices),
        )

    def _add(self, part: str, text: Composed, heading: str) -> None:
        if not text.text:
            return
        name = part
        while name in self.sources:
            name += "'"
        self.sources[name] = text.text
        self.drafts += text.drafts(self.limits, name, [heading] if heading else [])
        self.links += find_links(text.text)
        self.room -= len(text.text)

    def _attachment(self, attached: EmailMessage, part: str, depth: int) -> None:
        name = attached.get_filename() or attached.get_content_type()
        within = f"{part}: {name}" if part else name
        if attached.get_content_type() == "message/rfc822":
            inner = attached.get_payload()
            if isinstance(inner, list) and isinstance(inner[0], EmailMessage) and depth < _DEEPEST:
                self.take(inner[0], within, depth + 1)
            return
        try:
            document = self._read(Path(name), attached)
        except UnreadableError as error:
            self.notices.append(f"the attachment {name} was not read: {error}")
            return
        text = Composed(max(0, self.room))
        for draft in document.drafts:
            text.paragraph(draft.text)
        self._add(within, text, name)
        self.notices += [f"{name}: {notice}" for notice in document.notices]

    def _read(self, name: Path, attached: EmailMessage) -> Document:
        from commonplace.corpus.readers._registry import read_document

        payload = attached.get_payload(decode=True)
        if not isinstance(payload, bytes) or not payload:
            raise UnreadableError("it is empty or broken")
        return read_document(name, payload, self.limits, datetime.now(UTC))


def _attached(message: EmailMessage) -> Iterator[EmailMessage]:
    try:
        yield from (part for part in message.iter_attachments() if isinstance(part, EmailMessage))
    except (AttributeError, KeyError, TypeError):  # a broken structure
        return


def _words(message: EmailMessage) -> str:
    """The body, as plain text or as its HTML shows it."""
    try:
        body = message.get_body(("plain", "html"))
    except (AttributeError, KeyError, TypeError):
        body = None
    if body is None:
        return ""
    try:
        words = str(body.get_content())
    except (LookupError, UnicodeError, ValueError, KeyError):
        payload = body.get_payload(decode=True)
        try:
            words = decode(payload) if isinstance(payload, bytes) else ""
        except UnreadableError:
            words = ""
    if body.get_content_type() == "text/html":
        with contextlib.suppress(UnreadableError):  # it shows nothing
            return html.read(Path("mail.html"), words.encode(), Limits()).sources[""]
        return ""
    return words

"""Mailboxes (mbox, RFC 4155): each mail is a source text, "mail 3", below its subject."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers.messages.mail import Collected, date_of, message_of
from commonplace.foundation import UnreadableError

_MOST_MAILS: Final = 20_000
_FROM: Final = re.compile(rb"^From \S+ +[^\n]*\b\d{4}\b[^\n]*\n", re.M)  # whose it is, and when


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a mailbox, mail by mail.

    Raises:
        UnreadableError: it is none, or has no text.
    """
    if not data.startswith(b"From "):
        raise UnreadableError('not a mailbox: it does not begin with "From "')
    collected = Collected(limits, limits.text_characters)
    newest = None
    for number, mail in enumerate(_mails(data), start=1):
        if number > _MOST_MAILS:
            collected.notices.append(f"only the first {_MOST_MAILS:,} mails were read")
            break
        message = message_of(mail)
        collected.take(message, f"mail {number}", 0)
        date = date_of(message)
        newest = max(filter(None, (newest, date)), default=None)
    return collected.document("mailbox", path.stem, newest)


def _mails(data: bytes) -> Iterator[bytes]:
    """The mails of a mailbox; `>From` within one is `From`."""
    starts = [m.end() for m in _FROM.finditer(data) if m.start() in (0, *_blank(data, m.start()))]
    begins = [data.rfind(b"From ", 0, start) for start in starts]
    for start, end in zip(starts, [*begins[1:], len(data)], strict=True):
        yield re.sub(rb"^>(>*From )", rb"\1", data[start:end], flags=re.M)


def _blank(data: bytes, at: int) -> tuple[int, ...]:
    """The place itself, if a blank line stands before it."""
    return (at,) if data[:at].endswith((b"\n\n", b"\r\n\r\n")) else ()

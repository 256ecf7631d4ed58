"""The process that reads files, so that a parser's crash, hang or greed never stops the rest.

It is started by `isolation` as a bare interpreter and imports the readers, not the store. A file
comes in as a pickled path, what was found goes out as two pickles: the file's facts as soon as they
are known, and the `ReadResult`. It ends when its input ends, also when the parent was killed.

Files are opened with care: regular files only (no pipe, device or socket), their size is checked
before a byte is read, and one that changes while it is read is read once more, then given up.
"""

import contextlib
import errno
import importlib
import os
import pickle
import re
import signal
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from commonplace.corpus._types import Document, Limits, Link, ReadResult
from commonplace.foundation import UnreadableError, display_path

Reader = Callable[[Path, bytes, Limits, datetime], Document]
READER = "commonplace.corpus.readers._registry:read_document"
_CHUNK = 1 << 20  # bytes
_SECOND_LOOK = 0.05  # seconds before a file that changed is read again
_PASSING = {  # what the machine lacks for a while
    getattr(errno, name)
    for name in "EAGAIN EBUSY EDQUOT EIO EMFILE ENFILE ENOMEM ENOSPC ESTALE ETIMEDOUT".split()
    if hasattr(errno, name)
}
_TURNING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class FileRefusal(Exception):  # noqa: N818 - not an error but an outcome
    """A file that is not read: what is known of it, with the reason."""

    def __init__(self, result: ReadResult) -> None:
        super().__init__(result.reason)
        self.result = result


def main() -> None:
    """Read what comes in on standard input until it ends."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the replies
    requests = sys.stdin.buffer
    reader_name, limits = pickle.load(requests)
    _confine(limits)
    reader = _find(reader_name)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            path = Path(os.fsdecode(pickle.load(requests)))
            _alarm(limits.seconds, limits.wall_seconds + 5)  # the parent keeps time by the clock
            fatal = _answer(path, limits, reader, replies)
            _alarm(0, 0)
            if fatal:
                break
    os._exit(0)


def _answer(path: Path, limits: Limits, reader: Reader, replies: BinaryIO) -> bool:
    """Send the facts, then the result; true if this process should not go on after it."""
    try:
        facts, data = load(path, limits)
    except FileRefusal as refusal:
        _send(replies, replace(refusal.result, reason=""))
        _send(replies, refusal.result)
        return False
    _send(replies, facts)
    result = interpret(path, facts, data, limits, reader)
    _send(replies, result)
    return "memory" in result.reason


def _send(replies: BinaryIO, result: ReadResult) -> None:
    pickle.dump(result, replies, pickle.HIGHEST_PROTOCOL)
    replies.flush()


def _find(name: str) -> Reader:
    module, _, function = name.partition(":")
    reader: Reader = getattr(importlib.import_module(module), function)
    return reader


def _confine(limits: Limits) -> None:
    """At most so much memory; no core dumps; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _alarm(processor: float, wall: float) -> None:
    """End this process after so many seconds, also where its parent was killed; 0: never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, processor)
        signal.setitimer(signal.ITIMER_REAL, wall)


def load(path: Path, limits: Limits) -> tuple[ReadResult, bytes]:
    """The file's bytes and facts. Raises `FileRefusal` with the reason."""
    for attempt in range(2):
        if attempt:
            time.sleep(_SECOND_LOOK)
        before, data, after = _read_once(path, limits)
        if _facts(before) == _facts(after) and len(data) == after.st_size:
            content_hash = blake2b(data, digest_size=16).hexdigest()
            return replace(_facts(after), content_hash=content_hash), data
    raise FileRefusal(
        replace(_facts(after), reason="changed while it was read; add it again later", passing=True)
    )


def _facts(status: os.stat_result) -> ReadResult:
    return ReadResult(status.st_size, status.st_mtime_ns)


def facts_of(path: Path) -> ReadResult:
    """Size and time of a file that is not read; nothing where even that cannot be had."""
    try:
        return _facts(os.stat(path))
    except (OSError, ValueError):  # ValueError: a name with a NUL in it
        return ReadResult()


def _read_once(path: Path, limits: Limits) -> tuple[os.stat_result, bytes, os.stat_result]:
    try:
        _check(os.stat(path), limits)  # before opening: to open a device may do something
        # O_NONBLOCK: what became a pipe since then must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        vanished = ReadResult(reason="vanished before it could be read", passing=True)
        raise FileRefusal(vanished) from None
    except PermissionError:
        reason = "cannot be opened: permission denied"
        raise FileRefusal(replace(facts_of(path), reason=reason, passing=True)) from None
    except (OSError, ValueError) as error:
        reason = f"cannot be opened ({getattr(error, 'strerror', None) or error})"
        raise FileRefusal(replace(facts_of(path), reason=reason, passing=True)) from None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        _check(before, limits)
        try:
            data = read_bytes(file.fileno(), limits.file_bytes)
        except OSError as error:
            refused = replace(_facts(before), reason=f"cannot be read ({error})", passing=True)
            raise FileRefusal(refused) from None
        return before, data, os.fstat(descriptor)


def read_bytes(descriptor: int, most: int) -> bytes:
    """The whole file, but never more than one byte over the limit."""
    chunks: list[bytes] = []
    remaining = most + 1
    while remaining > 0 and (chunk := os.read(descriptor, min(_CHUNK, remaining))):
        chunks.append(chunk)
        remaining -= len(chunk)
    return b"".join(chunks)


def _check(status: os.stat_result, limits: Limits) -> None:
    if not stat.S_ISREG(status.st_mode):
        reason = "not a regular file (a folder, pipe, socket or device)"
        raise FileRefusal(ReadResult(0, status.st_mtime_ns, reason=reason))
    if status.st_size > limits.file_bytes:
        size, most = _megabytes(status.st_size), _megabytes(limits.file_bytes)
        reason = f"too large ({size}; files over {most} are not read)"
        raise FileRefusal(replace(_facts(status), reason=reason))
    if status.st_size == 0:
        raise FileRefusal(replace(_facts(status), reason="empty file"))


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:,.0f} MiB" if size >= 1024**2 else f"{size:,} bytes"


def interpret(
    path: Path, facts: ReadResult, data: bytes, limits: Limits, reader: Reader
) -> ReadResult:
    """What the reader makes of the bytes, or why it does not."""
    passing = False
    try:
        modified = datetime.fromtimestamp(facts.modified_ns / 1e9, UTC)
        document = _writable(reader(path, data, limits, modified))
        return replace(facts, document=document, terms=_terms(document))
    except UnreadableError as error:
        reason = str(error)
    except MemoryError:
        reason = f"needs more than {_megabytes(limits.memory_bytes)} of memory to read"
        passing = True
    except RecursionError:
        reason = "nested too deeply to be read"
    except Exception as error:  # a bug of ours or of a library: it must not stop the other files
        reason = f"the reader failed on it ({type(error).__name__}: {error})"[:300]
        passing = isinstance(error, OSError) and error.errno in _PASSING
    # A library's message may quote the file: it is made printable before it reaches a terminal.
    reason = display_path(reason.replace("\0", ""))
    return replace(facts, reason=reason, passing=passing)


def _writable(document: Document) -> Document:
    """The document with every text fit to be encoded as UTF-8; the same one where all are.

    A lone surrogate (from a file name, from JSON) becomes U+FFFD: one character for one, so that
    every locator still fits.
    """
    parts = [document.title, *document.sources.values(), *document.notices]
    parts += [part for draft in document.drafts for part in (draft.text, *draft.heading)]
    parts += [part for link in document.links for part in (link.url, link.label, link.context)]
    if not any(_SURROGATE.search(part) for part in parts):
        turns = _TURNING.search(document.title)
        return replace(document, title=_shown(document.title)) if turns else document
    return replace(
        document,
        title=_shown(document.title),
        sources={_mend(name): _mend(text) for name, text in document.sources.items()},
        drafts=tuple(
            replace(draft, text=_mend(draft.text), heading=tuple(map(_mend, draft.heading)))
            for draft in document.drafts
        ),
        links=tuple(Link(_mend(x.url), _mend(x.label), _mend(x.context)) for x in document.links),
        notices=tuple(map(_mend, document.notices)),
    )


def _shown(title: str) -> str:
    """A title without signs that would turn what stands around it."""
    return _TURNING.sub("", _mend(title))


def _mend(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _terms(document: Document) -> tuple[str, ...]:
    """The terms that BM25 sees: of the headings and the text."""
    from commonplace.corpus.text.analyser import analyse, spellings
    from commonplace.corpus.text.indexed import indexed_text

    texts = (indexed_text(document.title, draft.heading, draft.text) for draft in document.drafts)
    return tuple(" ".join([*analyse(text), *spellings(text)]) for text in texts)

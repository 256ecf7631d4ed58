r"""From bytes to the text that every offset counts in.

What a *source* is: the decoded text of the file, without a byte-order mark, and nothing else
changed: line ends stay as they were written (`\r\n` counts two characters), no Unicode
normalisation. So a `TextLocator` of a UTF-8 file can always be turned back into bytes.

Notable: notes are UTF-8 with a paragraph of windows-1252 pasted in. So bytes that are not UTF-8 are
read as windows-1252 one by one, instead of giving up UTF-8 for the whole file; a file that is
windows-1252 throughout comes out right by the same rule.
"""

import codecs
from typing import Final

from commonplace.corpus._types import Limits
from commonplace.foundation import UnreadableError

# Signatures of files that people leave among their notes: https://en.wikipedia.org/wiki/List_of_file_signatures
_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"\x00asm", "a WebAssembly program"),
    (b"OggS", "an Ogg recording"),
    (b"ID3", "an MP3 recording"),
    (b"fLaC", "a FLAC recording"),
)
_WIDE: Final = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\v\b\x1b"))  # an escape may be a colour
_MOST_CONTROLS: Final = 0.01  # random bytes hold a tenth; text holds none, a log a few

_CP1252: Final = bytes(range(256)).decode("cp1252", errors="replace")  # 5 bytes are undefined


def decode(data: bytes) -> str:
    """The text of a file.

    Raises:
        UnreadableError: the file is empty, or its bytes are not text.
    """
    if not data:
        raise UnreadableError("empty file")
    text = _decoded(data)
    if not text or text.isspace():
        raise UnreadableError("empty file (nothing but white space)")
    return text


def decode_within(data: bytes, limits: Limits) -> tuple[str, tuple[str, ...]]:
    """`decode`, cut at `limits.text_characters`; with a notice when something was cut."""
    text = decode(data)
    if len(text) <= limits.text_characters:
        return text, ()
    notice = f"read the first {limits.text_characters:,} of {len(text):,} characters"
    return text[: limits.text_characters], (notice,)


def binary_reason(data: bytes) -> str | None:
    """Why these bytes are not text in an 8-bit encoding, or None when they may be."""
    for magic, what in _MAGIC:
        if data.startswith(magic):
            return f"looks binary: it begins like {what}"
    if b"\0" in data:
        return "looks binary: it contains NUL bytes"
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > _MOST_CONTROLS * len(data):
        return f"looks binary: {controls / len(data):.0%} of it are control characters"
    return None


def _decoded(data: bytes) -> str:
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            return _wide(data, encoding)
    if reason := binary_reason(data):
        raise UnreadableError(reason)
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="commonplace.cp1252")


def _wide(data: bytes, encoding: str) -> str:
    """Two- or four-byte text; a lone surrogate or odd last byte becomes U+FFFD."""
    text = data.decode(encoding, errors="replace")
    doubtful = text.count("\ufffd") + text.count("\0")
    if doubtful > 1 + _MOST_CONTROLS * len(text):
        raise UnreadableError(f"looks binary: it is marked as {encoding} but does not read as it")
    return text.replace("\0", "\ufffd")


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_CP1252[byte] for byte in wrong), error.end


codecs.register_error("commonplace.cp1252", _as_cp1252)

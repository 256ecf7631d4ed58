r"""From bytes to the text that every offset counts in.

What a *source* is: the decoded text of the file, without a byte-order mark, and nothing else
changed: line ends stay as they were written (`\r\n` counts two characters), no Unicode
normalisation. So a `TextLocator` of a UTF-8 file can always be turned back into bytes.

Notable: notes are UTF-8 with a paragraph of windows-1252 pasted in. So where most of the bytes
beyond ASCII are UTF-8, the others are read as windows-1252 one by one. Of any other file
`_encodings` says what it is in; what had to be guessed is a notice.
"""

import codecs
from typing import Final

from commonplace.corpus._types import Limits
from commonplace.corpus.readers import _encodings
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

_ASCII: Final = bytes(range(128))
_CP1252: Final = bytes(range(256)).decode("cp1252", errors="replace")  # 5 bytes are undefined


def decode(data: bytes) -> str:
    """The text of a file.

    Raises:
        UnreadableError: the file is empty, or its bytes are not text.
    """
    return _decoded(data)[0]


def decode_within(data: bytes, limits: Limits) -> tuple[str, tuple[str, ...]]:
    """`decode`, cut at `limits.text_characters`; with what was cut or guessed as notices."""
    text, guessed = _decoded(data)
    notices = (guessed,) if guessed else ()
    if len(text) <= limits.text_characters:
        return text, notices
    cut = f"read the first {limits.text_characters:,} of {len(text):,} characters"
    return text[: limits.text_characters], (*notices, cut)


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


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and a notice where its encoding was guessed."""
    if not data:
        raise UnreadableError("empty file")
    text, guessed = _read(data)
    if not text or text.isspace():
        raise UnreadableError("empty file (nothing but white space)")
    return text, guessed


def _read(data: bytes) -> tuple[str, str]:
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            return _wide(data, encoding), ""
    if (not data.isascii() or b"\0" in data) and (wide := _encodings.wide(data)):
        return data.decode(wide), f"read as {_encodings.shown(wide)}"
    if reason := binary_reason(data):
        raise UnreadableError(reason)
    if data.isascii():
        escaped = _encodings.seven_bit(data)
        return data.decode(escaped or "ascii"), ""
    data = data.removeprefix(codecs.BOM_UTF8)
    if _is_mostly_utf8(data):
        return data.decode("utf-8", errors="commonplace.cp1252"), ""
    if stated := _encodings.stated(data):
        return data.decode(stated), ""
    guess = _encodings.guess(data)
    name = _encodings.shown(guess.codec)
    doubt = "" if guess.certain else "; if words look wrong, save it as UTF-8"
    notice = "" if guess.certain and guess.codec == "cp1252" else f"read as {name}{doubt}"
    return data.decode(guess.codec, errors="replace"), notice


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether most of the bytes beyond ASCII are characters of UTF-8."""
    high = data.translate(None, _ASCII)
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        valid = data.decode("utf-8", errors="ignore").encode().translate(None, _ASCII)
    return 2 * len(valid) >= len(high)


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

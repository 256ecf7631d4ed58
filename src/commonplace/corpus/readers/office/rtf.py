"""Rich text (rtf) as plain paragraphs, by striprtf (BSD); pictures are counted in a notice."""

from collections.abc import Callable
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers._source_text import unread_notice
from commonplace.foundation import UnreadableError

_words: Callable[..., str] = rtf_to_text


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a rich text.

    Raises:
        UnreadableError: it is none, or has no text.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("not a rich text: it does not begin with {\\rtf")
    markup = data.decode("latin-1")
    try:
        words = _words(markup, encoding="cp1252", errors="replace")
    except Exception as error:  # a library's own errors are of many kinds
        raise UnreadableError(f"not a rich text that can be read ({str(error)[:100]})") from None
    text = Composed(limits.text_characters)
    for line in words.splitlines():
        if "|" in line.strip("|"):
            text.row(line.strip().strip("|").split("|"))
        else:
            text.paragraph(line)
    pictures = markup.count("\\pict")
    return text.document(
        "rtf",
        path.stem,
        limits,
        notices=unread_notice({"picture": pictures} if pictures else {}),
    )

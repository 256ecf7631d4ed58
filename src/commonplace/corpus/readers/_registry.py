"""Which reader reads which file.

The suffix decides; a file without one (README, Makefile, LICENSE) is looked into. What has no
reader is refused with a sentence, so that `status` can say why.

Notable: `_FORMATS` is the one table of formats; tests hold its keys, and what the command line and
the page offer, to `KINDS`. A reader is imported when its first file comes, so that a library of
notes never loads a PDF engine.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from commonplace.corpus._types import Document, Kind, Limits
from commonplace.corpus.readers.dates import date_in_name, not_after
from commonplace.corpus.text.words import words
from commonplace.foundation import UnreadableError


@dataclass(frozen=True, slots=True)
class _Format:
    """How files of one kind are recognised and read."""

    reader: str  # the module below this package whose `read` reads them
    suffixes: str
    dated_by_name: bool = False  # whether a date in the file's name says when it was written


_FORMATS: Final[Mapping[Kind, _Format]] = {
    "text": _Format(
        "plain.text",
        """txt text log org tex ltx bib csv tsv json jsonl ndjson yaml yml toml ini cfg conf xml
        adoc asciidoc wiki textile srt vtt diff patch""",
        dated_by_name=True,
    ),
    "markdown": _Format("plain.markdown", "md markdown mdown mkd mdx rmd qmd", dated_by_name=True),
    "html": _Format("html.reader", "html htm xhtml"),
    "pdf": _Format("pdf.reader", "pdf"),
    "code": _Format(
        "plain.code",
        """py pyi pyx js mjs cjs jsx ts tsx c h cc cpp cxx hh hpp hxx cu cuh rs go java kt kts
        scala sh bash zsh fish sql rb jl r m mm swift cs php pl pm lua hs ml mli ex exs erl clj
        lisp el scm f f90 f95 vb ps1 dart zig nim proto graphql cmake mk gradle tf css scss vue
        svelte""",
    ),
    "rst": _Format("plain.rst", "rst rest", dated_by_name=True),
    "notebook": _Format("plain.notebook", "ipynb", dated_by_name=True),
    "epub": _Format("html.epub", "epub"),
    "docx": _Format("office.docx", "docx docm dotx"),
    "pptx": _Format("office.pptx", "pptx pptm ppsx potx"),
    "xlsx": _Format("office.xlsx", "xlsx xlsm xltx"),
    "odf": _Format("office.odf", "odt ods odp ott fodt"),
    "rtf": _Format("office.rtf", "rtf"),
    "mail": _Format("messages.mail", "eml"),
    "mailbox": _Format("messages.mailbox", "mbox mbx"),
    "page": _Format("messages.saved_page", "mhtml mht"),
    "calendar": _Format("messages.calendar", "ics ical ifb"),
    "canvas": _Format("plain.canvas", "canvas"),
}
_ADVICE: Final = {  # for formats that have no reader: what they are, and what to do
    "doc": "an old Word document; save it as a docx",
    "xls": "an old Excel workbook; save it as an xlsx",
    "ppt": "an old PowerPoint presentation; save it as a pptx",
    "pages": "a Pages document; export it as a docx or PDF",
    "numbers": "a Numbers table; export it as an xlsx",
    "keynote": "a Keynote presentation; export it as a pptx or PDF",
    "one": "a OneNote section; export it as a PDF",
    "msg": "an Outlook message; save it as an eml",
    "pst": "an Outlook mailbox; export it as mbox",
    "djvu": "a DjVu scan; convert it to a PDF with a text layer",
    "ps": "PostScript; convert it to a PDF",
    "mobi": "a Kindle book; convert it to an EPUB",
    "azw3": "a Kindle book; convert it to an EPUB",
    "azw": "a Kindle book; convert it to an EPUB",
    "fb2": "a FictionBook; convert it to an EPUB",
    "vsdx": "a Visio drawing; export it as a PDF",
    "drawio": "a drawing of draw.io; export it as a PDF",
    **dict.fromkeys("png jpg jpeg gif webp tif tiff bmp heic avif svg ico".split(), "a picture"),
    **dict.fromkeys("mp3 wav flac ogg opus m4a aac".split(), "a recording"),
    **dict.fromkeys("mp4 mkv mov avi webm".split(), "a video"),
    **dict.fromkeys(
        "zip gz tgz tar bz2 xz 7z rar zst".split(), "an archive; unpack it and add the folder"
    ),
    **dict.fromkeys("db sqlite sqlite3 parquet feather".split(), "a database; export it as csv"),
}
KIND_BY_SUFFIX: Final[Mapping[str, Kind]] = MappingProxyType(
    {f".{suffix}": kind for kind, form in _FORMATS.items() for suffix in form.suffixes.split()}
)
_CODE_NAMES: Final = words(
    """makefile gnumakefile dockerfile containerfile rakefile gemfile justfile snakefile
    jenkinsfile vagrantfile procfile cmakelists.txt"""
)
_PRIVATE_KEY: Final = re.compile(  # RFC 7468, section 10; PuTTY's keys have a head of their own
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?\n"
    rb".*?(?:-----END [A-Z0-9 ]*-----|\Z)"
    rb"|PuTTY-User-Key-File-.*",
    re.DOTALL,
)
_KEY_HEAD: Final = 32_768  # bytes; a key has a few thousand
_LONGEST_SUFFIX: Final = 10  # characters; what is longer is part of a sentence

Reader = Callable[[Path, bytes, Limits], Document]


def read_document(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    """Read one file.

    `written_at` is what the file itself says (front matter, a field, its name), None if it says
    nothing; a date later than `modified`, the file's own time, is not believed.

    Raises:
        UnreadableError: there is no reader for such files, or this one cannot be read.
    """
    if len(data) > limits.file_bytes:
        size, most = len(data) / 2**20, limits.file_bytes / 2**20
        raise UnreadableError(f"too large: {size:.0f} MB, and the limit is {most:.0f} MB")
    if _is_private_key(data):
        raise UnreadableError("it is a private key; keys are not read")
    kind = kind_of(path, data)
    document = _reader(kind)(path, data, limits)
    written = document.written_at
    if written is None and _FORMATS[kind].dated_by_name:
        written = date_in_name(path)
    return replace(document, written_at=not_after(written, modified))


def kind_of(path: Path, data: bytes) -> Kind:
    """The kind of a file by its name, and by its first bytes where the name does not tell.

    Raises:
        UnreadableError: no reader reads such files.
    """
    if path.name.lower() in _CODE_NAMES:
        return "code"
    suffix = path.suffix.lower()
    if kind := KIND_BY_SUFFIX.get(suffix):
        return kind
    if _is_suffix(suffix):
        if advice := _ADVICE.get(suffix[1:]):
            raise UnreadableError(f"no reader for {suffix} files yet: {advice}")
        raise UnreadableError(f"no reader for {suffix} files yet")
    return _sniffed(data)


def _is_private_key(data: bytes) -> bool:
    """Whether a file is a key and hardly anything else; a text about keys is none."""
    if b"KEY" not in data[:_KEY_HEAD].replace(b"\0", b"").upper():
        return False
    text = data[:_KEY_HEAD].replace(b"\0", b"").strip()
    return 2 * sum(len(match[0]) for match in _PRIVATE_KEY.finditer(text)) > len(text)


def _is_suffix(suffix: str) -> bool:
    """Whether this tells a format: "notes.2024" and "Mr. Smith, Monday" have none."""
    name = suffix[1:]
    return 0 < len(name) <= _LONGEST_SUFFIX and name.isalnum() and not name.isdigit()


def _sniffed(data: bytes) -> Kind:
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"%pdf-"):
        return "pdf"
    if head.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "code" if head.startswith(b"#!") else "text"


def _reader(kind: Kind) -> Reader:
    module = importlib.import_module(f"commonplace.corpus.readers.{_FORMATS[kind].reader}")
    reader: Reader = module.read
    return reader

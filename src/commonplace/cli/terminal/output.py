"""Everything that reaches the terminal goes through `say`, and nothing hostile gets past it.

Notable: a note or a file name may hold escape sequences, and text that reverses what is read. Plain
strings are cleaned on their way out; only `paint` makes strings that may hold colours, out of
cleaned text. A terminal that cannot show a character gets a plainer one, never an error.
"""

import codecs
import io
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import click

from commonplace.library import as_json

_PLAIN = {"›": ">", "…": "...", "×": "x", "·": "-", "»": ">>", "«": "<<", "“": '"', "”": '"'}
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff"
    "\u200e\u200f\u2028-\u202e\u2060-\u206f\U000e0000-\U000e007f]"
)
_NO_TERMINAL_WIDTH = 100


class Painted(str):
    """Text that was cleaned already and may hold colours of our own."""

    __slots__ = ()


def clean(text: str) -> str:
    """The text without anything that a terminal would obey; line ends and tabs stay."""
    if isinstance(text, Painted):
        return text
    return _HOSTILE.sub("\ufffd", text.replace("\r\n", "\n"))


def flat(text: str) -> str:
    """The cleaned text on one line."""
    return clean(" ".join(text.split()))


def paint(text: str, **style: Any) -> Painted:
    """Cleaned text in a style of `click.style`; plain where $NO_COLOR asks for that."""
    if os.environ.get("NO_COLOR") or not text:
        return Painted(clean(text))
    return Painted(click.style(clean(text), **style))


def dim(text: str) -> Painted:
    """What matters less."""
    return paint(text, dim=True)


def bold(text: str) -> Painted:
    """What matters more."""
    return paint(text, bold=True)


def joined(parts: Iterable[str], between: str = "") -> Painted:
    """Parts as one, each cleaned."""
    return Painted(between.join(clean(part) for part in parts))


def say(*parts: str) -> None:
    """Print one line (or several) to the standard output."""
    click.echo(joined(parts), file=sys.stdout)


def print_json(record: Mapping[str, Any]) -> None:
    """Print one object; see `as_json`."""
    click.echo(as_json(record, indent=2))


def complain(message: str) -> None:
    """Print one sentence to the standard error."""
    click.echo(f"commonplace: {flat(message)}", file=sys.stderr)


def announce(what: str) -> None:
    """Say on the standard error what takes a while, where a person waits for it."""
    if sys.stderr.isatty():
        click.echo(flat(what), file=sys.stderr)


def stopped(message: str) -> None:
    """Say that an interrupt was understood, on a line of its own after the terminal's ^C."""
    if sys.stderr.isatty():
        click.echo(file=sys.stderr)
    complain(message)


def on_terminal() -> bool:
    """Whether a person reads our output."""
    return sys.stdout.isatty()


def columns() -> int:
    """How wide a line of running text may be."""
    return shutil.get_terminal_size().columns if on_terminal() else _NO_TERMINAL_WIDTH


# -------------------------------------------------------------------- widths


def cells(text: str) -> int:
    """How many columns of a terminal the text takes (East Asian Width, UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, width: int) -> str:
    """The text, filled up with blanks."""
    return text + " " * (width - cells(text))


def cut(text: str, width: int) -> str:
    """The text's beginning, with an ellipsis if it is longer than `width`."""
    text = clean(text)
    if cells(text) <= width:
        return text
    kept = "".join(_fitting(text, width - 1))
    return f"{kept.rstrip()}…"


def cut_left(text: str, width: int) -> str:
    """The text's end, with an ellipsis before it: of a path, that says more."""
    text = clean(text)
    if cells(text) <= width:
        return text
    return "…" + "".join(_fitting(text[::-1], width - 1))[::-1]


def _fitting(text: str, width: int) -> Iterable[str]:
    for character in text:
        width -= _cells(character)
        if width < 0:
            return
        yield character


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken between words where it can be."""
    lines, line = [], ""
    for word in flat(text).split(" "):
        longer = f"{line} {word}" if line else word
        if cells(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while cells(line) > width:
            piece = "".join(_fitting(line, max(width, 2)))
            lines.append(piece)
            line = line[len(piece) :]
    return [*lines, line] if line else lines


# -------------------------------------------------------------------- streams


def prepare_streams() -> None:
    """Let the standard streams print any text, whatever the terminal's encoding."""
    codecs.register_error("commonplace", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="commonplace")


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """What is printed for characters that the terminal's encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    plain = [_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing]
    return "".join(plain), error.end

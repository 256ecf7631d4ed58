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
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from commonplace.library import as_json

_PLAIN = {"›": ">", "…": "...", "×": "x", "·": "-", "»": ">>", "«": "<<", "“": '"', "”": '"'}
# Controls, halves of pairs, marks that turn the direction of reading, and invisible tags. A joiner
# (U+200D) stays, as words of some scripts need it.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff"
    "\u200e\u200f\u2028-\u202e\u2060-\u206f\U000e0000-\U000e007f]"
)
_NO_TERMINAL_WIDTH = 100  # columns


class StyledText(str):
    """Text that is clean already and may hold colours of the program."""

    __slots__ = ()


def clean(text: str) -> str:
    """The text without anything that a terminal would obey; line ends and tabs stay."""
    if isinstance(text, StyledText):
        return text
    return _HOSTILE.sub("\ufffd", text.replace("\r\n", "\n"))


def flat(text: str) -> str:
    """The cleaned text on one line."""
    return clean(" ".join(text.split()))


def paint(text: str, **style: Any) -> StyledText:
    """Cleaned text in a style of `click.style`; plain where $NO_COLOR asks for that."""
    if os.environ.get("NO_COLOR") or not text:
        return StyledText(clean(text))
    return StyledText(click.style(clean(text), **style))


def dim(text: str) -> StyledText:
    """Text that matters less."""
    return paint(text, dim=True)


def bold(text: str) -> StyledText:
    """Text that matters more."""
    return paint(text, bold=True)


def join(parts: Iterable[str], between: str = "") -> StyledText:
    """The parts as one text, each cleaned."""
    return StyledText(between.join(clean(part) for part in parts))


def say(*parts: str) -> None:
    """Print one line (or several) to the standard output."""
    click.echo(join(parts), file=sys.stdout)


def print_json(record: Mapping[str, Any]) -> None:
    """Print one object; see `as_json`."""
    click.echo(as_json(record, indent=2))


def print_error(message: str) -> None:
    """Print one sentence to the standard error."""
    click.echo(f"commonplace: {flat(message)}", file=sys.stderr)


def announce(message: str) -> None:
    """Print on the standard error what takes a while, if a person waits for it."""
    if sys.stderr.isatty():
        click.echo(flat(message), file=sys.stderr)


def print_interrupt(message: str) -> None:
    """Print that the program stops, on a line of its own after the terminal's ^C."""
    if sys.stderr.isatty():
        click.echo(file=sys.stderr)
    print_error(message)


def on_terminal() -> bool:
    """Whether a person reads the output."""
    return sys.stdout.isatty()


def columns() -> int:
    """How many columns a line of running text may have."""
    return shutil.get_terminal_size().columns if on_terminal() else _NO_TERMINAL_WIDTH


def text_columns() -> int:
    """How many columns sentences get: long lines are hard to read, short ones hold no words."""
    return max(20, min(columns(), 100))


# -------------------------------------------------------------------- widths

# rich measures. It is imported for text that is not ASCII only, so that `--help` and most searches
# do without it.


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, width: int) -> str:
    """The text, filled up with blanks."""
    return text + " " * (width - cells(text))


def cut(text: str, width: int) -> str:
    """The text's beginning, with an ellipsis if it is longer than `width`."""
    text = clean(text)  # first: what replaces a hostile character is a column wide
    if cells(text) <= width:
        return text
    return f"{next(_chopped(text, width - 1)).rstrip()}…"


def cut_left(text: str, width: int) -> str:
    """The text's end, with an ellipsis before it, since the end of a path says more."""
    end = clean(text)
    if cells(end) <= width:
        return end
    while end and cells(f"…{end}") > width:
        end = end[1:]
    return f"…{end}"


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken between words where it can be."""
    lines = [""]
    for word in flat(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(longer) <= width:
            lines[-1] = longer
        else:
            lines += _chopped(word, max(width, 2))  # a wide character needs two columns
    return [line for line in lines if line]


def _chopped(text: str, width: int) -> Iterator[str]:
    # By `cells` alone: rich's `chop_cells` counts joiners at the beginning otherwise than its
    # `cell_len`, makes lines that are too wide of them, and drops text that has no width.
    piece = ""
    for character in text:
        if cells(piece + character) > width:
            yield piece
            piece = ""
        piece += character
    yield piece


# -------------------------------------------------------------------- streams


def prepare_streams() -> None:
    """Let the standard streams print any text, whatever the terminal's encoding."""
    codecs.register_error("commonplace", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="commonplace")


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """Characters to print in place of those that the terminal's encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    plain = [_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing]
    return "".join(plain), error.end

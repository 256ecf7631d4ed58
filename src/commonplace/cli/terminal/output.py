"""Everything that reaches the terminal goes through `say`, and nothing hostile gets past it.

Notable: a note or a file name may hold escape sequences, and text that reverses what is read. Plain
strings are cleaned on their way out; only `paint` makes strings that may hold colours, out of
cleaned text. A terminal that cannot show a character gets a plainer one, never an error.
"""

import codecs
import io
import os
import re
import sys
from collections.abc import Iterable, Mapping
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

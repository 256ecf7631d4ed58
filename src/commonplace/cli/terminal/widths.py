"""How many columns a text takes, and what fits into a line.

Notable: rich measures. It is imported for text that is not ASCII only, so that `--help` and most
searches do without it.
"""

import shutil
from collections.abc import Iterator

from commonplace.cli.terminal.output import clean, flat, on_terminal

_NO_TERMINAL_WIDTH = 100  # columns


def columns() -> int:
    """How many columns a line of running text may have."""
    return shutil.get_terminal_size().columns if on_terminal() else _NO_TERMINAL_WIDTH


def text_columns() -> int:
    """How many columns sentences get: long lines are hard to read, short ones hold no words."""
    return max(20, min(columns(), 100))


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

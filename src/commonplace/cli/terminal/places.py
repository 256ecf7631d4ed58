"""Where a passage stands, in the words of a person, and which lines of it to show."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.cli.terminal.output import (
    Painted,
    bold,
    cells,
    clean,
    cut,
    flat,
    joined,
    on_terminal,
    wrap,
)

if TYPE_CHECKING:
    from commonplace import Locator, Passage

_RAW = ("text", "markdown", "code", "rst")  # kinds whose source text is the file's own
_LARGEST = 4 * 1024 * 1024  # bytes of a file that is read for a line number
_WORD = re.compile(r"\w+(?:[-'’.]\w+)*")


def short_path(path: str) -> str:
    """The path as one would type it here: below this folder, below home, or whole."""
    here = os.getcwd()
    if path == here or path.startswith(here.rstrip("/") + "/"):
        return os.path.relpath(path, here)
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if len(home) > 1 and path.startswith(home + "/") else path


def title_line(passage: "Passage", width: int = 1_000) -> Painted:
    """Title › heading › heading; where that is too wide, the headings between give way.

    On a terminal it is cut to the width, elsewhere it is whole.
    """
    title = flat(passage.title) or os.path.basename(passage.path)
    headings = [flat(heading) for heading in passage.heading]
    if headings and headings[0] == title:
        headings = headings[1:]
    if len(headings) > 1 and cells(" › ".join([title, *headings])) > width:
        headings = ["…", headings[-1]]
    whole = " › ".join([title, *headings])
    if on_terminal() and cells(whole) > width:
        title, *headings = cut(whole, max(width, 10)).split(" › ")
    return joined([bold(title), *headings], " › ")


def place(passage: "Passage", locator: "Locator | None" = None) -> str:
    """path:line, or path, page 3, or path, chapter: a place that a person can go to."""
    from commonplace.corpus import PageLocator

    at = locator or passage.locator
    path = short_path(passage.path)
    if isinstance(at, PageLocator):
        return f"{path}, page {at.page}"
    if at.part:
        return f"{path}, {at.part}"
    line = _line(passage, at.start) if passage.kind in _RAW else None
    return f"{path}:{line}" if line else path


def _line(passage: "Passage", start: int) -> int | None:
    """The 1-based line of a character, if the file still holds the passage just there."""
    from commonplace.corpus import TextLocator

    whole = passage.locator
    try:
        file = Path(passage.path)
        if not isinstance(whole, TextLocator) or file.stat().st_size > _LARGEST:
            return None
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return None
    if text[whole.start : whole.end] != passage.text:
        return None
    return text.count("\n", 0, start) + 1


# -------------------------------------------------------------------- the lines to show


def query_terms(query: str) -> set[str]:
    """The terms of a query, as the index knows them."""
    from commonplace.corpus import analyse

    return set(analyse(query))


def excerpt(text: str, terms: set[str], width: int, lines: int = 3) -> list[Painted]:
    """The lines of a passage that hold most of the terms, these emphasised."""
    all_lines = wrap(text, width)
    first = _best_window(all_lines, terms, lines)
    chosen = all_lines[first : first + lines]
    if first:
        chosen[0] = _marked(f"…{chosen[0]}", width)
    if first + lines < len(all_lines):
        chosen[-1] = _marked(f"{chosen[-1].rstrip('.,;: ')} …", width)
    return [emphasised(line, terms) for line in chosen]


def _marked(line: str, width: int) -> str:
    """A line with its ellipsis; where that makes it too long, its last word gives way."""
    while cells(line) > width and " " in line.rstrip(" …"):
        line = line.rstrip(" …").rpartition(" ")[0] + " …"
    return line


def _best_window(lines: Sequence[str], terms: set[str], size: int) -> int:
    """The first of `size` lines that hold most distinct terms, then most of them."""
    held = [[t for word in _WORD.findall(line) for t in _known(word, terms)] for line in lines]
    windows = [
        [term for line in held[i : i + size] for term in line]
        for i in range(max(1, len(lines) - size + 1))
    ]
    return max(range(len(windows)), key=lambda i: (len(set(windows[i])), len(windows[i]), -i))


def emphasised(line: str, terms: set[str]) -> Painted:
    """The line, cleaned, with the words of the query in bold."""

    def mark(match: re.Match[str]) -> str:
        return bold(match[0]) if _known(match[0], terms) else match[0]

    return Painted(_WORD.sub(mark, clean(line)))


def _known(word: str, terms: set[str]) -> set[str]:
    from commonplace.corpus import analyse

    return terms.intersection(analyse(word)) if terms else set()

"""The place of a passage in words for a person, and the lines of it that are worth showing."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from commonplace.cli.terminal.output import StyledText, bold, clean, flat, join, on_terminal
from commonplace.cli.terminal.widths import cells, cut, wrap
from commonplace.corpus import Locator, PageLocator, Passage, TextLocator

_RAW = ("text", "markdown", "code", "rst")  # kinds whose source text is the file's own
_LARGEST = 4 * 1024 * 1024  # bytes of a file that is read for a line number
_WORD = re.compile(r"\w+(?:[-'’.]\w+)*")


def short_path(path: str) -> str:
    """The path as one would type it: relative to this folder, below home, or absolute."""
    folder = os.getcwd()
    if path == folder or path.startswith(folder.rstrip("/") + "/"):
        return os.path.relpath(path, folder)
    home = os.path.expanduser("~")  # "/" for some daemons, which would shorten nothing
    return f"~{path[len(home) :]}" if len(home) > 1 and path.startswith(home + "/") else path


def title_line(passage: Passage, width: int = 1_000) -> StyledText:
    """Title › heading › heading; where that is too wide, the headings between are left out.

    On a terminal the line is cut to the width, elsewhere it is complete.
    """
    title = flat(passage.title) or os.path.basename(passage.path)
    headings = [flat(heading) for heading in passage.heading]
    if headings and headings[0] == title:
        headings = headings[1:]
    if len(headings) > 1 and cells(" › ".join([title, *headings])) > width:
        headings = ["…", headings[-1]]
    line = " › ".join([title, *headings])
    if on_terminal() and cells(line) > width:
        title, *headings = cut(line, max(width, 10)).split(" › ")
    return join([bold(title), *headings], " › ")


def place(passage: Passage, locator: Locator | None = None) -> str:
    """path:line, or path, page 3, or path, chapter: a place that a person can go to."""
    at = locator or passage.locator
    path = short_path(passage.path)
    if isinstance(at, PageLocator):
        return f"{path}, page {at.page}"
    if at.part:
        return f"{path}, {at.part}"
    line = _line(passage, at.start) if passage.kind in _RAW else None
    return f"{path}:{line}" if line else path


def _line(passage: Passage, start: int) -> int | None:
    """The 1-based line of a character, if the file still holds the passage just there."""
    stored = passage.locator
    try:
        file = Path(passage.path)
        if not isinstance(stored, TextLocator) or file.stat().st_size > _LARGEST:
            return None
        text = file.read_bytes().decode("utf-8-sig")  # as the reader did, or no offset fits
    except (OSError, ValueError):
        return None
    if text[stored.start : stored.end] != passage.text:
        return None  # the file has changed: no line is better than a wrong one
    return text.count("\n", 0, start) + 1


# -------------------------------------------------------------------- the lines to show


def query_terms(query: str) -> set[str]:
    """The terms of a query, as the index knows them."""
    from commonplace.corpus import analyse

    return set(analyse(query))


def excerpt(text: str, terms: set[str], width: int, lines: int = 3) -> list[StyledText]:
    """The lines of a passage that hold most of the terms, with the terms emphasised."""
    all_lines = wrap(text, width)
    first = _best_window(all_lines, terms, lines)
    window = all_lines[first : first + lines]
    if first:
        window[0] = _shortened(f"…{window[0]}", width)
    if first + lines < len(all_lines):
        window[-1] = _shortened(f"{window[-1].rstrip('.,;: ')} …", width)
    return [emphasised(line, terms) for line in window]


def _shortened(line: str, width: int) -> str:
    """A line with its ellipsis; if that makes it too long, without its last words."""
    while cells(line) > width and " " in line.rstrip(" …"):
        line = line.rstrip(" …").rpartition(" ")[0] + " …"
    return line


def _best_window(lines: Sequence[str], terms: set[str], size: int) -> int:
    """The first of `size` lines that hold the most distinct terms, then the most terms."""
    terms_of_line = [
        [t for word in _WORD.findall(line) for t in _matches(word, terms)] for line in lines
    ]
    windows = [
        [term for line in terms_of_line[i : i + size] for term in line]
        for i in range(max(1, len(lines) - size + 1))
    ]
    return max(range(len(windows)), key=lambda i: (len(set(windows[i])), len(windows[i]), -i))


def emphasised(line: str, terms: set[str]) -> StyledText:
    """The line, cleaned, with the words of the query in bold."""

    def mark(match: re.Match[str]) -> str:
        return bold(match[0]) if _matches(match[0], terms) else match[0]

    return StyledText(_WORD.sub(mark, clean(line)))


def _matches(word: str, terms: set[str]) -> set[str]:
    from commonplace.corpus import analyse

    return terms.intersection(analyse(word)) if terms else set()

"""`commonplace show`: a citation in its place, by its id or by its number in the last answer."""

from typing import TYPE_CHECKING

import click

from commonplace.cli._options import library_option, open_library
from commonplace.cli._places import place, title_line
from commonplace.cli._terminal import (
    bold,
    clean,
    columns,
    dim,
    joined,
    on_terminal,
    paint,
    say,
    wrap,
)
from commonplace.cli._verb import verb

if TYPE_CHECKING:
    from commonplace import Library
    from commonplace.library import Shown

_LOGGED = 200  # records among which the last answer is looked for
_DIGITS = 3  # a number of more digits is an id


@verb("Show a citation in its place.", "commonplace show 1", "commonplace show 3f2a9c01d4e5:12-80")
@click.argument("citation")
@click.option("--open", "open_it", is_flag=True, help="Open the drawn PDF page, or the file.")
@library_option
def show(citation: str, open_it: bool) -> None:
    """Show a citation in its place: the text around it, or the PDF page with its words marked.

    CITATION is an id as `search` and `ask` print it, or 1, 2, ... for those of the last of them.
    """
    library = open_library()
    shown = library.show(_named(library, citation))
    _print(shown)
    if open_it:
        click.launch(str(shown.picture or shown.passage.path))


def _named(library: "Library", citation: str) -> str:
    """The id that a number stands for; anything else stands for itself."""
    number = citation.strip("[]")
    if not (number.isdecimal() and len(number) <= _DIGITS):
        return citation
    from commonplace import InputError

    asked = (r for r in library.log(_LOGGED) if r.get("verb") in {"ask", "search"})
    last = next(asked, None)
    if last is None:
        raise InputError(
            "nothing was asked yet; `commonplace ask` and `search` number what is shown"
        )
    passages = list(dict.fromkeys(last.get("passages") or []))
    if not 1 <= int(number) <= len(passages):
        held = f"has the numbers 1 to {len(passages)}" if passages else "has no citations"
        raise InputError(f"there is no number {number}: the last {last['verb']} {held}")
    return str(passages[int(number) - 1])


def _print(shown: "Shown") -> None:
    passage = shown.passage
    say(title_line(passage))
    say(dim(place(passage, shown.locator)), dim(f"  {passage.id}"))
    if shown.changed:
        warning = f"this source has changed: {shown.changed}; these are the words as they were read"
        say(paint(warning, fg="yellow"))
    say()
    if shown.picture:
        for line in wrap(shown.words, columns()) if on_terminal() else [shown.words]:
            say(_marked(line))
        say()
        say(dim("the page, with these words marked: "), str(shown.picture))
    else:
        before, after = _trimmed(shown.before, shown.after)
        say(joined([dim(before), _marked(shown.words), dim(after)]))


def _marked(words: str) -> str:
    """The cited words, so that they stand out also where there are no colours."""
    return bold(words) if on_terminal() else f"»{clean(words)}«"


def _trimmed(before: str, after: str) -> tuple[str, str]:
    """The surroundings without the words that they were cut in, and without blank edges."""
    if " " in before:
        before = f"…{before.partition(' ')[2]}" if len(before) >= 600 else before
    if " " in after:
        after = f"{after.rpartition(' ')[0]} …" if len(after) >= 600 else after
    return before.lstrip("\n"), after.rstrip()

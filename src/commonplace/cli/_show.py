"""`commonplace show`: a citation in its place, by its id or by its number in the last answer."""

import contextlib
from typing import TYPE_CHECKING

import click

from commonplace.cli.arguments.numbers import numbered
from commonplace.cli.arguments.options import library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import (
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
from commonplace.cli.terminal.places import place, title_line

if TYPE_CHECKING:
    from commonplace.corpus import ShownCitation


@verb("Show a citation in its place.", "commonplace show 1", "commonplace show 3f2a9c01d4e5:12-80")
@click.argument("citation")
@click.option("--open", "open_it", is_flag=True, help="Open the drawn PDF page, or the file.")
@library_option
def show(citation: str, open_it: bool) -> None:
    """Show a citation in its place: the text around it, or the PDF page with its words marked.

    CITATION is an id as `search` and `ask` print it, or 1, 2, ... for those of the last of them.
    A number says also that this passage was worth opening; `commonplace feedback` lists that.
    """
    from commonplace import CommonplaceError

    library = open_library()
    found = numbered(library, citation)
    shown = library.show(found.citation if found else citation)
    _print(shown)
    if found and library.learns_from_feedback:
        with contextlib.suppress(CommonplaceError):  # a folder that may only be read, say
            library.give_feedback(
                found.query, found.citation, "opened", rank=found.rank, source=found.source
            )
    if open_it:
        click.launch(str(shown.picture or shown.passage.path))


def _print(shown: "ShownCitation") -> None:
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

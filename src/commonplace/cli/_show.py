"""`commonplace show`: a citation in its place, by its id or by its number in the last answer."""

import contextlib
from typing import TYPE_CHECKING

import click

from commonplace.cli.arguments.numbers import numbered
from commonplace.cli.arguments.options import library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, clean, dim, join, on_terminal, paint, say
from commonplace.cli.terminal.places import place, title_line
from commonplace.cli.terminal.widths import columns, wrap
from commonplace.foundation import CommonplaceError

if TYPE_CHECKING:
    from commonplace.corpus import ShownCitation

_AROUND = 600  # characters on each side that `Library.show` gives where the text goes on


@verb("Show a citation in its place.", "commonplace show 1", "commonplace show 3f2a9c01d4e5:12-80")
@click.argument("citation")
@click.option("--open", "open_it", is_flag=True, help="Open the drawn PDF page, or the file.")
@library_option
def show(citation: str, open_it: bool) -> None:
    """Show a citation in its place: the text around it, or the PDF page with its words marked.

    CITATION is an id as `search` and `ask` print it, or a number of the last search or ask. A
    number also counts as feedback that this passage was opened; `commonplace feedback` lists it.
    """
    library = open_library()
    passage = numbered(library, citation)
    place_in_source = library.show(passage.citation if passage else citation)
    _print(place_in_source)
    if passage and library.learns_from_feedback:
        with contextlib.suppress(CommonplaceError):  # a folder that may only be read, say
            library.give_feedback(
                passage.query, passage.citation, "opened", rank=passage.rank, source=passage.source
            )
    if open_it:
        click.launch(str(place_in_source.picture or place_in_source.passage.path))


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
        say(join([dim(before), _marked(shown.words), dim(after)]))


def _marked(words: str) -> str:
    """The cited words, so that they stand out also where there are no colours."""
    return bold(words) if on_terminal() else f"»{clean(words)}«"


def _trimmed(before: str, after: str) -> tuple[str, str]:
    """The text around, without words that were cut apart and without blank edges."""
    if " " in before and len(before) >= _AROUND:
        before = f"…{before.partition(' ')[2]}"
    if " " in after and len(after) >= _AROUND:
        after = f"{after.rpartition(' ')[0]} …"
    return before.lstrip("\n"), after.rstrip()

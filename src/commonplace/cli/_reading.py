"""`commonplace reading`: the links that the library mentions, where, and whether they are read."""

from typing import TYPE_CHECKING

import click

from commonplace.cli.arguments.options import json_option, library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, flat, on_terminal, print_json, say
from commonplace.cli.terminal.places import short_path
from commonplace.cli.terminal.widths import columns, cut, cut_left
from commonplace.foundation import count_of
from commonplace.library import reading_record

if TYPE_CHECKING:
    from commonplace.corpus import ReadingListEntry

_PRINTED = 30  # links, unless -n says otherwise


@verb(
    "List the links that the library mentions.",
    "commonplace reading --mentioned-in ~/notes --unread",
    "commonplace reading --mark-read https://arxiv.org/abs/2106.09685",
)
@click.option(
    "--mentioned-in", "paths", multiple=True, metavar="PATH", help="Only at or under PATH."
)
@click.option("--unread", is_flag=True, help="Only what is not marked as read.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help=f"Show at most N [{_PRINTED}]; 0: all.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every mention with the words around it.")
@click.option("--mark-read", multiple=True, metavar="URL", help="Mark as read (may be repeated).")
@click.option("--mark-unread", multiple=True, metavar="URL", help="Mark as unread again.")
@json_option
@library_option
def reading(
    paths: tuple[str, ...],
    unread: bool,
    limit: int | None,
    verbose: bool,
    mark_read: tuple[str, ...],
    mark_unread: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the links that the library mentions, the most mentioned first. Nothing is fetched."""
    library = open_library()
    for url in mark_read:
        say("read: ", library.mark_read(url))
    for url in mark_unread:
        say("unread: ", library.mark_read(url, read=False))
    if mark_read or mark_unread:
        return
    entries = [e for e in library.reading(*paths) if not (unread and e.read_at)]
    most = limit if limit is not None else (0 if as_json else _PRINTED)
    listed = entries[:most] if most else entries
    if as_json:
        print_json(reading_record(listed))
        return
    for entry in listed:
        _print(entry, verbose)
    _print_totals(entries, len(listed))


def _print(entry: "ReadingListEntry", verbose: bool) -> None:
    """Print how often a link is mentioned, its title and where; with `verbose` in which words."""
    read = f"  read {entry.read_at.astimezone():%Y-%m-%d}" if entry.read_at else ""
    margin = " " * 6
    room = max(20, columns() - 6)
    title = cut(flat(entry.title), room - len(entry.kind) - len(read) - 2)
    named = [bold(title), "  "] if title else []
    say(f"{len(entry.mentions):>4}× ", *named, dim(f"{entry.kind}{read}"))
    say(margin, entry.url)
    if not verbose:
        say(margin, dim(_places(entry, room)))
        return
    for mention in entry.mentions:
        say(margin, dim(short_path(mention.path)))
        say(margin, "  ", cut(flat(mention.context), room - 2))


def _places(entry: "ReadingListEntry", room: int) -> str:
    """The first place that mentions the link, and how many more there are."""
    paths = list(dict.fromkeys(short_path(mention.path) for mention in entry.mentions))
    others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    first = cut_left(paths[0], room - len(others)) if on_terminal() else paths[0]
    return first + others


def _print_totals(entries: "list[ReadingListEntry]", listed: int) -> None:
    read = sum(entry.read_at is not None for entry in entries)
    if entries:
        say()
    hint = f" · the first {listed} are shown, -n 0 shows all" if listed < len(entries) else ""
    say(bold(f"{count_of(len(entries), 'link')}, {read:,} read"), dim(hint))

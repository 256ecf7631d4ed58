"""`commonplace remove`: remove files from the library, its index, its history and its cache."""

import sys

import click

from commonplace.cli.arguments.options import library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import flat, say
from commonplace.cli.terminal.places import short_path
from commonplace.foundation import count_of

_DECLINED = 1


@verb("Remove files from the library.", "commonplace remove ~/notes/old")
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@library_option
def remove(paths: tuple[str, ...], yes: bool) -> None:
    """Remove files, or all under a folder, from the library; on your disk they stay.

    Their past is removed too: `--as-of` never shows what was removed.
    """
    library = open_library()
    if sys.stdin.isatty() and not yes:
        count = len(library.status(*paths).files)
        if count and not click.confirm(_question(paths, count)):
            say("nothing was removed")
            click.get_current_context().exit(_DECLINED)
    removed = library.remove(*paths)
    for path in removed:
        say("removed ", short_path(path))


def _question(paths: tuple[str, ...], count: int) -> str:
    files = f"{count_of(count, 'file')} at {flat(', '.join(paths))}"
    return f"Remove {files} from the library, with all its past?"

"""`commonplace status`: what became of every file; what needs attention comes first."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from commonplace.cli.arguments.options import json_option, library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, on_terminal, paint, print_json, say
from commonplace.cli.terminal.places import short_path
from commonplace.cli.terminal.widths import cells, columns, cut_left, pad, wrap
from commonplace.foundation import count_of
from commonplace.library import status_record

if TYPE_CHECKING:
    from commonplace.corpus import FileStatus, Status

_LISTED = 20  # indexed files or folders; more files are summarised by folder
_SHOWN = 10  # files with one reason
_Row = tuple[str, str]


@verb("Show what became of every file.", "commonplace status", "commonplace status ~/notes --all")
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option("--all", "everything", is_flag=True, help="Name every file.")
@json_option
@library_option
def status(paths: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Show what became of every file: indexed, skipped and why, superseded, or stale."""
    report = open_library().status(*paths)
    if as_json:
        print_json(status_record(report))
        return
    for state in ("skipped", "stale", "superseded"):  # what needs attention most comes first
        _print_by_reason(state, [f for f in report.files if f.state == state], everything)
    indexed = [file for file in report.files if file.state == "indexed"]
    _print_by_reason("indexed in part", [file for file in indexed if file.reason], everything)
    _print_indexed(indexed, everything)
    _print_totals(report)


def _print_by_reason(heading: str, files: "Sequence[FileStatus]", everything: bool) -> None:
    """Print files under the reason that they share, the most frequent reason first."""
    if not files:
        return
    by_reason: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_reason[file.reason].append(short_path(file.path))
    say(paint(heading, bold=True, fg="yellow"), dim(f"  {count_of(len(files), 'file')}"))
    for reason, paths in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        for line in wrap(reason, columns() - 2):
            say("  ", line)
        # An eleventh file takes the line that would say that there is one more.
        listed = paths if everything or len(paths) == _SHOWN + 1 else paths[:_SHOWN]
        for path in listed:
            say("    ", dim(_fitted(path, columns() - 4)))
        if len(paths) > len(listed):
            rest = count_of(len(paths) - len(listed), "more file")
            say("    ", dim(f"and {rest}: --all names them"))
    say()


def _print_indexed(files: "Sequence[FileStatus]", everything: bool) -> None:
    """Print each file, or if there are many, each folder with its counts."""
    if not files:
        return
    if everything or len(files) <= _LISTED:
        rows = [(short_path(file.path), f"{file.passages:,}") for file in files]
        _print_table(("indexed", "passages"), rows)
    else:
        _print_table(("indexed, by folder", "files  passages"), _by_folder(files))
    say()


def _by_folder(files: "Sequence[FileStatus]") -> list[_Row]:
    """Folders as deep as `_LISTED` rows allow, with what is below them."""
    folders = [os.path.dirname(file.path) for file in files]
    depths = range(os.path.commonpath(folders).count("/"), max(f.count("/") for f in folders) + 1)
    depth = max(
        d for d in depths if d == depths[0] or len({_top(f, d) for f in folders}) <= _LISTED
    )
    count: Counter[str] = Counter()
    passages: Counter[str] = Counter()
    for file, folder in zip(files, folders, strict=True):
        count[_top(folder, depth)] += 1
        passages[_top(folder, depth)] += file.passages
    return [
        (short_path(top).rstrip("/") + "/", f"{count[top]:,}  {passages[top]:>8,}")
        for top in sorted(count)
    ]


def _top(folder: str, depth: int) -> str:
    """The folder's first `depth` names."""
    return "/".join(folder.split("/")[: depth + 1])


def _print_table(heads: _Row, rows: Sequence[_Row]) -> None:
    """Print two columns, as wide as their content and no wider than the terminal."""
    number_width = max(cells(row[1]) for row in [heads, *rows])
    room = columns() - number_width - 4
    path_width = max(cells(row[0]) for row in [heads, *rows])
    path_width = min(path_width, room) if on_terminal() else path_width
    say(bold(pad(heads[0], path_width + 2)), dim(f"{heads[1]:>{number_width}}"))
    for path, numbers in rows:
        say("  ", pad(_fitted(path, path_width), path_width), f"{numbers:>{number_width}}")


def _fitted(path: str, width: int) -> str:
    """The path, cut if a terminal shows it."""
    return cut_left(path, max(width, 10)) if on_terminal() else path


def _print_totals(report: "Status") -> None:
    totals = report.totals
    states = ("indexed", "skipped", "stale", "superseded")
    counts = ", ".join(f"{totals[state]:,} {state}" for state in states if totals[state])
    say(
        bold(count_of(totals["files"], "file") + (f": {counts}" if counts else "")),
        f" · {count_of(totals['passages'], 'passage')}, {count_of(totals['vectors'], 'vector')}",
    )

"""`commonplace add`: add files and folders to the library, and print what became of them."""

from collections import Counter

import click

from commonplace.cli.arguments.options import library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, on_terminal, print_interrupt, say
from commonplace.cli.terminal.places import short_path
from commonplace.cli.terminal.progress import Bars, progress_bars
from commonplace.corpus import AddReport, FileReport, require
from commonplace.foundation import WeightsError, silent

_OUTCOMES = ("added", "changed", "unchanged", "skipped", "vanished")
_NAMED = 10  # skipped files that are named in the summary


@verb(
    "Add files and folders; again, only what changed.",
    "commonplace add ~/notes paper.pdf page.html",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@click.option("--no-vectors", is_flag=True, help="Leave the vectors to the next `add`.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for each file once it is safe.")
@library_option
def add(paths: tuple[str, ...], no_vectors: bool, verbose: bool) -> None:
    """Add files and folders to the library. A second time, only what changed is read."""
    reports: list[FileReport] = []
    require(paths)  # so that a wrong path does not leave an empty library behind
    library = open_library(new=True)
    try:
        with progress_bars() as bars:

            def record(report: FileReport) -> None:
                reports.append(report)
                if verbose:
                    _print_file(report, bars)

            progress = bars.progress if bars else silent
            report = library.add(*paths, vectors=not no_vectors, progress=progress, on_file=record)
    except KeyboardInterrupt:
        print_interrupt("stopped; what was added is kept, run the same command to go on")
        click.get_current_context().exit(130)  # as a shell reports SIGINT
    except WeightsError as error:
        _summarise(reports)
        raise WeightsError(
            f"{str(error).rstrip('.')}; what was added can be found by its words all the same, "
            "and the same command goes on with the vectors"
        ) from error
    _summarise(reports, report)


def _print_file(report: FileReport, bars: Bars | None) -> None:
    """Print one line for a file: its outcome, its path, and the reason if there is one."""
    line = "\t".join(filter(None, (report.outcome, report.path, report.reason)))
    if bars and on_terminal():
        bars.above(line)
    else:
        say(line)


def _summarise(files: list[FileReport], report: AddReport | None = None) -> None:
    counts = Counter[str](file.outcome for file in files)
    outcomes = [f"{counts[outcome]} {outcome}" for outcome in _OUTCOMES if counts[outcome]]
    say(bold(", ".join(outcomes) or "no files"), " · ", _new_entries(files, report))
    if report:
        say(dim(", ".join(f"{stage} {s:.1f} s" for stage, s in report.seconds.items())))
    _list("skipped", [file for file in files if file.outcome == "skipped"])
    _list("read in part", [f for f in files if f.outcome in {"added", "changed"} and f.reason])


def _new_entries(files: list[FileReport], report: AddReport | None) -> str:
    passages = sum(f.passages for f in files if f.outcome in {"added", "changed"})
    vectors = report.vectors if report else 0
    return f"{passages:,} new passages, {vectors:,} new vectors"


def _list(heading: str, files: list[FileReport]) -> None:
    """Print the first of these files, each with its reason."""
    if not files:
        return
    say(f"{heading}:")
    for file in files[:_NAMED]:
        say("  ", short_path(file.path), dim(f": {file.reason}"))
    if len(files) > _NAMED:
        say(f"  and {len(files) - _NAMED} more: commonplace status")

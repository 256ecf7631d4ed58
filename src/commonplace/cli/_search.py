"""`commonplace search`: the best passages for a query, with their places and their scores."""

from typing import TYPE_CHECKING, Any

import click

from commonplace.cli._explain import print_explanation
from commonplace.cli.arguments import options
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import dim, flat, paint, print_json, say
from commonplace.cli.terminal.places import excerpt, place, query_terms, short_path, title_line
from commonplace.cli.terminal.widths import columns
from commonplace.corpus import Filter
from commonplace.library import hits_record

if TYPE_CHECKING:
    from commonplace import Hit


@verb(
    "Find the passages that fit a query best.",
    'commonplace search "low-rank update" --in ~/notes --kind markdown',
    "commonplace search low-rank update --explain",
)
@click.argument("query", nargs=-1, required=True, metavar="QUERY...")
@options.count_option("-n", "--limit", default=10, maximum=1000, text="Show at most N passages")
@click.option(
    "--profile",
    default="fast",
    type=click.Choice(options.PROFILES),
    metavar="PROFILE",
    help="fast [the default], best (reads the top once more), bm25 (words) or dense (meaning).",
)
@click.option("--explain", is_flag=True, help="Show the numbers that each place came from.")
@options.selection_options
@options.json_option
@options.library_option
def search(
    query: tuple[str, ...], limit: int, profile: Any, explain: bool, filter: Filter, as_json: bool
) -> None:
    """Find the passages that fit a query best, by their words and by their meaning."""
    text = " ".join(query)
    hits = options.open_library().search(
        text, limit=limit, profile=profile, filter=filter, explain=explain
    )
    if as_json:
        print_json(hits_record(hits))
        return
    if not hits:
        narrowed = " with these filters" if filter != Filter() else ""
        say(f"nothing found for “{text}”{narrowed}")
    elif not any(hit.fits for hit in hits):
        say(f"nothing fits “{text}” well; this comes nearest")
        say()
    terms = query_terms(text)
    for number, hit in enumerate(hits, 1):
        _print(number, hit, terms)


def _print(number: int, hit: "Hit", terms: set[str]) -> None:
    """Print number and title, place, the lines that fit best, the id, and the explanation."""
    margin = " " * 4
    if number > 1:
        say()
    say(f"{number:>2}  ", title_line(hit.passage, columns() - len(margin)))
    say(margin, dim(place(hit.passage)))
    for line in excerpt(hit.passage.text, terms, max(20, min(columns(), 100) - 4)):
        say(margin, line)
    for path in hit.also_in:
        say(margin, dim(f"the same in {short_path(path)}"))
    if hit.changed:
        say(margin, paint(f"the file is {flat(hit.changed)}", fg="yellow"))
    if hit.superseded_by:
        say(margin, paint(f"superseded by {flat(hit.superseded_by)}", fg="yellow"))
    say(margin, dim(hit.passage.id))
    if hit.explanation:
        print_explanation(hit, margin)

"""`commonplace explain` and `search --explain`: every number that a place came from."""

from collections.abc import Sequence
from math import fsum, isnan
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli._decision import explain_decision
from commonplace.cli.arguments import options
from commonplace.cli.arguments.numbers import numbered
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, flat, print_json, say
from commonplace.cli.terminal.places import place, title_line
from commonplace.cli.terminal.widths import columns, cut, pad, wrap
from commonplace.library import hit_record

if TYPE_CHECKING:
    from commonplace import Filter, Hit
    from commonplace.retrieval import Explanation, TermContribution

_HEADS = ("in query", "in passage", "in passages", "idf", "adds")
_BAR = 24  # cells of the longest bar
_TIED = "~"  # stands for a blank at which no line is broken


@verb(
    "Show why a passage has its place, or a question its answer.",
    "commonplace explain",
    "commonplace explain 2",
    'commonplace explain 3f2a9c01d4e5 --query "low-rank update" --profile best',
)
@click.argument("citation", required=False, metavar="[CITATION]")
@click.option(
    "--query", metavar="TEXT", help="The query that it was found for, if CITATION is an id."
)
@click.option(
    "--profile",
    type=click.Choice(options.PROFILES),
    metavar="PROFILE",
    help="Explain this ranking [that of the last search].",
)
@options.selection_options
@options.json_option
@options.library_option
def explain(
    citation: str | None, query: str | None, profile: Any, filter: "Filter", as_json: bool
) -> None:
    """Show the parts that add up to a passage's score, or to the confidence in an answer.

    CITATION is a number of the last search or ask, or an id with --query. Shown is each kind of
    evidence that gave the passage its place. Options that chose a part of the library for that
    search must be given again. Without CITATION, shown is what spoke for and against an answer to
    the last question.
    """
    library = options.open_library()
    if citation is None and (query or profile):
        raise click.UsageError("name the passage too: its number, or its id")
    if citation is None:
        explain_decision(library, as_json)
        return
    passage = numbered(library, citation)
    query = query or (passage.query if passage else "")
    if not query:
        raise click.UsageError(f"say what {citation} was found for, with --query")
    profile = profile or (passage.profile if passage else "fast")
    citation = passage.citation if passage else citation
    hit, rank = library.explain(query, citation, profile=profile, filter=filter)
    if as_json:
        print_json({"query": query, "profile": profile, "rank": rank, "hit": hit_record(hit)})
        return
    say(bold(f"{rank}. "), title_line(hit.passage, columns() - 4))
    say(dim(place(hit.passage)))
    say(dim(f"for “{cut(flat(query), columns() - 6)}”"))
    assert hit.explanation is not None, "an explanation was asked for"
    _print_contributions(hit.explanation, hit.score)
    print_explanation(hit, "")
    _print_features(hit.explanation)


def _print_contributions(explanation: "Explanation", score: float) -> None:
    """Print a bar for each kind of evidence: + where it adds, - where it takes away."""
    parts = explanation.contributions
    most = max((abs(value) for _, value in parts), default=0) or 1
    width = max(len(name) for name, _ in parts)
    say()
    for name, value in parts:
        bar = ("+" if value > 0 else "-") * max(1, round(_BAR * abs(value) / most)) if value else ""
        say(pad(name, width), f"  {value:>+9.4f}  ", dim(bar))
    say(pad("score", width), f"  {score:>+9.4f}")


def _print_features(explanation: "Explanation") -> None:
    """Print the other features of the passage, which learning to rank uses."""
    features = [(name, value) for name, value in explanation.features if not isnan(value)]
    if features:
        say()
        text = " · ".join(
            f"{name} {round(value, 6):.3g}".replace(" ", _TIED) for name, value in features
        )
        for line in wrap(f"features {text}", columns()):
            say(dim(line.replace(_TIED, " ")))


def print_explanation(hit: "Hit", margin: str) -> None:
    """Print the terms, which add up to the BM25 score, and a line for each further stage."""
    why = hit.explanation
    if why is None:
        return
    say(margin)
    if why.terms:
        _print_terms(why.terms, margin)
    for name, value, note in _stages(why, hit.score):
        say(margin, pad(name, 10), f"{value:>10.4f}", dim(f"  {note}" if note else ""))


def _print_terms(terms: "Sequence[TermContribution]", margin: str) -> None:
    width = min(24, max(len("term"), *(len(term.term) for term in terms)))
    header = pad("term", width) + "".join(f"{head:>{_wide(head)}}" for head in _HEADS)
    say(margin, dim(header))
    for term in terms:
        values = (f"{term.query_count}", f"{term.tf}", f"{term.df}", f"{term.idf:.4f}")
        row = [*values, f"{term.weight:.4f}"]
        numbers = "".join(f"{v:>{_wide(h)}}" for v, h in zip(row, _HEADS, strict=True))
        say(margin, pad(cut(term.term, width), width), numbers)
    total = f"{fsum(term.weight for term in terms):.4f}"
    say(margin, pad("sum", width), f"{total:>{sum(map(_wide, _HEADS))}}")
    say(margin, dim("statistics are those of all passages, also under a filter"))


def _wide(head: str) -> int:
    return max(len(head) + 2, 9)


def _stages(why: "Explanation", score: float) -> list[tuple[str, float, str]]:
    """(name, value, note) of every stage that ran, in their order."""
    stages = [
        ("bm25", why.bm25, _rank(why.bm25_rank)),
        ("cosine", why.cosine, _rank(why.dense_rank)),
        ("fused", why.fused, _rank(why.fused_rank)),
        ("reranked", why.reranked, ""),
        ("score", score, ""),
    ]
    return [(name, value, note) for name, value, note in stages if value is not None]


def _rank(rank: int | None) -> str:
    return f"rank {rank}" if rank else "not among its candidates"

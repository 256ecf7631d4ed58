"""`commonplace judge`: say which passages fit a query, so that the library can be measured by it.

Notable: the passages come from several rankings, mixed by a seed, so that their order says nothing.
Each verdict is stored at once. A terminal takes single keys; other input is read line by line.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments import options
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, clean, dim, join, on_terminal, print_json, say
from commonplace.cli.terminal.places import excerpt, place, query_terms, title_line
from commonplace.cli.terminal.widths import cut_left, text_columns
from commonplace.foundation import InputError, count_of

if TYPE_CHECKING:
    from commonplace import Library, Passage
    from commonplace.corpus import Verdict

_VERDICTS: "dict[str, Verdict]" = {"y": "up", "n": "down"}
_KEYS = "ynsq"
_PROMPT = "does it fit? y(es) n(o) s(kip) q(uit) "


@verb(
    "Say which passages fit a query.",
    'commonplace judge "low-rank update"',
    "commonplace judge --queries 5",
)
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@options.count_option("--depth", default=5, maximum=100, text="Judge the first N of each ranking")
@options.count_option(
    "--queries",
    default=10,
    text="Without a QUERY: judge at most N recent queries that have no judgments",
)
@options.json_option
@options.library_option
def judge(query: tuple[str, ...], depth: int, queries: int, as_json: bool) -> None:
    """Say which passages fit a query; `commonplace evaluate` measures by these judgments.

    Without a QUERY you judge passages for recent questions and searches.
    """
    from commonplace.evaluation import candidates, queries_to_judge

    library = options.open_library()
    texts = [" ".join(query)] if query else queries_to_judge(library, queries)
    if not any(text.strip() for text in texts):
        raise InputError(
            "nothing was asked yet that has no judgments; name a query: commonplace judge QUERY..."
        )
    judged: list[dict[str, Any]] = []
    for text in texts:
        pool = candidates(library, text, depth)
        if not _judge(library, text, pool, judged, to_stderr=as_json):
            break
    _summarise(judged, as_json)


def _judge(
    library: "Library",
    query: str,
    pool: "list[Passage]",
    judged: list[dict[str, Any]],
    to_stderr: bool,
) -> bool:
    """Ask about each passage; returns whether to go on with the next query."""
    _show(bold(f"“{query}”"), to_stderr)
    if not pool:
        _show(
            dim("nothing is left to judge: nothing was found, or all of it was judged"), to_stderr
        )
    terms = query_terms(query)
    for number, passage in enumerate(pool, 1):
        _show("", to_stderr)
        for line in _lines(number, len(pool), passage, terms):
            _show(line, to_stderr)
        key = _key(to_stderr)
        if key == "q":
            return False
        if key in _VERDICTS:
            library.give_feedback(query, passage.id, _VERDICTS[key], source="judge")
            judged.append({"query": query, "id": passage.id, "verdict": _VERDICTS[key]})
    _show("", to_stderr)
    return True


def _lines(number: int, total: int, passage: "Passage", terms: set[str]) -> Iterator[str]:
    """Title, place and excerpt; the number counts the passages and says nothing of a rank."""
    width = text_columns()
    count = f"{number}/{total}  "
    yield join([count, title_line(passage, width - len(count))])
    where = place(passage)
    yield dim(f"  {cut_left(where, width - 2) if on_terminal() else where}")
    for line in excerpt(passage.text, terms, width - 2, lines=6):
        yield join(["  ", line])


def _show(line: str, to_stderr: bool) -> None:
    """Print a line; with --json on the standard error, as the output holds the object alone."""
    if to_stderr:
        click.echo(clean(line), file=sys.stderr)
    else:
        say(line)


def _key(to_stderr: bool) -> str:
    """One of y, n, s, q; the end of the input quits."""
    while True:
        click.echo(_PROMPT, nl=False, err=to_stderr)
        typed = _typed()
        if not typed:
            click.echo(err=to_stderr)
            return "q"
        key = typed.strip()[:1].lower()
        if sys.stdin.isatty():  # a terminal does not show a single key by itself
            click.echo(key if key.isprintable() else "", err=to_stderr)
        if key and key in _KEYS:
            return key


def _typed() -> str:
    """A key of a terminal, or a line of other input; "" at its end."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    try:
        return click.getchar()
    except EOFError:
        return ""


def _summarise(judged: list[dict[str, Any]], as_json: bool) -> None:
    fitting = sum(judgment["verdict"] == "up" for judgment in judged)
    queries = len({judgment["query"] for judgment in judged})
    if as_json:
        print_json({"judged": judged, "queries": queries, "fitting": fitting})
        return
    if not judged:
        say("nothing was judged")
        return
    passages = count_of(len(judged), "passage")
    of_queries = f"of {count_of(queries, 'query', 'queries')}"
    say(
        bold(f"{passages} judged {of_queries}, {fitting} fitting"),
        dim(" · commonplace evaluate measures by them"),
    )

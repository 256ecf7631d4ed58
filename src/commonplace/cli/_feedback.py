"""`commonplace feedback`: give, list and take back what the ranking learns from."""

from typing import TYPE_CHECKING, cast

import click

from commonplace.cli.arguments.numbers import numbered
from commonplace.cli.arguments.options import json_option, library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, flat, join, print_json, say
from commonplace.cli.terminal.widths import columns, cut
from commonplace.library import feedback_record

if TYPE_CHECKING:
    from commonplace import Library
    from commonplace.corpus import FeedbackRecord, Verdict

_ACTIONS = ("list", "up", "down", "forget", "off", "on")


@verb(
    "Say which passages fitted a query, and list or take back feedback.",
    "commonplace feedback up 2",
    'commonplace feedback down 3f2a9c01d4e5 --query "low-rank update"',
    "commonplace feedback",
    "commonplace feedback forget 9b1f04c2 d07e11aa",
)
@click.argument("action", default="list", type=click.Choice(_ACTIONS), metavar="[ACTION]")
@click.argument("what", nargs=-1)
@click.option("--query", metavar="TEXT", help="The query that it was found for, if WHAT is an id.")
@click.option("--all", "everything", is_flag=True, help="With forget: forget all feedback.")
@json_option
@library_option
def feedback(
    action: str, what: tuple[str, ...], query: str | None, everything: bool, as_json: bool
) -> None:
    r"""Say which passages fitted a query. The ranking of this library alone learns from it.

    \b
    up WHAT...      it fitted; WHAT is a number of the last search or ask, or an id with --query
    down WHAT...    it did not fit
    list            list all feedback (the default)
    forget ID...    delete feedback (--all: all of it)
    off, on         stop learning from feedback, or start again

    `commonplace show NUMBER` counts as opened, which says less than up.
    """
    library = open_library()
    if action in {"up", "down"}:
        if not what:
            raise click.UsageError("name a passage: its number in the last search, or its id")
        verdict = cast("Verdict", action)
        _report([_give(library, text, verdict, query) for text in what], action, as_json)
    elif action == "forget":
        if everything == bool(what):
            raise click.UsageError("name what to forget by its ids, or all of it by --all")
        _report(library.forget_feedback(*what), "forgotten", as_json)
    elif action == "list":
        _list(library, as_json)
    else:
        library.learn_from_feedback(action == "on")
        say(f"feedback is {action} for this library")


def _give(library: "Library", text: str, verdict: "Verdict", query: str | None) -> "FeedbackRecord":
    passage = numbered(library, text)
    if passage:
        return library.give_feedback(
            query or passage.query,
            passage.citation,
            verdict,
            rank=passage.rank,
            source=passage.source,
        )
    if query is None:
        raise click.UsageError(f"say what {text} was found for, with --query")
    return library.give_feedback(query, text, verdict)


def _report(records: "list[FeedbackRecord]", word: str, as_json: bool) -> None:
    if as_json:
        print_json(feedback_record(records))
        return
    for record in records:
        say(bold("forgotten: ") if word == "forgotten" else "", _line(record))
    if not records:
        say("there was nothing to forget")


def _list(library: "Library", as_json: bool) -> None:
    records, on = library.feedback(), library.learns_from_feedback
    if as_json:
        print_json({**feedback_record(records), "on": on})
        return
    for record in records:
        say(_line(record))
    if not records:
        say("no feedback was given yet; `commonplace feedback up 1` says that a passage fitted")
    elif not on:
        say(dim("feedback is off: the ranking does not use it (`commonplace feedback on`)"))


def _line(record: "FeedbackRecord") -> str:
    """The time, the verdict, the passage and the query."""
    rank = f" at rank {record.rank}" if record.rank else ""
    before = f"{record.id[:8]}  {record.at.astimezone():%Y-%m-%d %H:%M}  "
    verdict = f"{record.verdict:<9} "
    passage = record.passage_id[:8]
    # 4 more columns are two blanks and the quotation marks.
    room = max(12, columns() - len(before + verdict + passage + rank) - 4)
    parts = [dim(before), bold(verdict), passage, dim(f"{rank}  ")]
    return join([*parts, f"“{cut(flat(record.query), room)}”"])

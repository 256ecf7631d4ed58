"""`commonplace feedback`: what this library learned from its user, listed, given and taken back."""

from typing import TYPE_CHECKING, Any, cast

import click

from commonplace.cli.arguments.numbers import numbered
from commonplace.cli.arguments.options import json_option, library_option, open_library
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, columns, cut, dim, flat, print_json, say
from commonplace.library import feedback_record

if TYPE_CHECKING:
    from commonplace import Library
    from commonplace.corpus import FeedbackRecord, Verdict

_ACTIONS = ("list", "up", "down", "forget", "off", "on")


@verb(
    "Say what fitted; see or take back what was said.",
    "commonplace feedback up 2",
    'commonplace feedback down 3f2a9c01d4e5 --query "low-rank update"',
    "commonplace feedback",
    "commonplace feedback forget 9b1f04c2 d07e11aa",
)
@click.argument("action", default="list", type=click.Choice(_ACTIONS), metavar="[ACTION]")
@click.argument("what", nargs=-1)
@click.option("--query", metavar="TEXT", help="What it was found for, where WHAT is an id.")
@click.option("--all", "everything", is_flag=True, help="With forget: all of it.")
@json_option
@library_option
def feedback(
    action: str, what: tuple[str, ...], query: str | None, everything: bool, as_json: bool
) -> None:
    r"""Say which passages fitted. The ranking of this library, and of no other, learns from it.

    \b
    up WHAT...      it fitted; WHAT is a number of the last search or ask, or an id with --query
    down WHAT...    it did not
    list            what was said and done so far (the default)
    forget ID...    as if it had not been said (--all: nothing was)
    off, on         no longer learn from feedback, or again

    `commonplace show NUMBER` counts as opened, which says less than up.
    """
    library = open_library()
    if action in {"up", "down"}:
        given = [_give(library, one, cast("Verdict", action), query) for one in _some(what)]
        _report(given, action, as_json)
    elif action == "forget":
        if everything == bool(what):
            raise click.UsageError("name what to forget by its ids, or all of it by --all")
        _report(library.forget_feedback(*what), "forgotten", as_json)
    elif action == "list":
        _list(library, as_json)
    else:
        library.learn_from_feedback(action == "on")
        say(f"feedback is {action} for this library")


def _some(what: tuple[str, ...]) -> tuple[str, ...]:
    if not what:
        raise click.UsageError("name a passage: its number in the last search, or its id")
    return what


def _give(library: "Library", text: str, verdict: "Verdict", query: str | None) -> "FeedbackRecord":
    found = numbered(library, text)
    if found:
        return library.give_feedback(
            query or found.query, found.citation, verdict, rank=found.rank, source=found.source
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
    """When, what was said of which passage, for what."""
    from commonplace.cli.terminal.output import joined

    rank = f" at rank {record.rank}" if record.rank else ""
    before = f"{record.id[:8]}  {record.at.astimezone():%Y-%m-%d %H:%M}  "
    said = f"{record.verdict:<9} "
    room = max(12, columns() - len(before) - len(said) - len(rank) - 12)
    parts: list[Any] = [dim(before), bold(said), record.passage_id[:8], dim(f"{rank}  ")]
    return joined([*parts, "“", cut(flat(record.query), room), "”"])

"""`commonplace log`: what was asked, how many passages were found, and how long it took."""

from datetime import datetime
from typing import Any

from commonplace.cli.arguments import options
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import dim, flat, on_terminal, print_json, say
from commonplace.cli.terminal.widths import columns, cut, pad
from commonplace.foundation import count_of


@verb("Show what was asked lately.", "commonplace log -n 5", "commonplace log --json")
@options.count_option("-n", "--limit", default=20, text="Show at most N records")
@options.json_option
@options.library_option
def log(limit: int, as_json: bool) -> None:
    """Show what was asked lately, the newest last. The log stays on this machine."""
    records = options.open_library().log(limit)
    if as_json:
        print_json({"records": records})
        return
    if not records:
        say("nothing was asked yet")
    for record in reversed(records):
        _print(record)


def _print(record: dict[str, Any]) -> None:
    """Print the time and the query, and at the right the number of passages and the duration."""
    before = f"{_local(str(record.get('at', '')))}  {record.get('verb', ''):<6}  "
    after = f"{_outcome(record):>12} {_duration(record):>8}"
    room = columns() - len(before) - len(after) - 2
    query = flat(str(record.get("query", "")))
    if on_terminal():
        query = pad(cut(query, max(room, 10)), room)
    say(dim(before), query, dim(f"  {after}"))
    for citation in record.get("closest") or []:
        quote = flat(str(citation.get("quote", "")))
        say(dim(cut(f"{' ' * len(before)}may say: “{quote}”", columns())))
    if drafts := _drafts(record.get("speculation") or {}):
        say(dim(f"{' ' * len(before)}{drafts}"))


def _outcome(record: dict[str, Any]) -> str:
    if record.get("outcome") == "unsure":
        return "unsure"
    count = len(record.get("passages") or [])
    if not count:
        return "refused" if record.get("verb") == "ask" else "nothing"
    return count_of(count, "passage")


def _drafts(speculation: dict[str, Any]) -> str:
    """How many drafts were right, if a language model drafted."""
    if not speculation.get("drafted"):
        return ""
    speed_up = speculation.get("speed_up")
    gain = f": {speed_up:.2f} times as fast" if speed_up else ""
    return f"{speculation['accepted']} of {speculation['drafted']} drafted tokens were right{gain}"


def _duration(record: dict[str, Any]) -> str:
    timings = record.get("timings")
    return f"{sum(timings.values()) * 1000:,.0f} ms" if isinstance(timings, dict) else ""


def _local(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return " " * 16  # as wide as a time, so that the columns stay

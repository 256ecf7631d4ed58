"""What a number means: the n-th passage of the last `search` or citation of the last `ask`."""

from typing import TYPE_CHECKING, NamedTuple

from commonplace.foundation import InputError

if TYPE_CHECKING:
    from commonplace import Library

_LOGGED = 200  # records among which the last answer is looked for
_DIGITS = 3  # a number of more digits is an id


class Numbered(NamedTuple):
    """A numbered passage, and the query that it was shown for."""

    citation: str
    query: str
    rank: int
    source: str  # "search" or "ask"
    profile: str  # of the ranking that it was found by


def numbered(library: "Library", text: str) -> Numbered | None:
    """The passage that a number stands for; None if the text is an id.

    Raises:
        InputError: nothing was asked yet, or the last answer has no such number.
    """
    number = text.strip("[]")
    if not (number.isdecimal() and len(number) <= _DIGITS):
        return None
    queries = (r for r in library.log(_LOGGED) if r.get("verb") in {"ask", "search"})
    last = next(queries, None)
    if last is None:
        raise InputError(
            "nothing was asked yet; `commonplace ask` and `search` number what is shown"
        )
    passages = list(dict.fromkeys(last.get("passages") or []))
    if not 1 <= int(number) <= len(passages):
        numbers = f"has the numbers 1 to {len(passages)}" if passages else "has no citations"
        raise InputError(f"there is no number {number}: the last {last['verb']} {numbers}")
    citation, verb = str(passages[int(number) - 1]), str(last["verb"])
    profile = str(last.get("profile") or "best")  # what `ask` ranks by
    return Numbered(citation, str(last.get("query", "")), int(number), verb, profile)

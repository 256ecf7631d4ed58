"""Why an answer is not what it was: what became of its sources, and which are new.

    compare(then, now, fates)    # ["notes/a.md no longer holds what was cited (superseded on ...)"]

The function is pure: `then` is the record of an earlier question in the log, `now` what the same
question gets today, and `fates` what became of each passage that was cited then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonplace.answers._types import Answer, Citation, Reply, Unsure
from commonplace.corpus import Passage


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether the words of an answer changed since an earlier one, and why: one reason a line."""

    at: str
    changed: bool
    then: tuple[str, ...]
    reasons: tuple[str, ...]


def compare(then: Mapping[str, Any], now: Reply, fates: Mapping[str, Passage | None]) -> Comparison:
    """Compare an answer with the record of an earlier one.

    Args:
        then: as the log holds it; "sentences", "at" and "reader" are read.
        now: the present answer.
        fates: the passages that were cited then, by id; None: no longer in the library.
    """
    before = tuple(map(str, then.get("sentences") or ())) + _quotes(then)
    after = _texts(now)
    at = str(then.get("at", ""))
    if before == after:
        return Comparison(at, False, before, ())
    reasons = _lost(fates) + _new(now, fates, at)
    reader = str(then.get("reader", now.reader))
    if reader != now.reader:
        reasons.append(f"another reader: {now.reader}, then {reader}")
    if bool(before) != bool(after) and fates and not reasons:
        reasons.append("the same passages are there; how sure the reader is of them changed")
    if not reasons:
        reasons.append("the same sources are there; the ranking chose otherwise among them")
    return Comparison(at, True, before, tuple(reasons))


def _quotes(then: Mapping[str, Any]) -> tuple[str, ...]:
    """The closest quotes of an earlier question where it was unsure."""
    return tuple(str(citation["quote"]) for citation in then.get("closest") or ())


def _texts(reply: Reply) -> tuple[str, ...]:
    """The sentences of an answer, or the closest quotes."""
    if isinstance(reply, Answer):
        return tuple(sentence.text for sentence in reply.sentences)
    return tuple(c.quote for c in reply.closest) if isinstance(reply, Unsure) else ()


def _citations(reply: Reply) -> list[Citation]:
    if isinstance(reply, Answer):
        return [citation for sentence in reply.sentences for citation in sentence.citations]
    return list(reply.closest) if isinstance(reply, Unsure) else []


def _lost(fates: Mapping[str, Passage | None]) -> list[str]:
    """What was cited then and cannot be cited any more."""
    removed = sum(passage is None for passage in fates.values())
    verb = "was" if removed == 1 else "were"
    reasons = [f"{removed} of the passages cited then {verb} removed"] if removed else []
    for path, day in sorted(
        {(p.path, f"{p.valid_to:%Y-%m-%d %H:%M}") for p in fates.values() if p and p.valid_to}
    ):
        reasons.append(f"{path} changed: what was cited then was superseded on {day} UTC")
    return reasons


def _new(now: Reply, fates: Mapping[str, Passage | None], at: str) -> list[str]:
    """What is cited now and was not there then."""
    began = _moment(at)
    cited = {citation.passage.id: citation.passage for citation in _citations(now)}
    fresh = {p.path for p in cited.values() if p.id not in fates and began and p.valid_from > began}
    return [f"{path} has passages that the library did not hold then" for path in sorted(fresh)]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

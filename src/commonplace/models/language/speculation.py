"""Speculative decoding: words that stand in the prompt are drafted, and verified in one step.

An answer from notes repeats them. So the runtime looks where the last tokens stood before, in the
prompt or in the answer, drafts what followed there, and evaluates the draft together with the next
token (Leviathan et al. 2023, arXiv:2211.17192; prompt lookup: Saxena 2023). At every place the
model takes its own token, greedily or by sampling; the draft stands as far as it says the same. So
nothing is written that would not have been written without.

Notable: that holds only if a token's numbers do not depend on how many are evaluated with it, and
in llama.cpp they do in three places, each seen to change answers. From four tokens on a repacked
matrix is multiplied by other code, so a draft has two. With more than one thread the attention of a
single token is summed in as many parts, and weights that are not quantised are multiplied by other
code from two tokens on, so there are no drafts then. Verification is not free on a processor
either, and `Balance` switches drafting off while it costs. The numbers: docs/models.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

MOST_DRAFTED: Final = 2  # with the next token three: four would be multiplied by other code
NOT_ASKED: Final = "it was not asked for"
MORE_THREADS: Final = "with more than one thread, drafts could change the words"
UNQUANTISED: Final = "the weights are not quantised, so that drafts could change the words"
IMPOSSIBLE: Final = "the runtime does not draft for this model"


@dataclass(frozen=True, slots=True)
class Speculation:
    """When to draft, and how much."""

    # Tokens that must stand elsewhere: 80 % of what followed two of three were right.
    match: int = 3
    draft: int = MOST_DRAFTED  # tokens of one draft
    model: Path | None = None  # a smaller model of the same vocabulary, asked where nothing matches
    trial: int = 48  # drafted tokens after which drafting must have saved time
    rest: int = 16  # generations without drafts before they are tried again


@dataclass(frozen=True, slots=True)
class Generation:
    """What it took to write one text.

    Attributes:
        tokens: written.
        seconds: from the first token to the last.
        drafted: tokens that were drafted; `accepted`: of these, what the model said too.
        plain_seconds: what the same tokens would have taken one by one, by the mean of those that
            were written one by one here; None: there were too few of these.
        prompt_tokens: of the prompt; `cached_tokens`: of these, not evaluated again.
        prompt_seconds: for what was evaluated of it.
        off: why nothing was drafted; "" where drafting was on.
    """

    tokens: int
    seconds: float
    drafted: int
    accepted: int
    plain_seconds: float | None
    prompt_tokens: int
    cached_tokens: int
    prompt_seconds: float
    off: str = ""

    @property
    def acceptance(self) -> float | None:
        """The share of drafted tokens that were right; None if there were none."""
        return self.accepted / self.drafted if self.drafted else None

    @property
    def speed_up(self) -> float | None:
        """How many times faster than one by one, estimated; 1 without drafts."""
        if not self.drafted:
            return 1.0
        return self.plain_seconds / self.seconds if self.plain_seconds and self.seconds else None


_FEWEST = 4  # single steps for a mean


def measure(rows: Sequence[Mapping[str, Any]], off: str = "") -> Generation | None:
    """The account of one text from the runtime's timings, one row for each token that it reported.

    Args:
        rows: llama-server's `timings` as they came; counts and milliseconds are running totals.
        off: why nothing was drafted.
    """
    if not rows:
        return None
    last = rows[-1]
    tokens, seconds = int(last["predicted_n"]), last["predicted_ms"] / 1000
    single, took = _single_steps(rows)
    return Generation(
        tokens=tokens,
        seconds=seconds,
        drafted=int(last.get("draft_n", 0)),
        accepted=int(last.get("draft_n_accepted", 0)),
        plain_seconds=took / single * (tokens - 1) if single >= _FEWEST else None,
        prompt_tokens=int(last["prompt_n"]) + int(last.get("cache_n", 0)),
        cached_tokens=int(last.get("cache_n", 0)),
        prompt_seconds=last["prompt_ms"] / 1000,
        off=off,
    )


def _single_steps(rows: Sequence[Mapping[str, Any]]) -> tuple[int, float]:
    """How many tokens were written without a draft, and in how many seconds."""
    count, milliseconds = 0, 0.0
    steps = {row["predicted_ms"]: row for row in rows}  # the last row of each step
    for before, after in pairwise(steps.values()):
        if after.get("draft_n", 0) == before.get("draft_n", 0):
            count += int(after["predicted_n"]) - int(before["predicted_n"])
            milliseconds += after["predicted_ms"] - before["predicted_ms"]
    return count, milliseconds / 1000


class Balance:
    """Whether drafting has saved time of late. Off while it has not; tried again after a rest.

    Attributes:
        off: why nothing is to be drafted next; "" where drafting is on.
    """

    def __init__(self, settings: Speculation | None, never: str = "") -> None:
        self._settings = None if never else settings
        self.off = "" if self._settings else never or NOT_ASKED
        self._rested = 0
        self._forget()

    def _forget(self) -> None:
        self._drafted, self._accepted, self._seconds, self._plain = 0, 0, 0.0, 0.0

    def settle(self, generation: Generation) -> None:
        """Take one generation into account; `off` holds for the next one."""
        if not self._settings:
            return
        if generation.off:
            self._rested += 1
            if self._rested >= self._settings.rest:
                self.off, self._rested = "", 0
            return
        if not generation.drafted or generation.plain_seconds is None:
            return
        self._drafted += generation.drafted
        self._accepted += generation.accepted
        self._seconds += generation.seconds
        self._plain += generation.plain_seconds
        if self._drafted >= self._settings.trial:
            self.off = self._verdict()
            self._forget()

    def _verdict(self) -> str:
        """Why to stop, or "" if it paid."""
        if self._plain >= self._seconds:
            return ""
        return (
            f"of {self._drafted} drafted tokens {self._accepted} were right, and writing took "
            f"{self._seconds / self._plain - 1:.0%} longer than one by one"
        )

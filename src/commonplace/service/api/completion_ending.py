"""Where a completion ends: at a number of tokens, at words to stop at, or where the answer does.

Tokens are words and signs. No model's own tokens can be counted where none writes, and a client
that sets a limit wants a bound on the length, which this is.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final, Literal

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tokens of an answer (None: any number), and the words that end it."""

    tokens: int | None = None
    stops: tuple[str, ...] = ()


def count_tokens(text: str) -> int:
    """How many tokens a text has."""
    return sum(1 for _ in _TOKEN.finditer(text))


@dataclass(slots=True)
class Ending:
    """Cuts an answer while it is written; then `reason` and `tokens` say how it ended."""

    limits: Limits
    reason: Literal["stop", "length"] = "stop"
    _sent: str = field(default="", init=False)

    @property
    def tokens(self) -> int:
        """How many tokens were sent."""
        return count_tokens(self._sent)

    async def cut(self, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        """The pieces up to the end; what may begin a word to stop at waits for what follows."""
        longest = max(map(len, self.limits.stops), default=1)
        held = ""
        async for piece in pieces:
            held += piece
            ends = self._end(held)
            ready = held if ends is not None else held[: len(held) - longest + 1]
            ready = ready[:ends]
            held = held[len(ready) :]
            if ready:
                self._sent += ready
                yield ready
            if ends is not None:
                return
        if held:
            self._sent += held
            yield held

    def _end(self, held: str) -> int | None:
        """Where what is held has to end; None where it goes on."""
        stop = min((at for s in self.limits.stops if (at := held.find(s)) >= 0), default=None)
        if (most := self.limits.tokens) is not None:
            ends = [match.end() for match in _TOKEN.finditer(self._sent + held)]
            if len(ends) > most:
                last = max(0, ends[most - 1] - len(self._sent))
                if stop is None or last < stop:
                    self.reason = "length"
                    return last
        return stop

"""How long work tells how far it is: a callback, so that no floor below the command line prints."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol


class Progress(Protocol):
    """Told of each step: the stage's name, how much is done, and how much there is (None: unknown).

    `done` and `total` are counts of `unit` ("files", "passages", "bytes").
    """

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        """Take note of a step."""


def silent(stage: str, done: int, total: int | None, unit: str) -> None:
    """The progress of a program that shows none."""


class Stopwatch:
    """Seconds by stage, added up over repeated visits."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the block to `name`, also when it raises."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start

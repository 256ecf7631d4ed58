"""Progress bars on the standard error: stage, share, rate, time left. For terminals only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from commonplace.cli.terminal.output import clean

if TYPE_CHECKING:
    from rich.progress import TaskID


@contextmanager
def progress_bars() -> "Iterator[Bars | None]":
    """Progress bars, where a person sees them."""
    if not sys.stderr.isatty():
        yield None
        return
    with Bars() as bars:
        yield bars


class Bars:
    """One bar a stage; all are gone when the work is done."""

    def __init__(self) -> None:
        # Imported here, since without a terminal nothing of it is needed.
        from rich import progress
        from rich.console import Console

        self._rich = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=28),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[rate]}", style="dim"),
            progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # what `say` prints must stay as it is, and in its order
            redirect_stderr=False,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rich.stop()

    def progress(self, stage: str, done: int, total: int | None, unit: str) -> None:
        """Take note of a step; see `foundation.Progress`."""
        if total == 0:  # a bar of nothing would stand at 0 % for good
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._rich.add_task(f"{stage:<8}", total=total, rate="")
        task = self._tasks[stage]
        self._rich.update(task, completed=done, total=total)
        speed = self._rich.tasks[task].speed
        if speed:
            self._rich.update(task, rate=_rate(speed, unit))

    def above(self, line: str) -> None:
        """Print a line above the bars."""
        from rich.text import Text

        self._rich.console.print(Text(clean(line)), soft_wrap=True)


def _rate(speed: float, unit: str) -> str:
    from rich.filesize import decimal

    return f"{decimal(int(speed))}/s" if unit == "bytes" else f"{speed:,.0f} {unit}/s"

"""Progress bars on the standard error: stage, share, rate, time left. For terminals only."""

from typing import Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.text import Text

from commonplace.cli.terminal.output import clean


class Bars:
    """One bar a stage; all are gone when the work is done."""

    def __init__(self) -> None:
        self._rich = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}", style="dim"),
            TimeLeft(compact=True, elapsed_when_finished=True),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
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
        if total == 0:
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
        self._rich.console.print(Text(clean(line)), soft_wrap=True)


def _rate(speed: float, unit: str) -> str:
    return f"{decimal(int(speed))}/s" if unit == "bytes" else f"{speed:,.0f} {unit}/s"

"""Folders that are kept current: the system reports changes, and a scan finds the others.

A change starts an `add` of its folder, which reads only what changed and supersedes what vanished.
The scan every ten minutes finds what a network drive, say, did not report. A folder that
vanishes and comes back (moved away, checked out anew) is another one to the system, so it is
watched anew.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchfiles import Change

_SETTLE_MS: Final = 800  # a file that is being written changes many times


class Watching:
    """Watches folders in its own thread until `close`; calls `changed` with those that changed."""

    def __init__(
        self,
        folders: Sequence[Path],
        changed: Callable[[list[Path]], None],
        *,
        ignored: Path,
        rescan_seconds: float,
        look_seconds: float,
    ) -> None:
        """Start to watch. `ignored` is the library's own folder, which changes with every `add`."""
        self._folders = [folder.absolute() for folder in folders]
        self._changed, self._ignored = changed, ignored.absolute()
        self._rescan_seconds, self._look_seconds = rescan_seconds, look_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="commonplace watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join(5)  # seconds

    def _watch(self) -> None:
        """Report all folders, then listen until it is time to scan again."""
        while not self._ended.is_set():
            inodes = self._inodes()
            self._changed(list(inodes))
            due = time.monotonic() + self._rescan_seconds
            try:
                self._listen(inodes, due)
            except (OSError, RuntimeError):  # no watches left, say: then only scans find changes
                while not (self._is_due(inodes, due) or self._ended.wait(self._look_seconds)):
                    continue

    def _inodes(self) -> dict[Path, int]:
        """The folders that exist, with the numbers that the system knows them by."""
        inodes = {}
        for folder in self._folders:
            try:
                inodes[folder] = folder.stat().st_ino
            except OSError:
                continue
        return inodes

    def _is_due(self, inodes: dict[Path, int], due: float) -> bool:
        """Whether a folder was replaced by another one, or the next scan is due."""
        return self._inodes() != inodes or time.monotonic() > due

    def _listen(self, inodes: dict[Path, int], due: float) -> None:
        """Report changes until the folders themselves change, or the next scan is due."""
        from watchfiles import watch

        if not inodes:
            self._ended.wait(self._look_seconds)
            return
        for changes in watch(
            *inodes,
            watch_filter=self._filter(),
            stop_event=self._ended,
            debounce=_SETTLE_MS,
            rust_timeout=int(1000 * self._look_seconds),
            yield_on_timeout=True,  # nothing reports that a folder was replaced: it is looked for
            raise_interrupt=False,  # Ctrl-C is uvicorn's business
        ):
            paths = [Path(path) for _, path in changes]
            touched = [f for f in inodes if any(path.is_relative_to(f) for path in paths)]
            if touched:
                self._changed(touched)
            if self._is_due(inodes, due) or any(path in inodes for path in paths):
                return  # a folder that is made anew may get the number of the old one

    def _filter(self) -> "Callable[[Change, str], bool]":
        """Tells whether a change matters: none in the library itself, nor in caches of programs."""
        from watchfiles import DefaultFilter

        ordinary = DefaultFilter()
        return lambda change, path: (
            not Path(path).is_relative_to(self._ignored) and ordinary(change, path)
        )

"""Folders that are kept current by themselves: the system tells of changes, or a look finds them.

A change starts an `add` of its folder, which reads only what changed and supersedes what vanished.
The look every ten minutes finds what a network drive, say, told nobody. A folder that vanishes and
comes back (moved away, checked out anew) is another one to the system, so it is watched anew.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

_RESCAN_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 2.0  # between two looks whether the folders are still the same
_SETTLE_MS: Final = 800  # a file that is being written changes many times


class Watching:
    """Watches folders in a thread of its own until `close`; calls `changed` with those that did."""

    def __init__(
        self, folders: Sequence[Path], changed: Callable[[list[Path]], None], ignored: Path
    ) -> None:
        """Start. `ignored` is the library's own folder, which changes whenever it is told."""
        self._folders = [folder.absolute() for folder in folders]
        self._changed, self._ignored = changed, ignored.absolute()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="commonplace watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join(5)

    def _watch(self) -> None:
        """Look through what is there, then listen until it is time to look again."""
        while not self._ended.is_set():
            there = self._there()
            self._changed(list(there))
            due = time.monotonic() + _RESCAN_SECONDS
            try:
                self._listen(there, due)
            except (OSError, RuntimeError):  # no watches left, say: then only looks find changes
                while not self._is_news(there, due) and not self._ended.wait(_LOOK_SECONDS):
                    continue

    def _there(self) -> dict[Path, int]:
        """The folders that exist, and which ones they are to the system."""
        found = {}
        for folder in self._folders:
            try:
                found[folder] = folder.stat().st_ino
            except OSError:
                continue
        return found

    def _is_news(self, there: dict[Path, int], due: float) -> bool:
        """Whether a folder is another one than it was, or the next look is due."""
        return self._there() != there or time.monotonic() > due

    def _listen(self, there: dict[Path, int], due: float) -> None:
        """Tell of changes until there is news of the folders themselves."""
        from watchfiles import watch

        if not there:
            self._ended.wait(_LOOK_SECONDS)
            return
        for changes in watch(
            *there,
            watch_filter=self._counts(),
            stop_event=self._ended,
            debounce=_SETTLE_MS,
            rust_timeout=int(1000 * _LOOK_SECONDS),
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            paths = [Path(path) for _, path in changes]
            touched = [f for f in there if any(path.is_relative_to(f) for path in paths)]
            if touched:
                self._changed(touched)
            if self._is_news(there, due) or any(path in there for path in paths):
                return  # a folder made anew may get the number of the old one

    def _counts(self) -> Callable[[object, str], bool]:
        """Whether a change matters: not in the library itself, nor in what programs make."""
        from watchfiles import DefaultFilter

        ordinary = DefaultFilter()
        return lambda change, path: (
            not Path(path).is_relative_to(self._ignored) and ordinary(change, path)  # type: ignore[arg-type]
        )

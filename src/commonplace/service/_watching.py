"""Folders that are kept current by themselves: the system tells of changes, or a look finds them.

A change starts an `add` of its folder, which reads only what changed and supersedes what vanished.
The look every ten minutes finds what a network drive, say, told nobody.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

_RESCAN_SECONDS: Final = 600.0
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
        from watchfiles import DefaultFilter, watch

        ordinary = DefaultFilter()

        def counts(change: object, path: str) -> bool:
            return not Path(path).is_relative_to(self._ignored) and ordinary(change, path)  # type: ignore[arg-type]

        self._changed(self._folders)  # what happened while nobody watched
        while not self._ended.is_set():
            there = [folder for folder in self._folders if folder.exists()]
            if not there:
                self._ended.wait(5)
                continue
            for changes in watch(
                *there,
                watch_filter=counts,
                stop_event=self._ended,
                debounce=_SETTLE_MS,
                rust_timeout=int(1000 * _RESCAN_SECONDS),
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                paths = [Path(path) for _, path in changes]
                touched = [f for f in there if not paths or any(p.is_relative_to(f) for p in paths)]
                self._changed(touched)

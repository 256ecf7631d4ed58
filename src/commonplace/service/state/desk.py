"""A desk: one library that is held open, with limits on what it does at once, and its jobs.

Searches and answers are made in threads; the event loop only waits for them. What a generator
makes in its thread is handed over without waiting for the client, so that a slow one holds nothing
up, and one that goes away ends the generator at its next step.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread

from commonplace.foundation import CommonplaceError, InputError
from commonplace.library import Library
from commonplace.service.access.settings import Settings
from commonplace.service.access.tokens import Token
from commonplace.service.state._watching import Watching
from commonplace.service.state.jobs import Jobs
from commonplace.service.state.uploads import forget_partial_uploads, uploads_folder

T = TypeVar("T")
_END: Final = object()


class Desk:
    """A library, held open for as long as the service runs."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        watched: tuple[Path, ...] = (),
        *,
        announce: Callable[[str], None],
    ) -> None:
        self.library = Library.open(folder, announce=announce)
        self.jobs = Jobs(self.library, settings.vectors)
        self._searching = anyio.CapacityLimiter(settings.searches_at_once)
        self._answering = anyio.CapacityLimiter(settings.answers_at_once)
        self._streams: set[asyncio.Task[None]] = set()
        self._looking = anyio.CapacityLimiter(8)
        self.watched = watched
        self._watching: Watching | None = None
        forget_partial_uploads(self.library.folder)
        if uploads_folder(self.library.folder).exists():
            self.jobs.submit("add", "uploads", [uploads_folder(self.library.folder)])
        self._preparing = threading.Thread(target=self._prepare, args=(settings,), daemon=True)
        self._preparing.start()
        if watched:
            self._watching = Watching(watched, self._read_again, self.library.folder)

    def _prepare(self, settings: Settings) -> None:
        """What makes the first search quick; until it is done, searches are answered without."""
        try:
            if find_spec("numba") is not None:
                self.library.accelerate()
            if settings.vectors:
                self.library.prepare()
        except CommonplaceError:
            pass  # the first question says it, to whoever asks

    def _read_again(self, folders: list[Path]) -> None:
        for folder in folders:
            self.jobs.submit("watch", str(folder), [folder])

    def close(self) -> None:
        """Stop watching, and the job that runs after its commit."""
        if self._watching:
            self._watching.close()
        self.jobs.close()
        self._preparing.join()  # weights that are being opened would end the process with a crash

    async def search(self, call: Callable[[], T]) -> T:
        """Run something that searches; no more than a few at once."""
        return await anyio.to_thread.run_sync(call, limiter=self._searching)

    async def answer(self, call: Callable[[], T]) -> T:
        """Run something that answers; no more than a few at once."""
        return await anyio.to_thread.run_sync(call, limiter=self._answering)

    async def look(self, call: Callable[[], T]) -> T:
        """Run something short that waits for the disk."""
        return await anyio.to_thread.run_sync(call, limiter=self._looking)

    async def stream(self, make: Callable[[], Generator[T]]) -> AsyncIterator[T]:
        """What a generator yields in a thread, as it comes; errors of it are raised here."""
        arrived: asyncio.Queue[Any] = asyncio.Queue()
        abandoned = threading.Event()
        work = partial(_drain, make, arrived, asyncio.get_running_loop(), abandoned)
        running = asyncio.create_task(anyio.to_thread.run_sync(work, limiter=self._answering))
        self._streams.add(running)  # it holds its place in the line until its thread has ended
        running.add_done_callback(self._streams.discard)
        try:
            while (step := await arrived.get()) is not _END:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            abandoned.set()

    def is_upload(self, path: str) -> bool:
        """Whether a file came through the service, and is kept in the library's folder."""
        return Path(path).is_relative_to(uploads_folder(self.library.folder))

    def require_known(self, path: str) -> None:
        """Check that the library holds something at a path, or below it.

        Raises:
            InputError: it does not; nothing is said about the disk.
        """
        if not self.library.holds(path):
            raise InputError(f"the library holds nothing at {path}")


def _drain(
    make: Callable[[], Generator[T]],
    arrived: "asyncio.Queue[Any]",
    loop: asyncio.AbstractEventLoop,
    abandoned: threading.Event,
) -> None:
    """Hand over every step of a generator, its error, and its end; nothing if nobody waits."""

    def tell(step: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(arrived.put_nowait, step)

    if abandoned.is_set():
        return
    try:
        with closing(make()) as steps:
            for step in steps:
                tell(step)
                if abandoned.is_set():
                    break
    except Exception as error:
        tell(error)
    tell(_END)


class Desks:
    """All desks of one process: the library that it was started for, and those that tokens name."""

    def __init__(self, settings: Settings, announce: Callable[[str], None]) -> None:
        self._settings, self._announce = settings, announce
        self._open: dict[Path, Desk] = {}
        self._lock = threading.Lock()

    def of(self, token: Token | None) -> Desk:
        """The desk of a request; opened when it is first asked for."""
        main = self._settings.library.absolute()
        folder = Path(token.library) if token else main
        with self._lock:
            if folder not in self._open:
                watched = self._settings.watched if folder == main else ()
                opened = Desk(folder, self._settings, watched, announce=self._announce)
                self._open[folder] = opened
            return self._open[folder]

    def close(self) -> None:
        """Close all."""
        with self._lock:
            for desk in self._open.values():
                desk.close()
            self._open.clear()

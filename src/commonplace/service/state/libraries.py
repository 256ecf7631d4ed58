"""Libraries that are held open, with limits on what each does at once, and their jobs.

Searches and answers run in threads; the event loop only waits for them. What a generator yields in
its thread is handed over without waiting for the client, so that a slow client holds nothing up,
and one that goes away ends the generator at its next step.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync

from commonplace.foundation import CommonplaceError, InputError
from commonplace.library import Library
from commonplace.service.access.settings import ServiceSettings
from commonplace.service.access.tokens import Token
from commonplace.service.state._watching import Watching
from commonplace.service.state.jobs import Jobs
from commonplace.service.state.uploads import forget_partial_uploads, uploads_folder

P = ParamSpec("P")
T = TypeVar("T")
_END: Final = object()


class OpenLibrary:
    """A library that is held open for as long as the service runs."""

    def __init__(
        self,
        folder: Path,
        settings: ServiceSettings,
        watched: tuple[Path, ...] = (),
        *,
        announce: Callable[[str], None],
    ) -> None:
        self.library = Library.open(folder, announce=announce)
        self.jobs = Jobs(self.library, settings.vectors)
        self._searches = anyio.CapacityLimiter(settings.searches_at_once)
        self._answers = anyio.CapacityLimiter(settings.answers_at_once)
        self._streams: set[asyncio.Task[None]] = set()
        self._short_calls = anyio.CapacityLimiter(8)
        self.watched = watched
        self._watching: Watching | None = None
        forget_partial_uploads(self.library.folder)
        if uploads_folder(self.library.folder).exists():  # a crash may have left some unread
            self.jobs.submit("add", "uploads", [uploads_folder(self.library.folder)])
        self._preparation = threading.Thread(target=self._prepare, args=(settings,), daemon=True)
        self._preparation.start()
        if watched:
            self._watching = Watching(
                watched,
                self._read_again,
                ignored=self.library.folder,
                rescan_seconds=settings.rescan_seconds,
                look_seconds=settings.look_seconds,
            )

    def _prepare(self, settings: ServiceSettings) -> None:
        """Make the first search quick; until this is done, searches are answered without it."""
        try:
            if find_spec("numba") is not None:
                self.library.accelerate()
            if settings.vectors:
                self.library.prepare()
        except CommonplaceError:
            pass  # the first search or question raises it again, to whoever asks

    def _read_again(self, folders: list[Path]) -> None:
        for folder in folders:
            self.jobs.submit("watch", str(folder), [folder])

    def close(self) -> None:
        """Stop watching, and stop the job that runs once it has committed."""
        if self._watching:
            self._watching.close()
        self.jobs.close()
        self._preparation.join()  # weights that are being opened would end the process with a crash

    async def search(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a search in a thread; only a few run at once."""
        return await run_sync(partial(call, *args, **kwargs), limiter=self._searches)

    async def answer(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what answers a question in a thread; only a few run at once."""
        return await run_sync(partial(call, *args, **kwargs), limiter=self._answers)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something short in a thread, since it waits for the disk."""
        return await run_sync(partial(call, *args, **kwargs), limiter=self._short_calls)

    async def stream(self, make: Callable[[], Generator[T]]) -> AsyncIterator[T]:
        """What a generator yields in a thread, as it comes; its errors are raised here."""
        steps: asyncio.Queue[Any] = asyncio.Queue()
        abandoned = threading.Event()
        work = partial(_drain, make, steps, asyncio.get_running_loop(), abandoned)
        running = asyncio.create_task(run_sync(work, limiter=self._answers))
        self._streams.add(running)  # it holds its place in the line until its thread has ended
        running.add_done_callback(self._streams.discard)
        try:
            while (step := await steps.get()) is not _END:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            abandoned.set()

    def is_upload(self, path: str) -> bool:
        """Whether a file came through the service, and is kept in the library's folder."""
        return Path(path).is_relative_to(uploads_folder(self.library.folder))

    def require_held(self, *paths: str) -> None:
        """Check that the library holds something at each path, or below it.

        Raises:
            InputError: it does not; nothing is said about the disk.
        """
        for path in paths:
            if not self.library.holds(path):
                raise InputError(f"the library holds nothing at {path}")


def _drain(
    make: Callable[[], Generator[T]],
    queue: "asyncio.Queue[Any]",
    loop: asyncio.AbstractEventLoop,
    abandoned: threading.Event,
) -> None:
    """Hand over every step of a generator, its error, and its end; nothing if nobody waits."""

    def put(step: object) -> None:
        if not loop.is_closed():  # the service may end before the answer does
            loop.call_soon_threadsafe(queue.put_nowait, step)

    if abandoned.is_set():  # its client left while it waited for its turn
        return
    try:
        with closing(make()) as steps:
            for step in steps:
                put(step)
                if abandoned.is_set():
                    break
    except Exception as error:
        put(error)
    put(_END)


class LibraryPool:
    """The open libraries of one process: its own one, and those that tokens name."""

    def __init__(self, settings: ServiceSettings, announce: Callable[[str], None]) -> None:
        self._settings, self._announce = settings, announce
        self._open: dict[Path, OpenLibrary] = {}
        self._lock = threading.Lock()

    def for_token(self, token: Token | None) -> OpenLibrary:
        """The library of a request; it is opened when it is first asked for."""
        main = self._settings.library.absolute()
        folder = Path(token.library) if token else main
        with self._lock:  # two requests at once would open it twice
            if folder not in self._open:
                watched = self._settings.watched if folder == main else ()
                self._open[folder] = OpenLibrary(
                    folder, self._settings, watched, announce=self._announce
                )
            return self._open[folder]

    def close(self) -> None:
        """Close all libraries."""
        with self._lock:
            for open_library in self._open.values():
                open_library.close()
            self._open.clear()

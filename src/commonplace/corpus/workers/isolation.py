"""Reading many files in worker processes: none of them can stop the others.

`read_all` gives each path with its `ReadResult`, as they come. A file that crashes its worker,
takes too long or too much memory gets that as its reason, and a fresh worker goes on with the next.

Workers are plain interpreters fed through pipes, not `multiprocessing`: so they need no importable
`__main__`, are safe beside threads, import only the readers (about 0.1 s), and end when the parent
does. A second one is started only once there has been work for it for a while. What they send back
is unpickled by a reader that knows our records and nothing else: a parser that was taken over
cannot make the parent run anything.
"""

import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from commonplace.corpus import _types
from commonplace.corpus._types import Limits, ReadResult
from commonplace.corpus.workers.process import READER, facts_of

Result = tuple[Path, ReadResult]

_AHEAD: Final = 64  # results that may wait; a full queue holds the workers back
_PATIENCE: Final = 0.5  # seconds of work before another worker is started
_RECORDS = "ReadResult Document Draft Link TextLocator PageLocator Box"
_ADMITTED: Final = frozenset(  # (module, name) of what a worker may send
    [("datetime", name) for name in ("datetime", "timedelta", "timezone")]
    + [("pathlib", "PosixPath")]
    + [(_types.__name__, name) for name in _RECORDS.split()]
)
_ENDED_FROM_OUTSIDE: Final = ("SIGKILL", "SIGTERM", "SIGHUP")  # as by a system out of memory
_BOOT: Final = """
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from commonplace.corpus.workers.process import main
main()
"""


def read_all(
    paths: Sequence[Path], limits: Limits, workers: int = 2, reader: str = READER
) -> Iterator[Result]:
    """Read every path, in no particular order; each comes out exactly once.

    Args:
        paths: files; names that are not UTF-8 are as `os.fsdecode` gives them.
        limits: what one file may cost.
        workers: processes at most; started when needed, and ended with the iterator.
        reader: "module:function" that makes a `Document` of (path, bytes, limits, file time).
    """
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for path in paths:
        waiting.put(path)
    done: queue.Queue[Result | BaseException] = queue.Queue(_AHEAD)
    crew = [_Worker(waiting, done, limits, reader, n) for n in range(min(workers, len(paths)))]
    for worker in crew:
        worker.start()
    try:
        for _ in paths:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        for worker in crew:  # all are stopped before one is waited for
            worker.stop()
        for worker in crew:
            worker.join()


class _Worker(threading.Thread):
    """A thread that keeps one process busy, and replaces it when it dies."""

    def __init__(
        self,
        waiting: "queue.SimpleQueue[Path]",
        done: "queue.Queue[Result | BaseException]",
        limits: Limits,
        reader: str,
        number: int,
    ) -> None:
        super().__init__(name=f"commonplace-reader-{number}", daemon=True)
        self._waiting, self._done, self._limits = waiting, done, limits
        self._reader, self._delay = reader, number * _PATIENCE
        self._stopped, self._lock = threading.Event(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Take paths until there are none left."""
        self._stopped.wait(self._delay)
        try:
            while not self._stopped.is_set():
                path = self._waiting.get_nowait()
                self._deliver((path, self._read(path)))
        except queue.Empty:
            pass
        except BaseException as error:  # else `read_all` would wait for it forever
            self._deliver(error)
        finally:
            self.stop()

    def stop(self) -> None:
        """End the process, in the middle of a file if need be."""
        self._stopped.set()
        with self._lock:
            if self._process:
                _end(self._process)
                self._process = None

    def _deliver(self, result: "Result | BaseException") -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._done.put(result, timeout=0.1)  # seconds; then see whether all was stopped
                return

    def _read(self, path: Path) -> ReadResult:
        """Read one file; a process that died over an earlier one is replaced first."""
        process = self._start()
        facts, late = ReadResult(), threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(self._limits.wall_seconds, give_up)
        clock.daemon = True
        clock.start()
        try:
            _write(process, os.fsencode(path))
            facts = _receive(process)
            return _receive(process)
        except (EOFError, OSError, pickle.UnpicklingError, ValueError):
            process.kill()
            reason, passing = self._why(late.is_set(), process.wait())
            known = facts if facts.size else facts_of(path)
            return replace(known, reason=reason, passing=passing)
        finally:
            clock.cancel()

    def _why(self, late: bool, code: int) -> tuple[str, bool]:
        """Why a process ended, and whether that may pass by itself."""
        if late or code == -getattr(signal, "SIGALRM", 0):  # Windows has none
            return f"took longer than {self._limits.wall_seconds:g} s to read", True
        if code == -getattr(signal, "SIGPROF", 0):
            return f"took more than {self._limits.seconds:g} s of processor time to read", True
        if code < 0:
            name = signal.Signals(-code).name
            return f"the reader crashed on it ({name})", name in _ENDED_FROM_OUTSIDE
        return f"the reader broke off on it (exit code {code})", False

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._process and self._process.poll() is None:
                return self._process
            if self._process:
                _end(self._process)
            self._process = start_process()
            _write(self._process, (self._reader, self._limits))
            return self._process


def start_process() -> subprocess.Popen[bytes]:
    """A process that waits for its first message."""
    paths = [path or os.getcwd() for path in sys.path]
    process = subprocess.Popen(
        # -I -S: no user's site, no `.pth` files; the paths come through the pipe instead
        [sys.executable or "python3", "-I", "-S", "-c", _BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with contextlib.suppress(BrokenPipeError):
        _pipe(process.stdin).write(json.dumps(paths).encode() + b"\n")
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError("no pipe")
    return pipe


def _write(process: subprocess.Popen[bytes], message: object) -> None:
    with contextlib.suppress(BrokenPipeError):  # its end shows when the answer is awaited
        pipe = _pipe(process.stdin)
        pipe.write(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        pipe.flush()


def _receive(process: subprocess.Popen[bytes]) -> ReadResult:
    result = _Unpickler(_pipe(process.stdout)).load()
    if not isinstance(result, ReadResult):
        raise pickle.UnpicklingError("not a ReadResult")
    return result


class _Unpickler(pickle.Unpickler):
    """Knows the records that a worker sends, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ADMITTED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a worker sent {module}.{name}")

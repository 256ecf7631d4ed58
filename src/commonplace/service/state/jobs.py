"""The queue of what changes a library: adding, reading again, removing. One thread does it in turn.

Notable: there is nothing here that a crash could lose. What a job has committed is safe; what it
had not yet read stands in `uploads/` or a watched folder, and the next start adds those again,
which costs one `stat` for every file that is known already.
"""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from commonplace.corpus import FileReport
from commonplace.foundation import CommonplaceError, InputError, Progress, bug_report
from commonplace.library import Library
from commonplace.service.state.uploads import uploads_at

Kind = Literal["add", "read", "remove", "watch"]
State = Literal["waiting", "running", "done", "failed", "stopped"]
_REMEMBERED: Final = 50  # jobs that have ended
_NAMED: Final = 200  # files that one job tells of


@dataclass
class Job:
    """Something to do. Whoever follows it looks at `version`, which grows with every change.

    Attributes:
        kind: what is done; `label` says it for people.
        progress: of each stage, how much is done of how much, in which unit.
        files: what became of each file, the newest last; unchanged ones are only counted.
        message: one sentence, where it failed.
    """

    kind: Kind
    label: str
    paths: tuple[str, ...]
    state: State = "waiting"
    progress: dict[str, tuple[int, int | None, str]] = field(default_factory=dict)
    files: deque[FileReport] = field(default_factory=lambda: deque(maxlen=_NAMED))
    counts: dict[str, int] = field(default_factory=dict)
    message: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    version: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {"done", "failed", "stopped"}

    def record(self) -> dict[str, Any]:
        """What the API sends."""
        progress = [
            {"stage": stage, "done": done, "total": total, "unit": unit}
            for stage, (done, total, unit) in list(self.progress.items())
        ]
        return {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            "state": self.state,
            "progress": progress,
            "files": [asdict(report) for report in list(self.files)],
            "counts": dict(self.counts),
            "message": self.message,
            "at": self.at.isoformat(),
        }


class _Stopped(BaseException):
    """Raised inside a job that is to end; no `except Exception` on its way may catch it."""


class Jobs:
    """The jobs of one library."""

    def __init__(self, library: Library, vectors: bool = True) -> None:
        self._library, self._vectors = library, vectors
        self._waiting: deque[Job] = deque()
        self._known: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._stopping: set[str] = set()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="commonplace jobs", daemon=True)
        self._thread.start()

    def submit(self, kind: Kind, label: str, paths: Sequence[str | Path]) -> Job:
        """Put a job into the queue; the same one, if it waits there and no removal does since."""
        job = Job(kind, label, tuple(map(str, paths)))
        with self._changed:
            for other in reversed(self._waiting):
                if (other.kind, other.paths) == (kind, job.paths):
                    return other
                if "remove" in (kind, other.kind):
                    break
            self._waiting.append(job)
            self._known[job.id] = job
            ended = [known.id for known in self._known.values() if known.ended]
            for old in ended[: max(0, len(ended) - _REMEMBERED)]:
                del self._known[old]
            self._changed.notify()
        return job

    def all(self) -> list[Job]:
        """The newest first."""
        with self._changed:
            return list(reversed(self._known.values()))

    def get(self, id: str) -> Job | None:
        """The job of this id."""
        return self._known.get(id)

    def stop(self, job: Job) -> None:
        """End a job after its present commit; what is committed stays."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                _end(job, "stopped")
            elif not job.ended:
                self._stopping.add(job.id)

    def close(self, seconds: float = 30.0) -> None:
        """Stop whatever runs, and wait for its commit."""
        with self._changed:
            self._closed = True
            for job in self._waiting:
                _end(job, "stopped")
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                job = self._waiting.popleft()
                job.state = "running"
                job.version += 1
            self._run(job)

    def _run(self, job: Job) -> None:
        """One job to its end, whatever happens in it."""
        try:
            self._do(job)
            _end(job, "done")
        except _Stopped:
            _end(job, "stopped")
        except CommonplaceError as error:
            _end(job, "failed", str(error))
        except Exception as error:  # must not end the thread
            _end(job, "failed", bug_report(error))
        self._stopping.discard(job.id)

    def _do(self, job: Job) -> None:
        def look() -> None:
            if self._closed or job.id in self._stopping:
                raise _Stopped

        if job.kind == "remove":
            gone = self._library.remove(*job.paths)
            for upload in [u for p in job.paths for u in uploads_at(self._library.folder, p)]:
                if upload.stat().st_mtime <= job.at.timestamp():  # a newer version was not meant
                    upload.unlink()
            job.counts["removed"] = len(gone)
            return
        progress = _progress_of(job, look)
        there = [path for path in job.paths if Path(path).exists()]
        if not there and job.kind != "watch":
            raise InputError(f"{job.label} is no longer there")
        if there:
            self._library.add(
                *there,
                vectors=self._vectors,
                progress=progress,
                on_file=lambda report: _note(job, report),
            )


def _progress_of(job: Job, look: Callable[[], None]) -> Progress:
    def progress(stage: str, done: int, total: int | None, unit: str) -> None:
        job.progress[stage] = (done, total, unit)
        job.version += 1
        look()

    return progress


def _note(job: Job, report: FileReport) -> None:
    job.counts[report.outcome] = job.counts.get(report.outcome, 0) + 1
    if report.outcome != "unchanged":
        job.files.append(report)
    job.version += 1


def _end(job: Job, state: State, message: str = "") -> None:
    job.state, job.message = state, message
    job.version += 1

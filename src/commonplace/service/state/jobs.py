"""The queue of jobs that change a library: add, read again, remove. One thread does them in turn.

Notable: a crash loses nothing. What a job has committed is safe; what it had not read yet is in
`uploads/` or a watched folder, and the next start adds those again, which costs one `stat` for
every file that the library holds already. A removal is on the disk before it is queued
(`removals.py`), and is done first at the next start.
"""

import threading
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from commonplace.corpus import FileReport
from commonplace.foundation import CommonplaceError, InputError, bug_report
from commonplace.library import Library
from commonplace.service.state.removals import Removal, keep_no_longer, promise, promised
from commonplace.service.state.uploads import uploads_at

Kind = Literal["add", "read", "remove", "watch"]
State = Literal["waiting", "running", "done", "failed", "stopped"]
_MOST_ENDED: Final = 50  # jobs that are listed after their end
_MOST_FILES: Final = 200  # that one job lists


@dataclass
class Job:
    """One change of the library. `version` grows whenever something of the job changes.

    Attributes:
        kind: what is done.
        label: the name of what it is done to, for people.
        progress: how much of each stage is done, of how much, in which unit.
        files: what became of each file, the newest last; unchanged files are only counted.
        message: why it failed, in one sentence.
    """

    kind: Kind
    label: str
    paths: tuple[str, ...]
    state: State = "waiting"
    progress: dict[str, tuple[int, int | None, str]] = field(default_factory=dict)
    files: deque[FileReport] = field(default_factory=lambda: deque(maxlen=_MOST_FILES))
    counts: dict[str, int] = field(default_factory=dict)
    message: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    version: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {"done", "failed", "stopped"}

    def record(self) -> dict[str, Any]:
        """The job as the API sends it."""
        progress = [
            {"stage": stage, "done": done, "total": total, "unit": unit}
            for stage, (done, total, unit) in list(self.progress.items())  # it may grow meanwhile
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
    """Raised inside a job that shall end; not an Exception, so that no reader swallows it."""


class Jobs:
    """The jobs of one library."""

    def __init__(self, library: Library, vectors: bool = True) -> None:
        self._library, self._vectors = library, vectors
        self._waiting: deque[Job] = deque()
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._stopping: set[str] = set()
        self._closed = False
        for removal in promised(library.folder):
            job = Job("remove", removal.label, removal.paths, id=removal.id, at=removal.at)
            self._waiting.append(job)
            self._jobs[job.id] = job
        self._thread = threading.Thread(target=self._work, name="commonplace jobs", daemon=True)
        self._thread.start()

    def submit(self, kind: Kind, label: str, paths: Sequence[str | Path]) -> Job:
        """Queue a job, or return an equal one that waits already with no removal behind it."""
        job = Job(kind, label, tuple(map(str, paths)))
        if kind == "remove":
            promise(self._library.folder, Removal(job.id, job.label, job.paths, job.at))
        with self._changed:
            for other in reversed(self._waiting):
                if (other.kind, other.paths) == (kind, job.paths):
                    self._keep_no_longer(job)
                    return other
                if "remove" in (kind, other.kind):
                    break  # what was added before a removal and what is added after it differ
            self._waiting.append(job)
            self._jobs[job.id] = job
            ended = [other.id for other in self._jobs.values() if other.ended]
            for oldest in ended[: max(0, len(ended) - _MOST_ENDED)]:
                del self._jobs[oldest]
            self._changed.notify()
        return job

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        with self._changed:
            return list(reversed(self._jobs.values()))

    def get(self, id: str) -> Job | None:
        """The job of this id, if there is one."""
        return self._jobs.get(id)

    def stop(self, job: Job) -> None:
        """End a job after its present commit; what was committed stays."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                self._keep_no_longer(job)
                _end(job, "stopped")
            elif not job.ended:
                self._stopping.add(job.id)

    def close(self) -> None:
        """Stop the job that runs, and wait for its commit."""
        with self._changed:
            self._closed = True
            for job in self._waiting:
                _end(job, "stopped")
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(30)  # seconds; what is not committed by then is read at the next start

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
        """Run one job to its end, whatever happens in it."""
        try:
            self._do(job)
            _end(job, "done")
        except _Stopped:
            _end(job, "stopped")
        except CommonplaceError as error:
            _end(job, "failed", str(error))
        except Exception as error:  # must not end the thread
            _end(job, "failed", bug_report(error))
        if not self._closed or job.state != "stopped":  # else the next start does it
            self._keep_no_longer(job)
        self._stopping.discard(job.id)

    def _keep_no_longer(self, job: Job) -> None:
        if job.kind == "remove":
            keep_no_longer(self._library.folder, job.id)

    def _do(self, job: Job) -> None:
        if job.kind == "remove":
            held = [path for path in job.paths if self._library.holds(path)]
            # Where nothing is held a start that was killed has done it, but for the upload.
            removed = self._library.remove(*held) if held else []
            for upload in [u for p in job.paths for u in uploads_at(self._library.folder, p)]:
                # A newer version that arrived while the job waited was not meant.
                if upload.stat().st_mtime <= job.at.timestamp():
                    upload.unlink()
            job.counts["removed"] = len(removed)
            return
        existing = [path for path in job.paths if Path(path).exists()]
        if not existing and job.kind != "watch":
            raise InputError(f"{job.label} is no longer there")
        if existing:
            self._library.add(
                *existing,
                vectors=self._vectors,
                progress=partial(self._progress, job),
                on_file=partial(_record_file, job),
            )

    def _progress(self, job: Job, stage: str, done: int, total: int | None, unit: str) -> None:
        job.progress[stage] = (done, total, unit)
        job.version += 1
        if self._closed or job.id in self._stopping:
            raise _Stopped


def _record_file(job: Job, report: FileReport) -> None:
    job.counts[report.outcome] = job.counts.get(report.outcome, 0) + 1
    if report.outcome != "unchanged":
        job.files.append(report)
    job.version += 1


def _end(job: Job, state: State, message: str = "") -> None:
    job.state, job.message = state, message
    job.version += 1

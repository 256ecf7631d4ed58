"""The record of a training: one file a run in the library's log, a line a step.

Notable: it is written as the run goes, so one that was killed can be seen for what it is: the
writer holds a lock as long as it lives, and where nobody holds it and no end was written, the run
was broken off. A resumed run goes on in its file; steps that it took once more replace the first.
Reading needs no torch.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from commonplace.foundation._errors import InputError
from commonplace.foundation._log import append_record, read_records

RunState = Literal["done", "running", "stopped", "failed", "broken off"]


@dataclass(frozen=True)
class Run:
    """A training as its record tells it."""

    id: str
    at: str  # when it began, ISO 8601, UTC
    recipe: str
    state: RunState
    reason: str = ""  # why it ended
    configuration: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)  # what was trained on: counts, hashes
    steps: tuple[Mapping[str, Any], ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


class RunLog:
    """Writes the record of one run; the process that has it is the one that trains."""

    def __init__(self, folder: Path, id: str) -> None:
        from filelock import FileLock, Timeout

        self.id = id
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{id}.jsonl"
        self._lock = FileLock(folder / f".{id}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(f"run {id} is still running in another process") from error

    def begin(self, recipe: str, **about: Mapping[str, Any]) -> None:
        """Write what the run is; `about`: configuration, environment, data."""
        self._add({"begin": {"id": self.id, "at": _now(), "recipe": recipe, **about}})

    def resume(self, about: Mapping[str, Any]) -> None:
        """Write that it goes on; `about`: the environment, which may be another now."""
        self._add({"resume": {"at": _now(), **about}})

    def step(self, record: Mapping[str, Any]) -> None:
        """Write a step's record."""
        self._add({"step": record})

    def end(self, state: RunState, reason: str, result: Mapping[str, Any]) -> None:
        """Write how it ended."""
        self._add({"end": {"at": _now(), "state": state, "reason": reason, "result": result}})
        self.close()

    def close(self) -> None:
        """Let others see that nobody writes any more."""
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def _add(self, record: Mapping[str, Any]) -> None:
        append_record(self._file, record)


def new_run_id() -> str:
    """A name for a run that sorts by when it began: 20260131-180502-3fa9."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def read_runs(folder: Path) -> list[Run]:
    """All runs of a folder, the newest first; a file that is none is left out."""
    runs = (_read(file) for file in sorted(folder.glob("*.jsonl"), reverse=True))
    return [run for run in runs if run is not None]


def find_run(folder: Path, id: str = "") -> Run:
    """The run whose id begins so; without one the newest.

    Raises:
        InputError: there is none, or there are several.
    """
    runs = read_runs(folder)
    matching = [run for run in runs if run.id.startswith(id)] if id else runs[:1]
    if len(matching) != 1:
        subject = "several runs have" if matching else "no run has"
        message = f"{subject} an id that starts with {id!r}; `commonplace runs` lists them"
        raise InputError(message if id else "nothing was trained yet")
    return matching[0]


def _read(file: Path) -> Run | None:
    begin: dict[str, Any] = {}
    end: dict[str, Any] = {}
    steps: dict[int, Mapping[str, Any]] = {}
    for record in reversed(read_records(file)):
        if "begin" in record:
            begin = record["begin"]
        elif "resume" in record:
            end = {}  # the run goes on, so how it ended before does not count any more
        elif "step" in record:
            number = record["step"]["step"]
            # A resumed run begins at its last checkpoint: steps after that are of the broken run.
            earlier = {n: step for n, step in steps.items() if n < number}
            steps = earlier | {number: record["step"]}
        elif "end" in record:
            end = record["end"]
    if "id" not in begin:
        return None
    state = end["state"] if end.get("state") in get_args(RunState) else _unended(file)
    reason, result = end.get("reason", ""), end.get("result", {})
    return Run(**begin, state=state, reason=reason, steps=tuple(steps.values()), result=result)


def _unended(file: Path) -> RunState:
    """Running, if somebody holds the lock; the system lets go of a killed writer's."""
    from filelock import FileLock, Timeout

    lock = file.with_name(f".{file.stem}.lock")
    if not lock.exists():
        return "broken off"
    try:
        with FileLock(lock, timeout=0):
            return "broken off"
    except Timeout:
        return "running"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

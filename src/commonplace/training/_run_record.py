"""The record of a training in the library's log, and where its checkpoints lie until it is done."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from commonplace.foundation import (
    CommonplaceError,
    InputError,
    RunLog,
    RunState,
    display_path,
    new_run_id,
    write_atomically,
)
from commonplace.training._devices import environment
from commonplace.training._types import StepRecord

_ID = "run.json"


class RunRecord:
    """A run's record, or none where no folder for it was named."""

    def __init__(self, log: RunLog | None) -> None:
        self._log = log
        self.id = log.id if log else ""
        self.result: Mapping[str, Any] = {}
        self.reason = ""

    def step(self, record: StepRecord, **counts: int) -> None:
        """Write one step with the figures of its validation and the recipe's own counts."""
        is_repeated = record.loss is None and record.step > 0  # of a run that was done already
        if self._log is not None and not is_repeated:
            line = asdict(record)
            validation = line.pop("validation") or {"figures": {}, "score": None}
            line |= {"score": validation["score"], **validation["figures"]}
            self._log.step({**line, **counts})


@contextmanager
def record_run(
    runs: Path | None, place: Path, resume: bool, recipe: str, **about: Mapping[str, Any]
) -> Iterator[RunRecord]:
    """Write down the run within the block; how the block is left says how the run ended."""
    place.mkdir(parents=True, exist_ok=True)
    log = None
    if runs is not None:
        log = _open_log(runs, place, resume=resume, recipe=recipe, about=about)
    record = RunRecord(log)
    state: RunState = "failed"
    reason = ""
    try:
        yield record
        state, reason = "done", record.reason
    except (KeyboardInterrupt, GeneratorExit):
        state, reason = "stopped", "it was interrupted"
        raise
    except CommonplaceError as error:
        reason = str(error)
        raise
    except Exception as error:
        reason = type(error).__name__
        raise
    finally:
        if log is not None:
            log.end(state, reason, record.result)


def checkpoints_of(out: Path) -> Path:
    """The folder beside an adapter's file in which its training is kept until it is done."""
    return out.with_name(f"{out.name}.training")


def check_target(out: Path, resume: bool, overwrite: bool) -> None:
    """Say early what would be in the way at the end.

    Raises:
        InputError: something is at `out`, a stopped run is, or the folder is not there.
    """
    place = checkpoints_of(out)
    if not out.absolute().parent.is_dir():
        raise InputError(f"there is no folder {display_path(out.parent)} to write to")
    if out.exists() and not overwrite:
        raise InputError(f"{display_path(out)} exists; name another, or --overwrite it")
    if place.exists() and not resume and not overwrite:
        raise InputError(
            f"{display_path(place)} holds a run that was not finished; --resume goes on with it, "
            "--overwrite starts anew"
        )


def remove_checkpoints(place: Path) -> None:
    """Remove the checkpoints of a run that is done."""
    shutil.rmtree(place, ignore_errors=True)


def _open_log(
    runs: Path, place: Path, *, resume: bool, recipe: str, about: Mapping[str, Mapping[str, Any]]
) -> RunLog:
    saved_id = _saved_id(place) if resume else ""
    log = RunLog(runs, saved_id or new_run_id())
    if saved_id:
        log.resume({"environment": environment()})
        return log
    write_atomically(place / _ID, json.dumps({"id": log.id}).encode())
    log.begin(recipe, environment=environment(), **about)
    return log


def _saved_id(place: Path) -> str:
    try:
        return str(json.loads((place / _ID).read_bytes())["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""

"""Checkpoints: a file that a run goes on from, either the old one or the new, never a mixture.

Notable: tensors and the record of where the run stood are one safetensors file, the record in its
header, so that one rename replaces both; nothing is ever a pickle. The best parameters lie in a
file named after their step, and the checkpoint names it: it is written first, and others are
removed last, so a kill between any two of these leaves a checkpoint whose best is there.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from commonplace.foundation import InputError, display_path, file_errors, write_atomically

LAST: Final = "last.safetensors"
_KEY: Final = "commonplace.training"
_VERSION: Final = 1


@dataclass(frozen=True)
class Position:
    """Where a run stood after a step."""

    step: int = 0
    items: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_score: float | None = None
    worse: int = 0  # validations since the best
    stopped: str = ""  # why it ended, if it did
    configuration: Mapping[str, Any] = field(default_factory=dict)


def save_checkpoint(folder: Path, position: Position, tensors: Mapping[str, Tensor]) -> None:
    """Replace the checkpoint, then remove what it does not name.

    Raises:
        InputError: it cannot be written; the one before stays.
    """
    record = {"version": _VERSION, **asdict(position)}
    _write(folder / LAST, tensors, json.dumps(record))
    for file in folder.glob("best-*.safetensors"):
        if file != best_file(folder, position.best_step):
            file.unlink(missing_ok=True)


def save_best(folder: Path, step: int, tensors: Mapping[str, Tensor]) -> None:
    """Write the best parameters so far.

    Raises:
        InputError: they cannot be written.
    """
    _write(best_file(folder, step), tensors, json.dumps({"version": _VERSION, "step": step}))


def load_best(folder: Path, step: int) -> dict[str, Tensor]:
    """The best parameters."""
    return load_file(best_file(folder, step))


def best_file(folder: Path, step: int | None) -> Path:
    """Where the parameters of the best validation lie."""
    return folder / f"best-{step or 0:06}.safetensors"


def load_checkpoint(
    folder: Path, configuration: Mapping[str, Any]
) -> tuple[Position, dict[str, Tensor]] | None:
    """The checkpoint of a folder, if there is one.

    Raises:
        InputError: it is broken, or of another configuration; the fields that differ are named.
    """
    path = folder / LAST
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            record = json.loads((file.metadata() or {})[_KEY])
        if record.pop("version") != _VERSION:
            raise InputError(f"{display_path(path)} was written by another version; start anew")
        position = Position(**record)
        tensors = load_file(path)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise InputError(
            f"{display_path(path)} is no checkpoint that can be read ({error}); remove it to start "
            "anew"
        ) from error
    _compare(path, position.configuration, configuration)
    return position, tensors


def prepare_folder(folder: Path, resume: bool) -> None:
    """Make the folder; what a killed run left half written goes, and without `resume` all of it.

    Raises:
        InputError: the folder cannot be made.
    """
    with file_errors(f"{display_path(folder)} cannot hold checkpoints"):
        folder.mkdir(parents=True, exist_ok=True)
        # The first pattern: files that `write_atomically` was writing when it was killed.
        for pattern in (".*.safetensors.*", *(() if resume else ("*.safetensors",))):
            for file in folder.glob(pattern):
                file.unlink(missing_ok=True)


def _write(path: Path, tensors: Mapping[str, Tensor], record: str) -> None:
    data = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        write_atomically(path, save(data, {_KEY: record}))
    except OSError as error:
        raise InputError(
            f"the checkpoint {display_path(path)} could not be written ({error.strerror}); "
            "the one before it stays: make room, and resume"
        ) from error


def _compare(path: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    now = json.loads(json.dumps(now))  # tuples become lists, as they did in the file
    names = sorted({*then, *now})
    differing = [
        f"{name.replace('_', ' ')} was {_short(then.get(name))} and is {_short(now.get(name))}"
        for name in names
        if then.get(name) != now.get(name)
    ]
    if differing:
        raise InputError(
            f"{display_path(path)} is of another configuration: {'; '.join(differing)}; "
            "resume with the same, or start anew"
        )


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."

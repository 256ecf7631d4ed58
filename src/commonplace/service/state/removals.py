"""Removals that were promised and are not done yet: each is a small file until it is done.

A removal that was acknowledged must survive a kill at any moment. So it is on the disk before its
client hears of it, and it is done first of all at the next start if this one ends before.
"""

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from commonplace.foundation import LibraryError


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed, and when that was said: a newer upload of the name is not meant."""

    id: str
    label: str
    paths: tuple[str, ...]
    at: datetime


def removals_folder(library: Path) -> Path:
    """Where a library keeps removals that are not done yet."""
    return library / "removals"


def promise(library: Path, removal: Removal) -> None:
    """Write a removal to the disk, whole, before anybody is told of it.

    Raises:
        LibraryError: it cannot be written.
    """
    folder = removals_folder(library)
    partial = folder / f".{uuid.uuid4().hex}"
    record = asdict(removal) | {"at": removal.at.isoformat()}
    try:
        folder.mkdir(exist_ok=True)
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, folder / f"{removal.id}.json")
        _sync(folder)
        _sync(library)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise LibraryError(f"the removal cannot be kept ({error.strerror})") from error


def keep_no_longer(library: Path, id: str) -> None:
    """Forget a removal that is done, or was taken back."""
    (removals_folder(library) / f"{id}.json").unlink(missing_ok=True)


def promised(library: Path) -> Sequence[Removal]:
    """The removals that are not done yet, the oldest first; what a crash left half is dropped."""
    folder = removals_folder(library)
    removals = []
    for file in folder.iterdir() if folder.is_dir() else ():
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            at = datetime.fromisoformat(record["at"])
            removals.append(Removal(record["id"], record["label"], tuple(record["paths"]), at))
        except (OSError, ValueError, KeyError, TypeError):
            file.unlink(missing_ok=True)  # nobody was told of it
    return sorted(removals, key=lambda removal: removal.at)


def _sync(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    if not hasattr(os, "O_DIRECTORY"):
        return  # Windows has none
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

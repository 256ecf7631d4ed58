"""Files that arrive over the network: their names are made harmless, and they go to `uploads/`.

A browser tells a file's name and no path, so the folder is flat. The same name again is a newer
version of the same file. A file is stored whole or not at all.
"""

import os
import unicodedata
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from commonplace.foundation import InputError, LibraryError

_LONGEST_REQUEST: Final = 1000  # characters
_LONGEST: Final = 200  # bytes of a name; file systems take 255


def uploads_folder(library: Path) -> Path:
    """Where a library keeps what was uploaded."""
    return library / "uploads"


def safe_name(name: str) -> str:
    """A file name that stays in its folder, prints and is not hidden.

    Raises:
        InputError: no such name is left, or the name is too long.
    """
    if len(name) > _LONGEST_REQUEST:
        raise InputError(f"a name of {len(name):,} characters is no name for a file")
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    safe = "".join(filter(str.isprintable, last)).strip().lstrip(".").strip()
    stem, dot, suffix = safe.rpartition(".")
    while len(safe.encode()) > _LONGEST and stem:
        stem = stem[:-1]
        safe = f"{stem}{dot}{suffix}"
    if not safe or len(safe.encode()) > _LONGEST:
        raise InputError(f"{name[:80]!r} is no name for a file; give one like notes.md")
    return safe


async def keep_upload(library: Path, name: str, pieces: AsyncIterator[bytes]) -> Path:
    """Write an upload beside its place, then move it there.

    Raises:
        InputError: the name is not one for a file.
        LibraryError: the file cannot be written.
    """
    target = uploads_folder(library) / safe_name(name)
    # In the library, so that it is on the same disk and the move takes effect at once.
    partial = library / "cache" / f"upload-{uuid.uuid4().hex}.part"
    try:
        target.parent.mkdir(exist_ok=True)
        with open(partial, "wb") as file:
            async for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())  # before the move: after a crash the name must not be empty
        os.replace(partial, target)
    except OSError as error:
        raise LibraryError(f"{target.name} cannot be kept ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def forget_partial_uploads(library: Path) -> None:
    """Remove files that a crash left half written."""
    for partial in (library / "cache").glob("upload-*.part"):
        partial.unlink(missing_ok=True)


def uploads_at(library: Path, path: str) -> list[Path]:
    """The uploads at or under a path: files that the service may delete."""
    folder = uploads_folder(library)
    uploads = folder.iterdir() if folder.is_dir() else ()
    return [file for file in uploads if file == Path(path) or folder.is_relative_to(path)]

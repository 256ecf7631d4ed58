"""Files that are either the old or the new, never a mixture, also after kill -9 or a full disk."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commonplace.foundation._errors import InputError


def write_atomically(path: Path, data: bytes, *, shared: bool = False) -> None:
    """Replace `path` by `data`: written beside it, flushed to the disk, then renamed over it.

    The user alone may read it; with `shared`, whoever may read any new file of the user's.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # O_EXCL follows no link that lies there; O_BINARY is a flag of Windows alone.
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, new, 0o666 if shared else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _flush_folder(path.parent)


@contextmanager
def file_beside(path: Path) -> Iterator[Any]:
    """A file in the folder of `path` to write to and read from, gone afterwards."""
    file = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115 - `with file` closes it
    try:
        with file:
            yield file
    finally:
        Path(file.name).unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Any]:
    """As `write_atomically`, piece by piece; after an error `path` is as it was."""
    with file_beside(path) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
        os.replace(file.name, path)
    _flush_folder(path.parent)


@contextmanager
def file_errors(what: str) -> Iterator[None]:
    """Within the block an OSError becomes an InputError: `what`, and the system's reason."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{what}: {error.strerror or error}") from error


def append_line(path: Path, line: str) -> None:
    """Add one line with a single write, so that two processes' lines never mix.

    A last line that was cut off (a crash, a full disk) is ended first: it alone is lost.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, b"\n" * torn + line.rstrip("\n").encode() + b"\n")
    finally:
        os.close(descriptor)


def display_path(path: str | os.PathLike[str]) -> str:
    r"""The path as printable text, two never alike: `\xNN` for what is not UTF-8, `\n`, `\\`."""
    return "".join(map(_printable, os.fsdecode(os.fsencode(path))))


def _printable(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character == "\\":
        return "\\\\"
    return character if character.isprintable() else repr(character)[1:-1]


def _flush_folder(folder: Path) -> None:
    """Make a rename durable; a file system that cannot flush folders is left alone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)

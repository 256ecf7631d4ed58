"""Which files an `add` means: everything under its paths, and a reason for all that it passes by.

Nothing is dropped silently: a hidden folder, a file with secrets, what a `.gitignore` names, a link
to a folder, a socket, a circle of links each become one skipped entry (`_left_out.py`). What every
program makes for itself and nobody writes by hand (`.git`, `__pycache__`, `node_modules`, ...) is
skipped as a whole, again with one entry. A file that is named is never left out.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from commonplace.corpus._paths import absolute, require
from commonplace.corpus.ingest._left_out import rules_above

_MACHINE_MADE = {b"__pycache__", b"node_modules", b"site-packages", b"venv"}


@dataclass(frozen=True, slots=True)
class PathEntry:
    """A path that was met: a file to read (no reason), or something to skip (with its reason).

    `left_out`: it could be read, and is not wanted; `by_name`: for its name alone.
    """

    path: bytes
    size: int
    modified_ns: int
    reason: str = ""
    left_out: bool = False
    by_name: bool = False


def walk(paths: Sequence[str | bytes | os.PathLike[str]], library: Path) -> Iterator[PathEntry]:
    """Every file under these paths, each once; folders in alphabetical order.

    Raises:
        InputError: a path does not exist at all.
    """
    yielded: set[bytes] = set()
    require(paths)
    for root in map(absolute, paths):
        for entry in _under(root, os.fsencode(library.absolute())):
            if entry.path not in yielded:
                yielded.add(entry.path)
                yield entry


def _under(root: bytes, library: bytes) -> Iterator[PathEntry]:
    if not os.path.isdir(root):
        yield look_at(root)
        return
    stack = [(root, rules_above(root))]
    while stack:
        folder, above = stack.pop()
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            yield PathEntry(folder, 0, 0, f"folder cannot be opened ({error.strerror})")
            continue
        rules, deeper = above.entering(folder), []
        for name in names:
            path = os.path.join(folder, name)
            is_folder = os.path.isdir(path)  # links to folders too: `_passed_by` says why not
            reason = _passed_by(path, name, library) if is_folder else ""
            reason = reason or rules.reason(path, folder=is_folder)
            if reason:
                yield PathEntry(path, 0, 0, reason, True, rules.is_by_name(reason))
            elif is_folder:
                deeper.append((path, rules))
            else:
                yield look_at(path)
        stack.extend(reversed(deeper))  # the first of them is popped first


def _passed_by(path: bytes, name: bytes, library: bytes) -> str:
    """Why a folder is not entered; "" if it is."""
    if path == library:
        return "the library itself"
    if os.path.islink(path):
        return "a link to a folder is not followed; add the folder that it names"
    if name.startswith(b"."):
        return "a hidden folder is not entered; add it by name to include it"
    if name in _MACHINE_MADE or os.path.exists(os.path.join(path, b"pyvenv.cfg")):
        return "a folder of installed or generated files is not entered; add it by name"
    return ""


def look_at(path: bytes) -> PathEntry:
    """A path that is no folder, whatever its name."""
    try:
        status = os.stat(path)
    except OSError as error:
        if os.path.islink(path):
            return PathEntry(path, 0, 0, "a link that leads nowhere, or in a circle")
        return PathEntry(path, 0, 0, f"cannot be looked at ({error.strerror})")
    if not stat.S_ISREG(status.st_mode):
        return PathEntry(
            path, 0, status.st_mtime_ns, "not a regular file (a pipe, socket or device)"
        )
    return PathEntry(path, status.st_size, status.st_mtime_ns)

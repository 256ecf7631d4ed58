"""Paths as the library names, shows and compares them."""

import os
from collections.abc import Sequence

from commonplace.foundation import InputError, display_path


def absolute(path: str | bytes | os.PathLike[str]) -> bytes:
    """The path as the library names it: absolute, without following links."""
    return os.path.abspath(os.path.expanduser(os.fsencode(path)))


def require(paths: Sequence[str | bytes | os.PathLike[str]]) -> None:
    """Check that there is something at each path.

    Raises:
        InputError: a path does not exist at all.
    """
    for path in map(absolute, paths):
        if not os.path.lexists(path):
            raise InputError(f"{shown_path(path)} does not exist; check the path")


def shown_path(path: bytes) -> str:
    """The path as the library shows and stores it, printable whatever its bytes are."""
    return display_path(os.fsdecode(path))


def is_under(path: str, roots: Sequence[str]) -> bool:
    """Whether a shown path is one of the roots, or stands below one."""
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)

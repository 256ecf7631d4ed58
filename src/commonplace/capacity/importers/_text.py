"""Files of other programs, as text and numbers; what is not a number is said with its place."""

import json
import math
from pathlib import Path
from typing import Any

from commonplace.foundation import InputError, display_path

_LARGEST = 256 * 2**20


def text_of(path: Path) -> str:
    """The file's text.

    Raises:
        InputError: it cannot be read, or is not text.
    """
    try:
        if not path.is_file():
            raise OSError("there is no such file")
        if path.stat().st_size > _LARGEST:
            raise OSError(f"it is larger than {_LARGEST} bytes, the most that is read")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{display_path(path)} cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{display_path(path)} is not text in UTF-8") from error


def json_of(path: Path, text: str) -> Any:
    """The file's JSON.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{display_path(path)} is not JSON: {str(error)[:100]}") from error


def number(value: Any, where: str) -> float:
    """A number that is none below zero.

    Raises:
        InputError: it is something else.
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(value, bool) or not math.isfinite(found) or not 0 <= found <= 1e18:
        raise InputError(f"{where}: '{str(value)[:40]}' is not a number of 0 or more")
    return found


def whole(value: Any, where: str) -> int:
    """A whole number of 0 or more.

    Raises:
        InputError: it is something else.
    """
    found = number(value, where)
    if found != int(found):
        raise InputError(f"{where}: '{str(value)[:40]}' is not a whole number")
    return int(found)

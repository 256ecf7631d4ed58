"""Files of other programs as text, JSON and numbers; an error names the place of a bad value."""

import json
import math
from pathlib import Path
from typing import Any

from commonplace.foundation import InputError, display_path, file_errors

_LARGEST = 256 * 2**20  # bytes


def text_of(path: Path) -> str:
    """The file's text.

    Raises:
        InputError: it cannot be read, or is not text.
    """
    with file_errors(f"{display_path(path)} cannot be read"):
        if not path.is_file():  # a named pipe would be waited for without end
            raise OSError("there is no such file")
        if path.stat().st_size > _LARGEST:
            raise OSError(f"it is larger than {_LARGEST} bytes, the most that is read")
        data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        raise InputError(f"{display_path(path)} is not text in UTF-8") from error


def json_of(path: Path, text: str) -> Any:
    """The file's JSON.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # lists in lists exhaust the stack
        raise InputError(f"{display_path(path)} is not JSON: {str(error)[:100]}") from error


def objects(value: Any, problem: str) -> list[dict[str, Any]]:
    """The value, if it is a list of JSON objects.

    Raises:
        InputError: it is something else; `problem` is the message.
    """
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise InputError(problem)
    return value


def number(value: Any, where: str) -> float:
    """The value as a number of 0 or more.

    Raises:
        InputError: it is something else.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        result = math.nan
    if isinstance(value, bool) or not math.isfinite(result) or not 0 <= result <= 1e18:
        raise InputError(f"{where}: '{str(value)[:40]}' is not a number of 0 or more")
    return result


def integer(value: Any, where: str) -> int:
    """The value as a whole number of 0 or more.

    Raises:
        InputError: it is something else.
    """
    result = number(value, where)
    if result != int(result):
        raise InputError(f"{where}: '{str(value)[:40]}' is not a whole number")
    return int(result)

"""What is our own fault is one sentence to the user, and the details in a file that it names."""

import os
import tempfile
import traceback

_written: dict[str, str] = {}  # where which bug went wrong -> its file: one each, however often


def bug_report(error: Exception) -> str:
    """Keep the traceback in a file of its own; returns the sentence that says so."""
    return (
        f"this is a bug of ours ({type(error).__name__}); please report it, with the details "
        f"that are in {_write_down(error)}"
    )


def _write_down(error: Exception) -> str:
    lines = traceback.format_exception(error)
    # The last frame and the class, not the message, which may name another file each time.
    place = "".join(traceback.format_tb(error.__traceback__)[-1:]) + type(error).__name__
    if place in _written and os.path.exists(_written[place]):
        return _written[place]
    try:
        descriptor, path = tempfile.mkstemp(prefix="commonplace-bug-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join(lines))
    except OSError:
        return f"no file, for there was no room: {lines[-1].strip()}"
    _written[place] = path
    return path

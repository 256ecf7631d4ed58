"""What is our own fault is one sentence to the user, and the details in a file that it names."""

import os
import tempfile
import traceback


def bug_report(error: Exception) -> str:
    """Keep the traceback in a file of its own; returns the sentence that says so."""
    return (
        f"this is a bug of ours ({type(error).__name__}); please report it, with the details "
        f"that are in {_write_down(error)}"
    )


def _write_down(error: Exception) -> str:
    lines = traceback.format_exception(error)
    try:
        descriptor, path = tempfile.mkstemp(prefix="commonplace-bug-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join(lines))
    except OSError:
        return f"no file, for there was no room: {lines[-1].strip()}"
    return path

"""What every floor needs, and nothing else: errors, atomic files, progress, the log."""

from commonplace.foundation._bugs import bug_report
from commonplace.foundation._cores import default_threads
from commonplace.foundation._doors import lazy_names
from commonplace.foundation._errors import (
    CommonplaceError,
    InputError,
    LibraryError,
    UnreadableError,
    WeightsError,
)
from commonplace.foundation._files import (
    append_line,
    display_path,
    file_beside,
    file_errors,
    replacing,
    write_atomically,
)
from commonplace.foundation._lazy_mapping import LazyMapping
from commonplace.foundation._log import append_record, read_records
from commonplace.foundation._progress import Progress, Stopwatch, silent
from commonplace.foundation._runs import Run, RunLog, RunState, find_run, new_run_id, read_runs
from commonplace.foundation._words import count_of

__all__ = [
    "CommonplaceError",
    "InputError",
    "LazyMapping",
    "LibraryError",
    "Progress",
    "Run",
    "RunLog",
    "RunState",
    "Stopwatch",
    "UnreadableError",
    "WeightsError",
    "append_line",
    "append_record",
    "bug_report",
    "count_of",
    "default_threads",
    "display_path",
    "file_beside",
    "file_errors",
    "find_run",
    "lazy_names",
    "new_run_id",
    "read_records",
    "read_runs",
    "replacing",
    "silent",
    "write_atomically",
]

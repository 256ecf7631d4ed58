"""How many cores this process may use."""

import os


def default_threads() -> int:
    """How many cores this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):  # Linux: a container or `taskset` may allow fewer
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)

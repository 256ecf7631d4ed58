"""What all tests share: a library in a temporary folder, notes to put into it, no hurry.

No test may depend on how fast the machine is: hypothesis looks for counterexamples, not for slow
ones.
"""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from commonplace import Library

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
# A shell starts what runs in its background with interrupts ignored, and its children inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library."""
    return Library.open(tmp_path / "library")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a note under `notes/`; returns its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write

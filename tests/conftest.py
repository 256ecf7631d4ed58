"""What all tests share: a library in a temporary folder, and notes to put into it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import Library


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

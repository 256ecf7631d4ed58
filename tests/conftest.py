"""What all tests share: a library in a temporary folder, notes to put into it, no hurry.

No test may depend on how fast the machine is or on chance: hypothesis looks for counterexamples,
not for slow ones, and tries the same examples in every run.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, settings

from commonplace import Library
from commonplace.library import as_json
from json_page import differences

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
# Two workers share the machine: networks this small only wait, spinning, for a second thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
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


@pytest.fixture(autouse=True)
def printed_objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every object that a verb prints in this process is as docs/json.md documents it."""
    wrong: list[str] = []

    def documented(record: Mapping[str, Any], indent: int | None = None) -> str:
        verb = click.get_current_context().command_path.removeprefix("commonplace ")
        verb = "explain NUMBER" if verb == "explain" and "rank" in record else verb
        wrong.extend(differences(record, verb, verb))
        return as_json(record, indent)

    monkeypatch.setattr("commonplace.cli.terminal.output.as_json", documented)
    yield
    assert wrong == [], "docs/json.md says otherwise"

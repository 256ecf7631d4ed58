"""A small library without vectors, and ways to run the command line on it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commonplace import Library
from commonplace.cli import program
from patience import PATIENCE

Run = Callable[..., Result]

NOTES = {
    "lora.md": (
        "# LoRA\n\n## Why two matrices\n\n"
        "The low-rank update B A has rank at most r. LoRA trains two small matrices.\n\n"
        "See [the paper](https://arxiv.org/abs/2106.09685) for the low-rank update.\n"
    ),
    "dora.md": (
        "# DoRA\n\nDoRA splits a weight into magnitude and direction.\n\n"
        "Compare https://arxiv.org/pdf/2106.09685 and https://arxiv.org/abs/2402.09353.\n"
    ),
    "deep/bm25.txt": "Okapi BM25 ranks passages by the rare words that they share with a query.\n",
    "empty.md": "",
}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(library, notes): three notes and an empty file, added once; tests only read them."""
    root = tmp_path_factory.mktemp("filled")
    for name, text in NOTES.items():
        path = root / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    Library.open(root / "library").add(root / "notes", vectors=False)
    return root / "library", root / "notes"


@pytest.fixture
def notes(filled: tuple[Path, Path]) -> Path:
    """The folder of the notes."""
    return filled[1]


@pytest.fixture
def run(filled: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in this process, on the filled library unless it names another."""
    monkeypatch.setenv("COMMONPLACE_LIBRARY", str(filled[0]))

    def run(*words: str, **more: object) -> Result:
        return CliRunner().invoke(program, list(words), prog_name="commonplace", **more)  # type: ignore[arg-type]

    return run


@pytest.fixture
def shell(filled: tuple[Path, Path]) -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Run a command line in a process of its own."""

    def shell(*words: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "commonplace", *words],
            env={**os.environ, "COMMONPLACE_LIBRARY": str(filled[0]), **env},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    return shell

"""A service with a few notes and no vectors; another with the sample library and real weights."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from service_running import Running, serving, write_notes

from commonplace import Library

SAMPLE = Path(__file__).parents[2] / "examples" / "library"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder of notes, added to the library that `service` serves."""
    return write_notes(tmp_path / "notes")


@pytest.fixture
def service(tmp_path: Path, notes: Path) -> Iterator[Running]:
    """A service of its own for one test, found by words alone."""
    Library.open(tmp_path / "library").add(notes, vectors=False)
    with serving(tmp_path / "library") as running:
        yield running


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(library, notes): the sample library with its vectors; tests only read it."""
    root = tmp_path_factory.mktemp("sample")
    shutil.copytree(SAMPLE, root / "notes")
    Library.open(root / "library").add(root / "notes")
    return root / "library", root / "notes"


@pytest.fixture(scope="session")
def reader(sample: tuple[Path, Path]) -> Iterator[Running]:
    """A service with the real weights over the sample library; tests only read it."""
    with serving(sample[0], vectors=True) as running:
        yield running

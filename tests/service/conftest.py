"""A service with a few notes and no vectors; one with the sample library and weights; a browser."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from browsing import Browsing, chromium
from commonplace import Library
from service_running import Running, Serve, serving, write_notes

SAMPLE = Path(__file__).parents[2] / "examples" / "library"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library, the notes that were added to it, and these again as `originals`."""
    root = tmp_path_factory.mktemp("filled")
    Library.open(root / "library").add(write_notes(root / "notes"), vectors=False)
    shutil.copytree(root / "notes", root / "originals")
    return root


@pytest.fixture
def notes(filled: Path) -> Path:
    """A folder of notes, added to the library that `service` serves; as new for each test."""
    shutil.rmtree(filled / "notes")
    shutil.copytree(filled / "originals", filled / "notes")
    return filled / "notes"


@pytest.fixture
def service(tmp_path: Path, filled: Path, notes: Path) -> Iterator[Running]:
    """A service of its own for one test, found by words alone."""
    shutil.copytree(filled / "library", tmp_path / "library")
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


# The browser lives as long as one module, not the session: while it is open, its event loop runs
# in this thread, and no other test of the session could run one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts services for one test."""
    with ExitStack() as services:
        yield lambda library, **chosen: services.enter_context(serving(library, **chosen))


@pytest.fixture
def browse(browser: BrowserContext, serve: Serve) -> Iterator[Browsing]:
    """Opens pages; the test fails where one of them had an error on its console.

    It needs `serve` so that pages close before the services that they ask.
    """
    browsing = Browsing(browser)
    yield browsing
    browsing.close()

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

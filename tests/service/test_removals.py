"""A removal that was promised is done whenever the service is killed; an upload is whole."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commonplace import Library
from commonplace.service.state.jobs import Jobs
from commonplace.service.state.removals import Removal, promise, promised, removals_folder
from commonplace.service.state.uploads import uploads_folder
from patience import PATIENCE

TIMES = 20  # moments of a removal, and of an upload, at which the process is killed
REMOVING = """
import sys
from pathlib import Path
from commonplace import Library
from commonplace.service.state.jobs import Jobs
library = Library.open(Path(sys.argv[1]))
jobs = Jobs(library, vectors=False)
jobs.submit("remove", "a.md", [sys.argv[2]])
print("promised", flush=True)
jobs.close()
"""
UPLOADING = """
import asyncio, sys
from pathlib import Path
from commonplace.service.state.uploads import keep_upload
async def pieces():
    for _ in range(200):
        yield b"0123456789" * 1000
        await asyncio.sleep(0)
async def main():
    for number in range(100):
        kept = await keep_upload(Path(sys.argv[1]), f"{number}.md", pieces())
        print(kept, flush=True)
asyncio.run(main())
"""


def wait_until_idle(jobs: Jobs) -> None:
    end = time.monotonic() + PATIENCE
    while not all(job.ended for job in jobs.all()):
        assert time.monotonic() < end
        time.sleep(0.01)


def killed(code: str, *arguments: Path, after: float) -> list[str]:
    """What a program says until it is killed, so many seconds after its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(after)
    process.kill()
    rest = process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    return [first.strip(), *rest]


@pytest.mark.slow
def test_a_removal_that_was_promised_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library")
    upload = uploads_folder(library.folder) / "a.md"
    upload.parent.mkdir()
    for time_number in range(TIMES):
        upload.write_text("The word is cerium.")
        library.add(upload, vectors=False)
        assert library.holds(str(upload))
        said = killed(REMOVING, library.folder, upload, after=0.004 * time_number)
        assert said[0] == "promised"
        jobs = Jobs(Library.open(library.folder), vectors=False)
        wait_until_idle(jobs)
        jobs.close()
        assert not library.holds(str(upload))
        assert not upload.exists()
        assert not promised(library.folder)


@pytest.mark.slow
def test_an_upload_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = Library.open(tmp_path / "library").folder
    for time_number in range(TIMES):
        said = killed(UPLOADING, folder, after=0.003 * time_number)
        kept = {Path(line) for line in said if line.endswith(".md")}
        assert kept <= set(uploads_folder(folder).iterdir())
        sizes = {file.stat().st_size for file in uploads_folder(folder).iterdir()}
        assert sizes == {2_000_000}
        for file in uploads_folder(folder).iterdir():
            file.unlink()


def test_what_was_promised_is_done_first_at_the_next_start(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library")
    note = tmp_path / "note.md"
    note.write_text("The word is cerium.")
    library.add(note, vectors=False)
    promise(library.folder, Removal("abc", "note.md", (str(note),), datetime.now(UTC)))
    (removals_folder(library.folder) / "half.json").write_text('{"id": "h')
    jobs = Jobs(library, vectors=False)
    wait_until_idle(jobs)
    jobs.close()
    assert not library.search("cerium", profile="bm25")
    assert not list(removals_folder(library.folder).iterdir())


def test_a_removal_that_is_stopped_while_it_waits_is_taken_back(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library")
    jobs = Jobs(library, vectors=False)
    jobs.close()  # nothing runs any more
    job = jobs.submit("remove", "a.md", ["/a.md"])
    assert len(promised(library.folder)) == 1
    jobs.stop(job)
    assert not promised(library.folder)

"""Several processes and sudden death: kill -9 in the middle of `add`, two `add`s and a search."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commonplace import Library
from commonplace.corpus import Store, passages_from
from patience import PATIENCE

ADD = """
import sys
from commonplace import Library
library = Library.open(sys.argv[1])
print("ready", flush=True)
library.add(sys.argv[2], vectors=False, on_file=lambda f: print(f.path, f.outcome, flush=True))
print("done", flush=True)
"""
SEARCH = """
import sys, threading
from commonplace import Library
library = Library.open(sys.argv[1])
adds = threading.Thread(target=sys.stdin.read)  # it is closed once they are done
adds.start()
library.search("shared word", profile="bm25")
print("ready", flush=True)
searches = 0
while adds.is_alive():
    for hit in library.search("shared word", profile="bm25"):
        assert "shared" in hit.passage.text
    searches += 1
print(searches)
"""
PARAGRAPHS = 3


def note(number: int, version: int) -> str:
    """Three paragraphs that are one passage each, all of one version."""
    body = f"This is number{number} in version{version} with the shared word. " + "Padding. " * 40
    return "\n\n".join(f"# Part {part}\n\n{body}" for part in range(PARAGRAPHS))


def write_notes(folder: Path, count: int, version: int, chosen: random.Random) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        path = folder / f"{number}.md"
        if not path.exists() or chosen.random() < 0.3:
            path.write_text(note(number, version))


def assert_whole(library: Library, reported: set[str]) -> None:
    """What was reported is there, and every visible item has all its passages, of one version."""
    status = {file.path: file for file in library.status().files}
    for path in reported:
        assert status[path].state in {"indexed", "stale"}, path
    with Store(library.folder).snapshot() as snapshot:
        table = snapshot["passages"].to_table(filter=snapshot.where_visible)
        passages = passages_from(table)
        assert snapshot["passages"].count_rows() >= len(passages)
    versions: dict[str, list[str]] = {}
    for passage in passages:
        versions.setdefault(passage.path, []).append(passage.text.split()[5])
    for path, found in versions.items():
        assert len(found) == PARAGRAPHS, path
        assert len(set(found)) == 1, path
    assert set(versions) == {path for path, file in status.items() if file.passages}


@pytest.mark.slow
def test_kill_9_in_the_middle_of_add_twenty_times(tmp_path: Path) -> None:
    chosen, folder, notes = random.Random(7), tmp_path / "library", tmp_path / "notes"
    reported: set[str] = set()
    finished = 0
    for version in range(20):
        write_notes(notes, 250, version, chosen)
        command = [sys.executable, "-c", ADD, str(folder), str(notes)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(chosen.uniform(0.0, 1.2))
        child.send_signal(signal.SIGKILL)
        lines = child.stdout.read().splitlines()
        child.stdout.close()
        child.wait()
        finished += "done" in lines
        reported |= {line.rsplit(" ", 1)[0] for line in lines if " " in line}
        assert_whole(Library.open(folder), reported)
    assert finished < 20, "every run was done before it was killed: nothing was tested"
    library = Library.open(folder)
    library.add(notes, vectors=False)
    assert_whole(library, {str(path) for path in notes.iterdir()})
    assert library.status().totals["indexed"] == 250


FULL_DISK = """
import resource, signal, sys
from commonplace import CommonplaceError, Library
library = Library.open(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    library.add(sys.argv[2], vectors=False, on_file=lambda f: print(f.path, f.outcome, flush=True))
except CommonplaceError as error:
    print("refused:", error)
"""


def test_a_disk_that_refuses_to_write_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: every larger write fails."""
    folder, notes = tmp_path / "library", tmp_path / "notes"
    write_notes(notes, 3, 0, random.Random(1))
    library = Library.open(folder)
    library.add(notes, vectors=False)
    write_notes(notes, 200, 1, random.Random(2))
    command = [sys.executable, "-c", FULL_DISK, str(folder), str(notes)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    *reported, last = child.stdout.splitlines()
    assert last.startswith("refused: ")
    assert "could not be written" in last
    assert child.stderr == ""
    assert_whole(Library.open(folder), {line.rsplit(" ", 1)[0] for line in reported})
    assert Library.open(folder).add(notes, vectors=False).count("skipped") == 0
    assert_whole(Library.open(folder), {str(path) for path in notes.iterdir()})


def beside(code: str, *words: Path) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.slow
def test_two_adds_at_once_and_a_search_beside_them(tmp_path: Path) -> None:
    chosen, folder, notes = random.Random(3), tmp_path / "library", tmp_path / "notes"
    write_notes(notes, 400, 0, chosen)
    half = tmp_path / "more"
    write_notes(half, 200, 0, chosen)
    Library.open(folder)
    search = beside(SEARCH, folder)
    assert search.stdout is not None
    assert search.stdout.readline() == "ready\n"
    both = [beside(ADD, folder, path) for path in (tmp_path, notes)]
    for child in both:
        _, errors = child.communicate(timeout=PATIENCE)
        assert (child.returncode, errors) == (0, "")
    searches, errors = search.communicate(timeout=PATIENCE)
    assert (search.returncode, errors) == (0, "")
    assert int(searches) > 0
    library = Library.open(folder)
    assert_whole(library, {str(path) for path in [*notes.iterdir(), *half.iterdir()]})
    assert library.status().totals["passages"] == PARAGRAPHS * 600

"""`add`: the summary, a line for each file as it is committed, and how it is broken off."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from commonplace import AddReport, Library, WeightsError
from commonplace.corpus import FileReport
from patience import PATIENCE

Run = Callable[..., Result]
Write = Callable[[str, str], Path]


def test_a_summary_and_then_only_what_changed(run: Run, write: Write, tmp_path: Path) -> None:
    note = write("a.md", "# One\n\nFirst note.\n")
    write("b.md", "# Two\n\nSecond note.\n")
    write("c.md", "")
    where = ["--library", str(tmp_path / "l"), "--no-vectors"]
    first = run("add", str(note.parent), *where)
    assert first.exit_code == 0
    assert "2 added, 1 skipped · 2 new passages, 0 new vectors" in first.stdout
    assert re.search(r"read \d+\.\d s", first.stdout)
    assert "c.md: empty file" in first.stdout
    assert first.stderr == ""
    note.write_text("# One\n\nChanged, and longer than before.\n")
    (note.parent / "b.md").unlink()
    second = run("add", str(note.parent), *where)
    assert "1 changed, 1 skipped, 1 vanished · 1 new passages" in second.stdout
    third = run("add", str(note.parent), *where)
    assert "1 unchanged, 1 skipped · 0 new passages" in third.stdout


def test_skipped_files_are_named_up_to_ten(run: Run, write: Write, tmp_path: Path) -> None:
    for n in range(13):
        write(f"{n:02}.md", "")
    result = run("add", str(tmp_path / "notes"), "--library", str(tmp_path / "l"), "--no-vectors")
    assert result.exit_code == 0
    assert result.stdout.count("empty file") == 10
    assert "and 3 more: commonplace status" in result.stdout


def test_a_line_for_each_file(run: Run, write: Write, tmp_path: Path) -> None:
    paths = [write(name, f"# {name}\n\nText of it.\n") for name in ("a.md", "b.md")]
    empty = write("c.md", "")
    words = ["add", str(tmp_path / "notes"), "-v", "--no-vectors", "--library", str(tmp_path / "l")]
    lines = run(*words).stdout.splitlines()
    assert {f"added\t{path}" for path in paths} <= set(lines)
    assert any(line.startswith(f"skipped\t{empty}\tempty file") for line in lines)


def test_a_line_is_out_when_its_file_is_safe(write: Write, tmp_path: Path) -> None:
    note = write("a.md", "# A\n\nText.\n")
    code = (
        "import os\nfrom commonplace import Library\nfrom commonplace.cli import main\n"
        "whole = Library.add\n"
        "def add(self, *paths, on_file, **more):\n"
        "    def kill(report): on_file(report); os.kill(os.getpid(), 9)\n"
        "    return whole(self, *paths, on_file=kill, **more)\n"
        "Library.add = add\n"
        f"main(['add', {str(note)!r}, '-v', '--no-vectors', '--library', {str(tmp_path / 'l')!r}])"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, timeout=PATIENCE, check=False, env=buffered)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.decode() == f"added\t{note}\n"
    assert [file.path for file in Library.open(tmp_path / "l").status().files] == [str(note)]


def test_without_weights_the_text_is_searchable(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Library.add

    def add(self: Library, *paths: Any, vectors: bool, **more: Any) -> AddReport:
        assert vectors
        whole(self, *paths, vectors=False, **more)
        raise WeightsError("pip could not download them: check the network.")

    monkeypatch.setattr(Library, "add", add)
    note = write("a.md", "# A\n\nOkapi ranks.\n")
    where = ["--library", str(tmp_path / "l")]
    result = run("add", str(note), *where)
    assert result.exit_code == 2
    assert "1 added · 1 new passages, 0 new vectors" in result.stdout
    assert "check the network; what was added can be found by its words" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "okapi" in run("search", "okapi", "--profile", "bm25", *where).stdout.lower()


def test_an_interrupt_keeps_what_was_added(
    run: Run, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(self: Library, *paths: Any, on_file: Callable[[FileReport], None], **_: Any) -> None:
        on_file(FileReport("/x/a.md", "added", "", 1))
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "add", add)
    result = run("add", str(notes), "-v", "--library", str(tmp_path / "l"))
    assert result.exit_code == 130
    assert result.stdout == "added\t/x/a.md\n"
    said = "commonplace: stopped; what was added is kept, run the same command to go on\n"
    assert result.stderr == said


def test_a_real_interrupt_is_one_sentence_and_the_next_run_goes_on(
    write: Write, tmp_path: Path
) -> None:
    for n in range(300):
        write(f"{n}.md", f"# Note {n}\n\nNumber {n} of many notes.\n")
    words = ["add", str(tmp_path / "notes"), "-v", "--no-vectors", "--library", str(tmp_path / "l")]
    command = [sys.executable, "-m", "commonplace", *words]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=4096,  # it waits for us with most of its lines
    )
    assert process.stdout
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    assert errors == (
        b"commonplace: stopped; what was added is kept, run the same command to go on\n"
    )
    lines = (first + rest).splitlines()  # one may be cut off, on either side, by the interrupt
    whole = [line.split(b"\t") for line in lines if line.endswith(b".md")]
    reported = {parts[1].decode() for parts in whole if len(parts) == 2}
    assert len(reported) >= len(lines) - 1
    kept = {file.path for file in Library.open(tmp_path / "l").status().files}
    assert reported <= kept
    subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    assert len(Library.open(tmp_path / "l").status().files) == 300


def test_progress_is_shown_on_a_terminal(write: Write, tmp_path: Path) -> None:
    for n in range(40):
        write(f"{n}.md", f"# Note {n}\n\nNumber {n} of many.\n")
    words = ["add", str(tmp_path / "notes"), "-v", "--no-vectors", "--library", str(tmp_path / "l")]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "commonplace", *words],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = _read(ours)
    assert process.wait(PATIENCE) == 0
    assert "reading" in seen
    assert seen.count("added\t") + seen.count("added  ") >= 40
    assert "40 added" in seen


def _read(descriptor: int) -> str:
    """All that a terminal shows until its program ends."""
    seen, end = b"", time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            more = os.read(descriptor, 65536)
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(descriptor)
    return seen.decode("utf-8", "replace")


def test_a_path_that_is_not_there_starts_no_library(run: Run, tmp_path: Path) -> None:
    result = run("add", str(tmp_path / "nothing"), "--library", str(tmp_path / "l"))
    assert result.exit_code == 2
    assert "does not exist" in result.stderr
    assert not (tmp_path / "l").exists()

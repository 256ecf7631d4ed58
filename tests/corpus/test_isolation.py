"""Bad input: each file is read, cut or skipped with its reason, and never stops the others."""

import contextlib
import errno
import io
import os
import select
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from threading import Thread

import pytest
from reportlab.pdfgen.canvas import Canvas

from commonplace.corpus import Document, Limits, ReadResult, TextLocator
from commonplace.corpus.text.analyser import analyse
from commonplace.corpus.workers import process
from commonplace.corpus.workers.isolation import read_all
from commonplace.corpus.workers.process import READER
from patience import PATIENCE

LIMITS = Limits(seconds=20)
HERE = "test_isolation:{}"


def readings(*paths: Path, limits: Limits = LIMITS, reader: str = READER) -> dict[Path, ReadResult]:
    results = list(read_all(paths, limits, reader=reader))
    assert sorted(path for path, _ in results) == sorted(paths)
    return dict(results)


def reason(path: Path, limits: Limits = LIMITS, reader: str = READER) -> str:
    """Why a file was skipped; a good one beside it is read all the same."""
    good = path.parent / "good.md"
    good.write_text("# A note\n\nIt is read whatever stands beside it.\n")
    found = readings(path, good, limits=limits, reader=reader)
    assert found[good].document is not None or reader != READER
    assert found[path].document is None
    return found[path].reason


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.txt"


def pdf(**options: str) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, **options)
    canvas.drawString(60, 700, "A sentence that stands in a PDF.")
    canvas.save()
    return stream.getvalue()


# ---------------------------------------------------------------- what is read


def test_a_reading_has_the_document_its_terms_and_the_files_facts(file: Path) -> None:
    file.write_text("Running runners ran.\n")
    found = readings(file)[file]
    assert found.reason == ""
    assert found.document is not None
    assert found.document.drafts[0].text == "Running runners ran."
    assert found.terms == (" ".join(analyse("file\nRunning runners ran.")),)  # the title counts
    assert (found.size, found.modified_ns) == (21, file.stat().st_mtime_ns)
    assert found.content_hash == blake2b(file.read_bytes(), digest_size=16).hexdigest()


def test_many_files_by_two_workers(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.md" for number in range(60)]
    for path in paths:
        path.write_text(f"# Note {path.stem}\n\nText of note {path.stem}.\n")
    found = readings(*paths)
    assert all(reading.document and len(reading.terms) == 1 for reading in found.values())


def test_nothing_to_read_starts_nothing() -> None:
    assert list(read_all([], LIMITS)) == []


def test_breaking_off_ends_the_workers(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.md" for number in range(200)]
    for path in paths:
        path.write_text("text\n")
    results: Iterator[tuple[Path, ReadResult]] = read_all(paths, LIMITS)
    next(results)
    results.close()  # type: ignore[attr-defined]
    with contextlib.suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    try:
        path.write_text("Some text.\n")
    except OSError:
        pytest.skip("the file system takes UTF-8 names only")
    assert readings(path)[path].document is not None


def test_a_program_without_a_file_can_read(file: Path) -> None:
    file.write_text("Some text.\n")
    code = (
        "from pathlib import Path\n"
        "from commonplace.corpus.workers.isolation import read_all\n"
        "from commonplace.corpus import Limits\n"
        f"print([r.reason or len(r.terms) for _, r in read_all([Path({str(file)!r})], Limits())])\n"
    )
    source = Path(process.__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-"],
        input=code.encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(source)},
        check=False,
    )
    assert done.stdout.decode().strip() == "[1]", done.stderr.decode()


def test_a_worker_imports_no_store(file: Path) -> None:
    file.write_text("text")
    assert "lance" not in reason(file, reader=HERE.format("name_modules"))


# ----------------------------------------------------------------- bad input


def test_empty(file: Path) -> None:
    file.write_bytes(b"")
    assert "empty file" in reason(file)


def test_binary_posing_as_text(file: Path) -> None:
    file.write_bytes(bytes(range(256)) * 40)
    assert "binary" in reason(file)


def test_truncated_and_encrypted_pdf(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf()[:400])
    assert "PDF" in reason(path)
    path.write_bytes(pdf(encrypt="secret"))
    assert "encrypted PDF" in reason(path)


def test_two_hundred_megabytes_are_not_even_read(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(200 * 1024**2)
    assert reason(file) == "too large (200 MiB; files over 64 MiB are not read)"


def test_fifty_thousand_levels_of_html(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<p>before</p>" + "<div>" * 50_000 + "deep" + "</div>" * 50_000)
    document = readings(path, limits=Limits())[path].document
    assert document is not None
    assert "deep" in document.sources[""]


@pytest.mark.parametrize("name", ["bomb.epub", "bomb.docx"])
def test_zip_bombs(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", b" " * 30_000_000)
        archive.writestr("word/document.xml", b" " * 30_000_000)
    assert "times its size" in reason(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(file: Path) -> None:
    file.write_text("text")
    file.chmod(0)
    assert reason(file) == "cannot be opened: permission denied"


def test_no_permission_for_anyone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    file.write_text("text")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(process.FileRefusal) as refused:
        process.load(file, LIMITS)
    assert refused.value.result.reason == "cannot be opened: permission denied"
    assert refused.value.result.size == 4


def test_a_pipe_a_folder_and_what_is_gone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert "not a regular file" in reason(pipe)
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    assert "not a regular file" in reason(folder)
    assert "vanished" in reason(tmp_path / "gone.txt")


def test_a_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    assert "cannot be opened" in reason(tmp_path / "a.txt")


def test_a_file_that_changes_while_it_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("0")
    times = [0, 1]

    def read_and_change(descriptor: int, most: int) -> bytes:
        data = os.read(descriptor, most)
        if times and times.pop():
            file.write_text("another text")
        return data

    monkeypatch.setattr(process, "read_bytes", read_and_change)
    assert process.load(file, LIMITS)[1] == b"another text"  # the second look was quiet
    original = file.stat().st_mtime_ns

    def always(descriptor: int, most: int) -> bytes:
        data = os.read(descriptor, most)
        file.write_text(f"{time.monotonic_ns()}{'x' * len(data)}")
        return data

    monkeypatch.setattr(process, "read_bytes", always)
    with pytest.raises(process.FileRefusal, match="changed while it was read") as refused:
        process.load(file, LIMITS)
    assert refused.value.result.modified_ns >= original


# ------------------------------------------------- readers that misbehave


def hang(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    while path.name != "good.md":
        time.sleep(1)
    return Document("text", "", {}, ())


def spin(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    while True:
        pass


def lack_room(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    raise OSError(errno.ENOSPC, "No space left on device")


def leave(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    os._exit(7)


def crash(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    os.kill(os.getpid(), signal.SIGSEGV)
    return Document("text", "", {}, ())


def devour(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    hoard = [bytes(1 << 24) for _ in range(1000)]
    return Document("text", str(len(hoard)), {}, ())


def dive(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    return dive(path, data, limits, modified)


def chatter(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    print("this must not end up among the replies" * 100, flush=True)  # noqa: T201
    return Document("text", "said", {"": "x"}, ())


def name_modules(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    raise ValueError(" ".join(name for name in sys.modules if name in {"lance", "onnxruntime"}))


class Evil(str):
    """What a reader that was taken over might send."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch taken-over",)


def take_over(path: Path, data: bytes, limits: Limits, modified: datetime) -> Document:
    return Document("text", Evil("x"), {}, ())


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("hang", "took longer than 2 s to read"),
        ("spin", "took more than 2 s of processor time to read"),
        ("leave", "the reader broke off on it (exit code 7)"),
        ("crash", "the reader crashed on it (SIGSEGV)"),
        ("devour", "needs more than 1,024 MiB of memory to read"),
        ("dive", "nested too deeply to be read"),
        ("name_modules", "the reader failed on it (ValueError: )"),
        ("take_over", "the reader broke off on it"),
    ],
)
def test_a_reader_that_misbehaves(file: Path, reader: str, expected: str) -> None:
    file.write_text("text")
    # Importing this module takes a busy machine seconds; only what hangs is to run out of time.
    limits = replace(LIMITS, seconds=40, memory_bytes=1024**3)
    limits = replace(limits, wall_seconds=2) if reader == "hang" else limits
    limits = replace(limits, seconds=2) if reader == "spin" else limits
    found = reason(file, limits, reader=HERE.format(reader))
    assert expected in found or (reader == "take_over" and "crashed" in found)
    assert not Path("taken-over").exists()


@pytest.mark.parametrize(
    ("reader", "passing"),
    [("spin", True), ("lack_room", True), ("crash", False), ("dive", False)],
)
def test_whether_the_cause_may_pass(file: Path, reader: str, passing: bool) -> None:
    file.write_text("text")
    limits = replace(LIMITS, seconds=1 if reader == "spin" else 40)
    assert readings(file, limits=limits, reader=HERE.format(reader))[file].passing is passing


def test_the_facts_of_a_file_that_crashes_its_reader_are_kept(file: Path) -> None:
    file.write_text("text")
    reading = readings(file, reader=HERE.format("crash"))[file]
    assert reading.size == 4
    assert reading.content_hash == blake2b(b"text", digest_size=16).hexdigest()


def test_what_a_reader_prints_does_no_harm(file: Path) -> None:
    file.write_text("text")
    document = readings(file, reader=HERE.format("chatter"))[file].document
    assert document is not None
    assert document.title == "said"


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal\n"
        "from commonplace.corpus.workers import isolation\n"
        "process = isolation.start_process()\n"
        "print(process.pid, flush=True)\n"
        "signal.pause()\n"
    )
    source = Path(process.__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert parent.stdout is not None
    worker = os.pidfd_open(int(parent.stdout.readline()))  # readable once the worker has ended
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert select.select([worker], [], [], PATIENCE)[0], "the worker outlived its parent"
    os.close(worker)


def test_two_threads_may_read_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.md" for number in range(10)]
    for path in paths:
        path.write_text("text\n")
    results: list[dict[Path, ReadResult]] = []
    threads = [Thread(target=lambda: results.append(readings(*paths))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3


def test_locators_survive_the_way_back(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf())
    document = readings(path)[path].document
    assert document is not None
    assert not isinstance(document.drafts[0].locator, TextLocator)
    assert document.drafts[0].locator.boxes[0].left > 0

"""Bad input through the front door: each file skipped or cut with its reason, the rest goes on."""

import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import Filter, Library
from commonplace.corpus import FileReport, Limits

Write = Callable[[str, str], Path]


@pytest.fixture
def folder(write: Write) -> Path:
    """A folder with one good note; what is bad is put beside it."""
    return write("good.md", "# Good\n\nThe good note is always there.").parent


def add(library: Library, folder: Path, limits: Limits | None = None) -> dict[str, FileReport]:
    """Add the folder; the good note must be found whatever lies beside it."""
    report = library.add(folder, vectors=False, limits=limits)
    found = library.search("good note", profile="bm25")
    assert [Path(hit.passage.path).name for hit in found][:1] == ["good.md"]
    reported = {Path(file.path).name: file for file in report.files}
    status = {Path(file.path).name: file for file in library.status().files}
    assert set(reported) == set(status), "status must account for every file"
    return reported


def test_an_empty_file(library: Library, folder: Path) -> None:
    (folder / "empty.md").touch()
    assert "empty" in add(library, folder)["empty.md"].reason


def test_binary_posing_as_text(library: Library, folder: Path) -> None:
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 50)
    found = add(library, folder)["binary.txt"]
    assert (found.outcome, found.passages) == ("skipped", 0)
    assert "binary" in found.reason


def test_a_text_of_200_megabytes(library: Library, folder: Path) -> None:
    with open(folder / "huge.txt", "wb") as file:
        file.truncate(200 * 1024 * 1024)
    found = add(library, folder)["huge.txt"]
    assert found.outcome == "skipped"
    assert "too large (200 MiB" in found.reason


def test_html_nested_50_000_levels_deep(library: Library, folder: Path) -> None:
    deep = "<div>" * 50_000 + "quokka" + "</div>" * 50_000
    (folder / "deep.html").write_text(f"<p>A plain paragraph of wombats.</p>{deep}")
    found = add(library, folder)["deep.html"]
    assert found.outcome == "skipped" or library.search("wombats", profile="bm25")
    assert found.outcome == "added" or found.reason


@pytest.mark.parametrize("name", ["bomb.epub", "bomb.docx"])
def test_a_zip_bomb(library: Library, folder: Path, name: str) -> None:
    member = "word/document.xml" if name.endswith("docx") else "META-INF/container.xml"
    with (
        zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as bomb,
        bomb.open(member, "w", force_zip64=True) as file,
    ):
        for _ in range(400):
            file.write(b" " * 1024 * 1024)
    found = add(library, folder)[name]
    assert found.outcome == "skipped"
    assert found.reason


def test_a_folder_of_nothing_readable(library: Library, tmp_path: Path) -> None:
    """Nothing was ever indexed: there are no statistics to compare."""
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "empty.md").touch()
    report = library.add(tmp_path / "only", vectors=False)
    assert [file.outcome for file in report.files] == ["skipped"]
    assert library.search("anything", profile="bm25") == []


@pytest.mark.parametrize("cut", [10, 500, 900])
def test_a_truncated_pdf(library: Library, folder: Path, cut: int) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(folder / "cut.pdf"), invariant=True)
    canvas.drawString(72, 720, "A page that will be cut off in the middle of its file.")
    canvas.save()
    data = (folder / "cut.pdf").read_bytes()
    (folder / "cut.pdf").write_bytes(data[:cut])
    found = add(library, folder)["cut.pdf"]
    assert found.outcome == "added" or found.reason


def test_an_encrypted_pdf(library: Library, folder: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    lock = StandardEncryption("user", "owner", canPrint=0)
    canvas = Canvas(str(folder / "locked.pdf"), encrypt=lock)
    canvas.drawString(72, 720, "secret")
    canvas.save()
    found = add(library, folder)["locked.pdf"]
    assert (found.outcome, "encrypted" in found.reason) == ("skipped", True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(library: Library, folder: Path) -> None:
    (folder / "private.md").write_text("private")
    (folder / "private.md").chmod(0)
    found = add(library, folder)["private.md"]
    assert (found.outcome, "ermission" in found.reason) == ("skipped", True)


def test_a_circle_of_links(library: Library, folder: Path) -> None:
    (folder / "a.md").symlink_to(folder / "b.md")
    (folder / "b.md").symlink_to(folder / "a.md")
    (folder / "around").symlink_to(folder)
    found = add(library, folder)
    assert "circle" in found["a.md"].reason
    assert "link to a folder" in found["around"].reason


def test_a_pipe(library: Library, folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    assert "pipe" in add(library, folder)["pipe.md"].reason


def test_a_name_that_is_not_utf_8(library: Library, folder: Path) -> None:
    name = os.path.join(os.fsencode(folder), b"caf\xe9.md")
    with open(name, "wb") as file:
        file.write(b"The numbat eats termites.")
    add(library, folder)
    (hit,) = library.search("numbat", profile="bm25")
    assert hit.passage.path.endswith("caf\\xe9.md")
    assert library.show(hit.passage.id).words == "The numbat eats termites."
    assert library.search("numbat", profile="bm25", filter=Filter(paths=(hit.passage.path,)))
    library.remove(name)
    assert not library.search("numbat", profile="bm25")


def test_a_file_that_changes_while_it_is_read_is_read_again_next_time(
    library: Library, folder: Path
) -> None:
    """Whatever of it was seen, the next `add` sees the file as it is then."""
    note = folder / "moving.md"
    note.write_text("the first state")
    add(library, folder)
    note.write_text("the second state, which is longer")
    add(library, folder)
    found = library.search("state", profile="bm25")
    assert [hit.passage.text for hit in found] == ["the second state, which is longer"]


def test_a_file_that_cannot_be_read_any_more_keeps_its_passages(
    library: Library, folder: Path
) -> None:
    note = folder / "note.md"
    note.write_text("an echidna is not a hedgehog")
    add(library, folder)
    note.write_bytes(bytes(range(256)) * 10)
    assert add(library, folder)["note.md"].outcome == "skipped"
    assert library.search("echidna", profile="bm25")
    (row,) = [f for f in library.status().files if f.path == str(note)]
    assert row.state == "stale"
    assert "cannot be read now" in row.reason


def test_a_skipped_file_is_tried_again_when_it_changes(library: Library, folder: Path) -> None:
    note = folder / "note.md"
    note.touch()
    assert add(library, folder)["note.md"].outcome == "skipped"
    time.sleep(0.01)
    note.write_text("now it says something")
    assert add(library, folder)["note.md"].outcome == "added"


def test_text_with_lone_surrogates_and_nulls(library: Library, folder: Path) -> None:
    (folder / "odd.ipynb").write_text(
        '{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "odd \\ud800 words"}]}'
    )
    found = add(library, folder)["odd.ipynb"]
    assert found.outcome in {"added", "skipped"}

"""Names of uploads: whatever comes, the file stays in its folder, prints, and is not hidden."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import InputError, Library
from commonplace.service.state.uploads import keep_upload, safe_name, uploads_folder


@given(st.text(max_size=300))
def test_a_name_stays_in_its_folder(name: str) -> None:
    try:
        kept = safe_name(name)
    except InputError:
        return
    assert Path("/uploads", kept).resolve().parent == Path("/uploads")
    assert kept.isprintable()
    assert not kept.startswith(".")
    assert len(kept.encode()) <= 200
    assert safe_name(kept) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("notes.md", "notes.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\x.md", "x.md"),
        (".bashrc", "bashrc"),
        ("a\x00b\u202e.md", "ab.md"),
        ("é" * 150 + ".md", "é" * 98 + ".md"),
    ],
)
def test_names(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize("name", ["", "..", "/", " . ", "\x00", "x" * 300])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="no name for a file"):
        safe_name(name)


def test_a_broken_off_upload_leaves_nothing(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library").folder

    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        asyncio.run(keep_upload(library, "a.md", pieces()))
    assert not list(uploads_folder(library).iterdir())
    assert not list((library / "cache").glob("*.part"))

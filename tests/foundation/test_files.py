"""Files that are the old or the new; a log whose lines never mix; paths that can be shown."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.foundation import (
    append_record,
    bug_report,
    display_path,
    file_beside,
    read_records,
    replacing,
    write_atomically,
)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"old")
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_written_piece_by_piece_is_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with replacing(file) as target:
        target.write(b"ol")
        assert not file.exists()
        target.write(b"d")
    with suppress(OSError), replacing(file) as target:
        target.write(b"ne")
        raise OSError(28, "No space left on device")
    assert file.read_bytes() == b"old"
    with file_beside(file) as spool:
        assert Path(spool.name).parent == tmp_path
    assert list(tmp_path.iterdir()) == [file]


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    for number in range(3):
        append_record(log, {"number": number})
    log.write_bytes(log.read_bytes()[:-5])
    append_record(log, {"number": 3})
    assert [record["number"] for record in read_records(log, 10)] == [3, 1, 0]
    assert read_records(tmp_path / "none", 10) == []


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_a_shown_path_is_printable(name: bytes) -> None:
    assert display_path(os.fsdecode(name)).isprintable()


@given(*[st.binary(min_size=1).filter(lambda name: b"\0" not in name)] * 2)
def test_two_paths_are_never_shown_alike(one: bytes, other: bytes) -> None:
    shown = [display_path(os.fsdecode(name)) for name in (one, other)]
    assert (shown[0] == shown[1]) == (one == other)


def test_known_names() -> None:
    assert display_path(os.fsdecode(b"caf\xe9.md")) == "caf\\xe9.md"
    assert display_path("new\nline.md") == "new\\nline.md"
    assert display_path("new\\nline.md") == "new\\\\nline.md"


def test_a_bug_is_written_down_once_however_often_it_happens() -> None:
    def happen() -> str:
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            return bug_report(error)

    first = happen()
    file = Path(first.rpartition(" ")[2])
    assert "ZeroDivisionError" in file.read_text(encoding="utf-8")
    assert happen() == first
    file.unlink()
    assert happen() != first
    Path(happen().rpartition(" ")[2]).unlink()

"""The store's promises: one visible step, history, removal, several processes."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import filelock
import pytest

from commonplace import Filter, InputError, Library, LibraryError
from commonplace.corpus import Limits, Snapshot, Store

Write = Callable[[str, str], Path]


def texts(library: Library, query: str, **more: object) -> list[str]:
    return [hit.passage.text for hit in library.search(query, profile="bm25", **more)]  # type: ignore[arg-type]


def snapshot(library: Library) -> Snapshot:
    with Store(library.folder).snapshot() as snapshot:
        return snapshot


def test_adding_again_reads_only_what_changed(library: Library, write: Write) -> None:
    one, two = write("one.md", "the first note"), write("two.md", "the second note")
    assert library.add(one.parent, vectors=False).count("added") == 2
    write("two.md", "the second note, changed")
    report = library.add(one.parent, vectors=False)
    assert {file.path: file.outcome for file in report.files} == {
        str(one): "unchanged",
        str(two): "changed",
    }


def test_what_a_passing_cause_hindered_is_read_by_the_next_add(
    library: Library, write: Write
) -> None:
    note = write("note.md", "The lift is inspected on 14 June.")
    hindered = library.add(note, vectors=False, limits=Limits(seconds=1e-6)).files[0]
    assert (hindered.outcome, "processor time" in hindered.reason) == ("skipped", True)
    assert library.add(note, vectors=False).count("added") == 1
    assert texts(library, "lift")


def test_a_touched_file_stays_unchanged(library: Library, write: Write) -> None:
    note = write("note.md", "some words")
    library.add(note, vectors=False)
    before = texts(library, "words")
    note.touch()
    assert library.add(note, vectors=False).count("unchanged") == 1
    assert texts(library, "words") == before


def test_a_passage_that_did_not_change_keeps_its_id_and_its_beginning(
    library: Library, write: Write
) -> None:
    body = "# A\n\n{}\n\n# B\n\nthis paragraph stays as it is\n"
    note = write("note.md", body.format("an apple"))
    library.add(note, vectors=False)
    (before,) = library.search("paragraph", profile="bm25")
    write("note.md", body.format("two pears and more"))
    library.add(note, vectors=False)
    (after,) = library.search("paragraph", profile="bm25")
    assert after.passage.id == before.passage.id
    assert after.passage.valid_from == before.passage.valid_from
    assert after.passage.locator != before.passage.locator
    assert texts(library, "apple") == []
    assert len(texts(library, "pears")) == 1


def test_the_past_is_answered_from_the_past(library: Library, write: Write) -> None:
    note = write("capital.md", "the capital is Bonn")
    library.add(note, vectors=False)
    then = datetime.now(UTC)
    time.sleep(0.01)
    write("capital.md", "the capital is Berlin")
    library.add(note, vectors=False)
    assert texts(library, "capital") == ["the capital is Berlin"]
    assert texts(library, "capital", filter=Filter(as_of=then)) == ["the capital is Bonn"]
    with pytest.raises(InputError, match="held nothing on"):
        texts(library, "capital", filter=Filter(as_of=datetime(2001, 1, 1, tzinfo=UTC)))


def test_a_vanished_file_leaves_all_indexes_but_not_the_past(
    library: Library, write: Write
) -> None:
    note, other = write("gone.md", "a rare word: xylograph"), write("kept.md", "other words")
    library.add(note.parent, vectors=False)
    then = datetime.now(UTC)
    note.unlink()
    assert library.add(other.parent, vectors=False).count("vanished") == 1
    assert texts(library, "xylograph") == []
    assert texts(library, "xylograph", filter=Filter(as_of=then)) != []
    (row,) = [file for file in library.status().files if file.path == str(note)]
    assert (row.state, row.passages, row.superseded) == ("superseded", 0, 1)


def test_what_was_removed_is_gone_from_the_disk(library: Library, write: Write) -> None:
    note = write("secret.md", "the codeword is zanzibarite")
    write("other.md", "something else")
    library.add(note.parent, vectors=False)
    then = datetime.now(UTC)
    write("secret.md", "the codeword is zanzibarite, and a second version")
    library.add(note.parent, vectors=False)
    library.search("codeword", profile="bm25")
    library.remove(note)
    assert texts(library, "zanzibarite") == []
    assert texts(library, "zanzibarite", filter=Filter(as_of=then)) == []
    assert str(note) not in {file.path for file in library.status().files}
    for file in (library.folder / "lance").rglob("*"):
        assert not file.is_file() or b"zanzibarite" not in file.read_bytes(), file


def test_removing_what_is_not_there_says_so(library: Library, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="knows nothing at"):
        library.remove(tmp_path / "nothing")


def test_statistics_are_those_of_what_is_left_after_heavy_deletion(
    tmp_path: Path, write: Write
) -> None:
    """Lance goes on counting deleted rows; after `remove` the scores must equal a fresh build."""
    keep = [write(f"keep/{n}.md", f"common word{n} note") for n in range(5)]
    drop = [write(f"drop/{n}.md", f"common other{n} words and more of them") for n in range(200)]
    thinned, fresh = Library.open(tmp_path / "thinned"), Library.open(tmp_path / "fresh")
    thinned.add(keep[0].parent, drop[0].parent, vectors=False)
    thinned.remove(drop[0].parent)
    fresh.add(keep[0].parent, vectors=False)
    scores = [
        [hit.score for hit in library.search("common word1", profile="bm25")]
        for library in (thinned, fresh)
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


def test_statistics_are_exact_after_each_change(tmp_path: Path, write: Write) -> None:
    """A changed file's old rows may be a whole fragment, which Lance would count for good."""
    changed, fresh = Library.open(tmp_path / "changed"), Library.open(tmp_path / "fresh")
    folder = write("a.md", "common apple").parent
    write("b.md", "common pear and other fruit")
    for text in ("common quince", "a quince, the common one of all fruit", "quince common"):
        write("a.md", text)
        changed.add(folder, vectors=False)
    fresh.add(folder, vectors=False)
    for query in ("common quince", "fruit", "common"):
        found = [
            [hit.score for hit in library.search(query, profile="bm25")]
            for library in (changed, fresh)
        ]
        assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_rows_that_no_item_names_are_never_seen_and_are_swept(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after the passages' commit and before the items' leaves the old state."""
    note = write("note.md", "the old state")
    library.add(note, vectors=False)
    write("note.md", "the new state")
    upsert = Store.upsert

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "upsert", crash)
    with pytest.raises(KeyboardInterrupt):
        library.add(note, vectors=False)
    monkeypatch.setattr(Store, "upsert", upsert)
    assert snapshot(library).unsettled
    assert texts(library, "state") == ["the old state"]
    assert texts(Library.open(library.folder), "state") == ["the old state"]
    library.add(note, vectors=False)
    assert texts(library, "state") == ["the new state"]
    assert not snapshot(library).unsettled


@pytest.mark.parametrize("step", ["append", "delete"])
def test_a_crash_while_history_is_kept_is_made_good(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    note = write("note.md", "the old state")
    library.add(note, vectors=False)
    then = datetime.now(UTC)
    write("note.md", "the new state")
    real = getattr(Store, step)

    def crash(self: object, table: str, *rest: object) -> None:
        if table == ("history" if step == "append" else "passages"):
            raise KeyboardInterrupt
        real(self, table, *rest)

    monkeypatch.setattr(Store, step, crash)
    with pytest.raises(KeyboardInterrupt):
        library.add(note, vectors=False)
    monkeypatch.setattr(Store, step, real)
    assert texts(library, "state") == ["the new state"]
    library.add(note.parent, vectors=False)
    write("other.md", "another note")
    library.add(note.parent, vectors=False)
    assert texts(library, "state", filter=Filter(as_of=then)) == ["the old state"]
    assert len(snapshot(library)["history"].to_table()) == 1


def test_a_creation_that_was_broken_off_is_made_good(tmp_path: Path, write: Write) -> None:
    """A kill may leave a table's folder without its first version."""
    for table in ("items", "read", "vectors-0123456789ab"):
        (tmp_path / "new" / "lance" / f"{table}.lance" / "data").mkdir(parents=True)
    library = Library.open(tmp_path / "new")
    library.add(write("note.md", "words"), vectors=False)
    assert texts(library, "words") == ["words"]


@pytest.mark.parametrize("table", ["items", "passages", "links"])
def test_a_table_that_is_lost_is_never_replaced_by_an_empty_one(
    library: Library, write: Write, table: str
) -> None:
    library.add(write("note.md", "words and a https://example.org/link"), vectors=False)
    shutil.rmtree(library.folder / "lance" / f"{table}.lance")
    with pytest.raises(LibraryError, match=rf"is damaged \(the table {table} is missing\)"):
        Library.open(library.folder)


def test_damaged_data_is_one_sentence(library: Library, write: Write) -> None:
    library.add(write("note.md", "words"), vectors=False)
    for file in (library.folder / "lance" / "passages.lance" / "data").iterdir():
        file.write_bytes(b"not what it was")
    with pytest.raises(LibraryError, match="is damaged"):
        texts(Library.open(library.folder), "words")


def test_adding_and_removing_while_other_threads_search(library: Library, write: Write) -> None:
    folder = write("0.md", "shared words").parent
    library.add(folder, vectors=False)
    done = threading.Event()

    def search_on() -> int:
        count = 0
        while not done.is_set():
            count += len(texts(library, "shared"))
        return count

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(search_on) for _ in range(3)]
        try:
            for number in range(1, 4):
                library.add(write(f"{number}.md", f"shared words {number}"), vectors=False)
            library.remove(folder / "0.md")
        finally:
            done.set()
        assert all(each.result() > 0 for each in running)
    assert len(texts(library, "shared")) == 3


def test_a_library_that_cannot_be_written_can_still_be_searched(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(write("note.md", "words"), vectors=False)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(filelock.ReadWriteLock, "acquire_read", refuse)
    monkeypatch.setattr(filelock.UnixFileLock, "_acquire", refuse)
    assert texts(Library.open(library.folder), "words") == ["words"]
    with pytest.raises(LibraryError, match="could not be written"):
        library.add(write("more.md", "more"), vectors=False)


def test_a_newer_library_is_refused_with_a_sentence(library: Library) -> None:
    layout = library.folder / "format.json"
    found = json.loads(layout.read_text())
    layout.write_text(json.dumps(found | {"schema": 99}))
    with pytest.raises(LibraryError, match=r"newer commonplace \(schema 99"):
        Library.open(library.folder)


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(LibraryError, match="neither empty nor a library"):
        Library.open(tmp_path)


def test_the_cache_may_be_deleted_at_any_time(library: Library, write: Write) -> None:
    library.add(write("note.md", "words"), vectors=False)
    (library.folder / "cache").rmdir()
    again = Library.open(library.folder)
    assert texts(again, "words") == ["words"]


def test_filters_are_applied_before_ranking(library: Library, write: Write) -> None:
    """The only match under the filter is found, however many better ones there are outside."""
    for number in range(300):
        write(f"many/{number}.md", "apple apple apple")
    write("few/it's.md", "apple " + "and other fruit in a much longer note " * 10)
    library.add(write("x.md", "x").parent, vectors=False)
    found = library.search(
        "apple",
        limit=5,
        profile="bm25",
        filter=Filter(paths=(str(Path(write("few/z.md", "z")).parent),)),
    )
    assert [Path(hit.passage.path).name for hit in found] == ["it's.md"]


def test_a_bug_of_ours_is_not_called_damage(library: Library) -> None:
    """Advice to restore a backup must follow from what Lance said, not from any error."""
    with pytest.raises(ValueError, match="ours"), Store(library.folder).snapshot():
        raise ValueError("a mistake of ours, in a folder named lance")

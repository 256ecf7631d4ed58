"""Feedback is kept, listed, taken back, and goes with what is removed."""

from pathlib import Path

import pytest

from commonplace import InputError, Library, LibraryError
from commonplace.corpus import FeedbackRecord, Store, read_feedback, record_feedback


@pytest.fixture
def library(tmp_path: Path) -> Library:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "lora.md").write_text("# LoRA\n\nLoRA trains two small matrices.\n")
    (notes / "dora.md").write_text("# DoRA\n\nDoRA splits a weight into two parts.\n")
    library = Library.open(tmp_path / "library")
    library.add(notes, vectors=False)
    return library


def first(library: Library, query: str) -> str:
    return library.search(query, profile="bm25")[0].passage.id


def test_what_was_given_is_there_and_can_be_taken_back(library: Library) -> None:
    passage = first(library, "small matrices")
    one = library.give_feedback("small matrices", passage, "up", rank=1, source="search")
    two = library.give_feedback("two parts", first(library, "two parts"), "dismissed")
    assert Library.open(library.folder).feedback() == [one, two]
    assert library.forget_feedback(one.id[:6]) == [one]
    assert library.feedback() == [two]
    assert library.forget_feedback() == [two]
    assert library.feedback() == []
    assert library.forget_feedback() == []


def test_a_citation_of_characters_names_its_passage(library: Library) -> None:
    passage = first(library, "matrices")
    record = library.give_feedback("matrices", f"{passage}:0-4", "opened")
    assert record.passage_id == passage
    assert record.content


def test_what_is_removed_takes_its_feedback_along(library: Library, tmp_path: Path) -> None:
    kept = library.give_feedback("parts", first(library, "parts"), "up")
    library.give_feedback("matrices", first(library, "matrices"), "up")
    library.remove(tmp_path / "notes" / "lora.md")
    assert library.feedback() == [kept]
    assert b"matrices" not in (library.folder / "learned" / "feedback.jsonl").read_bytes()


def test_a_torn_line_costs_only_itself(library: Library) -> None:
    record = library.give_feedback("parts", first(library, "parts"), "up")
    file = library.folder / "learned" / "feedback.jsonl"
    file.write_bytes(file.read_bytes() + b'{"query": "cut o')
    other = library.give_feedback("matrices", first(library, "matrices"), "down")
    assert library.feedback() == [record, other]


@pytest.mark.parametrize(
    ("query", "citation", "verdict", "rank", "said"),
    [
        (" ", "", "up", None, "the query is empty"),
        ("parts", "", "great", None, "no verdict 'great'; choose one of up, down"),
        ("parts", "", "up", 0, "0 is no rank"),
        ("parts", "ffffffffffff", "up", 1, "ffff"),
    ],
)
def test_bad_feedback_is_one_sentence(
    library: Library, query: str, citation: str, verdict: str, rank: int | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        library.give_feedback(query, citation or first(library, "parts"), verdict, rank=rank)  # type: ignore[arg-type]
    assert library.feedback() == []


@pytest.mark.parametrize("prefix", ["zzzzzz", "a", ""])
def test_an_id_that_names_nothing_is_said(library: Library, prefix: str) -> None:
    library.give_feedback("parts", first(library, "parts"), "up")
    with pytest.raises(InputError, match="no feedback is called"):
        library.forget_feedback(prefix)
    assert len(library.feedback()) == 1


def test_a_disk_that_refuses_is_one_sentence(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store = Store(library.folder)
    monkeypatch.setattr("commonplace.corpus.store.feedback.append_line", full)
    with pytest.raises(LibraryError, match="No space left on device"):
        record_feedback(store, FeedbackRecord("q", "p", "i", "c", "up"))
    assert read_feedback(store) == []

"""`add` and `ask` go one way: what they have read once, they do not read again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from answers_fakes import Angle, SharedTerms
from commonplace import Answer, InputError, Library, Refusal, Unsure
from commonplace.corpus import (
    Document,
    Draft,
    FileReport,
    Item,
    ReadResult,
    Snapshot,
    Store,
    TextLocator,
)
from commonplace.corpus.store.commit import commit
from commonplace.corpus.store.schema import Revision, item_id, items_from
from commonplace.library import OpenModels, Question, answer_record, logged_outcome

Write = Callable[[str, str], Path]
QUESTION = "Which fruit does the numbat eat?"


class Equal:
    """A reranker that finds all passages equally good."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        return np.zeros(len(pairs), np.float32)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Snapshot]:
    """The snapshots that were asked for since, in order."""
    snapshots: list[Snapshot] = []
    take = Store.snapshot

    @contextmanager
    def counted(store: Store) -> Iterator[Snapshot]:
        with take(store) as snapshot:
            snapshots.append(snapshot)
            yield snapshot

    monkeypatch.setattr(Store, "snapshot", counted)
    return snapshots


@pytest.fixture
def notes(library: Library, write: Write, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Forty notes, a few of which answer, and models that compare words."""
    monkeypatch.setattr(OpenModels, "encoder", Angle(1.0))
    monkeypatch.setattr(OpenModels, "reranker", Equal())
    monkeypatch.setattr(OpenModels, "unit_reader", SharedTerms())
    for number in range(37):
        write(f"{number}.md", f"Note {number} is about something else.")
    for fruit in ("an apple", "a quince", "a plum"):
        write(f"{fruit}.md", f"The numbat will eat {fruit}, a fruit.")
    library.add(library.folder.parent / "notes", vectors=False)
    return library


def test_an_answer_is_of_one_snapshot_and_looks_its_items_up_once(
    notes: Library, opened: list[Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups: list[int] = []

    def counted(table: pa.Table) -> list[Item]:
        lookups.append(table.num_rows)
        return items_from(table)

    monkeypatch.setattr("commonplace.corpus.store.snapshot.items_from", counted)
    answer = notes.ask(QUESTION, threshold=0.0)
    assert isinstance(answer, Answer)
    cited = {citation.passage.path for s in answer.sentences for citation in s.citations}
    assert len(cited) == 3
    assert len(opened) == 1
    assert lookups == [3]  # the items of what was retrieved, not all forty


def test_a_citation_says_what_became_of_its_file(notes: Library, write: Write) -> None:
    write("a plum.md", "The numbat is full.")
    write("a quince.md", "x").unlink()
    answer = notes.ask(QUESTION, threshold=0.0)
    assert isinstance(answer, Answer)
    changes = {
        Path(citation.passage.path).stem: citation.changed
        for sentence in answer.sentences
        for citation in sentence.citations
    }
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert changes == {
        "an apple": "",
        "a plum": f"changed on disk since it was read on {today}",
        "a quince": "no longer on disk",
    }


def test_asking_gives_the_steps_of_the_same_answer(notes: Library) -> None:
    *steps, last = notes.asking(Question(QUESTION, threshold=0.0))
    answer = notes.ask(QUESTION, threshold=0.0)
    assert isinstance(last, Answer)
    assert isinstance(answer, Answer)
    assert tuple(steps[1:]) == last.sentences == answer.sentences


def test_a_doubt_is_kept_with_its_closest_quotes(notes: Library) -> None:
    unsure = notes.ask(QUESTION, threshold=1.0)
    assert isinstance(unsure, Unsure)
    record = answer_record(unsure)
    assert (record["answered"], record["outcome"], record["sentences"]) == (False, "unsure", [])
    (logged,) = notes.log(1)
    assert logged_outcome(logged) == "unsure"
    assert logged["reason"] == record["reason"]
    kept = [{"id": each["id"], "quote": each["quote"]} for each in record["closest"]]
    assert logged["closest"] == kept
    assert logged["passages"] == [each["id"] for each in kept]
    for citation, each in zip(unsure.closest, kept, strict=True):
        assert notes.show(each["id"]).words == citation.quote


def test_strictly_a_doubt_is_a_refusal_which_cites_nothing(notes: Library) -> None:
    refusal = notes.ask(QUESTION, threshold=1.0, strict=True)
    assert isinstance(refusal, Refusal)
    (logged,) = notes.log(1)
    assert logged_outcome(logged) == "refused"
    assert logged["passages"] == logged["closest"] == []


def test_a_record_without_an_outcome_is_of_an_answer_or_a_refusal() -> None:
    assert logged_outcome({"answered": True}) == "answered"
    assert logged_outcome({"answered": False}) == "refused"


def test_a_question_is_not_empty(library: Library) -> None:
    with pytest.raises(InputError, match="the question is empty"):
        library.ask("  ")


def test_an_add_reads_the_items_once_and_reports_each_file(
    library: Library, write: Write, opened: list[Snapshot]
) -> None:
    folder = write("changed.md", "one apple").parent
    kept, touched = write("kept.md", "one pear"), write("touched.md", "one plum")
    vanished, empty = write("vanished.md", "one quince"), write("empty.md", "")
    library.add(folder, vectors=False)
    opened.clear()
    write("changed.md", "two apples")
    new = write("new.md", "a fig")
    touched.touch()
    vanished.unlink()
    report = library.add(folder, vectors=False)
    assert len(opened) == 1
    assert sorted(report.files, key=lambda file: file.path) == [
        FileReport(str(folder / "changed.md"), "changed", "", 1),
        FileReport(str(empty), "skipped", "empty file", 0),
        FileReport(str(kept), "unchanged", "", 1),
        FileReport(str(new), "added", "", 1),
        FileReport(str(touched), "unchanged", "", 1),
        FileReport(str(vanished), "vanished", "no longer on disk", 0),
    ]


def test_a_commit_returns_what_was_before(library: Library) -> None:
    store, path = Store(library.folder), b"/notes/one.md"

    def revision(text: str) -> Revision:
        document = Document("text", "", {"": text}, (Draft(text, TextLocator(0, len(text))),))
        return Revision(path, ReadResult(len(text), 1, text, document, (text,)))

    assert commit(store, [revision("apple")]) == {}
    before = commit(store, [revision("pear")])
    assert [(item.id, item.content_hash) for item in before.values()] == [(item_id(path), "apple")]

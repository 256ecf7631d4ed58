"""The main job with the real weights: the sample library, asked as `make demo` asks it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commonplace import Answer, Filter, InputError, Library, Refusal, Unsure
from commonplace.corpus import PageLocator, TextLocator

pytestmark = pytest.mark.weights
NOTES = Path(__file__).parent.parent / "examples" / "library"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("main-job")
    shutil.copytree(NOTES, folder / "notes")
    library = Library.open(folder / "library")
    report = library.add(folder / "notes")
    assert report.vectors == report.passages > 100
    assert {file.outcome for file in report.files} == {"added"}
    return library


def test_a_question_is_answered_from_a_note(library: Library) -> None:
    found = library.ask("Why does LoRA use two matrices?")
    assert isinstance(found, Answer)
    first = found.sentences[0]
    assert first.text.startswith("LoRA uses two matrices, B of size d × r and A of size r × k")
    (citation,) = first.citations
    assert Path(citation.passage.path).name == "lora.md"
    assert isinstance(citation.locator, TextLocator)
    source = Path(citation.passage.path).read_text(encoding="utf-8")
    assert source[citation.locator.start : citation.locator.end] == citation.quote


def test_a_question_is_answered_from_a_pdf_and_shown_there(library: Library) -> None:
    found = library.ask("Why does latent diffusion work in latent space?")
    assert isinstance(found, Answer)
    citation = found.sentences[0].citations[0]
    assert citation.quote.startswith("Latent diffusion runs the denoising process")
    assert isinstance(citation.locator, PageLocator)
    assert citation.locator.page == 1
    assert len(citation.locator.boxes) == 4
    shown = library.show(f"{citation.passage.id}:{citation.start}-{citation.end}")
    assert shown.picture is not None
    assert shown.picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_not_there_is_refused(library: Library) -> None:
    found = library.ask("Which tokenizer does Whisper use?")
    assert isinstance(found, Refusal)
    assert found.nearest
    assert not hasattr(found, "sentences")


def test_a_document_is_summarised_only_where_the_library_holds_it(library: Library) -> None:
    outlined = library.ask("Summarise the note on LoRA")
    assert isinstance(outlined, Unsure)
    assert {Path(c.passage.path).name for c in outlined.closest} == {"lora.md"}
    assert isinstance(library.ask("Summarise the paper on volcanic ash"), Refusal)


def test_a_source_that_changed_since_is_said_to_have_changed(library: Library) -> None:
    note = library.folder.parent / "notes" / "adapters" / "lora.md"
    before = note.read_bytes()
    try:
        note.write_bytes(b"Nothing of that.\n" + before)
        found = library.ask("Why does LoRA use two matrices?")
        assert isinstance(found, Answer)
        assert "changed on disk" in found.sentences[0].citations[0].changed
        (row,) = library.status(str(note)).files
        assert row.state == "stale"
    finally:
        note.write_bytes(before)


def test_the_library_may_be_asked_as_it_was(library: Library) -> None:
    now = datetime.now(UTC)
    found = library.ask("Why does LoRA use two matrices?", filter=Filter(as_of=now))
    assert isinstance(found, Answer)
    assert found.as_of == now
    with pytest.raises(InputError, match="held nothing on"):
        library.ask("Why?", filter=Filter(as_of=now - timedelta(days=400)))


def test_what_was_asked_is_logged(library: Library) -> None:
    library.ask("Why does LoRA use two matrices?")
    (record,) = library.log(1)
    assert (record["verb"], record["answered"]) == ("ask", True)
    assert record["passages"]
    assert {"bm25", "encode", "rerank", "read"} <= set(record["timings"])

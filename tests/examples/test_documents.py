"""The sample library: its PDFs are remade to the byte, and its notes are as messy as promised.

Run with ``pytest tests/examples``.
"""

import importlib.util
import re
from pathlib import Path

import pypdfium2
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LIBRARY = EXAMPLES / "library"
DIFFUSION = "papers/diffusion-in-brief.pdf"
NETWORK = "courses/networks/network-planning.pdf"


def pdf_text(path: Path) -> str:
    """The text of all pages with words joined over line ends and single spaces."""
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    joined = re.sub("[\x02\ufffe](\r\n)?", "", "\n".join(pages))  # PDFium's hyphen at a line end
    return " ".join(joined.split())


def test_the_pdfs_are_remade_to_the_byte(tmp_path: Path) -> None:
    pytest.importorskip("reportlab", reason="reportlab (extra: dev) makes the PDFs")
    spec = importlib.util.spec_from_file_location("make_documents", EXAMPLES / "make_documents.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path in script.main(tmp_path):
        committed = LIBRARY / path.relative_to(tmp_path)
        assert path.read_bytes() == committed.read_bytes(), f"remake {committed}"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            DIFFUSION,
            "Latent diffusion runs the denoising process in the latent space of this autoencoder, "
            "because each step there costs far less computation than a step in pixel space.",
        ),
        (DIFFUSION, "The number of sampling steps can be chosen after training."),
        (
            NETWORK,
            "Oversubscription is the ratio between the bandwidth that the hosts below a switch "
            "can ask for and the bandwidth that the switch has upwards.",
        ),
        (NETWORK, "48 48 576 2,880 27,648"),
    ],
)
def test_a_pdf_says(name: str, sentence: str) -> None:
    assert sentence in pdf_text(LIBRARY / name)


@pytest.mark.parametrize(("name", "day"), [(DIFFUSION, "20240601"), (NETWORK, "20240420")])
def test_a_pdf_tells_its_origin(name: str, day: str) -> None:
    assert (LIBRARY / name).stat().st_size < 60_000
    with pypdfium2.PdfDocument(LIBRARY / name) as document:
        metadata = document.get_metadata_dict()
        assert len(document) == 2
    assert metadata["Title"]
    assert metadata["Author"] == "The commonplace authors"
    assert metadata["CreationDate"].startswith(f"D:{day}")


def test_words_break_at_line_ends() -> None:
    with pypdfium2.PdfDocument(LIBRARY / DIFFUSION) as document:
        text = document[0].get_textpage().get_text_range()
    assert len(re.findall("[\x02\ufffe]", text)) >= 5


def test_one_note_is_windows_1252() -> None:
    note = (LIBRARY / "papers" / "dino.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        note.decode("utf-8")
    assert "Hervé Jégou" in note.decode("cp1252")
    assert "teacher’s weights" in note.decode("cp1252")


def test_the_demo_questions_have_their_answers_and_their_gap() -> None:
    lora = (LIBRARY / "adapters" / "lora.md").read_text(encoding="utf-8")
    assert "LoRA uses two matrices, B of size d × r and A of size r × k, because" in lora
    for path in LIBRARY.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("latin-1").lower()
            assert "whisper" not in text, path
            assert "tokenizer" not in text, path

"""A tiny tokenizer of single letters, and the tiny random networks, in a folder as models have."""

import json
import shutil
import string
from pathlib import Path

import pytest

from commonplace.models.text.cross_encoder import CrossEncoder
from commonplace.models.text.encoder import TextEncoder
from commonplace.models.text.late_interaction import LateInteraction

DATA = Path(__file__).parent / "data"
MARKS = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def write_tokenizer(path: Path) -> None:
    letters = string.ascii_lowercase + string.digits
    names = [*MARKS, *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {name: place for place, name in enumerate(names)}
    wordpiece = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    }
    normaliser = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    }
    whole: dict[str, object] = {
        "version": "1.0",
        "truncation": {
            "direction": "Right",
            "max_length": 8,
            "strategy": "LongestFirst",
            "stride": 0,
        },
        "padding": None,
        "added_tokens": [],
        "normalizer": normaliser,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": wordpiece,
    }
    path.write_text(json.dumps(whole))


def model_folder(folder: Path, network: str) -> Path:
    folder.mkdir()
    shutil.copy(DATA / f"{network}.onnx", folder / "model.onnx")
    write_tokenizer(folder / "tokenizer.json")
    return folder


@pytest.fixture
def encoder_folder(tmp_path: Path) -> Path:
    return model_folder(tmp_path / "encoder", "tiny-encoder")


@pytest.fixture
def encoder(encoder_folder: Path) -> TextEncoder:
    return TextEncoder.read(encoder_folder, name="tiny", sha256="0" * 64, threads=1)


@pytest.fixture
def cross_encoder(tmp_path: Path) -> CrossEncoder:
    folder = model_folder(tmp_path / "cross", "tiny-cross-encoder")
    return CrossEncoder.read(folder, name="tiny", sha256="0" * 64, threads=1)


@pytest.fixture
def late(encoder_folder: Path) -> LateInteraction:
    return LateInteraction.read(encoder_folder, name="tiny", sha256="0" * 64, threads=1)

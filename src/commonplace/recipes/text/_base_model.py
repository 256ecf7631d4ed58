"""A causal language model as torch sees it: of the catalogue, a GGUF file, a folder, or the hub.

Notable: a GGUF file is read through transformers, which puts its quantised weights into float32:
what is trained on is what llama.cpp runs, up to rounding. Weights are read from safetensors or GGUF
only, never from a pickle, and no code of a model is run.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

from commonplace.foundation import WeightsError, display_path
from commonplace.models import CATALOGUE, DEFAULT_LANGUAGE_MODEL, find_model, locate


@dataclass(frozen=True)
class Language:
    """A language model with its tokenizer, frozen, on the device where it will be used."""

    model: nn.Module
    tokenizer: Any
    name: str
    licence: str  # an SPDX expression; "" where it is unknown
    sha256: str = ""  # of the GGUF file that it was read from


def open_language(
    name: str = DEFAULT_LANGUAGE_MODEL, announce: Callable[[str], None] = lambda _: None
) -> Language:
    """Open a model: a name of the catalogue, the path of a GGUF file, a folder, a name of the hub.

    Raises:
        WeightsError: it cannot be had, or is no causal language model.
    """
    place, file, licence = _locate(name, announce)
    announce(f"opening {name}")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = {"gguf_file": file} if file else {}
    try:
        with _silenced():
            tokenizer = AutoTokenizer.from_pretrained(place, **options)
            model = AutoModelForCausalLM.from_pretrained(
                place, dtype=torch.float32, use_safetensors=True, **options
            )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise WeightsError(
            f"{name} cannot be opened as a language model: {_first_sentence(error)}"
        ) from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    title = name if name in CATALOGUE or not Path(name).exists() else Path(name).stem
    assert isinstance(model, nn.Module)
    frozen = model.requires_grad_(False).train(False).to(device)
    sha256 = _sha256(Path(place) / file) if file else ""
    return Language(frozen, tokenizer, title, licence, sha256)


def _locate(name: str, announce: Callable[[str], None]) -> tuple[str, str, str]:
    """Folder or name, the GGUF file in it, the licence."""
    path = Path(name).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise WeightsError(f"there is no file {display_path(path)}")
        return str(path.parent), path.name, ""
    if name.lower() in {entry_name.lower() for entry_name in CATALOGUE}:
        entry = find_model(name)
        return str(locate(entry, progress=announce)), entry.weights.name, entry.licence
    return (str(path) if path.is_dir() else name), "", ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()).partition(". ")[0]
    return text[:200].rstrip(".") or type(error).__name__


@contextmanager
def _silenced() -> Iterator[None]:
    """Silence the bars and advice of transformers and tqdm; the command line has its own."""
    import warnings

    logging: Any = import_module("transformers.utils.logging")

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()

"""Language models behind one interface, opened by one line of text.

Notable: a model is chosen by a specification: nothing for the small one that is always there, a
name of the catalogue, the path of a GGUF file, or the address of an OpenAI-compatible endpoint.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from commonplace.foundation._errors import InputError, WeightsError
from commonplace.models._catalogue import ModelEntry, find_model
from commonplace.models._endpoint import open_endpoint
from commonplace.models._llama import open_llama, require_runtime
from commonplace.models._weights import Progress, locate

DEFAULT_LANGUAGE_MODEL = "SmolLM2-135M-Instruct"


class LanguageModel(Protocol):
    """What a reader needs of a language model."""

    @property
    def name(self) -> str:
        """What an answer says it was written by."""

    @property
    def context_tokens(self) -> int:
        """The most tokens of prompt and answer together."""

    def generate(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> Iterator[str]:
        """Continue a conversation, piece by piece."""

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has; where that is not known, rather more."""


def open_language_model(
    spec: str | None = None,
    *,
    context_tokens: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> LanguageModel:
    """Open a language model.

    Args:
        spec: None for SmolLM2-135M-Instruct, a name of the catalogue, the path of a GGUF file, or
            `http://HOST:PORT/v1#MODEL`.
        context_tokens: the window of prompt and answer together; 4096 where None.
        threads: of llama.cpp; all cores but one where None.
        progress: is told what is done while something is fetched.

    Raises:
        InputError: the specification makes no sense.
        WeightsError: the runtime or the weights are missing.
    """
    if spec and spec.startswith(("http://", "https://")):
        return open_endpoint(spec, context_tokens=context_tokens)
    if spec and (spec.lower().endswith(".gguf") or "/" in spec):
        path = Path(spec).expanduser()
        return open_llama(path, name=path.stem, context_tokens=context_tokens, threads=threads)
    entry = _generating(spec or DEFAULT_LANGUAGE_MODEL)
    require_runtime()
    path = locate(entry, progress=progress) / entry.weights.name
    return open_llama(path, name=entry.name, context_tokens=context_tokens, threads=threads)


def _generating(name: str) -> ModelEntry:
    """The entry of a model that generates text."""
    try:
        entry = find_model(name)
    except WeightsError as error:
        raise InputError(
            f"{name!r} is no language model: give {DEFAULT_LANGUAGE_MODEL}, the path of a GGUF "
            "file, or http://HOST:PORT/v1#MODEL."
        ) from error
    if entry.task != "text generation":
        raise InputError(f"{entry.name} is for {entry.task} and generates no text.")
    return entry

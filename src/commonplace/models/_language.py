"""Language models behind one interface, opened by one line of text.

Notable: a model is chosen by a specification: nothing for the small one that is always there, a
name of the catalogue, the path of a GGUF file, or the address of an OpenAI-compatible endpoint.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from commonplace.foundation._errors import InputError, WeightsError
from commonplace.models._catalogue import ModelEntry, find_model
from commonplace.models._endpoint import open_endpoint
from commonplace.models._llama import DEFAULT_SPECULATION, open_llama
from commonplace.models._runtime import require_runtime
from commonplace.models._speculation import Speculation
from commonplace.models._weights import Progress, locate

DEFAULT_LANGUAGE_MODEL = "SmolLM2-135M-Instruct"
_DRAFT = "#draft="


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
        """Continue a conversation, piece by piece.

        A model in this process gives a generator, whose return value is its `Generation`.
        """

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has; where that is not known, rather more."""


def open_language_model(
    spec: str | None = None,
    *,
    context_tokens: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    speculation: Speculation | None = DEFAULT_SPECULATION,
) -> LanguageModel:
    """Open a language model.

    Args:
        spec: None for SmolLM2-135M-Instruct, a name of the catalogue, the path of a GGUF file, or
            `http://HOST:PORT/v1#MODEL`. Behind a path, `#draft=PATH` names a smaller model of the
            same vocabulary that drafts.
        context_tokens: the window of prompt and answer together; 4096 where None.
        threads: of llama.cpp; all cores but one where None.
        progress: is told what is done while something is fetched.
        speculation: when a model in this process drafts, and how much; None never drafts.

    Raises:
        InputError: the specification makes no sense.
        WeightsError: the runtime or the weights are missing.
    """
    if spec and spec.startswith(("http://", "https://")):
        return open_endpoint(spec, context_tokens=context_tokens)
    if spec and (spec.lower().endswith(".gguf") or "/" in spec):
        path, speculation = _files(spec, speculation)
        return open_llama(
            path,
            name=path.stem,
            context_tokens=context_tokens,
            threads=threads,
            speculation=speculation,
        )
    entry = _generating(spec or DEFAULT_LANGUAGE_MODEL)
    require_runtime()
    path = locate(entry, progress=progress) / entry.weights.name
    return open_llama(
        path,
        name=entry.name,
        context_tokens=context_tokens,
        threads=threads,
        speculation=speculation,
    )


def _files(spec: str, speculation: Speculation | None) -> tuple[Path, Speculation | None]:
    """The file that a specification names, and what drafts for it."""
    path, _, draft = spec.partition(_DRAFT)
    if draft and speculation:
        speculation = replace(speculation, model=Path(draft).expanduser())
    return Path(path).expanduser(), speculation


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

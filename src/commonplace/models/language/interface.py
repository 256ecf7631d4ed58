"""Language models behind one interface, opened by one line of text.

Notable: a model is chosen by a specification: nothing for the small one that is always there, a
name of the catalogue, the path of a GGUF file, or the address of an OpenAI-compatible endpoint.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from commonplace.foundation import InputError, WeightsError
from commonplace.models.language.endpoint import open_endpoint
from commonplace.models.language.llama import open_llama
from commonplace.models.language.runtime import require_runtime
from commonplace.models.language.speculation import Speculation
from commonplace.models.weights.catalogue import ModelEntry, find_model
from commonplace.models.weights.locate import Announce, locate
from commonplace.models.worn.wear import worn_adapters

DEFAULT_LANGUAGE_MODEL = "SmolLM2-135M-Instruct"
_DRAFT_SUFFIX = "#draft"


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
    progress: Announce | None = None,
    speculation: Speculation | None = None,
    wear: Sequence[str | os.PathLike[str]] = (),
    force_wear: bool = False,
) -> LanguageModel:
    """Open a language model.

    Args:
        spec: None for SmolLM2-135M-Instruct, a name of the catalogue, the path of a GGUF file, or
            `http://HOST:PORT/v1#MODEL`. Behind a name or path, `#draft` asks for drafts from the
            prompt, and `#draft=PATH` also for those of a smaller model of the same vocabulary.
        context_tokens: the window of prompt and answer together; 4096 where None.
        threads: of llama.cpp; all cores but one where None.
        progress: is told what is done while something is fetched.
        speculation: when a model in this process drafts, and how much; None: not unless `spec`
            asks for it.
        wear: adapters that the model wears, FILE or FILE:STRENGTH; see `worn_adapters`.
        force_wear: wear what was trained on another model too.

    Raises:
        InputError: the specification makes no sense, or the model cannot wear an adapter.
        WeightsError: the runtime or the weights are missing.
    """
    if spec and spec.startswith(("http://", "https://")):
        if wear:
            raise InputError(
                "what a model behind an address wears is chosen where it runs; an adapter is worn "
                f"by a model in this process: {DEFAULT_LANGUAGE_MODEL}, or a GGUF file"
            )
        return open_endpoint(spec, context_tokens=context_tokens)
    model, drafting = read_specification(spec or DEFAULT_LANGUAGE_MODEL, speculation)
    if model.lower().endswith(".gguf") or "/" in model:
        path = Path(model).expanduser()
        name, sha256 = path.stem, ""
    else:
        entry = _generating_entry(model)
        require_runtime()
        path, name = locate(entry, progress=progress) / entry.weights.name, entry.name
        sha256 = entry.sha256
    worn = worn_adapters(wear, path, name, sha256=sha256, force=force_wear) if wear else ()
    return open_llama(
        path,
        name=name,
        context_tokens=context_tokens,
        threads=threads,
        speculation=drafting,
        worn=worn,
    )


def read_specification(
    spec: str, speculation: Speculation | None
) -> tuple[str, Speculation | None]:
    """The model that a specification names, and how it is to draft."""
    model, suffix, draft_model = spec.partition(_DRAFT_SUFFIX)
    if not suffix:
        return model, speculation
    drafting = speculation or Speculation()
    if draft_model:
        drafting = replace(drafting, model=Path(draft_model.removeprefix("=")).expanduser())
    return model, drafting


def _generating_entry(name: str) -> ModelEntry:
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

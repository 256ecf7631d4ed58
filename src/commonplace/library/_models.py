"""The weights that one open library uses, each opened when it is first needed. Torch never is."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from commonplace.models import DEFAULT_LANGUAGE_MODEL, find_model

if TYPE_CHECKING:
    from commonplace.answers import Readers
    from commonplace.models import (
        CrossEncoder,
        LanguageModel,
        LateInteraction,
        TextEncoder,
        WornAdapter,
    )

Wear = tuple[str, ...]  # adapters, FILE or FILE:STRENGTH
_SMALL_CONTEXT = 512  # tokens of passages for a model of 135M parameters; more confuses it
ENCODER = "bge-small-en-v1.5"
ENCODER_SHA256 = find_model(ENCODER).sha256


class Weights:
    """Opens what the catalogue names, fetching it on first use, and keeps it open."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._models: dict[tuple[str, Wear, bool], LanguageModel] = {}

    @cached_property
    def encoder(self) -> "TextEncoder":
        """Turns passages and queries into vectors."""
        from commonplace.models import open_encoder

        return open_encoder(ENCODER, progress=self._announce)

    @cached_property
    def reranker(self) -> "LateInteraction":
        """Compares a query and a passage token by token."""
        from commonplace.models import open_late_interaction

        return open_late_interaction(progress=self._announce)

    @cached_property
    def cross_encoder(self) -> "CrossEncoder":
        """Reads a question and a text together."""
        from commonplace.models import open_cross_encoder

        return open_cross_encoder(progress=self._announce)

    def readers(
        self,
        model: str | None,
        weigh: Callable[[str], float],
        wear: Wear = (),
        force_wear: bool = False,
    ) -> "Readers":
        """Who reads for a question: the extractive reader, and a language model if one is named.

        `weigh` says how rare a term is in the library that is asked.
        """
        from commonplace.answers import (
            ExtractiveReader,
            GenerativeReader,
            GenerativeSettings,
            Readers,
            nearest_sentence,
        )

        extractive = ExtractiveReader(self.cross_encoder)
        if model is None:
            return Readers(extractive, self.encoder, weigh=weigh)
        similarity = nearest_sentence(self.encoder.encode_passages)
        opened = self._model(model, wear, force_wear)
        small = opened.name == DEFAULT_LANGUAGE_MODEL
        settings = GenerativeSettings(most_context=_SMALL_CONTEXT) if small else None
        writer = GenerativeReader(opened, weigh=weigh, similarity=similarity, settings=settings)
        return Readers(extractive, self.encoder, writer, weigh=weigh)

    def worn(self, model: str, wear: Wear, force_wear: bool) -> "tuple[WornAdapter, ...]":
        """What the model wears; it is opened with that, so what is in the way is said here."""
        from commonplace.models import LlamaModel

        opened = self._model(model, wear, force_wear)
        return opened.worn if isinstance(opened, LlamaModel) else ()

    def _model(self, name: str, wear: Wear, force_wear: bool) -> "LanguageModel":
        from commonplace.models import open_language_model

        key = name, wear, force_wear
        if key not in self._models:
            self._models[key] = open_language_model(
                name, progress=self._announce, wear=wear, force_wear=force_wear
            )
        return self._models[key]

"""The weights that one open library uses, each opened when it is first needed. Torch never is."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from commonplace import models
from commonplace.corpus import AddReport, Store, encode_missing
from commonplace.foundation import Progress, Stopwatch

if TYPE_CHECKING:
    from commonplace.answers import Readers

Wear = tuple[str, ...]  # adapters, FILE or FILE:STRENGTH
_SMALL_CONTEXT = 512  # tokens of passages for a model of 135M parameters; more confuses it
ENCODER = "bge-small-en-v1.5"
ENCODER_SHA256 = models.find_model(ENCODER).sha256


class OpenModels:
    """Opens what the catalogue names, fetching it on first use, and keeps it open."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._models: dict[tuple[str, Wear, bool], models.LanguageModel] = {}

    @cached_property
    def encoder(self) -> models.TextEncoder:
        """Turns passages and queries into vectors."""
        return models.open_encoder(ENCODER, progress=self._announce)

    @cached_property
    def reranker(self) -> models.LateInteraction:
        """Compares a query and a passage token by token."""
        return models.open_late_interaction(progress=self._announce)

    @cached_property
    def unit_reader(self) -> models.CrossEncoder:
        """Reads a question and a unit of evidence together: does it answer the question?"""
        from commonplace.answers import READER_ADAPTER

        return models.open_cross_encoder(adapter=READER_ADAPTER, progress=self._announce)

    def open_all(self) -> None:
        """Open what search and the extractive reader need."""
        _ = self.encoder, self.reranker, self.unit_reader

    def encode_new(self, store: Store, report: AddReport, progress: Progress) -> AddReport:
        """Give passages without a vector theirs; returns the report of an `add` with that in it."""
        watch = Stopwatch()
        with watch.stage("encode"):
            count = encode_missing(store, ENCODER_SHA256, lambda: self.encoder, progress)
        return replace(report, vectors=count, seconds={**report.seconds, **watch.seconds})

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
        from commonplace import answers  # a search does without

        extractive = answers.ExtractiveReader(self.unit_reader)
        if model is None:
            return answers.Readers(extractive, self.encoder, weigh=weigh)
        similarity = answers.nearest_sentence(self.encoder.encode_passages)
        language_model = self._model(model, wear, force_wear)
        small = language_model.name == models.DEFAULT_LANGUAGE_MODEL
        settings = answers.GenerativeSettings()
        if small:  # it never writes that there is no answer, so it decides nothing
            settings = answers.GenerativeSettings(most_context=_SMALL_CONTEXT, decides=False)
        writer = answers.GenerativeReader(
            language_model, weigh=weigh, similarity=similarity, settings=settings
        )
        return answers.Readers(extractive, self.encoder, writer, weigh=weigh)

    def worn(self, model: str, wear: Wear, force_wear: bool) -> tuple[models.WornAdapter, ...]:
        """What the model wears; it is opened with that, so what is in the way is said here."""
        language_model = self._model(model, wear, force_wear)
        return language_model.worn if isinstance(language_model, models.LlamaModel) else ()

    def _model(self, name: str, wear: Wear, force_wear: bool) -> models.LanguageModel:
        key = name, wear, force_wear
        if key not in self._models:
            self._models[key] = models.open_language_model(
                name, progress=self._announce, wear=wear, force_wear=force_wear
            )
        return self._models[key]

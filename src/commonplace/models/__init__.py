"""Networks and runtimes, and the catalogue of weights."""

from commonplace.models._trees import Trees, compact
from commonplace.models.language.endpoint import EndpointModel
from commonplace.models.language.interface import (
    DEFAULT_LANGUAGE_MODEL,
    LanguageModel,
    open_language_model,
)
from commonplace.models.language.llama import LlamaModel
from commonplace.models.language.speculation import NOT_ASKED, Generation, Speculation
from commonplace.models.text.cross_encoder import CrossEncoder, open_cross_encoder
from commonplace.models.text.encoder import TextEncoder, open_encoder
from commonplace.models.text.late_interaction import (
    LateInteraction,
    max_similarity,
    open_late_interaction,
)
from commonplace.models.weights.catalogue import CATALOGUE, Member, ModelEntry, Wheel, find_model
from commonplace.models.weights.locate import is_present, locate
from commonplace.models.worn.wear import WornAdapter, is_gguf_adapter, parse_wear, worn_adapters

__all__ = [
    "CATALOGUE",
    "DEFAULT_LANGUAGE_MODEL",
    "NOT_ASKED",
    "CrossEncoder",
    "EndpointModel",
    "Generation",
    "LanguageModel",
    "LateInteraction",
    "LlamaModel",
    "Member",
    "ModelEntry",
    "Speculation",
    "TextEncoder",
    "Trees",
    "Wheel",
    "WornAdapter",
    "compact",
    "find_model",
    "is_gguf_adapter",
    "is_present",
    "locate",
    "max_similarity",
    "open_cross_encoder",
    "open_encoder",
    "open_language_model",
    "open_late_interaction",
    "parse_wear",
    "worn_adapters",
]

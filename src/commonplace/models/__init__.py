"""Networks and runtimes, and the catalogue of weights."""

from commonplace.models._catalogue import CATALOGUE, Member, ModelEntry, Wheel, find_model
from commonplace.models._cross_encoder import CrossEncoder, open_cross_encoder
from commonplace.models._encoder import TextEncoder, open_encoder
from commonplace.models._endpoint import EndpointModel
from commonplace.models._language import (
    DEFAULT_LANGUAGE_MODEL,
    LanguageModel,
    open_language_model,
)
from commonplace.models._late_interaction import (
    LateInteraction,
    max_similarity,
    open_late_interaction,
)
from commonplace.models._llama import LlamaModel
from commonplace.models._speculation import NOT_ASKED, Generation, Speculation
from commonplace.models._trees import Trees, compact
from commonplace.models._wear import WornAdapter, dress, is_gguf_adapter, parse_wear
from commonplace.models._weights import is_present, locate

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
    "dress",
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
]

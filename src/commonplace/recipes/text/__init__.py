"""A language model learns a user's notes: see docs/adapters.md. Needs torch and transformers."""

from commonplace.recipes.text._adapt import NextTokenModel, TextReport, adapt_text, prepare
from commonplace.recipes.text._base_model import Language, open_language
from commonplace.recipes.text._measure import Measure, compare, evaluate, unrelated_text
from commonplace.recipes.text._settings import TextSettings
from commonplace.recipes.text._split import TrainingText, split
from commonplace.recipes.text._tokens import blocks, next_token_loss, spread
from commonplace.training import check_target

__all__ = [
    "Language",
    "Measure",
    "NextTokenModel",
    "TextReport",
    "TextSettings",
    "TrainingText",
    "adapt_text",
    "blocks",
    "check_target",
    "compare",
    "evaluate",
    "next_token_loss",
    "open_language",
    "prepare",
    "split",
    "spread",
    "unrelated_text",
]

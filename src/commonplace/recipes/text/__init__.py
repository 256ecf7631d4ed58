"""A language model learns a user's notes: see docs/adapters.md. Needs torch and transformers."""

from commonplace.recipes.text._adapt import TextReport, Texts, Words, adapt_text, prepare
from commonplace.recipes.text._base_model import Language, open_language
from commonplace.recipes.text._measure import Measure, compare, read, unrelated_text
from commonplace.recipes.text._settings import TextSettings
from commonplace.recipes.text._split import Document, Parts, split
from commonplace.recipes.text._tokens import blocks, next_token_loss, spread
from commonplace.training import check_target, checkpoints_of

__all__ = [
    "Document",
    "Language",
    "Measure",
    "Parts",
    "TextReport",
    "TextSettings",
    "Texts",
    "Words",
    "adapt_text",
    "blocks",
    "check_target",
    "checkpoints_of",
    "compare",
    "next_token_loss",
    "open_language",
    "prepare",
    "read",
    "split",
    "spread",
    "unrelated_text",
]

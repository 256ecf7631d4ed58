"""A language model learns a user's notes: see docs/adapters.md. Needs torch and transformers."""

from commonplace.adapters.text._language import Language, open_language
from commonplace.adapters.text._measure import Measure, compare, read, unrelated_text
from commonplace.adapters.text._recipe import TextReport, Texts, Words, adapt_text, prepare
from commonplace.adapters.text._recorded import check_target, checkpoints_of
from commonplace.adapters.text._settings import TextSettings
from commonplace.adapters.text._split import Document, Parts, split
from commonplace.adapters.text._tokens import blocks, next_token_loss, spread

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

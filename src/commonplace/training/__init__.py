"""One loop for everything that is trained here: see docs/training.md. Needs torch."""

from commonplace.training._chance import item_numbers
from commonplace.training._devices import environment
from commonplace.training._loop import train
from commonplace.training._schedule import rate_at
from commonplace.training._types import Settings, StepRecord, Validation

__all__ = [
    "Settings",
    "StepRecord",
    "Validation",
    "environment",
    "item_numbers",
    "rate_at",
    "train",
]

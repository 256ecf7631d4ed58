"""One loop for everything that is trained here: see docs/training.md. Needs torch."""

from commonplace.training._chance import item_numbers
from commonplace.training._checkpoint import LAST
from commonplace.training._devices import Together, environment
from commonplace.training._loop import train
from commonplace.training._run_record import (
    Recorded,
    check_target,
    checkpoints_of,
    forget,
    recorded,
)
from commonplace.training._schedule import rate_at
from commonplace.training._types import Settings, StepRecord, Validation

__all__ = [
    "LAST",
    "Recorded",
    "Settings",
    "StepRecord",
    "Together",
    "Validation",
    "check_target",
    "checkpoints_of",
    "environment",
    "forget",
    "item_numbers",
    "rate_at",
    "recorded",
    "train",
]

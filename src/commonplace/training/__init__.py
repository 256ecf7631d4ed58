"""One loop for everything that is trained here: see docs/training.md. Needs torch."""

from commonplace.training._chance import item_numbers
from commonplace.training._checkpoint import LAST
from commonplace.training._devices import DataParallel, environment
from commonplace.training._loop import train
from commonplace.training._optimiser import rate_at
from commonplace.training._run_record import (
    RunRecord,
    check_target,
    checkpoints_of,
    record_run,
    remove_checkpoints,
)
from commonplace.training._types import StepRecord, TrainingSettings, Validation

__all__ = [
    "LAST",
    "DataParallel",
    "RunRecord",
    "StepRecord",
    "TrainingSettings",
    "Validation",
    "check_target",
    "checkpoints_of",
    "environment",
    "item_numbers",
    "rate_at",
    "record_run",
    "remove_checkpoints",
    "train",
]

"""The learning rate of each step: a linear warm-up, then a decay to a floor.

Cosine as in SGDR without restarts (1608.03983). Steps are counted from 1.
"""

import math

from commonplace.training._types import TrainingSettings


def rate_at(settings: TrainingSettings, step: int) -> float:
    """The learning rate of a step, 1 to `settings.steps`.

    The last step of the warm-up (the first of all, without one) has the greatest rate, the last of
    all `floor` times as much.
    """
    warm_up = min(max(settings.warm_up, 1), settings.steps)
    if step < warm_up:
        return settings.learning_rate * step / warm_up
    passed = (step - warm_up) / max(settings.steps - warm_up, 1)
    return settings.learning_rate * (
        settings.floor + (1 - settings.floor) * _remaining(settings.decay, min(passed, 1.0))
    )


def _remaining(decay: str, passed: float) -> float:
    """The part of the way from the greatest rate to the floor that remains."""
    if decay == "constant":
        return 1.0
    return 1 - passed if decay == "linear" else (1 + math.cos(math.pi * passed)) / 2

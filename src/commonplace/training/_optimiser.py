"""AdamW with decoupled weight decay (1711.05101), on what takes gradients only, and its rate.

The learning rate rises in a linear warm-up, then decays to a floor: by cosine as in SGDR without
restarts (1608.03983), or linearly. Steps are counted from 1.
"""

import math

import torch
from torch import nn

from commonplace.training._types import TrainingSettings


def adamw(model: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW, whose decay is for matrices: norms, biases and magnitudes have no zero to go to."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in trained if _is_matrix(parameter)]
    others = [parameter for parameter in trained if not _is_matrix(parameter)]
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        betas=settings.betas,
    )


def _is_matrix(parameter: nn.Parameter) -> bool:
    """A magnitude of DoRA is [out, 1]: a vector."""
    return sum(size > 1 for size in parameter.shape) > 1


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

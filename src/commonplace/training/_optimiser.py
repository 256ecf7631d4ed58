"""AdamW with decoupled weight decay (1711.05101), on what takes gradients only."""

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

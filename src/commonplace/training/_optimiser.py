"""AdamW with decoupled weight decay (1711.05101), on what takes gradients only.

python -m pytest tests/training/test_loop.py
"""

import torch
from torch import nn

from commonplace.training._types import Settings


def adamw(model: nn.Module, settings: Settings) -> torch.optim.AdamW:
    """AdamW, whose decay is for matrices: norms, biases and magnitudes have no zero to go to."""
    trained = [one for one in model.parameters() if one.requires_grad]
    decay = settings.weight_decay
    groups = [
        {"params": [one for one in trained if _is_matrix(one)], "weight_decay": decay},
        {"params": [one for one in trained if not _is_matrix(one)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        betas=settings.betas,
    )


def _is_matrix(parameter: nn.Parameter) -> bool:
    """A magnitude of DoRA is [out, 1]: a vector."""
    return sum(size > 1 for size in parameter.shape) > 1

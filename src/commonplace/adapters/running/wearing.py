"""A model and the adapter it wears as one module, to train the second and leave the first alone.

Notable: an adapter acts through hooks, so its tensors are no parameters of the model. Here both are
parts of one module, as optimisers and data parallelism want it. The base stays in eval mode:
dropout and running means are its own, and nothing of it changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from torch import nn

from commonplace.adapters.running.attach import AttachedAdapter


class AdaptedModel(nn.Module):
    """A frozen base with an adapter on it (`attach(..., trainable=True)`).

    The names `base` and `worn` are in the checkpoints of training: parameters are found by them.
    """

    def __init__(self, base: nn.Module, worn: AttachedAdapter) -> None:
        super().__init__()
        self.base, self.worn = base.requires_grad_(False), worn

    def train(self, mode: bool = True) -> Self:
        """Change the mode of the adapter alone."""
        super().train(mode)
        self.base.eval()
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the base returns."""
        return self.base(*args, **kwargs)

    @contextmanager
    def without_adapter(self) -> Iterator[None]:
        """Let the base act without the adapter within the block."""
        strength = self.worn.strength
        self.worn.strength = 0.0
        try:
            yield
        finally:
            self.worn.strength = strength

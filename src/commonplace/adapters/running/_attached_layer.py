"""A layer of an adapter on a running module: its tensors, and the hook that lets it act.

Notable: a module that wears adapters has one forward hook, which takes all changes from the base's
own output, so several add up whatever their order. Strength and scale are tensors, and the usual
case (LoRA or DoRA on a linear layer, in one precision) goes straight through its parameters: what
is compiled is not compiled again when they change, and little is left to do at each call.

    python -m pytest tests/adapters/test_attach.py
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.names.modules import version_of, weight_of
from commonplace.adapters.running._outputs import (
    Magnitudes,
    added,
    rescaling,
    thin_rescaling,
    with_added,
)
from commonplace.foundation import InputError


class Piece(nn.Module):
    """A layer on a module: its tensors as parameters, so that `.to` and optimisers find them."""

    up: nn.Parameter  # with `down` where there are such, as the other factors
    down: nn.Parameter
    magnitude: nn.Parameter | None
    name: str
    layer: Layer
    rows: Tensor | None  # of a batch, that it acts on; None: all
    batch: int
    _thin: bool  # whether it is a LoRA or a DoRA by row, without a bias
    _kept: dict[tuple[int, ...], Tensor | None]  # m / ||V|| by what it was made of; one at most
    # Numbers, as tensors: what is compiled need not be compiled again when they change.
    strength: Tensor
    scale: Tensor
    factor: Tensor  # strength times scale

    def __init__(
        self, name: str, layer: Layer, tensors: Mapping[str, Tensor], trainable: bool
    ) -> None:
        super().__init__()
        # Not by nn.Module's __setattr__, which looks long at each: hundreds are made at an attach.
        vars(self).update(name=name, rows=None, batch=0, _kept={})
        for key, tensor in tensors.items():
            self._parameters[key] = nn.Parameter(tensor, trainable)
        self._parameters.setdefault("magnitude", None)
        self.describe(layer)

    def describe(self, layer: Layer) -> None:
        """Take over what a layer is beside its tensors."""
        magnitude, up = layer.magnitude, layer.factors.get("up")
        by_row = magnitude is None or (up is not None and len(magnitude) == len(up))
        plain = layer.algebra == "lora" and layer.bias is None and "mid" not in layer.factors
        vars(self).update(layer=layer.with_tensors(self._tensors()), _thin=plain and by_row)

    def number(self, strength: Tensor, scale: Tensor, factor: Tensor) -> None:
        """Take over the numbers, which whoever gave them may change in place."""
        vars(self).update(strength=strength, scale=scale, factor=factor)

    def take(self, layer: Layer) -> list[tuple[Tensor, Tensor]]:
        """Take over a layer of the same shapes; returns which tensors are to be copied where."""
        mine = self.layer
        if (layer.alpha, layer.rank, layer.stabilised) != (mine.alpha, mine.rank, mine.stabilised):
            self.describe(layer)
        self.forget()
        tensors = self._tensors()
        return [(tensors[key], one) for key, one in layer.tensors.items()]

    def forget(self) -> None:
        """The parameters were changed where no version counts it."""
        self._kept.clear()

    def now(self) -> Layer:
        """The layer with the present parameters."""
        return self.layer.with_tensors(self._tensors())

    def forward(self, module: nn.Module, x: Tensor, y: Tensor, total: Tensor) -> Tensor:
        """The outputs `total` and what is added for the inputs x; y: the base's own outputs."""
        thin = self._thin and self.rows is None and isinstance(module, nn.Linear)
        if thin and x.dtype == y.dtype == self.up.dtype == self.down.dtype:
            dora, norms = None, None if self.magnitude is None else self._norms(module)
            if norms is not None:
                bias = cast("nn.Linear", module).bias
                dora = Magnitudes(norms, y, bias, self.strength)
            return with_added(total, x, self.up, self.down, self.factor, dora)
        layer = self.now()
        norms = None if layer.magnitude is None else self._norms(module)
        if self.rows is None:
            change = added(module, layer, x, y, norms)
            return total + (self.strength * change).to(y.dtype)
        if len(x) != self.batch:
            raise InputError(
                f"{self.name} got a batch of {len(x)}, adapters were chosen for {self.batch}"
            )
        part = added(module, layer, x[self.rows], y[self.rows], norms)
        return total.index_add(0, self.rows, (self.strength * part).to(y.dtype))

    def _tensors(self) -> dict[str, Tensor]:
        return {key: one for key, one in self._parameters.items() if one is not None}

    def _norms(self, module: nn.Module) -> Tensor | None:
        """DoRA's m / ||V||, kept while neither the factors nor the weight change."""
        tensors = [weight_of(module), *self._tensors().values()]
        trains = torch.is_grad_enabled() and any(one.requires_grad for one in tensors[1:])
        if trains or torch.compiler.is_compiling():
            return self._rescaling(module)
        state = tuple(number for one in tensors for number in (version_of(one), one.data_ptr()))
        if state not in self._kept:
            self._kept.clear()
            self._kept[state] = self._rescaling(module)
        return self._kept[state]

    def _rescaling(self, module: nn.Module) -> Tensor | None:
        if self._thin and isinstance(module, nn.Linear) and self.magnitude is not None:
            weight = module.weight.detach()
            return thin_rescaling(weight, self.up, self.down, self.scale, self.magnitude)
        return rescaling(module, self.now())


class Hook:
    """The one hook of a module that wears adapters."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []

    def __call__(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
    ) -> Tensor:
        x = args[0] if args else kwargs["input"]
        total = output
        for piece in self.pieces:
            if piece.rows is None or len(piece.rows):
                total = piece(module, x, output, total)
        return total


def wears(module: nn.Module) -> bool:
    """Whether an adapter is attached to the module."""
    return any(isinstance(hook, Hook) for hook in module._forward_hooks.values())


def hook_of(module: nn.Module) -> Hook:
    """The hook of a module, put there if it has none."""
    for hook in module._forward_hooks.values():
        if isinstance(hook, Hook):
            return hook
    new = Hook()
    # First of all hooks: what others see, and change, is the adapted output.
    module.register_forward_hook(new, with_kwargs=True, prepend=True)
    return new

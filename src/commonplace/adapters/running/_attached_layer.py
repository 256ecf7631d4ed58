"""A layer of an adapter on a running module: its tensors, and the hook that lets it act.

Notable: a module that wears adapters has one forward hook, which takes all changes from the base's
own output, so several add up whatever their order. Strength and scale are tensors, and the usual
case (LoRA or DoRA on a linear layer, in one precision) goes straight through its parameters: what
is compiled is not compiled again when they change, and little is left to do at each call.
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.names.modules import version_of, weight_of
from commonplace.adapters.running import _outputs
from commonplace.foundation import InputError


class AttachedLayer(nn.Module):
    """A layer on a module: its tensors as parameters, so that `.to` and optimisers find them."""

    up: nn.Parameter  # with `down` where there are such, as the other factors
    down: nn.Parameter
    magnitude: nn.Parameter | None
    name: str
    layer: Layer
    rows: Tensor | None  # of a batch, that it acts on; None: all
    batch: int
    _thin: bool  # whether it is a LoRA or a DoRA by row, without a bias
    # m / ||V|| by the state of what it was computed from; it holds one entry at most.
    _norm_cache: dict[tuple[int, ...], Tensor | None]
    # Numbers, as tensors: what is compiled need not be compiled again when they change.
    strength: Tensor
    scale: Tensor
    factor: Tensor  # strength times scale

    def __init__(
        self, name: str, layer: Layer, tensors: Mapping[str, Tensor], trainable: bool
    ) -> None:
        super().__init__()
        # Not by nn.Module's __setattr__, which looks long at each: hundreds are made at an attach.
        vars(self).update(name=name, rows=None, batch=0, _norm_cache={})
        for key, tensor in tensors.items():
            self._parameters[key] = nn.Parameter(tensor, trainable)
        self._parameters.setdefault("magnitude", None)
        self.set_layer(layer)

    def set_layer(self, layer: Layer) -> None:
        """Take over all of a layer but its tensors."""
        magnitude, up = layer.magnitude, layer.factors.get("up")
        by_row = magnitude is None or (up is not None and len(magnitude) == len(up))
        plain = layer.algebra == "lora" and layer.bias is None and "mid" not in layer.factors
        vars(self).update(layer=layer.with_tensors(self._tensors()), _thin=plain and by_row)

    def set_factors(self, strength: Tensor, scale: Tensor, factor: Tensor) -> None:
        """Take over the numbers; the caller may change them in place."""
        vars(self).update(strength=strength, scale=scale, factor=factor)

    def copies_from(self, layer: Layer) -> list[tuple[Tensor, Tensor]]:
        """Take over a layer of the same shapes; returns (target, values) pairs to be copied."""
        present = (self.layer.alpha, self.layer.rank, self.layer.stabilised)
        if (layer.alpha, layer.rank, layer.stabilised) != present:
            self.set_layer(layer)
        self.clear_norms()
        tensors = self._tensors()
        return [(tensors[key], values) for key, values in layer.tensors.items()]

    def clear_norms(self) -> None:
        """Forget m / ||V||, as the parameters were changed where no version counts it."""
        self._norm_cache.clear()

    def current(self) -> Layer:
        """The layer with the present parameters."""
        return self.layer.with_tensors(self._tensors())

    def forward(self, module: nn.Module, x: Tensor, y: Tensor, total: Tensor) -> Tensor:
        """Add to the outputs `total` the change for the inputs x; y: the base's own outputs."""
        thin = self._thin and self.rows is None and isinstance(module, nn.Linear)
        if thin and x.dtype == y.dtype == self.up.dtype == self.down.dtype:
            dora, norms = None, None if self.magnitude is None else self._norms(module)
            if norms is not None:
                bias = cast("nn.Linear", module).bias
                dora = _outputs.Magnitudes(norms, y, bias, self.strength)
            return _outputs.add_linear_change(
                total, x, up=self.up, down=self.down, factor=self.factor, dora=dora
            )
        layer = self.current()
        norms = None if layer.magnitude is None else self._norms(module)
        if self.rows is None:
            change = _outputs.output_change(module, layer, x, y, norms)
            return total + (self.strength * change).to(y.dtype)
        if len(x) != self.batch:
            raise InputError(
                f"{self.name} got a batch of {len(x)}, adapters were chosen for {self.batch}"
            )
        part = _outputs.output_change(module, layer, x[self.rows], y[self.rows], norms)
        return total.index_add(0, self.rows, (self.strength * part).to(y.dtype))

    def _tensors(self) -> dict[str, Tensor]:
        return {key: tensor for key, tensor in self._parameters.items() if tensor is not None}

    def _norms(self, module: nn.Module) -> Tensor | None:
        """DoRA's m / ||V||, kept while neither the factors nor the weight change."""
        tensors = [weight_of(module), *self._tensors().values()]
        trains = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors[1:])
        # What trains changes at each step, and its gradient goes through m / ||V||.
        if trains or torch.compiler.is_compiling():
            return self._rescaling(module)
        # Versions alone would not see that a tensor was replaced by another.
        state = tuple(
            number for tensor in tensors for number in (version_of(tensor), tensor.data_ptr())
        )
        if state not in self._norm_cache:
            self._norm_cache.clear()
            self._norm_cache[state] = self._rescaling(module)
        return self._norm_cache[state]

    def _rescaling(self, module: nn.Module) -> Tensor | None:
        if self._thin and isinstance(module, nn.Linear) and self.magnitude is not None:
            factors = {"up": self.up, "down": self.down, "scale": self.scale}
            weight = module.weight.detach()
            return _outputs.thin_rescaling(weight, **factors, magnitude=self.magnitude)
        return _outputs.rescaling(module, self.current())


class Hook:
    """The one hook of a module that wears adapters."""

    def __init__(self) -> None:
        self.layers: list[AttachedLayer] = []

    def __call__(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
    ) -> Tensor:
        x = args[0] if args else kwargs["input"]  # as torch names it
        total = output
        for layer in self.layers:
            if layer.rows is None or len(layer.rows):
                total = layer(module, x, output, total)
        return total


def wears(module: nn.Module) -> bool:
    """Whether an adapter is attached to the module."""
    return any(isinstance(hook, Hook) for hook in module._forward_hooks.values())


def hook_of(module: nn.Module) -> Hook:
    """The hook of a module, put there if it has none."""
    for hook in module._forward_hooks.values():
        if isinstance(hook, Hook):
            return hook
    first_hook = Hook()
    # First of all hooks: what others see, and change, is the adapted output.
    module.register_forward_hook(first_hook, with_kwargs=True, prepend=True)
    return first_hook

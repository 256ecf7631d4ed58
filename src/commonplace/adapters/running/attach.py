"""An adapter on a running model: it acts on outputs, and no weight of the base is touched.

Notable: state dict, names and weights of the model stay as they are; detaching leaves no trace. A
swap of the same shapes copies in place, and scales and strength are views of one vector, so a
compiled model goes on without compiling again. What comes from a file is read in one piece, which
the adapter then lives in.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from commonplace.adapters.algebra.adapter import Adapter, layer_file_of, read_layers
from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.adapters.names.modules import unwrap, weight_of
from commonplace.adapters.running._attached_layer import AttachedLayer, Hook, hook_of
from commonplace.adapters.running._fit import check_base, check_module, check_shape, fit
from commonplace.adapters.running._swap import SwapBuffer
from commonplace.foundation import InputError


class AttachedAdapter(nn.Module):
    """An adapter on a model. Its parameters are the adapter's tensors.

    Attributes:
        applied: how many of the adapter's layers act, of `total`.
        provenance: of the adapter that is worn.
    """

    _model: nn.Module
    _attached: list[tuple[AttachedLayer, nn.Module]]  # and the module that wears each
    _buffer: SwapBuffer | None
    _scales: Tensor  # [layers], what each layer's product is multiplied by
    _factors: Tensor  # [layers], the scales times the strength
    applied: int
    total: int
    provenance: Provenance

    def __init__(
        self, model: nn.Module, adapter: Adapter, strength: float, options: "_AttachOptions"
    ):
        super().__init__()
        # Not registered: the model is no part of the adapter that it wears.
        object.__setattr__(self, "_model", model)
        self._options = options
        # Shared with the layers and never moved: a number on the CPU multiplies on any device.
        self._strength = torch.tensor(float(strength), dtype=torch.float64)
        self._attach(adapter)

    @property
    def strength(self) -> float:
        """The s of effect(W, s): 0 is the base, 1 what was trained."""
        return float(self._strength)

    @strength.setter
    def strength(self, value: float) -> None:
        self._strength.fill_(value)
        torch.mul(self._scales, self._strength, out=self._factors)

    @property
    def adapter(self) -> Adapter:
        """The adapter with the present values of its tensors (after training, say)."""
        layers = {
            layer.name: layer.current().map(lambda tensor: tensor.detach().cpu().clone())
            for layer, _ in self._attached
        }
        return Adapter(layers, self.provenance)

    def swap(self, adapter: Adapter, strength: float | None = None) -> None:
        """Wear another adapter instead, in place where it has the same layers and shapes.

        Raises:
            InputError: it does not fit; the present one stays on.
        """
        data = self._same_layout(adapter)
        if data is not None and self._buffer is not None:
            self._buffer.load(data)
            self.strength = self.strength if strength is None else strength
            self._describe(adapter)
            return
        self._buffer = None
        modules = {layer.name: module for layer, module in self._attached}
        layers, _ = _resolve_layers(self._model, adapter, self._options, modules)
        alike = self._is_alike(layers)
        if not alike:
            _check_shapes(dict(self._model.named_modules()), layers)
        if strength is not None:
            self.strength = strength
        if alike:
            self._copy_values(layers)
            self._describe(adapter)
        else:
            self.detach()
            self._attach(adapter)

    def act_on(self, rows: Sequence[int] | None, batch: int) -> None:
        """Act on these rows of a batch only; None: on all. See `for_samples`."""
        for layer, _ in self._attached:
            device = next(layer.parameters()).device
            layer.rows = None if rows is None else torch.tensor(rows, device=device)
            layer.batch = batch

    def detach(self) -> None:
        """Take the adapter off: the model is as it was before."""
        for layer, module in self._attached:
            for key, hook in list(module._forward_hooks.items()):
                if isinstance(hook, Hook) and layer in hook.layers:
                    hook.layers = [other for other in hook.layers if other is not layer]
                    if not hook.layers:
                        del module._forward_hooks[key]
                        module._forward_hooks_with_kwargs.pop(key, None)
        self._register([])

    def _attach(self, adapter: Adapter) -> None:
        modules = dict(self._model.named_modules())
        layers, data = _resolve_layers(self._model, adapter, self._options, modules)
        _check_shapes(modules, layers)
        attached: list[tuple[AttachedLayer, nn.Module]] = []
        for name, layer in layers.items():
            device = weight_of(modules[name]).device
            tensors = {
                # Bytes that were read for this adapter are its own; anything else is copied.
                key: tensor.detach().to(device, copy=data is None)
                for key, tensor in layer.tensors.items()
            }
            attached_layer = AttachedLayer(name, layer, tensors, self._options.trainable)
            attached.append((attached_layer, modules[name]))
        # Only now, when all are made: what fails above leaves the model as it was.
        for attached_layer, module in attached:
            hook_of(module).layers.append(attached_layer)
        self._register(attached)
        self._set_factors()
        self._describe(adapter)
        file = layer_file_of(adapter)
        if data is not None and file is not None:
            self._buffer = SwapBuffer(file.layout, data, [layer for layer, _ in attached])

    def _same_layout(self, adapter: Adapter) -> NDArray[np.uint8] | None:
        """The bytes of a file that differs from the worn one's in parameters' values only."""
        file, buffer = layer_file_of(adapter), self._buffer
        if file is None or buffer is None or file.layout != buffer.layout or buffer.is_stale():
            return None
        check_base(self._model, adapter, self._options.force)
        data = buffer.read(file)
        return data if buffer.fits(data) else None

    def _copy_values(self, layers: dict[str, Layer]) -> None:
        """Copy the tensors of other layers of the same shapes."""
        pairs = [
            pair for layer, _ in self._attached for pair in layer.copies_from(layers[layer.name])
        ]
        with torch.no_grad():
            torch._foreach_copy_([target for target, _ in pairs], [values for _, values in pairs])
        self._set_factors()

    def _set_factors(self) -> None:
        """Give the layers their scales, in place where they have some already."""
        scales = [layer.layer.scale for layer, _ in self._attached]
        if len(scales) != len(self._scales):
            self._scales = torch.tensor(scales, dtype=torch.float64)
            self._factors = self._scales * self._strength
            for number, (layer, _) in enumerate(self._attached):
                layer.set_factors(self._strength, self._scales[number], self._factors[number])
        self._scales.copy_(torch.tensor(scales, dtype=torch.float64))
        self.strength = self.strength

    def _register(self, attached: list[tuple[AttachedLayer, nn.Module]]) -> None:
        """Register the layers as parts of this module; the base's modules are none."""
        # The names of the parameters in checkpoints of training begin with "worn.pieces.".
        self.pieces = nn.ModuleList([layer for layer, _ in attached])
        self._buffer = None
        self._scales = self._factors = torch.zeros(0, dtype=torch.float64)
        object.__setattr__(self, "_attached", attached)

    def _is_alike(self, layers: dict[str, Layer]) -> bool:
        present = {layer.name: layer.layer for layer, _ in self._attached}
        return present.keys() == layers.keys() and all(
            _signature(layer) == _signature(layers[name]) for name, layer in present.items()
        )

    def _describe(self, adapter: Adapter) -> None:
        self.provenance = adapter.provenance
        self.applied, self.total = len(self._attached), len(adapter.layers)

    def __str__(self) -> str:
        return f"applied {self.applied} of {self.total}"


@dataclass(frozen=True)
class _AttachOptions:
    """How an adapter is attached, also at a swap."""

    trainable: bool
    force: bool
    allow_missing: bool


def attach(
    model: nn.Module,
    adapter: Adapter,
    strength: float = 1.0,
    *,
    trainable: bool = False,
    force: bool = False,
    allow_missing: bool = False,
) -> AttachedAdapter:
    """Let `model` wear an adapter; several may be worn at once.

    The adapter's tensors are copied to where the weights are; a model that is moved afterwards
    needs `worn.to(device)` too.

    Args:
        model: any module; a compiled one too.
        adapter: what it is to wear.
        strength: s of effect(W, s) = W + s (T(W) - W).
        trainable: whether the adapter's tensors take gradients (the model's are left alone).
        force: wear it although it was made for another base.
        allow_missing: apply what the model has modules for.

    Raises:
        InputError: it was made for another base, names modules that the model has not, or its
            shapes are others.
    """
    options = _AttachOptions(trainable, force, allow_missing)
    return AttachedAdapter(unwrap(model), adapter, strength, options)


@contextmanager
def for_samples(
    choice: Sequence[AttachedAdapter | Sequence[AttachedAdapter] | None],
) -> Iterator[None]:
    """Within the block the i-th sample of each batch wears choice[i]: one, several, or none.

    Every module must see the batch as its first axis. What is worn and not in `choice` acts on all.
    """
    rows_of: dict[AttachedAdapter, list[int]] = {}
    for row, adapters in enumerate(choice):
        several = [adapters] if isinstance(adapters, AttachedAdapter) else adapters or []
        for adapter in several:
            rows_of.setdefault(adapter, []).append(row)
    try:
        for adapter, rows in rows_of.items():
            adapter.act_on(rows, len(choice))
        yield
    finally:
        for adapter in rows_of:
            adapter.act_on(None, 0)


def _resolve_layers(
    model: nn.Module, adapter: Adapter, options: _AttachOptions, modules: Mapping[str, nn.Module]
) -> tuple[dict[str, Layer], NDArray[np.uint8] | None]:
    """The layers by the names of the model's modules; also the fresh bytes that they stand in.

    `modules` are the model's, or those that most probably are meant.
    """
    check_base(model, adapter, options.force)
    if any(name not in modules for name in adapter.layers):
        modules = dict(model.named_modules())
    module_of = fit(modules, adapter, options.allow_missing)
    twice = [name for name, count in Counter(module_of.values()).items() if count > 1]
    if twice:
        raise InputError(f"the adapter changes {twice[0]} twice; its file is broken")
    for name in module_of.values():
        check_module(name, modules[name])
    layers, data = read_layers(adapter)  # last, as it reads the whole file
    return {name: layers[key] for key, name in module_of.items()}, data


def _check_shapes(modules: Mapping[str, nn.Module], layers: Mapping[str, Layer]) -> None:
    for name, layer in layers.items():
        check_shape(name, layer, weight_of(modules[name]))


def _signature(layer: Layer) -> tuple[Any, ...]:
    shapes = {name: (tensor.shape, tensor.dtype) for name, tensor in layer.tensors.items()}
    return layer.algebra, shapes

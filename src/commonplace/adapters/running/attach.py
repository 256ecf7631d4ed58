"""An adapter on a running model: it acts on outputs, and no weight of the base is touched.

Notable: state dict, names and weights of the model stay as they are; detaching leaves no trace. A
swap of the same shapes copies in place, and scales and strength are views of one vector, so a
compiled model goes on without compiling again. What comes from a file is read in one piece, which
the adapter then lives in.

    python -m pytest tests/adapters/test_attach.py
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from commonplace.adapters.algebra.adapter import Adapter, everything, source_of
from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.adapters.names.modules import bare, weight_of
from commonplace.adapters.running._attached_layer import Hook, Piece, hook_of
from commonplace.adapters.running._fit import check_base, check_module, check_shape, fit
from commonplace.adapters.running._swap import Home
from commonplace.foundation import InputError


class Worn(nn.Module):
    """An adapter on a model. Its parameters are the adapter's tensors.

    Attributes:
        applied: how many of the adapter's layers act, of `total`.
        provenance: of the adapter that is worn.
    """

    _model: nn.Module
    _worn: list[tuple[Piece, nn.Module]]  # each piece, and the module that wears it
    _home: Home | None
    _scales: Tensor  # [pieces], what each piece's product is multiplied by, and times the strength
    _factors: Tensor
    applied: int
    total: int
    provenance: Provenance

    def __init__(self, model: nn.Module, adapter: Adapter, strength: float, options: "_Options"):
        super().__init__()
        # Not registered: a model that is worn is no part of what wears it.
        object.__setattr__(self, "_model", model)
        self._options = options
        # Shared with the pieces and never moved: a number on the CPU multiplies on any device.
        self._strength = torch.tensor(float(strength), dtype=torch.float64)
        self._put_on(adapter)

    @property
    def strength(self) -> float:
        """S of effect(W, s): 0 is the base, 1 what was trained."""
        return float(self._strength)

    @strength.setter
    def strength(self, value: float) -> None:
        self._strength.fill_(value)
        torch.mul(self._scales, self._strength, out=self._factors)

    @property
    def adapter(self) -> Adapter:
        """The adapter with the present values of its tensors (after training, say)."""
        layers = {
            piece.name: piece.now().map(lambda one: one.detach().cpu().clone())
            for piece, _ in self._worn
        }
        return Adapter(layers, self.provenance)

    def swap(self, adapter: Adapter, strength: float | None = None) -> None:
        """Wear another adapter instead, in place where it has the same layers and shapes.

        Raises:
            InputError: it does not fit; the present one stays on.
        """
        data = self._same_layout(adapter)
        if data is not None and self._home is not None:
            self._home.move_in(data)
            self.strength = self.strength if strength is None else strength
            self._describe(adapter)
            return
        self._home = None
        worn = {piece.name: module for piece, module in self._worn}
        layers, _ = _placed(self._model, adapter, self._options, worn)
        alike = self._is_alike(layers)
        if not alike:
            _check_shapes(dict(self._model.named_modules()), layers)
        if strength is not None:
            self.strength = strength
        if alike:
            self._take(layers)
            self._describe(adapter)
        else:
            self.detach()
            self._put_on(adapter)

    def act_on(self, rows: Sequence[int] | None, batch: int) -> None:
        """Act on these rows of a batch only; None: on all. See `for_samples`."""
        for piece, _ in self._worn:
            device = next(piece.parameters()).device
            piece.rows = None if rows is None else torch.tensor(rows, device=device)
            piece.batch = batch

    def detach(self) -> None:
        """Take it off: the model is as it was before."""
        for piece, module in self._worn:
            for key, hook in list(module._forward_hooks.items()):
                if isinstance(hook, Hook) and piece in hook.pieces:
                    hook.pieces = [one for one in hook.pieces if one is not piece]
                    if not hook.pieces:
                        del module._forward_hooks[key]
                        module._forward_hooks_with_kwargs.pop(key, None)
        self._remember([])

    def _put_on(self, adapter: Adapter) -> None:
        modules = dict(self._model.named_modules())
        layers, data = _placed(self._model, adapter, self._options, modules)
        _check_shapes(modules, layers)
        worn: list[tuple[Piece, nn.Module]] = []
        for name, layer in layers.items():
            device = weight_of(modules[name]).device
            own = {key: _own(one, device, data is None) for key, one in layer.tensors.items()}
            worn.append((Piece(name, layer, own, self._options.trainable), modules[name]))
        for piece, module in worn:
            hook_of(module).pieces.append(piece)
        self._remember(worn)
        self._number()
        self._describe(adapter)
        source = source_of(adapter)
        if data is not None and source is not None:
            self._home = Home(source.layout, data, [piece for piece, _ in worn])

    def _same_layout(self, adapter: Adapter) -> NDArray[np.uint8] | None:
        """The bytes of a file that differs from the worn one's in parameters' values only."""
        source, home = source_of(adapter), self._home
        if source is None or home is None or source.layout != home.layout or home.is_left():
            return None
        check_base(self._model, adapter, self._options.force)
        data = home.read(source)
        return data if home.fits(data) else None

    def _take(self, layers: dict[str, Layer]) -> None:
        """Copy the tensors of other layers of the same shapes."""
        pairs = [pair for piece, _ in self._worn for pair in piece.take(layers[piece.name])]
        with torch.no_grad():
            torch._foreach_copy_([mine for mine, _ in pairs], [other for _, other in pairs])
        self._number()

    def _number(self) -> None:
        """Give the pieces their scales, in place where they have such."""
        scales = [piece.layer.scale for piece, _ in self._worn]
        if len(scales) != len(self._scales):
            self._scales = torch.tensor(scales, dtype=torch.float64)
            self._factors = self._scales * self._strength
            for number, (piece, _) in enumerate(self._worn):
                piece.number(self._strength, self._scales[number], self._factors[number])
        self._scales.copy_(torch.tensor(scales, dtype=torch.float64))
        self.strength = self.strength

    def _remember(self, worn: list[tuple[Piece, nn.Module]]) -> None:
        """Keep the pieces, registered, and the modules, which are no part of us, unregistered."""
        self.pieces = nn.ModuleList([piece for piece, _ in worn])
        self._home = None
        self._scales = self._factors = torch.zeros(0, dtype=torch.float64)
        object.__setattr__(self, "_worn", worn)

    def _is_alike(self, layers: dict[str, Layer]) -> bool:
        pieces = {piece.name: piece.layer for piece, _ in self._worn}
        return pieces.keys() == layers.keys() and all(
            _form(one) == _form(layers[name]) for name, one in pieces.items()
        )

    def _describe(self, adapter: Adapter) -> None:
        self.provenance = adapter.provenance
        self.applied, self.total = len(self._worn), len(adapter.layers)

    def __str__(self) -> str:
        return f"applied {self.applied} of {self.total}"


class _Options:
    """How an adapter is put on, also at a swap."""

    def __init__(self, trainable: bool, force: bool, allow_missing: bool) -> None:
        self.trainable, self.force, self.allow_missing = trainable, force, allow_missing


def attach(
    model: nn.Module,
    adapter: Adapter,
    strength: float = 1.0,
    *,
    trainable: bool = False,
    force: bool = False,
    allow_missing: bool = False,
) -> Worn:
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
    return Worn(bare(model), adapter, strength, _Options(trainable, force, allow_missing))


@contextmanager
def for_samples(choice: Sequence[Worn | Sequence[Worn] | None]) -> Iterator[None]:
    """Within the block the i-th sample of each batch wears choice[i]: one, several, or none.

    Every module must see the batch as its first axis. What is worn and not in `choice` acts on all.
    """
    wearers: dict[Worn, list[int]] = {}
    for row, chosen in enumerate(choice):
        for worn in [chosen] if isinstance(chosen, Worn) else chosen or []:
            wearers.setdefault(worn, []).append(row)
    try:
        for worn, rows in wearers.items():
            worn.act_on(rows, len(choice))
        yield
    finally:
        for worn in wearers:
            worn.act_on(None, 0)


def _placed(
    model: nn.Module, adapter: Adapter, options: _Options, modules: Mapping[str, nn.Module]
) -> tuple[dict[str, Layer], NDArray[np.uint8] | None]:
    """The layers by the names of the model's modules; also the fresh bytes that they stand in.

    `modules` are the model's, or those that most probably are meant.
    """
    check_base(model, adapter, options.force)
    if any(name not in modules for name in adapter.layers):
        modules = dict(model.named_modules())
    places = fit(modules, adapter, options.allow_missing)
    twice = [name for name, count in Counter(places.values()).items() if count > 1]
    if twice:
        raise InputError(f"the adapter changes {twice[0]} twice; its file is broken")
    for name in places.values():
        check_module(name, modules[name])
    found, data = everything(adapter)
    return {name: found[key] for key, name in places.items()}, data


def _check_shapes(modules: Mapping[str, nn.Module], layers: Mapping[str, Layer]) -> None:
    for name, layer in layers.items():
        check_shape(name, layer, weight_of(modules[name]))


def _own(tensor: Tensor, device: torch.device, copy: bool) -> Tensor:
    return tensor.detach().to(device, copy=copy)


def _form(layer: Layer) -> tuple[Any, ...]:
    tensors = {name: (one.shape, one.dtype) for name, one in layer.tensors.items()}
    return layer.algebra, tensors

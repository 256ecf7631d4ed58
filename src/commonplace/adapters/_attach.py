"""An adapter on a running model: it acts on outputs, and no weight of the base is touched.

Notable: a module that wears adapters has one forward hook, which takes all changes from the base's
own output, so several add up whatever their order. State dict, names and weights of the model stay
as they are; detaching leaves no trace. The strength is a tensor and a swap of the same shapes
copies in place: a compiled model goes on without compiling again.

    python -m pytest tests/adapters/test_attach.py
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from commonplace.adapters._adapter import Adapter
from commonplace.adapters._fit import check_base, check_module, check_shape, fit
from commonplace.adapters._layer import Layer
from commonplace.adapters._modules import bare, version_of, weight_of
from commonplace.adapters._outputs import added, rescaling
from commonplace.adapters._provenance import Provenance
from commonplace.foundation import InputError


class _Piece(nn.Module):
    """A layer on a module: its tensors as parameters, so that `.to` and optimisers find them."""

    def __init__(self, name: str, layer: Layer, trainable: bool, strength: Tensor) -> None:
        super().__init__()
        self.name, self.layer, self.strength = name, layer, strength
        self.rows: Tensor | None = None
        self.batch = 0
        self._kept: tuple[tuple[int, ...], Tensor | None] | None = None
        for key, tensor in layer.tensors.items():
            self.register_parameter(key, nn.Parameter(tensor, trainable))

    def now(self) -> Layer:
        """The layer with the parameters' present values."""
        return self.layer.with_tensors(dict(self.named_parameters()))

    def take(self, layer: Layer) -> None:
        """Copy another layer of the same shapes."""
        for key, tensor in layer.tensors.items():
            self.get_parameter(key).copy_(tensor)
        self.layer = layer.with_tensors(dict(self.named_parameters()))
        self._kept = None

    def forward(self, module: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """What is added to the outputs y [...] of the inputs x."""
        layer = self.now()
        if self.rows is None:
            change = added(module, layer, x, y, self._norms(module, layer))
            return (self.strength * change).to(y.dtype)
        if len(x) != self.batch:
            raise InputError(
                f"{self.name} got a batch of {len(x)}, adapters were chosen for {self.batch}"
            )
        part = added(module, layer, x[self.rows], y[self.rows], self._norms(module, layer))
        return torch.zeros_like(y).index_copy(0, self.rows, (self.strength * part).to(y.dtype))

    def _norms(self, module: nn.Module, layer: Layer) -> Tensor | None:
        """DoRA's m / ||V||, kept while neither the factors nor the weight change."""
        trains = torch.is_grad_enabled() and any(one.requires_grad for one in self.parameters())
        if layer.magnitude is None or trains or torch.compiler.is_compiling():
            return None
        tensors = [weight_of(module), *self.parameters()]
        state = tuple(number for one in tensors for number in (version_of(one), one.data_ptr()))
        if self._kept is None or self._kept[0] != state:
            self._kept = (state, rescaling(module, layer))
        return self._kept[1]


class _Hook:
    """The one hook of a module that wears adapters."""

    def __init__(self) -> None:
        self.pieces: list[_Piece] = []

    def __call__(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
    ) -> Tensor:
        x = args[0] if args else kwargs["input"]
        total = output
        for piece in self.pieces:
            if piece.rows is None or len(piece.rows):
                total = total + piece(module, x, output)
        return total


class Worn(nn.Module):
    """An adapter on a model. Its parameters are the adapter's tensors.

    Attributes:
        applied: how many of the adapter's layers act, of `total`.
        provenance: of the adapter that is worn.
    """

    _model: nn.Module
    _worn: list[tuple[_Piece, nn.Module]]  # each piece, and the module that wears it
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
        layers = _fitting(self._model, adapter, self._options)
        if strength is not None:
            self.strength = strength
        if self._is_alike(layers):
            with torch.no_grad():
                for piece, _ in self._worn:
                    piece.take(layers[piece.name])
            self._describe(adapter)
            return
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
                if isinstance(hook, _Hook) and piece in hook.pieces:
                    hook.pieces = [one for one in hook.pieces if one is not piece]
                    if not hook.pieces:
                        del module._forward_hooks[key]
                        module._forward_hooks_with_kwargs.pop(key, None)
        self._remember([])

    def _put_on(self, adapter: Adapter) -> None:
        layers = _fitting(self._model, adapter, self._options)
        modules = dict(self._model.named_modules())
        worn: list[tuple[_Piece, nn.Module]] = []
        for name, layer in layers.items():
            own = layer.map(functools.partial(_own, device=weight_of(modules[name]).device))
            piece = _Piece(name, own, self._options.trainable, self._strength)
            _hook(modules[name]).pieces.append(piece)
            worn.append((piece, modules[name]))
        self._remember(worn)
        self._describe(adapter)

    def _remember(self, worn: list[tuple[_Piece, nn.Module]]) -> None:
        """Keep the pieces, registered, and the modules, which are no part of us, unregistered."""
        self.pieces = nn.ModuleList([piece for piece, _ in worn])
        object.__setattr__(self, "_worn", worn)

    def _is_alike(self, layers: dict[str, Layer]) -> bool:
        mine = {piece.name: _form(piece.layer) for piece, _ in self._worn}
        return mine == {name: _form(layer) for name, layer in layers.items()}

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


def _fitting(model: nn.Module, adapter: Adapter, options: _Options) -> dict[str, Layer]:
    """The layers by the names of the model's modules, all checked before anything is changed."""
    check_base(model, adapter, options.force)
    modules = dict(model.named_modules())
    layers: dict[str, Layer] = {}
    for key, name in fit(model, adapter, options.allow_missing).items():
        if name in layers:
            raise InputError(f"the adapter changes {name} twice; its file is broken")
        check_module(name, modules[name])
        layers[name] = adapter.layers[key]
        check_shape(name, layers[name], weight_of(modules[name]))
    return layers


def _own(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.detach().to(device, copy=True)


def wears(module: nn.Module) -> bool:
    """Whether an adapter is attached to the module."""
    return any(isinstance(hook, _Hook) for hook in module._forward_hooks.values())


def _hook(module: nn.Module) -> _Hook:
    for hook in module._forward_hooks.values():
        if isinstance(hook, _Hook):
            return hook
    new = _Hook()
    # First of all hooks: what others see, and change, is the adapted output.
    module.register_forward_hook(new, with_kwargs=True, prepend=True)
    return new


def _form(layer: Layer) -> tuple[Any, ...]:
    tensors = {name: (one.shape, one.dtype) for name, one in layer.tensors.items()}
    return layer.algebra, tensors

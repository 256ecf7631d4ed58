"""Adapters put into the weights, and taken out again to the bit.

Notable: the weights that are changed are kept as they were, and put back; no difference is taken
away again, for W + D - D is not W in floating point. All adapters that are merged together start
from the base, so two merged DoRAs equal two worn ones. The sum is made in float32 at least and
rounded once.

    python -m pytest tests/adapters/test_merge.py
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from commonplace.adapters._adapter import Adapter
from commonplace.adapters._attach import wears
from commonplace.adapters._fit import check_base, check_shape, fit
from commonplace.adapters._layer import Layer, difference
from commonplace.adapters._modules import MERGED, SUPPORTED, bare, version_of, weight_of
from commonplace.foundation import InputError


@dataclass
class Merged:
    """Adapters in a model's weights."""

    applied: int
    total: int
    _kept: list[tuple[nn.Parameter, Tensor, int]] = field(repr=False)
    _modules: list[nn.Module] = field(repr=False)

    def unmerge(self) -> None:
        """Put the weights back as they were, bit for bit.

        Raises:
            InputError: something else has changed them since.
        """
        if any(version_of(parameter) != version for parameter, _, version in self._kept):
            raise InputError(
                "the merged weights were changed since (trained, or loaded anew); "
                "unmerging would throw that away: load the base instead"
            )
        self.restore()

    def restore(self) -> None:
        """Put the weights back, whatever has become of them."""
        with torch.no_grad():
            for parameter, original, _ in self._kept:
                parameter.copy_(original)
        for module in self._modules:
            delattr(module, MERGED)
        self._kept, self._modules = [], []

    def __str__(self) -> str:
        return f"applied {self.applied} of {self.total}"


def merge(
    model: nn.Module,
    adapters: Sequence[tuple[Adapter, float]],
    *,
    force: bool = False,
    allow_missing: bool = False,
) -> Merged:
    """Put adapters, each with its strength, into the model's weights, all from the base.

    The changed weights are kept (as much memory again as they take) until `unmerge`.

    Raises:
        InputError: an adapter does not fit, a module is merged already, or a weight is shared with
            a module that the adapters do not change. The model is as before.
    """
    model = bare(model)
    for adapter, _ in adapters:
        check_base(model, adapter, force)
    places = [fit(model, adapter, allow_missing) for adapter, _ in adapters]
    modules = {name: one for name, one in model.named_modules() if isinstance(one, SUPPORTED)}
    chosen = {name: modules[name] for place in places for name in place.values()}
    _check(model, chosen)
    merged = Merged(sum(map(len, places)), sum(len(one.layers) for one, _ in adapters), [], [])
    try:
        for name, module in chosen.items():
            wanted = [
                (adapter.layers[key], strength)
                for (adapter, strength), place in zip(adapters, places, strict=True)
                for key, meant in place.items()
                if meant == name
            ]
            _merge_one(name, module, wanted, merged)
    except BaseException:
        merged.restore()
        raise
    return merged


def _merge_one(
    name: str, module: nn.Module, layers: list[tuple[Layer, float]], merged: Merged
) -> None:
    weight = weight_of(module)
    assert isinstance(weight, nn.Parameter)
    precision = torch.promote_types(weight.dtype, torch.float32)
    for layer, _ in layers:
        check_shape(name, layer, weight)
    bias = _bias(name, module, layers)
    setattr(module, MERGED, True)
    merged._modules.append(module)
    original = weight.detach().clone()
    base = original.to(precision)
    # In a lower precision the sum is made beside the weight, and rounded once.
    total = weight.detach() if weight.dtype == precision else base.clone()
    merged._kept.append((weight, original, version_of(weight)))
    for layer, strength in layers:
        moved = layer.map(lambda one: one.detach().to(base))
        total.add_(difference(moved, base), alpha=strength)
    _put(weight, total, merged)
    if bias is not None:
        assert isinstance(module.bias, nn.Parameter)
        merged._kept.append((module.bias, module.bias.detach().clone(), 0))
        _put(module.bias, bias, merged)


def _bias(name: str, module: nn.Module, layers: list[tuple[Layer, float]]) -> Tensor | None:
    changes = [
        strength * layer.scale * layer.bias for layer, strength in layers if layer.bias is not None
    ]
    if not changes:
        return None
    present = getattr(module, "bias", None)
    if not isinstance(present, Tensor):
        raise InputError(f"the adapter changes the bias of {name}, which has none; attach it")
    return torch.stack([one.detach().to(present.device) for one in changes]).sum(0) + present


def _put(parameter: nn.Parameter, value: Tensor, merged: Merged) -> None:
    """Write the sum, and take note of the version at which it stands there."""
    if value.data_ptr() != parameter.data_ptr():
        with torch.no_grad():
            parameter.copy_(value)
    kept, original, _ = merged._kept[-1]
    merged._kept[-1] = (kept, original, version_of(parameter))


def _check(model: nn.Module, chosen: Mapping[str, nn.Module]) -> None:
    owners: dict[int, list[str]] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), []).append(name)
    for name, module in chosen.items():
        if hasattr(module, MERGED):
            raise InputError(
                f"{name} has an adapter merged into it; unmerge that first, or merge both together"
            )
        if wears(module):
            raise InputError(f"{name} wears an adapter; detach it, or merge all of them together")
        shared = [other for other in owners[id(weight_of(module))] if other != name]
        if shared:
            raise InputError(
                f"{name} shares its weight with {shared[0]}, merging would change both; "
                "attach the adapter, or untie the weights"
            )

"""Adapters put into the weights, and taken out again to the bit.

Notable: the weights that are changed are kept as they were, and put back; no difference is
subtracted, for W + D - D is not W in floating point. All adapters that are merged together start
from the base, so two merged DoRAs equal two worn ones. The sum is made in float32 at least and
rounded once. LoRA and DoRA by row are one product, C W + [B1, B2, ..] [A1, A2, ..], a few rows at a
time: they are kept, rescaled and added to while they are near the processor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn

from commonplace.adapters.algebra.adapter import Adapter, read_layers
from commonplace.adapters.algebra.layer import Layer, difference, rescale, updated_weight
from commonplace.adapters.names.modules import MERGED, unwrap, version_of, weight_of
from commonplace.adapters.running._attached_layer import wears
from commonplace.adapters.running._fit import check_base, check_shape, fit
from commonplace.foundation import InputError

# Of a weight that are kept, rescaled and added to at a time, so that they stay in a core's cache.
CHUNK_BYTES: Final = 1 << 18


@dataclass
class MergedAdapters:
    """Adapters in a model's weights."""

    applied: int
    total: int
    reversible: bool = True
    _originals: list[tuple[nn.Parameter, Tensor, int]] = field(default_factory=list, repr=False)
    _modules: list[nn.Module] = field(default_factory=list, repr=False)

    def unmerge(self) -> None:
        """Put the weights back as they were, bit for bit.

        Raises:
            InputError: they were not kept, or something else has changed them since.
        """
        if not self.reversible:
            raise InputError("the weights were not kept (keep=False); load the base instead")
        if any(version_of(parameter) != version for parameter, _, version in self._originals):
            raise InputError(
                "the merged weights were changed since (trained, or loaded anew); "
                "unmerging would throw that away: load the base instead"
            )
        self.restore()

    def restore(self) -> None:
        """Put the weights back, whatever has become of them."""
        with torch.no_grad():
            for parameter, original, _ in self._originals:
                parameter.copy_(original)
        for module in self._modules:
            delattr(module, MERGED)
        self._originals, self._modules = [], []

    def __str__(self) -> str:
        return f"applied {self.applied} of {self.total}"


def merge(
    model: nn.Module,
    adapters: Sequence[tuple[Adapter, float]],
    *,
    keep: bool = True,
    force: bool = False,
    allow_missing: bool = False,
) -> MergedAdapters:
    """Put adapters, each with its strength, into the model's weights, all from the base.

    Args:
        model: any module; a compiled one too.
        adapters: each with its strength.
        keep: keep the weights that are changed until `unmerge`, in as much memory again as they
            take. Without it the merge is for good: quicker, and in place; every layer is read and
            checked before the first weight is touched, but what is then broken off (Ctrl-C)
            leaves a model that is merged in part.
        force: merge although one was made for another base.
        allow_missing: apply what the model has modules for.

    Raises:
        InputError: an adapter does not fit, a module is merged already, or a weight is shared with
            a module that the adapters do not change. The model is as before.
    """
    model = unwrap(model)
    for adapter, _ in adapters:
        check_base(model, adapter, force)
    modules = dict(model.named_modules())
    places = [fit(modules, adapter, allow_missing) for adapter, _ in adapters]
    targets = {name: modules[name] for place in places for name in place.values()}
    _check(model, targets)
    changes: dict[str, list[tuple[Mapping[str, Layer], str, float]]] = {}
    for (adapter, strength), place in zip(adapters, places, strict=True):
        layers, _ = read_layers(adapter)
        for key, name in place.items():
            changes.setdefault(name, []).append((layers, key, strength))
    if not keep:
        for name, parts in changes.items():
            for layers, key, _ in parts:
                check_shape(name, layers[key], weight_of(targets[name]))
    merged = MergedAdapters(
        applied=sum(map(len, places)),
        total=sum(len(adapter.layers) for adapter, _ in adapters),
        reversible=keep,
    )
    try:
        for name, parts in changes.items():
            layers_of = [(layers[key], strength) for layers, key, strength in parts]
            _merge_module(name, targets[name], layers_of, merged)
    except BaseException:  # Ctrl-C too: no model is left merged in part
        merged.restore()
        raise
    return merged


def _merge_module(
    name: str, module: nn.Module, layers: list[tuple[Layer, float]], merged: MergedAdapters
) -> None:
    weight = weight_of(module)
    assert isinstance(weight, nn.Parameter)
    for layer, _ in layers:
        check_shape(name, layer, weight)
    bias = _bias(name, module, layers)
    if merged.reversible:  # else the merge is for good, and the model a base like any other
        setattr(module, MERGED, True)
        merged._modules.append(module)
    values = weight.detach()
    thin = _thin(values, layers)
    if thin is not None and values.is_contiguous():
        original = _add_thin(values.flatten(1), *thin, keep=merged.reversible)
        original = None if original is None else original.view(values.shape)
    else:
        original = _add_whole(values, layers)
    if merged.reversible and original is not None:
        merged._originals.append((weight, original, version_of(weight)))
    if bias is not None:
        assert isinstance(module.bias, nn.Parameter)
        original = module.bias.detach().clone()
        with torch.no_grad():
            module.bias.copy_(bias)
        if merged.reversible:
            merged._originals.append((module.bias, original, version_of(module.bias)))


def _add_whole(weight: Tensor, layers: list[tuple[Layer, float]]) -> Tensor:
    """Add the differences of any kind to a weight; returns what it was."""
    original, base = weight.clone(), weight.to(torch.promote_types(weight.dtype, torch.float32))
    total = base.clone()
    for layer, strength in layers:
        copied = layer.map(lambda tensor: tensor.detach().to(base))
        total.add_(difference(copied, base), alpha=strength)
    weight.copy_(total)
    return original


def _thin(
    weight: Tensor, layers: list[tuple[Layer, float]]
) -> tuple[Tensor | None, Tensor, Tensor] | None:
    """C [out, 1], B [out, r], A [r, in times kernel] of C W + B A, from a weight [out, in, ...].

    None where a layer has no such short form, or the weight is of a low precision: that would be
    rounded at each of the two steps.
    """
    if weight.dtype not in (torch.float32, torch.float64):
        return None
    row_factors = torch.ones(len(weight), 1, dtype=weight.dtype, device=weight.device)
    ups, downs = [], []
    for layer, strength in layers:
        m = layer.magnitude
        by_row = m is None or m.numel() == len(weight) == len(m)
        if layer.algebra != "lora" or "mid" in layer.factors or not by_row:
            return None
        copied = layer.map(lambda tensor: tensor.detach().to(weight))
        up = copied.factors["up"].flatten(1) * (strength * layer.scale)
        if copied.magnitude is not None:
            n = rescale(copied.magnitude, updated_weight(copied, weight)).view(-1, 1)
            row_factors, up = row_factors + strength * (n - 1), up * n
        ups.append(up)
        downs.append(copied.factors["down"].flatten(1))
    decomposed = any(layer.magnitude is not None for layer, _ in layers)
    return row_factors if decomposed else None, torch.cat(ups, 1), torch.cat(downs)


def _add_thin(
    weight: Tensor, row_factors: Tensor | None, up: Tensor, down: Tensor, *, keep: bool
) -> Tensor | None:
    """Turn a weight [out, columns] into C W + B A, all of it or nothing; returns what it was."""
    original = torch.empty_like(weight) if keep else None
    rows, end = max(CHUNK_BYTES // (weight.shape[1] * weight.element_size()), 1), 0
    try:
        for start in range(0, len(weight), rows):
            chunk = slice(start, start + rows)
            if original is not None:
                original[chunk] = weight[chunk]
            end = start + rows
            if row_factors is not None:
                weight[chunk].mul_(row_factors[chunk])
            weight[chunk].addmm_(up[chunk], down)
    except BaseException:
        if original is not None:
            weight[:end] = original[:end]
        raise
    return original


def _bias(name: str, module: nn.Module, layers: list[tuple[Layer, float]]) -> Tensor | None:
    changes = [
        strength * layer.scale * layer.bias for layer, strength in layers if layer.bias is not None
    ]
    if not changes:
        return None
    present = getattr(module, "bias", None)
    if not isinstance(present, Tensor):
        raise InputError(f"the adapter changes the bias of {name}, which has none; attach it")
    return torch.stack([change.detach().to(present.device) for change in changes]).sum(0) + present


def _check(model: nn.Module, targets: Mapping[str, nn.Module]) -> None:
    owners: dict[int, list[str]] = {}
    # With duplicates: one module at two places shares its weight with itself.
    for name, module in model.named_modules(remove_duplicate=False):
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), []).append(name)
    for name, module in targets.items():
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

"""Adapters put into the weights, and taken out again to the bit.

Notable: the weights that are changed are kept as they were, and put back; no difference is taken
away again, for W + D - D is not W in floating point. All adapters that are merged together start
from the base, so two merged DoRAs equal two worn ones. The sum is made in float32 at least and
rounded once. LoRA and DoRA by row are one product, C W + [B1, B2, ..] [A1, A2, ..], a few rows at a
time: they are kept, rescaled and added to while they are near the processor.

    python -m pytest tests/adapters/test_merge.py
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn

from commonplace.adapters.algebra.adapter import Adapter, everything
from commonplace.adapters.algebra.layer import Layer, difference, moved_by, rescale
from commonplace.adapters.names.modules import MERGED, bare, version_of, weight_of
from commonplace.adapters.running._attached_layer import wears
from commonplace.adapters.running._fit import check_base, check_shape, fit
from commonplace.foundation import InputError

_NEAR: Final = 1 << 18  # bytes of a weight that are kept and added to at a time


@dataclass
class Merged:
    """Adapters in a model's weights."""

    applied: int
    total: int
    kept: bool = True
    _kept: list[tuple[nn.Parameter, Tensor, int]] = field(default_factory=list, repr=False)
    _modules: list[nn.Module] = field(default_factory=list, repr=False)

    def unmerge(self) -> None:
        """Put the weights back as they were, bit for bit.

        Raises:
            InputError: they were not kept, or something else has changed them since.
        """
        if not self.kept:
            raise InputError("the weights were not kept (keep=False); load the base instead")
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
    keep: bool = True,
    force: bool = False,
    allow_missing: bool = False,
) -> Merged:
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
    model = bare(model)
    for adapter, _ in adapters:
        check_base(model, adapter, force)
    modules = dict(model.named_modules())
    places = [fit(modules, adapter, allow_missing) for adapter, _ in adapters]
    chosen = {name: modules[name] for place in places for name in place.values()}
    _check(model, chosen)
    found = [everything(adapter)[0] for adapter, _ in adapters]
    strengths = [strength for _, strength in adapters]
    wanted: dict[str, list[tuple[Mapping[str, Layer], str, float]]] = {}
    for layers, strength, place in zip(found, strengths, places, strict=True):
        for key, name in place.items():
            wanted.setdefault(name, []).append((layers, key, strength))
    if not keep:
        for name, parts in wanted.items():
            for layers, key, _ in parts:
                check_shape(name, layers[key], weight_of(chosen[name]))
    merged = Merged(sum(map(len, places)), sum(len(one.layers) for one, _ in adapters), keep)
    try:
        for name, parts in wanted.items():
            layers_of = [(layers[key], strength) for layers, key, strength in parts]
            _merge_one(name, chosen[name], layers_of, merged)
    except BaseException:
        merged.restore()
        raise
    return merged


def _merge_one(
    name: str, module: nn.Module, layers: list[tuple[Layer, float]], merged: Merged
) -> None:
    weight = weight_of(module)
    assert isinstance(weight, nn.Parameter)
    for layer, _ in layers:
        check_shape(name, layer, weight)
    bias = _bias(name, module, layers)
    if merged.kept:  # for good, the model is a base like any other
        setattr(module, MERGED, True)
        merged._modules.append(module)
    values = weight.detach()
    thin = _thin(values, layers)
    if thin is not None and values.is_contiguous():
        original = _add_thin(values.flatten(1), *thin, keep=merged.kept)
        original = None if original is None else original.view(values.shape)
    else:
        original = _add_whole(values, layers)
    if merged.kept and original is not None:
        merged._kept.append((weight, original, version_of(weight)))
    if bias is not None:
        assert isinstance(module.bias, nn.Parameter)
        original = module.bias.detach().clone()
        with torch.no_grad():
            module.bias.copy_(bias)
        if merged.kept:
            merged._kept.append((module.bias, original, version_of(module.bias)))


def _add_whole(weight: Tensor, layers: list[tuple[Layer, float]]) -> Tensor:
    """Add the differences of any kind to a weight; returns what it was."""
    original, base = weight.clone(), weight.to(torch.promote_types(weight.dtype, torch.float32))
    total = base.clone()
    for layer, strength in layers:
        moved = layer.map(lambda one: one.detach().to(base))
        total.add_(difference(moved, base), alpha=strength)
    weight.copy_(total)
    return original


def _thin(
    weight: Tensor, layers: list[tuple[Layer, float]]
) -> tuple[Tensor | None, Tensor, Tensor] | None:
    """C [out, 1], B [out, r], A [r, in times kernel] of C W + B A, from a weight [out, in, ...].

    None where a layer has no such short form, or the weight is of a low precision.
    """
    if weight.dtype not in (torch.float32, torch.float64):
        return None
    turned, lefts, rights = (
        torch.ones(len(weight), 1, dtype=weight.dtype, device=weight.device),
        [],
        [],
    )
    for layer, strength in layers:
        by_row = layer.magnitude is None or layer.magnitude.numel() == len(weight) == len(
            layer.magnitude
        )
        if layer.algebra != "lora" or "mid" in layer.factors or not by_row:
            return None
        moved = layer.map(lambda one: one.detach().to(weight))
        left = moved.factors["up"].flatten(1) * (strength * layer.scale)
        if moved.magnitude is not None:
            n = rescale(moved.magnitude, moved_by(moved, weight)).view(-1, 1)
            turned, left = turned + strength * (n - 1), left * n
        lefts.append(left)
        rights.append(moved.factors["down"].flatten(1))
    decomposed = any(layer.magnitude is not None for layer, _ in layers)
    return turned if decomposed else None, torch.cat(lefts, 1), torch.cat(rights)


def _add_thin(
    weight: Tensor, turned: Tensor | None, left: Tensor, right: Tensor, *, keep: bool
) -> Tensor | None:
    """A weight [out, columns] becomes C W + B A; returns what it was. All of it, or nothing."""
    original = torch.empty_like(weight) if keep else None
    rows, done = max(_NEAR // (weight.shape[1] * weight.element_size()), 1), 0
    try:
        for start in range(0, len(weight), rows):
            some = slice(start, start + rows)
            if original is not None:
                original[some] = weight[some]
            done = start + rows
            if turned is not None:
                weight[some].mul_(turned[some])
            weight[some].addmm_(left[some], right)
    except BaseException:
        if original is not None:
            weight[:done] = original[:done]
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
    return torch.stack([one.detach().to(present.device) for one in changes]).sum(0) + present


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

"""Another rank for an adapter, an adapter out of a full fine-tune, and how far two are apart.

Notable: the error is the relative Frobenius norm of what was lost, layer by layer, and can be had
of any two adapters afterwards (`compare`), so of what was really written. A DoRA keeps its
magnitude: its direction is resized, the norms stay as they were trained.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from commonplace.adapters.algebra._low_rank import (
    DOUBLE,
    dense,
    lora_of,
    pair,
    rank_for,
    stack_pairs,
    thin,
    thin_matrix,
    thin_product,
)
from commonplace.adapters.algebra.adapter import Adapter, LazyLayers
from commonplace.adapters.algebra.layer import Layer, shape
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.foundation import InputError


@dataclass(frozen=True)
class Distance:
    """How far a layer of two adapters is apart."""

    layer: str
    norm: float  # Frobenius norm of the first's difference
    error: float  # of what lies between them, relative to the norm


def resize(adapter: Adapter, rank: int | None = None, energy: float | None = None) -> Adapter:
    """Find the nearest adapter of a rank, or of the least rank that keeps a part of the energy.

    Every layer becomes a LoRA (a DoRA stays one), also LoHa, LoKr and full differences.

    Raises:
        InputError: neither is given, or it makes no sense.
    """
    if rank is None and energy is None:
        raise InputError("resizing needs a rank, or an energy between 0 and 1")
    rank_for(torch.ones(1), rank, energy)  # refuses now what else the first layer would refuse

    def resize_layer(name: str, layer: Layer) -> Layer:
        plain = replace(layer, magnitude=None, bias=None)
        nearest = thin(plain).first_of(rank, energy)
        bias = None if layer.bias is None else layer.scale * layer.bias
        return replace(lora_of(nearest, shape(layer), layer, bias), magnitude=layer.magnitude)

    options = "".join(f" {n}={v:g}" for n, v in (("rank", rank), ("energy", energy)) if v)
    before = f"; before: {adapter.provenance.recipe}" if adapter.provenance.recipe else ""
    return adapter.map(resize_layer).with_provenance(recipe=f"resize{options}{before}")


def extract(
    base: Mapping[str, Tensor],
    tuned: Mapping[str, Tensor],
    *,
    rank: int | None = None,
    energy: float | None = None,
    leave_out: bool = False,
    provenance: Provenance | None = None,
) -> Adapter:
    """The adapter that makes a full fine-tune of its base; by parameter name, read one at a time.

    Args:
        base: the base's parameters, such as `open_tensors` or a state dict gives.
        tuned: the fine-tune's.
        rank: the most for each weight; without rank and energy the difference is kept whole.
        energy: the part of each difference's energy to keep.
        leave_out: leave out changes that no adapter can hold (of norms, say).
        provenance: what is known of the fine-tune.

    Raises:
        InputError: the models differ in names or shapes, nothing differs, or something differs
            that no adapter can hold.
    """
    common = _common_names(base, tuned)
    changed_names = [name for name in common if not torch.equal(base[name], tuned[name])]
    weights = [name for name in changed_names if name.endswith(".weight") and base[name].ndim >= 2]
    layers = [name.removesuffix(".weight") for name in weights]
    covered_names = {*(f"{name}.weight" for name in layers), *(f"{name}.bias" for name in layers)}
    uncovered = [name for name in changed_names if name not in covered_names]
    if uncovered and not leave_out:
        raise InputError(
            f"{len(uncovered)} changes are none of a weight that an adapter can hold: "
            f"{', '.join(uncovered[:5])}; leave them out, or keep the whole model"
        )
    if not layers:
        raise InputError("the two models have the same weights; there is nothing to extract")

    def make(name: str) -> Layer:
        return _extract_layer(name, base, tuned, rank=rank, energy=energy)

    record = provenance or Provenance()
    recipe = record.recipe or "extract from a fine-tune"
    return Adapter(LazyLayers(layers, make), replace(record, recipe=recipe))


def compare(
    first: Adapter, second: Adapter, base: Mapping[str, Tensor] | None = None
) -> Iterator[Distance]:
    """How far each layer of two adapters is apart; a layer that one lacks counts as zero there.

    `base` holds the base's weights by parameter name, where a DoRA is among them.
    """
    for name in dict.fromkeys([*first.layers, *second.layers]):
        weight = None if base is None else base.get(f"{name}.weight")
        terms = [
            (adapter.layers[name], sign)
            for adapter, sign in ((first, 1.0), (second, -1.0))
            if name in adapter.layers
        ]
        norm = _norm(terms[:1], weight) if name in first.layers else 0.0
        apart = _norm(terms, weight)
        yield Distance(name, norm, apart / norm if norm else float(apart > 0))


def _norm(terms: list[tuple[Layer, float]], weight: Tensor | None) -> float:
    """The Frobenius norm of the signed sum of the layers' differences."""
    pairs = [(factors, sign) for layer, sign in terms if (factors := pair(layer)) is not None]
    if len(pairs) == len(terms):  # then no matrix of the weight's size is made
        up, down = stack_pairs([(sign * up, down) for (up, down), sign in pairs])
        return math.sqrt(thin_product(up, down).energy)
    return float(torch.stack([sign * dense(layer, weight) for layer, sign in terms]).sum(0).norm())


def _extract_layer(
    name: str,
    base: Mapping[str, Tensor],
    tuned: Mapping[str, Tensor],
    *,
    rank: int | None,
    energy: float | None,
) -> Layer:
    weight = base[f"{name}.weight"]
    change = tuned[f"{name}.weight"].to(DOUBLE) - weight.to(DOUBLE)
    precision = torch.promote_types(weight.dtype, torch.float32)
    key = f"{name}.bias"
    bias = (tuned[key].to(DOUBLE) - base[key].to(DOUBLE)).to(precision) if key in base else None
    full = Layer("full", {"diff": change.to(precision)}, 1.0, 1, bias=bias)
    if rank is None and energy is None:
        return full
    svd = thin_matrix(change.flatten(1)).first_of(rank, energy)
    return lora_of(svd, weight.shape, full, bias)


def _common_names(base: Mapping[str, Tensor], tuned: Mapping[str, Tensor]) -> list[str]:
    differ = sorted({*base} ^ {*tuned})
    if differ:
        raise InputError(
            f"the models differ in {len(differ)} names ({', '.join(differ[:5])}); "
            "is it a fine-tune of that base?"
        )
    for name in base:
        if base[name].shape != tuned[name].shape:
            raise InputError(
                f"{name} is {list(base[name].shape)} in the base and {list(tuned[name].shape)} in "
                "the fine-tune; is it a fine-tune of that base?"
            )
    return list(base)

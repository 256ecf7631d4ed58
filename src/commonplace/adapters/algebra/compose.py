"""Several adapters as one.

Notable: what is summed are differences of weights, w1 D1 + w2 D2, never factors (a sum of the A's
times a sum of the B's has cross terms that nobody trained). So rsLoRA's scale, biases and unequal
ranks need no care, and a DoRA, whose difference depends on the base, asks for the base. Each layer
is composed when it is asked for. TIES: 2306.01708, DARE: 2311.03099; see docs/adapters.md.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import torch
from torch import Tensor

from commonplace.adapters.algebra import _low_rank
from commonplace.adapters.algebra.adapter import Adapter, LazyLayers
from commonplace.adapters.algebra.layer import Layer, shape
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.adapters.choices import METHODS, Method
from commonplace.foundation import InputError

_EXACT: Final = ("concatenation", "linear", "svd", "projection")


@dataclass(frozen=True)
class _ComposeOptions:
    method: Method
    rank: int | None
    density: float
    seed: int
    tolerance: float


def compose(
    adapters: Sequence[tuple[Adapter, float]],
    method: Method = "concatenation",
    *,
    rank: int | None = None,
    density: float = 0.5,
    seed: int = 0,
    tolerance: float = 0.1,
    base: Mapping[str, Tensor] | None = None,
) -> Adapter:
    """Compose several adapters, each with its weight, into one.

    Args:
        adapters: what is composed; a single one at weight 1 stays as it is (but by ties and dare).
        method: one of `METHODS`, see docs/adapters.md.
        rank: of the result: svd needs it; ties and dare give a full difference without it.
        density: the part of the entries that ties and dare keep.
        seed: of dare's masks.
        tolerance: projection: directions of two adapters closer than this sine get the mean.
        base: the base's weights by parameter name ("block.out.weight"); needed for DoRA.

    Raises:
        InputError: a method lacks its number, the number makes no sense, or the adapters are of
            different bases.
    """
    if method not in METHODS:
        raise InputError(f"no way to compose is named {method}; there are {', '.join(METHODS)}")
    if not adapters or not 0 < density <= 1 or (method == "svd" and rank is None):
        needs = "adapters, a density above 0 and up to 1, and for svd a rank"
        raise InputError(f"composing needs {needs}")
    options = _ComposeOptions(
        method=method, rank=rank, density=density, seed=seed, tolerance=tolerance
    )
    names = list(dict.fromkeys(name for adapter, _ in adapters for name in adapter.layers))

    def make(name: str) -> Layer:
        parts = [
            (adapter.layers[name], weight) for adapter, weight in adapters if name in adapter.layers
        ]
        table = None if base is None else base.get(f"{name}.weight")
        try:
            return _layer(name, parts, options, table)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error

    return Adapter(LazyLayers(names, make), _provenance(adapters, options))


def _layer(
    name: str, parts: list[tuple[Layer, float]], options: _ComposeOptions, base: Tensor | None
) -> Layer:
    if len(parts) == 1 and _is_unchanged(*parts[0], options):
        return parts[0][0]
    bias, like = _bias(parts), parts[0][0]
    form = max((shape(layer) for layer, _ in parts), key=len) if base is None else base.shape
    if options.method in ("concatenation", "svd"):
        pairs = [_weighted_pair(layer, weight, base, options.method) for layer, weight in parts]
        up, down = _low_rank.stack_pairs(pairs)
        if options.method == "concatenation":
            return _low_rank.lora(up, down, shape=form, like=like, bias=bias)
        svd = _low_rank.thin_product(up, down).first_of(options.rank)
        return _low_rank.lora_of(svd, form, like, bias)
    if options.method == "projection":
        up, down = _project(parts, options, base)
        return _low_rank.lora(up, down, shape=form, like=like, bias=bias)
    differences = [weight * _low_rank.dense(layer, base) for layer, weight in parts]
    total = _combine(name, differences, options)
    if options.rank is not None:
        svd = _low_rank.thin_matrix(total).first_of(options.rank)
        return _low_rank.lora_of(svd, form, like, bias)
    precision = next(iter(like.factors.values())).dtype
    factors = {"diff": total.reshape(tuple(form)).to(precision)}
    bias = None if bias is None else bias.to(precision)
    return Layer("full", factors, 1.0, 1, bias=bias, embedding=like.embedding)


def _is_unchanged(layer: Layer, weight: float, options: _ComposeOptions) -> bool:
    """Whether one layer alone is the result as it is."""
    fits = options.rank is None or (layer.algebra == "lora" and layer.rank <= options.rank)
    return weight == 1 and options.method in _EXACT and fits


def _weighted_pair(
    layer: Layer, weight: float, base: Tensor | None, method: str
) -> tuple[Tensor, Tensor]:
    factors = _low_rank.pair(layer)
    if factors is None and method == "concatenation":
        raise InputError(f"a {layer.kind} has no factors to stack; compose by svd or linear")
    if factors is None:
        svd = _low_rank.thin(layer, base)
        factors = svd.outputs * svd.values, svd.inputs.T
    return weight * factors[0], factors[1]


def _combine(name: str, differences: list[Tensor], options: _ComposeOptions) -> Tensor:
    if options.method == "ties":
        return _ties(differences, options.density)
    if options.method == "dare":
        differences = [
            # A seed of its own, so that a mask does not depend on which layer was read before.
            _dare(difference, options.density, f"{options.seed} {name} {place}")
            for place, difference in enumerate(differences)
        ]
    return torch.stack(differences).sum(0)


def _ties(differences: list[Tensor], density: float) -> Tensor:
    """Trim, elect signs, mean of those that agree (2306.01708, section 3)."""
    trimmed = torch.stack([_trim(difference, density) for difference in differences])
    elected = trimmed.sum(0).sign()
    agree = (trimmed.sign() == elected) & (trimmed != 0)
    return (trimmed * agree).sum(0) / agree.sum(0).clamp(min=1)


def _trim(difference: Tensor, density: float) -> Tensor:
    """Keep the greatest entries by magnitude, and set the others to zero."""
    count = max(round(density * difference.numel()), 1)
    places = difference.abs().flatten().topk(count).indices
    mask = torch.zeros(difference.numel(), dtype=torch.bool)
    mask[places] = True
    return difference * mask.reshape(difference.shape)


def _dare(difference: Tensor, density: float, seed: str) -> Tensor:
    """Keep entries at random, and scale them up so that the mean stays (2311.03099, equation 2)."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") >> 1
    random = torch.Generator().manual_seed(number)
    mask = torch.rand(difference.shape, generator=random, dtype=_low_rank.DOUBLE) < density
    return difference * mask / density


def _project(
    parts: list[tuple[Layer, float]], options: _ComposeOptions, base: Tensor | None
) -> tuple[Tensor, Tensor]:
    """[w1 D1 V1, w2 D2 V2] and the pseudo-inverse of [V1, V2]: each acts alone on its own inputs.

    Singular values of [V1, V2] are sqrt(1 -+ cos) of the principal angles. Those below the
    tolerance are directions that two adapters share; leaving them out gives these the mean.
    """
    svds = [(_low_rank.thin(layer, base), weight) for layer, weight in parts]
    # An untrained layer has no inputs of its own; one is kept where all are such.
    svds = [(svd, weight) for svd, weight in svds if svd.energy > 0] or svds[:1]
    up = torch.cat([weight * svd.outputs * svd.values for svd, weight in svds], 1)
    inputs = torch.cat([svd.inputs for svd, _ in svds], 1)
    spans, values, mixes = torch.linalg.svd(inputs, full_matrices=False)
    distinct = values > options.tolerance
    inverse = (mixes[distinct].T / values[distinct]) @ spans[:, distinct].T
    if options.rank is None:
        return up, inverse
    cut = _low_rank.thin_product(up, inverse).first_of(options.rank)
    return cut.outputs * cut.values, cut.inputs.T


def _bias(parts: list[tuple[Layer, float]]) -> Tensor | None:
    """The weighted sum of the changes to the bias."""
    changes = [
        weight * layer.scale * layer.bias.to(_low_rank.DOUBLE)
        for layer, weight in parts
        if layer.bias is not None
    ]
    return torch.stack(changes).sum(0) if changes else None


def _provenance(adapters: Sequence[tuple[Adapter, float]], options: _ComposeOptions) -> Provenance:
    """The record of the result: the same base, and all that its parts were trained on."""
    records = [adapter.provenance for adapter, _ in adapters]
    bases = {record.fingerprint for record in records if record.fingerprint}
    if len(bases) > 1:
        raise InputError("the adapters were made for different bases; compose those of one base")
    weights = " ".join(f"{weight:g}" for _, weight in adapters)
    settings = f"rank={options.rank} density={options.density:g} seed={options.seed}"
    return Provenance(
        base=next((record.base for record in records if record.base), ""),
        fingerprint=next(iter(bases), ""),
        trained_on=tuple(dict.fromkeys(chain(*(record.trained_on for record in records)))),
        recipe=f"compose {options.method} weights={weights} {settings}",
        licence=", ".join(dict.fromkeys(record.licence for record in records if record.licence)),
        trigger_words=tuple(dict.fromkeys(chain(*(record.trigger_words for record in records)))),
        parents=tuple(record.title for record in records if record.title),
    )

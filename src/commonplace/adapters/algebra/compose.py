"""Several adapters as one.

Notable: what is summed are differences of weights, w1 D1 + w2 D2, never factors (a sum of the A's
times a sum of the B's has cross terms that nobody trained). So rsLoRA's scale, biases and unequal
ranks need no care, and a DoRA, whose difference depends on the base, asks for the base. Each layer
is composed when it is asked for. TIES: 2306.01708, DARE: 2311.03099; see docs/adapters.md.

    python -m pytest tests/adapters/test_compose.py
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

from commonplace.adapters.algebra._low_rank import (
    DOUBLE,
    dense,
    lora,
    lora_of,
    pair,
    rank_for,
    stacked,
    thin,
    thin_matrix,
    thin_product,
)
from commonplace.adapters.algebra.adapter import Adapter, LazyLayers
from commonplace.adapters.algebra.layer import Layer, shape
from commonplace.adapters.algebra.provenance import Provenance
from commonplace.foundation import InputError

Method = Literal["concatenation", "linear", "svd", "ties", "dare", "projection"]
METHODS: Final[tuple[Method, ...]] = (
    "concatenation",
    "linear",
    "svd",
    "ties",
    "dare",
    "projection",
)
_EXACT: Final = ("concatenation", "linear", "svd", "projection")


@dataclass(frozen=True)
class _Settings:
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
    """Several adapters, each with its weight, as one.

    Args:
        adapters: what is composed; one alone at weight 1 stays exactly itself (not by ties, dare).
        method: one of `METHODS`, see docs/adapters.md.
        rank: of the result: svd needs it; ties and dare give a full difference without it.
        density: the part of the entries that ties and dare keep.
        seed: of dare's masks.
        tolerance: projection: directions of two adapters closer than this sine get the mean.
        base: the base's weights by parameter name ("block.out.weight"); needed for DoRA.

    Raises:
        InputError: a method's number is missing or none, or the adapters are of different bases.
    """
    if method not in METHODS:
        raise InputError(f"no way to compose is named {method}; there are {', '.join(METHODS)}")
    if not adapters or not 0 < density <= 1 or (method == "svd" and rank is None):
        raise InputError(
            "composing needs adapters, a density above 0 and up to 1, and for svd a rank"
        )
    settings = _Settings(method, rank, density, seed, tolerance)
    names = list(dict.fromkeys(name for adapter, _ in adapters for name in adapter.layers))

    def make(name: str) -> Layer:
        parts = [(one.layers[name], weight) for one, weight in adapters if name in one.layers]
        table = None if base is None else base.get(f"{name}.weight")
        try:
            return _layer(name, parts, settings, table)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error

    return Adapter(LazyLayers(names, make), _provenance(adapters, settings))


def _layer(
    name: str, parts: list[tuple[Layer, float]], settings: _Settings, base: Tensor | None
) -> Layer:
    if len(parts) == 1 and _stays(*parts[0], settings):
        return parts[0][0]
    bias, like = _bias(parts), parts[0][0]
    form = max((shape(layer) for layer, _ in parts), key=len) if base is None else base.shape
    if settings.method in ("concatenation", "svd"):
        pairs = [_weighted(layer, weight, base, settings.method) for layer, weight in parts]
        left, right = stacked(pairs)
        if settings.method == "concatenation":
            return lora(left, right, form, like, bias)
        found = thin_product(left, right)
        return lora_of(found.first(rank_for(found.values, settings.rank, None)), form, like, bias)
    if settings.method == "projection":
        return lora(*_projected(parts, settings, base), form, like, bias)
    differences = [weight * dense(layer, base) for layer, weight in parts]
    whole = _together(name, differences, settings)
    if settings.rank is not None:
        found = thin_matrix(whole)
        return lora_of(found.first(rank_for(found.values, settings.rank, None)), form, like, bias)
    precision = next(iter(like.factors.values())).dtype
    factors = {"diff": whole.reshape(tuple(form)).to(precision)}
    bias = None if bias is None else bias.to(precision)
    return Layer("full", factors, 1.0, 1, bias=bias, embedding=like.embedding)


def _stays(layer: Layer, weight: float, settings: _Settings) -> bool:
    """Whether one layer alone is the result as it is."""
    fits = settings.rank is None or (layer.algebra == "lora" and layer.rank <= settings.rank)
    return weight == 1 and settings.method in _EXACT and fits


def _weighted(
    layer: Layer, weight: float, base: Tensor | None, method: str
) -> tuple[Tensor, Tensor]:
    factors = pair(layer)
    if factors is None and method == "concatenation":
        raise InputError(f"a {layer.kind} has no factors to stack; compose by svd or linear")
    if factors is None:
        found = thin(layer, base)
        factors = found.outputs * found.values, found.inputs.T
    return weight * factors[0], factors[1]


def _together(name: str, differences: list[Tensor], settings: _Settings) -> Tensor:
    if settings.method == "ties":
        return _ties(differences, settings.density)
    if settings.method == "dare":
        differences = [
            _dare(one, settings.density, f"{settings.seed} {name} {place}")
            for place, one in enumerate(differences)
        ]
    return torch.stack(differences).sum(0)


def _ties(differences: list[Tensor], density: float) -> Tensor:
    """Trim, elect signs, mean of those that agree (2306.01708, section 3)."""
    trimmed = torch.stack([_trimmed(one, density) for one in differences])
    elected = trimmed.sum(0).sign()
    agree = (trimmed.sign() == elected) & (trimmed != 0)
    return (trimmed * agree).sum(0) / agree.sum(0).clamp(min=1)


def _trimmed(whole: Tensor, density: float) -> Tensor:
    """The greatest entries by magnitude, the others zero."""
    kept = max(round(density * whole.numel()), 1)
    places = whole.abs().flatten().topk(kept).indices
    mask = torch.zeros(whole.numel(), dtype=torch.bool)
    mask[places] = True
    return whole * mask.reshape(whole.shape)


def _dare(whole: Tensor, density: float, seed: str) -> Tensor:
    """Entries kept at random and scaled up, so that the mean stays (2311.03099, equation 2)."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") >> 1
    random = torch.Generator().manual_seed(number)
    kept = torch.rand(whole.shape, generator=random, dtype=DOUBLE) < density
    return whole * kept / density


def _projected(
    parts: list[tuple[Layer, float]], settings: _Settings, base: Tensor | None
) -> tuple[Tensor, Tensor]:
    """[w1 D1 V1, w2 D2 V2] and the pseudo-inverse of [V1, V2]: each acts alone on its own inputs.

    Singular values of [V1, V2] are sqrt(1 -+ cos) of the principal angles. Those below the
    tolerance are directions that two adapters share; leaving them out gives these the mean.
    """
    found = [(thin(layer, base), weight) for layer, weight in parts]
    found = [(one, weight) for one, weight in found if one.energy > 0] or found[:1]
    left = torch.cat([weight * one.outputs * one.values for one, weight in found], 1)
    inputs = torch.cat([one.inputs for one, _ in found], 1)
    spans, values, mixes = torch.linalg.svd(inputs, full_matrices=False)
    kept = values > settings.tolerance
    inverse = (mixes[kept].T / values[kept]) @ spans[:, kept].T
    if settings.rank is None:
        return left, inverse
    cut = thin_product(left, inverse)
    cut = cut.first(rank_for(cut.values, settings.rank, None))
    return cut.outputs * cut.values, cut.inputs.T


def _bias(parts: list[tuple[Layer, float]]) -> Tensor | None:
    """The weighted sum of the changes to the bias."""
    changes = [
        weight * layer.scale * layer.bias.to(DOUBLE)
        for layer, weight in parts
        if layer.bias is not None
    ]
    return torch.stack(changes).sum(0) if changes else None


def _provenance(adapters: Sequence[tuple[Adapter, float]], settings: _Settings) -> Provenance:
    """Of the same base, trained on what each was trained on."""
    records = [adapter.provenance for adapter, _ in adapters]
    bases = {one.fingerprint for one in records if one.fingerprint}
    if len(bases) > 1:
        raise InputError("the adapters were made for different bases; compose those of one base")
    weights = " ".join(f"{weight:g}" for _, weight in adapters)
    options = f"rank={settings.rank} density={settings.density:g} seed={settings.seed}"
    return Provenance(
        base=next((one.base for one in records if one.base), ""),
        fingerprint=next(iter(bases), ""),
        trained_on=tuple(dict.fromkeys(item for one in records for item in one.trained_on)),
        recipe=f"compose {settings.method} weights={weights} {options}",
        licence=", ".join(dict.fromkeys(one.licence for one in records if one.licence)),
        trigger_words=tuple(dict.fromkeys(word for one in records for word in one.trigger_words)),
        parents=tuple(one.title for one in records if one.title),
    )

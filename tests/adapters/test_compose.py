"""Composing: exact where it says so, PEFT's TIES as a reference, and subspaces that are kept."""

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from commonplace.adapters import METHODS, Adapter, Layer, attach, compose, retained_shares
from commonplace.foundation import InputError
from networks import DOUBLE, Everything, Perceptron, inputs, made, random_adapter, relative, tokens


def outputs(adapters: list[tuple[Adapter, float]]) -> Tensor:
    """Of the network that wears all of them."""
    model = made(Everything)
    for one, weight in adapters:
        attach(model, one, weight)
    out: Tensor = model(tokens())
    return out


@settings(max_examples=20)
@given(
    weights=st.lists(st.floats(-2, 2), min_size=1, max_size=3),
    kind=st.sampled_from(["lora", "rslora"]),
)
def test_concatenation_is_exact(weights: list[float], kind: str) -> None:
    model = made(Everything)
    adapters = [
        (random_adapter(model, kind, seed, rank=1 + seed, tucker=seed == 1), weight)
        for seed, weight in enumerate(weights)
    ]
    assert relative(outputs([(compose(adapters), 1.0)]), outputs(adapters)) < 1e-12


@pytest.mark.parametrize("method", ["linear", "svd", "projection"])
def test_every_kind_together(method: str) -> None:
    """Of full rank, so exact, except for projection: its subspaces fill the space and overlap."""
    model = made(Everything)
    base = dict(model.named_parameters())
    kinds = ("rslora", "dora", "loha", "lokr")
    adapters = [(random_adapter(model, kind, 3), 0.5) for kind in kinds]
    if method == "projection":
        adapters = adapters[:1]
    composed = compose(adapters, method, rank=None if method == "linear" else 999, base=base)  # type: ignore[arg-type]
    assert relative(outputs([(composed, 1.0)]), outputs(adapters)) < 1e-12


@pytest.mark.parametrize("method", ["concatenation", "linear", "svd", "projection"])
@pytest.mark.parametrize("kind", ["lora", "rslora", "dora", "loha", "lokr"])
def test_one_alone_stays_itself(kind: str, method: str) -> None:
    adapter = random_adapter(made(Everything), kind)
    if method == "svd" and kind in ("loha", "lokr"):
        return  # these have another form at a rank
    composed = compose([(adapter, 1.0)], method, rank=2 if method == "svd" else None)  # type: ignore[arg-type]
    assert all(composed.layers[name] is layer for name, layer in adapter.layers.items())


def test_svd_is_the_nearest_of_its_rank() -> None:
    model = made(Perceptron)
    adapters = [(random_adapter(model, "lora", seed), 1.0) for seed in (1, 2)]
    whole = sum_of(adapters, "first")
    found = sum_of([(compose(adapters, "svd", rank=2), 1.0)], "first")
    values = torch.linalg.svdvals(whole)
    assert torch.linalg.matrix_rank(found) == 2
    assert torch.isclose((whole - found).norm(), values[2:].norm())


def sum_of(adapters: list[tuple[Adapter, float]], name: str) -> Tensor:
    """The weighted sum of the differences of one plain layer."""
    return torch.stack(
        [weight * one.layers[name].scale * product(one.layers[name]) for one, weight in adapters]
    ).sum(0)


def product(layer: Layer) -> Tensor:
    if layer.algebra == "full":
        return layer.factors["diff"]
    return layer.factors["up"] @ layer.factors["down"]


def test_ties_is_that_of_peft() -> None:
    merging = pytest.importorskip("peft.utils.merge_utils")
    model = made(Perceptron)
    adapters = [
        (random_adapter(model, "lora", seed), weight)
        for seed, weight in ((1, 1.0), (2, 1.0), (3, 1.0))
    ]
    wanted = merging.ties(
        [product(one.layers["first"]) * 1.5 for one, _ in adapters],
        torch.ones(3, dtype=DOUBLE),
        density=0.5,
    )
    found = compose(adapters, "ties", density=0.5)
    assert torch.allclose(product(found.layers["first"]), wanted, rtol=1e-12)


def test_dare_keeps_the_mean_and_its_seed() -> None:
    adapters = [(random_adapter(made(Perceptron), "lora"), 1.0)]
    whole = sum_of(adapters, "first")
    drawn = [
        product(compose(adapters, "dare", density=0.3, seed=seed).layers["first"])
        for seed in range(400)
    ]
    part = torch.stack([(one != 0).double().mean() for one in drawn]).mean()
    assert abs(float(part) - 0.3) < 0.01
    assert relative(torch.stack(drawn).mean(0), whole) < 0.12
    again = product(compose(adapters, "dare", density=0.3, seed=7).layers["first"])
    assert torch.equal(again, drawn[7])
    scaled = drawn[7][drawn[7] != 0] / whole[drawn[7] != 0]
    assert torch.allclose(scaled, torch.full_like(scaled, 1 / 0.3))


def test_projection_keeps_each_ones_own_subspace() -> None:
    """Rank 2 twice in 6 inputs: apart, so each acts on its own inputs as if it were alone."""
    model = made(Perceptron)
    named = {
        "a": (random_adapter(model, "lora", 1), 1.0),
        "b": (random_adapter(model, "lora", 2), 0.5),
    }
    composed = compose(list(named.values()), "projection")
    for adapter, weight in named.values():
        own = adapter.layers["first"].factors["down"].T
        wanted = weight * sum_of([(adapter, 1.0)], "first") @ own
        assert relative(product(composed.layers["first"]) @ own, wanted) < 1e-12
    assert max(one.error for one in retained_shares(composed, named)) < 1e-12
    summed = compose(list(named.values()), "concatenation")
    assert max(one.error for one in retained_shares(summed, named)) > 0.1


def test_projection_of_one_subspace_is_the_mean() -> None:
    adapter = random_adapter(made(Perceptron), "lora")
    composed = compose([(adapter, 1.0), (adapter, 3.0)], "projection")
    assert (
        relative(product(composed.layers["first"]), 2 * sum_of([(adapter, 1.0)], "first")) < 1e-12
    )


def test_layers_that_only_one_has_and_biases() -> None:
    model, x = made(Perceptron), inputs()
    first, second = random_adapter(model, "lora", 1), random_adapter(model, "rslora", 2)
    layer = second.layers["second"]
    biased = layer.with_tensors({**layer.tensors, "bias": torch.ones(4, dtype=DOUBLE)})
    adapters = [
        (Adapter({"first": first.layers["first"]}), 0.5),
        (Adapter({"second": biased}), 2.0),
    ]
    for one, weight in adapters:
        attach(model, one, weight)
    composed = made(Perceptron)
    attach(composed, compose(adapters))
    assert relative(composed(x), model(x)) < 1e-12


def test_what_cannot_be_composed_is_refused() -> None:
    model = made(Perceptron)
    lora, dora = random_adapter(model, "lora"), random_adapter(model, "dora")
    other = random_adapter(made(Perceptron, seed=1), "lora")
    with pytest.raises(InputError, match="made for different bases"):
        compose([(lora, 1.0), (other, 1.0)])
    with pytest.raises(InputError, match="for svd a rank"):
        compose([(lora, 1.0)], "svd")
    with pytest.raises(InputError, match="there are concatenation, linear"):
        compose([(lora, 1.0)], "mean")  # type: ignore[arg-type]
    for method in set(METHODS) - {"concatenation"}:
        with pytest.raises(InputError, match="name the base model"):
            compose([(lora, 1.0), (dora, 1.0)], method, rank=2).layers["first"]
    with pytest.raises(InputError, match="DoRA has no factors to stack"):
        compose([(lora, 1.0), (dora, 1.0)]).layers["first"]

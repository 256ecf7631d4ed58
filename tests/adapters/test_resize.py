"""Resizing and extracting: the nearest of a rank, the least rank of an energy, and their errors."""

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.adapters import attach, compare, compose, effect, extract, resize
from commonplace.foundation import InputError
from networks import Everything, Perceptron, inputs, made, random_adapter, relative, tokens


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora"])
def test_a_larger_rank_changes_nothing(kind: str) -> None:
    model, x = made(Everything), tokens()
    adapter = random_adapter(model, kind, tucker=True)
    worn = attach(model, adapter, 0.5)
    wanted = model(x)
    worn.swap(resize(adapter, rank=2))
    assert relative(model(x), wanted) < 1e-12


@settings(max_examples=20)
@given(rank=st.integers(1, 6), kind=st.sampled_from(["lora", "loha", "lokr"]))
def test_the_error_is_that_of_the_singular_values(rank: int, kind: str) -> None:
    model = made(Perceptron)
    adapter = random_adapter(model, kind, rank=4)
    layer = adapter.layers["first"]
    weight = model.get_parameter("first.weight")
    values = torch.linalg.svdvals(effect(layer, weight) - weight)
    errors = {one.layer: one.error for one in compare(adapter, resize(adapter, rank=rank))}
    wanted = float(values[rank:].norm() / values.norm())
    assert errors["first"] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("energy", [0.5, 0.9, 0.99, 1.0])
def test_the_least_rank_that_keeps_the_energy(energy: float) -> None:
    adapter = random_adapter(made(Perceptron), "lora", rank=4)
    small = resize(adapter, energy=energy)
    for name, layer in small.layers.items():
        parts = adapter.layers[name].factors
        squares = torch.linalg.svdvals(parts["up"] @ parts["down"]).square()
        held = squares.cumsum(0) / squares.sum()
        assert held[layer.rank - 1] >= energy - 1e-12
        assert layer.rank == 1 or held[layer.rank - 2] < energy


def test_extracting_a_fine_tune() -> None:
    base, tuned, x = made(Everything), made(Everything), tokens()
    with torch.no_grad():
        for name in ("table.weight", "image.weight", "block.out.weight", "block.out.bias"):
            one = tuned.get_parameter(name)
            noise = torch.randn(one.shape, generator=torch.Generator().manual_seed(1))
            one.add_(noise, alpha=0.1)
    before, after = dict(base.named_parameters()), dict(tuned.named_parameters())
    whole = extract(before, after)
    assert set(whole.layers) == {"table", "image", "block.out"}
    worn = attach(base, whole)
    assert relative(base(x), tuned(x)) < 1e-13
    exact = extract(before, after, rank=99)
    worn.swap(exact)
    assert relative(base(x), tuned(x)) < 1e-12
    errors = [one.error for one in compare(whole, extract(before, after, rank=2))]
    assert all(0 < one < 1 for one in errors)


def test_the_difference_of_two() -> None:
    model, x = made(Perceptron), inputs()
    first, second = random_adapter(model, "lora", 1), random_adapter(model, "lora", 2)
    apart = compose([(first, 1.0), (second, -1.0)])
    attach(model, second)
    attach(model, apart)
    other = made(Perceptron)
    attach(other, first)
    assert relative(model(x), other(x)) < 1e-12
    assert all(one.error < 1e-12 for one in compare(first, first))
    assert all(one.error > 0.5 for one in compare(first, second))


def test_what_cannot_be_extracted_is_named() -> None:
    base = dict(made(Perceptron).named_parameters())
    with pytest.raises(InputError, match="the same weights"):
        extract(base, base)
    with pytest.raises(InputError, match=r"differ in 1 names \(more.weight\)"):
        extract(base, {**base, "more.weight": base["first.weight"]})
    norm = {"norm.weight": torch.ones(3)}
    with pytest.raises(InputError, match=r"norm\.weight; leave them out"):
        extract({**base, **norm}, {**base, "norm.weight": torch.zeros(3)})
    with pytest.raises(InputError, match="a rank, or an energy"):
        resize(random_adapter(made(Perceptron), "lora"))

"""Merging equals wearing, and unmerging gives the bits back."""

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from commonplace.adapters import Layer, attach, effect, merge
from commonplace.adapters.algebra.layer import difference
from commonplace.foundation import InputError
from networks import Everything, Perceptron, made, random_adapter, relative, tokens, weights

KINDS = ("lora", "rslora", "dora", "loha", "lokr")


@pytest.mark.parametrize("kind", KINDS)
def test_merged_acts_as_worn(kind: str) -> None:
    model, x = made(Everything), tokens()
    first, second = random_adapter(model, kind, 1), random_adapter(model, "dora", 2)
    worn = [attach(model, first, 0.7), attach(model, second, -0.4)]
    wanted = model(x)
    for one in worn:
        one.detach()
    merged = merge(model, [(first, 0.7), (second, -0.4)])
    assert relative(model(x), wanted) < 1e-13
    assert str(merged) == "applied 10 of 10"


@settings(max_examples=25)
@given(
    strength=st.floats(-1e6, 1e6),
    kind=st.sampled_from(KINDS),
    precision=st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
)
def test_unmerging_gives_the_bits_back(strength: float, kind: str, precision: torch.dtype) -> None:
    model = made(Everything).to(precision)
    before = dict(weights(model))
    adapter = random_adapter(model, kind)
    merge(model, [(adapter, strength)]).unmerge()
    assert all(torch.equal(one, before[name]) for name, one in model.named_parameters())


def test_one_rounding_in_low_precision() -> None:
    model = made(Perceptron).bfloat16()
    weight = model.get_parameter("first.weight")
    adapter = random_adapter(model, "lora")
    wanted = effect(adapter.layers["first"], weight.double()).bfloat16()
    merge(model, [(adapter, 1.0)])
    assert torch.equal(weight, wanted)


def test_merged_twice_is_refused() -> None:
    model = made(Perceptron)
    adapter = random_adapter(model, "lora")
    merged = merge(model, [(adapter, 1.0)])
    with pytest.raises(InputError, match="unmerge that first, or merge both together"):
        merge(model, [(adapter, 1.0)], force=True)
    merged.unmerge()
    merge(model, [(adapter, 1.0)])


def test_unmerging_after_training_is_refused() -> None:
    model = made(Perceptron)
    merged = merge(model, [(random_adapter(model, "lora"), 1.0)])
    with torch.no_grad():
        model.get_parameter("first.weight").add_(1)
    with pytest.raises(InputError, match="were changed since"):
        merged.unmerge()


def test_shared_weights_are_refused() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.head = nn.Embedding(5, 4), nn.Linear(4, 5, bias=False)
            self.head.weight = self.table.weight

    model = made(Tied)
    with pytest.raises(InputError, match="shares its weight with"):
        merge(model, [(random_adapter(model, "lora"), 1.0)])


def test_a_merge_that_fails_changes_nothing() -> None:
    model, wide = made(Perceptron), made(Perceptron)
    adapter = random_adapter(model, "lora")
    wide.second = nn.Linear(8, 3).double()
    before = dict(weights(wide))
    with pytest.raises(InputError, match="second is for a weight"):
        merge(wide, [(adapter, 1.0)], force=True)
    assert all(torch.equal(one, before[name]) for name, one in wide.named_parameters())


def test_worn_and_merged_at_once_is_refused() -> None:
    model = made(Perceptron)
    adapter = random_adapter(model, "dora")
    worn = attach(model, adapter)
    with pytest.raises(InputError, match="wears an adapter; detach it"):
        merge(model, [(adapter, 1.0)])
    worn.detach()
    merge(model, [(adapter, 1.0)])
    with pytest.raises(InputError, match="has an adapter merged into it; unmerge that first"):
        attach(model, adapter, force=True)


def test_a_compiled_model_is_merged_too() -> None:
    model = made(Perceptron)
    adapter = random_adapter(model, "lora")
    compiled = torch.compile(model, backend="eager")
    assert isinstance(compiled, nn.Module)
    assert str(merge(compiled, [(adapter, 1.0)])) == "applied 2 of 2"


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_merge_that_breaks_off_in_the_middle(
    precision: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made(Perceptron).to(precision)
    adapter = random_adapter(model, "loha")
    before = dict(weights(model))
    calls = []

    def breaks(layer: Layer, weight: torch.Tensor | None) -> torch.Tensor:
        calls.append(layer)
        if len(calls) == 4:
            raise MemoryError
        return difference(layer, weight)

    monkeypatch.setattr("commonplace.adapters.running.merge.difference", breaks)
    with pytest.raises(MemoryError):
        merge(model, [(adapter, 1.0), (adapter, 2.0)])
    assert all(torch.equal(one, before[name]) for name, one in model.named_parameters())
    monkeypatch.undo()
    merge(model, [(adapter, 1.0)])


@pytest.mark.parametrize("kinds", [("lora",), ("dora",), ("lora", "dora", "rslora", "dora")])
def test_the_short_way_is_the_contract(kinds: tuple[str, ...]) -> None:
    """Rows in many turns, kernels and several adapters: each entry against float64."""
    for precision, near in ((torch.float64, 1e-13), (torch.float32, 2e-5)):
        model = made(Everything).to(precision)
        base, adapters = (
            made(Everything),
            [random_adapter(model, k, s) for s, k in enumerate(kinds)],
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("commonplace.adapters.running.merge.CHUNK_BYTES", 100)
            merge(model, [(one, 0.7) for one in adapters], force=True)
        for name in adapters[0].layers:
            weight = base.get_parameter(f"{name}.weight")
            wanted = weight + sum(
                effect(one.layers[name], weight, 0.7) - weight for one in adapters
            )
            assert relative(model.get_parameter(f"{name}.weight").double(), wanted) < near


def test_a_layer_that_cannot_be_read_breaks_off_the_merge() -> None:
    model = made(Perceptron)
    adapter, before = random_adapter(model, "dora"), dict(weights(model))

    def broken(name: str, layer: Layer) -> Layer:
        if name == "second":
            raise InputError("it holds NaN")
        return layer

    for keep in (True, False):
        with pytest.raises(InputError, match="holds NaN"):
            merge(model, [(adapter.map(broken), 1.0)], keep=keep)
        assert all(torch.equal(one, before[name]) for name, one in model.named_parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_a_merge_for_good(kind: str) -> None:
    model, other, x = made(Everything), made(Everything), tokens()
    adapter = random_adapter(model, kind)
    merged = merge(model, [(adapter, 0.5)], keep=False)
    merge(other, [(adapter, 0.5)])
    assert torch.equal(model(x), other(x))
    with pytest.raises(InputError, match="the weights were not kept"):
        merged.unmerge()
    attach(model, random_adapter(model, "lora", 3))  # it is a base like any other

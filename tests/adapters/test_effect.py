"""Every kind on every module: outputs against weights made by the contract, in float64."""

import math
from collections.abc import Mapping

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from commonplace.adapters import Adapter, Layer, attach, create, effect
from commonplace.foundation import InputError
from networks import DOUBLE, Everything, made, random_adapter, relative, tokens

KINDS = ("lora", "rslora", "dora", "loha", "lokr")


def with_weights(model: nn.Module, layers: Mapping[str, Layer], strength: float) -> nn.Module:
    """A model of the same network whose weights are the effective ones."""
    changed = made(Everything)
    for name, layer in layers.items():
        weight = changed.get_parameter(f"{name}.weight")
        weight.copy_(effect(layer, weight.clone(), strength))
    return changed


@pytest.mark.parametrize("tucker", [False, True])
@pytest.mark.parametrize("strength", [1.0, 0.3, -2.0])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_the_effective_weights(
    kind: str, strength: float, tucker: bool
) -> None:
    model, x = made(Everything), tokens()
    before = model(x)
    adapter = random_adapter(model, kind, tucker=tucker)
    wanted = with_weights(model, adapter.layers, strength)(x)
    worn = attach(model, adapter, strength)
    assert relative(model(x), wanted) < 1e-13
    assert relative(model(x), before) > 0.05
    assert str(worn) == "applied 5 of 5"


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_adapter_changes_no_bit(kind: str) -> None:
    model, x = made(Everything), tokens()
    before = model(x)
    attach(model, create(model, "*", kind=kind, rank=2))  # type: ignore[arg-type]
    assert torch.equal(model(x), before)


@pytest.mark.parametrize("name", ["image", "block.out", "line"])
def test_a_magnitude_by_column(name: str) -> None:
    """Older LyCORIS files: one number an input, [1, in]."""
    model, x = made(Everything), tokens()
    layer = random_adapter(model, "dora").layers[name]
    weight = model.get_parameter(f"{name}.weight")
    magnitude = torch.rand(1, weight.shape[1], *[1] * (weight.ndim - 2), dtype=DOUBLE) + 0.5
    layer = layer.with_tensors({**layer.tensors, "magnitude": magnitude})
    moved = effect(layer, weight)
    norms = moved.transpose(0, 1).flatten(1).norm(dim=1)
    assert torch.allclose(norms, magnitude.flatten(), rtol=1e-12)
    wanted = with_weights(model, {name: layer}, 0.7)(x)
    attach(model, Adapter({name: layer}), 0.7)
    assert relative(model(x), wanted) < 1e-13


def plain(kind: str, f: Mapping[str, Tensor], scale: float) -> Tensor:
    """The formulae of the papers, entry by entry."""
    out, inputs = (
        (f["up"].shape[0], f["down"].shape[1]) if kind == "lora" else (f["w1_a"].shape[0], 3)
    )
    result = torch.zeros(out, inputs, dtype=DOUBLE)
    for o in range(out):
        for i in range(inputs):
            if kind == "lora":
                result[o, i] = sum(f["up"][o, r] * f["down"][r, i] for r in range(2))
            else:
                first = sum(f["w1_a"][o, r] * f["w1_b"][r, i] for r in range(2))
                result[o, i] = first * sum(f["w2_a"][o, r] * f["w2_b"][r, i] for r in range(2))
    return scale * result


def test_the_formulae_entry_by_entry() -> None:
    random = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random, dtype=DOUBLE)

    weight = draw(4, 3)
    lora = {"up": draw(4, 2), "down": draw(2, 3)}
    assert torch.allclose(
        effect(Layer("lora", lora, 3.0, 2), weight), weight + plain("lora", lora, 1.5)
    )
    stable = effect(Layer("lora", lora, 3.0, 2, stabilised=True), weight)
    assert torch.allclose(stable, weight + plain("lora", lora, 3 / math.sqrt(2)))
    loha = {"w1_a": draw(4, 2), "w1_b": draw(2, 3), "w2_a": draw(4, 2), "w2_b": draw(2, 3)}
    assert torch.allclose(
        effect(Layer("loha", loha, 3.0, 2), weight), weight + plain("loha", loha, 1.5)
    )
    lokr = {"w1": draw(2, 3), "w2": draw(2, 1)}
    blocks = [[lokr["w1"][a, c] * lokr["w2"] for c in range(3)] for a in range(2)]
    wanted = torch.cat([torch.cat(row, 1) for row in blocks])
    assert torch.allclose(effect(Layer("lokr", lokr, 1.0, 1), weight), weight + wanted)
    m = draw(4, 1)
    moved = weight + plain("lora", lora, 1.5)
    dora = effect(Layer("lora", lora, 3.0, 2, magnitude=m), weight)
    assert torch.allclose(dora, m * moved / moved.norm(dim=1, keepdim=True))


@settings(max_examples=30)
@given(strength=st.floats(-3, 3), kind=st.sampled_from(KINDS), seed=st.integers(0, 99))
def test_the_effect_is_a_straight_line_in_the_strength(
    strength: float, kind: str, seed: int
) -> None:
    model = made(Everything)
    layer = random_adapter(model, kind, seed).layers["block.out"]
    weight = model.get_parameter("block.out.weight")
    whole = effect(layer, weight) - weight
    part = effect(layer, weight, strength) - weight
    assert torch.allclose(part, strength * whole, rtol=1e-10, atol=1e-12)
    assert torch.equal(effect(layer, weight, 0.0), weight)


def test_factors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="do not fit each other"):
        Layer("lora", {"up": torch.ones(4, 2), "down": torch.ones(3, 5)}, 1.0, 2)
    with pytest.raises(InputError, match="cannot be made of the factors up"):
        Layer("lora", {"up": torch.ones(4, 2)}, 1.0, 2)
    with pytest.raises(InputError, match="give no scale"):
        Layer("lora", {"up": torch.ones(4, 2), "down": torch.ones(2, 5)}, math.nan, 2)
    with pytest.raises(InputError, match="a magnitude"):
        Layer(
            "lora",
            {"up": torch.ones(4, 2), "down": torch.ones(2, 5)},
            1.0,
            2,
            magnitude=torch.ones(3, 1),
        )

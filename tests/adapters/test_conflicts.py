"""Conflicts: known angles, known shares, and who fights in words; and what an adapter is."""

import math

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import Tensor

from commonplace.adapters import (
    Adapter,
    Layer,
    compose,
    conflicts,
    effect,
    inspect,
    retained_shares,
)
from networks import DOUBLE, Everything, made, random_adapter


def single(outputs: Tensor, inputs: Tensor) -> Adapter:
    """An adapter of rank 1 on one layer."""
    factors = {"up": outputs[:, None].to(DOUBLE), "down": inputs[None].to(DOUBLE)}
    return Adapter({"layer": Layer("lora", factors, 1.0, 1)})


E = torch.eye(4)


def test_known_angles_and_shares() -> None:
    tilted = math.cos(math.radians(30)) * E[0] + math.sin(math.radians(30)) * E[1]
    (found,) = conflicts({"a": single(E[0], E[0]), "b": single(2 * E[0], tilted)})
    assert found.input_angles == pytest.approx((30.0,))
    assert found.output_angles == pytest.approx((0.0,), abs=1e-5)
    assert found.shared == pytest.approx((0.75, 0.75))
    assert found.cosine == pytest.approx(math.cos(math.radians(30)))
    assert (
        str(found) == "a and b share 75% of the energy in layer and pull the same way (cosine 0.87)"
    )


def test_a_fight_and_none() -> None:
    (fight,) = conflicts({"a": single(E[0], E[0]), "b": single(-E[0], E[0])})
    assert fight.fights
    assert str(fight) == "a and b share 100% of the energy in layer and fight (cosine -1.00)"
    (none,) = conflicts({"a": single(E[0], E[0]), "b": single(E[0], E[1])})
    assert str(none) == "a and b do not meet in layer"
    assert not none.fights


def test_against_dense_matrices() -> None:
    model = made(Everything)
    named = {"a": random_adapter(model, "lora", 1, rank=3), "b": random_adapter(model, "lokr", 2)}
    for found in conflicts(named):
        weight = model.get_parameter(f"{found.layer}.weight")
        first, second = (
            (effect(one.layers[found.layer], weight) - weight).flatten(1) for one in named.values()
        )
        cosine = (first * second).sum() / (first.norm() * second.norm())
        assert found.cosine == pytest.approx(float(cosine), abs=1e-9)
        rows, columns = second @ torch.linalg.pinv(second), torch.linalg.pinv(second) @ second
        share = (rows @ first @ columns).norm() ** 2 / first.norm() ** 2
        assert found.shared[0] == pytest.approx(float(share), abs=1e-9)


def test_after_composing_each_is_kept_or_not() -> None:
    named = {"a": (single(E[0], E[0]), 1.0), "b": (single(-E[0], E[0]), 1.0)}
    gone = {
        one.adapter: one.error
        for one in retained_shares(compose(list(named.values()), "linear"), named)
    }
    assert gone == pytest.approx({"a": 1.0, "b": 1.0})
    apart = {"a": (single(E[0], E[0]), 1.0), "b": (single(E[1], E[1]), 1.0)}
    assert all(one.error < 1e-12 for one in retained_shares(compose(list(apart.values())), apart))


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora", "loha", "lokr"])
def test_inspect_counts_and_weighs(kind: str) -> None:
    model = made(Everything)
    adapter = random_adapter(model, kind, tucker=True)
    found = inspect(adapter)
    assert sum(found.kinds.values()) == 5
    assert list(found.kinds) == [
        {"lora": "LoRA", "rslora": "rsLoRA", "dora": "DoRA", "loha": "LoHa", "lokr": "LoKr"}[kind]
    ]
    assert found.ranks == ((1, 2) if kind == "lokr" else (2,))  # two full blocks have no rank
    assert found.parameters == sum(
        one.numel() for layer in adapter.layers.values() for one in layer.tensors.values()
    )
    if kind != "dora":
        weight = model.get_parameter("block.out.weight")
        wanted = (effect(adapter.layers["block.out"], weight) - weight).norm()
        norms = {one.name: one.norm for one in found.blocks}
        assert norms["block"] == pytest.approx(float(wanted), rel=1e-12)

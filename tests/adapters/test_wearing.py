"""Training an adapter moves its own tensors, and no bit of its base: for every kind."""

from collections.abc import Callable

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import Tensor, nn

from commonplace.adapters import AdaptedModel, Adapter, Layer, attach, create
from commonplace.training import TrainingSettings, train
from networks import Everything, made, tokens, weights

SETTINGS = TrainingSettings(steps=4, batch=2, learning_rate=0.05, warm_up=0, patience=0)
Item = tuple[Tensor, Tensor]


class Normed(Everything):
    """With dropout and a batch norm, which change outputs and themselves in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.drop, self.norm = nn.Dropout(0.5), nn.BatchNorm1d(5)

    def forward(self, inputs: Tensor) -> Tensor:
        """Tokens [n, 9] to outputs [n, 5]."""
        out: Tensor = self.norm(self.drop(super().forward(inputs)))
        return out


def full(model: nn.Module) -> Adapter:
    """A whole difference for the linear layer, at first nothing."""
    diff = torch.zeros(5, 96, dtype=torch.float64)
    return Adapter({"block.out": Layer("full", {"diff": diff}, 1.0, 1)})


def of(kind: str, **options: object) -> Callable[[nn.Module], Adapter]:
    return lambda model: create(model, "*", kind=kind, rank=2, **options)  # type: ignore[arg-type]


MAKERS: dict[str, Callable[[nn.Module], Adapter]] = {
    **{kind: of(kind) for kind in ("lora", "rslora", "dora", "loha", "lokr")},
    **{f"{kind}, tucker": of(kind, tucker=True) for kind in ("lora", "dora", "loha")},
    "full": full,
}


def squares(model: nn.Module, items: list[Item]) -> Tensor:
    x, y = (torch.stack(one) for one in zip(*items, strict=True))
    loss: Tensor = ((model(x) - y) ** 2).mean()
    return loss


@pytest.mark.parametrize("kind", MAKERS)
def test_the_base_keeps_its_bits_and_the_adapter_learns(kind: str) -> None:
    model = made(Normed)
    kept = {name: one.clone() for name, one in model.state_dict().items()}
    goals = torch.randn(4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    items = list(zip(tokens(), goals, strict=True))
    adapter = MAKERS[kind](model)
    worn = attach(model, adapter.map(lambda _, one: one.map(Tensor.double)), trainable=True)
    before = dict(weights(worn))
    losses = [one.loss for one in train(AdaptedModel(model, worn), items, squares, SETTINGS)]
    assert all(torch.equal(one, kept[name]) for name, one in model.state_dict().items())
    assert not any(one.requires_grad or one.grad is not None for one in model.parameters())
    moved = [name for name, one in worn.named_parameters() if not torch.equal(one, before[name])]
    assert len(moved) >= len(adapter.layers)
    assert losses[-1] != losses[0]
    worn.detach()
    assert {*model.state_dict()} == {*kept}


def test_every_tensor_of_the_adapter_learns() -> None:
    """After a few steps none is as it was: each takes a gradient."""
    model = made(Everything)
    items = list(zip(tokens(), torch.randn(4, 5, dtype=torch.float64), strict=True))
    for kind in ("lora", "dora", "loha", "lokr"):
        adapter = create(model, "*", kind=kind, rank=2)
        worn = attach(model, adapter.map(lambda _, one: one.map(Tensor.double)), trainable=True)
        before = dict(weights(worn))
        list(train(AdaptedModel(model, worn), items, squares, SETTINGS))
        same = [name for name, one in worn.named_parameters() if torch.equal(one, before[name])]
        assert same == [], kind
        worn.detach()


def test_bare_is_the_base() -> None:
    model = made(Everything)
    worn = attach(model, full(model), 0.5, trainable=True)
    with torch.no_grad():
        next(worn.parameters()).fill_(1.0)
        worn_output, both = model(tokens()), AdaptedModel(model, worn)
        with both.without_adapter():
            bare = both(tokens())
        assert torch.equal(both(tokens()), worn_output)
        worn.detach()
        assert torch.equal(bare, model(tokens()))
        assert not torch.equal(bare, worn_output)
    assert worn.strength == 0.5

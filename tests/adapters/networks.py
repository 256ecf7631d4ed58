"""Small networks with every module that adapters change, and adapters with random factors."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from commonplace.adapters import Adapter, Layer, create

DOUBLE = torch.float64


class Everything(nn.Module):
    """Embedding, Conv1d, Conv2d (strided, padded, dilated, grouped), Linear: tokens -> [n, 5]."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 8)
        self.line = nn.Conv1d(8, 12, 3, padding=1, padding_mode="circular")
        self.image = nn.Conv2d(1, 6, (3, 2), stride=2, padding=1, dilation=2)
        self.groups = nn.Conv2d(6, 6, 3, groups=3, padding=1)
        self.block = nn.ModuleDict({"out": nn.Linear(96, 5)})

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [n, 9] to outputs [n, 5]."""
        hidden = self.line(self.table(tokens).transpose(1, 2)).unsqueeze(1)
        hidden = self.groups(torch.tanh(self.image(hidden)))
        out: Tensor = self.block["out"](hidden.flatten(1)[:, :96])
        return out


class Usual(nn.Module):
    """Embedding, Conv1d, Conv2d and Linear as PEFT knows them: tokens [n, 9] -> [n, 5]."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 8)
        self.line = nn.Conv1d(8, 12, 3, padding=1)
        self.image = nn.Conv2d(1, 6, (3, 2), stride=2, padding=1)
        self.block = nn.ModuleDict({"out": nn.Linear(96, 5)})

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [n, 9] to outputs [n, 5]."""
        hidden = self.line(self.table(tokens).transpose(1, 2)).unsqueeze(1)
        out: Tensor = self.block["out"](torch.tanh(self.image(hidden)).flatten(1)[:, :96])
        return out


class Perceptron(nn.Module):
    """Two linear layers: [n, 6] -> [n, 4]."""

    def __init__(self, inner: int = 8) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, inner), nn.Linear(inner, 4)

    def forward(self, x: Tensor) -> Tensor:
        """X [n, 6] to [n, 4]."""
        out: Tensor = self.second(torch.tanh(self.first(x)))
        return out


def made(network: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """A network in float64, the same for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return network().double().requires_grad_(False)


def randomised(adapter: Adapter, seed: int = 0) -> Adapter:
    """The adapter with random factors in float64, and magnitudes near what they were."""
    random = torch.Generator().manual_seed(seed)

    def draw(layer: Layer) -> Layer:
        tensors = {
            name: torch.randn(one.shape, generator=random, dtype=DOUBLE) * 0.5
            for name, one in layer.tensors.items()
        }
        if layer.magnitude is not None:
            tensors["magnitude"] = layer.magnitude * (1 + 0.3 * tensors["magnitude"].tanh())
        return layer.with_tensors(tensors)

    return Adapter({name: draw(one) for name, one in adapter.layers.items()}, adapter.provenance)


def random_adapter(model: nn.Module, kind: str, seed: int = 0, **options: object) -> Adapter:
    """A random adapter of a kind for every module of the model, alpha unlike the rank."""
    chosen = {"rank": 2, "alpha": 3.0, **options}
    return randomised(create(model, "*", kind=kind, **chosen), seed)  # type: ignore[arg-type]


def tokens(seed: int = 0) -> Tensor:
    """Inputs for `Everything`."""
    return torch.randint(0, 11, (4, 9), generator=torch.Generator().manual_seed(seed))


def inputs(seed: int = 0, rows: int = 5) -> Tensor:
    """Inputs for `Perceptron`."""
    return torch.randn(rows, 6, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def relative(found: Tensor, wanted: Tensor) -> float:
    """The relative error of outputs."""
    return float((found - wanted).norm() / wanted.norm())


def weights(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """All parameters, copied."""
    return iter([(name, one.detach().clone()) for name, one in model.named_parameters()])

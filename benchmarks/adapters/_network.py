"""A GPT of 98 million parameters with random weights, and PEFT folders for it, to measure speed.

12 layers of width 768, 16,384 tokens, the output layer tied to the embedding. An adapter changes
the 72 linear layers of the blocks (85 million parameters).
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn

from benchmarks.scaffold import argument_parser
from commonplace.adapters import Kind, create, save_adapter

WIDTH: Final = 768
HEADS: Final = 12
TOKENS: Final = 16_384
LONGEST: Final = 256
NAMES: Final = ("q", "k", "v", "o", "up", "down")


class Block(nn.Module):
    """Attention and a perceptron, with norms before them."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Values [n, t, 768] to the same."""
        inner = self.before(x)
        q, k, v = (
            projection(inner).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for projection in (self.q, self.k, self.v)
        )
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(attended.transpose(1, 2).flatten(2))
        out: Tensor = x + self.down(F.gelu(self.up(self.between(x)), approximate="tanh"))
        return out


class Gpt(nn.Module):
    """Tokens [n, t] to scores [n, t, tokens]."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.table, self.places = nn.Embedding(TOKENS, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, TOKENS, bias=False)
        self.head.weight = self.table.weight

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [n, t] to scores [n, t, tokens]."""
        x = self.table(tokens) + self.places.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.head(self.norm(x))
        return out


def network(layers: int = 12, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Gpt:
    """The same network each time, frozen."""
    torch.manual_seed(0)
    with torch.device(device):
        model = Gpt(layers)
    nn.init.normal_(model.table.weight, std=0.02)
    return model.to(dtype).requires_grad_(False).eval()


def folder_of(model: nn.Module, at: Path, kind: Kind, seed: int) -> Path:
    """A PEFT folder with random factors, that names no fingerprint, as PEFT's own do not."""
    adapter = create(model, [f"*.{name}" for name in NAMES], kind=kind, rank=8, seed=seed)
    random = torch.Generator().manual_seed(seed)
    random_adapter = adapter.map(
        lambda _, layer: layer.with_tensors(
            {**layer.tensors, "up": torch.randn(layer.factors["up"].shape, generator=random) * 0.01}
        )
    )
    save_adapter(random_adapter.with_provenance(fingerprint=""), at, format="peft")
    return at


def network_parser(doc: str | None) -> argparse.ArgumentParser:
    """The parser of a benchmark on the network: its layers, and where and how it runs."""
    parser = argument_parser(doc)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="compiled models only")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    return parser


class Clock:
    """Measures the seconds of a run; on a GPU it waits until all is done."""

    def __init__(self, device: str) -> None:
        self.device = device

    def __call__(self, run: Callable[[], object]) -> float:
        self._wait()
        start = perf_counter()
        run()
        self._wait()
        return perf_counter() - start

    def _wait(self) -> None:
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()

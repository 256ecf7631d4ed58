"""A small regression with dropout, so that chance matters, and ways to train it.

As a program it trains, prints each loss as soon as it is there, and can be killed at any moment:

    python tests/training/tasks.py FOLDER [--resume] [--together] [--watched]

`--watched`: it runs at most `AHEAD` steps ahead of who reads, who answers each line with a line.
"""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from commonplace.training import Settings, StepRecord, Validation, train

Pair = tuple[Tensor, Tensor]
AHEAD = 8
SETTINGS = Settings(
    steps=60,
    batch=4,
    accumulation=2,
    learning_rate=0.02,
    validate_every=7,
    save_every=3,
    patience=0,
    weight_decay=0.01,
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only wait for a second one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network(dropout: float = 0.2) -> nn.Sequential:
    """Two layers with a batch norm and dropout, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Dropout(dropout), nn.Linear(16, 2)
        )


def plain_network() -> nn.Sequential:
    """Without what looks at a whole batch, or at chance."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 2))


def pairs(count: int = 37, seed: int = 0) -> list[Pair]:
    """Inputs [6] and what they should give [2]."""
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 6, generator=random)
    return list(zip(x, torch.stack([x[:, 0] * x[:, 1], x[:, 2:].sum(1)], 1), strict=True))


def squares(model: nn.Module, items: list[Pair]) -> Tensor:
    """The mean squared error."""
    x, y = (torch.stack(one) for one in zip(*items, strict=True))
    loss: Tensor = ((model(x) - y) ** 2).mean()
    return loss


def held_out(model: nn.Module) -> Validation:
    """The negative error on other pairs."""
    loss = float(squares(model, pairs(20, seed=1)))
    return Validation(-loss, {"loss": loss})


def run(
    folder: Path | None, model: nn.Module | None = None, **more: Any
) -> Generator[StepRecord, None, None]:
    """Train the network on the pairs."""
    model = network() if model is None else model
    settings = more.pop("settings", SETTINGS)
    more = {"validate": held_out, **more}
    return train(model, pairs(), squares, settings, folder=folder, **more)


def main() -> None:
    """Print `step loss` in hexadecimal: every bit of it."""
    accelerator = None
    if "--together" in sys.argv:
        from accelerate import Accelerator

        accelerator = Accelerator(cpu=True)
    torch.set_num_threads(1)
    model = plain_network() if accelerator else network()
    settings = (
        Settings(steps=8, batch=3, accumulation=2, validate_every=4) if accelerator else SETTINGS
    )
    folder, resume = Path(sys.argv[1]), "--resume" in sys.argv
    left = AHEAD
    for record in run(folder, model, settings=settings, resume=resume, accelerator=accelerator):
        if record.loss is not None and (accelerator is None or accelerator.is_main_process):
            sys.stdout.write(f"{record.step} {record.loss.hex()}\n")
            sys.stdout.flush()
            left -= 1
        if "--watched" in sys.argv and left == 0:
            sys.stdin.readline()
            left += 1


if __name__ == "__main__":
    main()

"""How long attaching, swapping, merging and wearing an adapter takes, beside PEFT.

One network of 85 million parameters (12 layers of 768), a LoRA of rank 8 on all 72 linear layers,
float32, one thread. Both read the same folder; runs are interleaved, and the median is printed,
with the ratio to PEFT's.

Needs peft (pip install '.[dev]').

    python benchmarks/adapters_speed.py [--runs N] [--kind lora|dora] [--json FILE]
"""

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import peft
import torch
from peft.utils.hotswap import hotswap_adapter
from torch import Tensor, nn

from commonplace.adapters import attach, create, merge, open_adapter, save_adapter

WIDTH, LAYERS = 768, 12


class Block(nn.Module):
    """The linear layers of a transformer's block, without the attention."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Values [n, 768] to [n, 768]."""
        x = x + self.o(self.q(x) * torch.sigmoid(self.k(x)) + self.v(x)) * 0.1
        out: Tensor = x + self.down(torch.relu(self.up(x))) * 0.1
        return out


def network() -> nn.Sequential:
    """The same network each time."""
    torch.manual_seed(0)
    return nn.Sequential(*(Block() for _ in range(LAYERS))).requires_grad_(False).eval()


def folder_of(at: Path, kind: Any, seed: int) -> Path:
    """A PEFT folder with random factors."""
    adapter = create(network(), kind=kind, rank=8, seed=seed).with_provenance(fingerprint="")
    random = torch.Generator().manual_seed(seed)
    filled = adapter.map(
        lambda _, one: one.with_tensors(
            {**one.tensors, "up": torch.randn(one.factors["up"].shape, generator=random) * 0.01}
        )
    )
    save_adapter(filled, at, format="peft")
    return at


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def _hotswap(model: Any, folder: Path) -> None:
    """PEFT's swap; of a DoRA 0.21.2 finds no key (KeyError), so that is loaded anew."""
    if not model.peft_config["default"].use_dora:
        hotswap_adapter(model, str(folder), "default")
        return
    model.delete_adapter("default")
    model.load_adapter(str(folder), "default")
    model.set_adapter("default")


def measure(first: Path, second: Path) -> dict[str, tuple[float, float]]:
    """One run of everything, theirs and ours, on fresh models."""
    x = torch.randn(64, WIDTH)
    base, bare = network(), network()
    holder: dict[str, Any] = {}
    times: dict[str, tuple[float, float]] = {}

    def theirs_attach() -> None:
        holder["theirs"] = peft.PeftModel.from_pretrained(base, first)

    def ours_attach() -> None:
        holder["ours"] = attach(bare, open_adapter(first))

    times["attach"] = seconds(theirs_attach), seconds(ours_attach)
    theirs, worn = holder["theirs"], holder["ours"]
    theirs(x), bare(x)
    forwards = [(seconds(lambda: theirs(x)), seconds(lambda: bare(x))) for _ in range(5)]
    times["forward, 64 rows"] = median(a for a, _ in forwards), median(b for _, b in forwards)
    times["swap"] = (
        seconds(lambda: _hotswap(theirs, second)),
        seconds(lambda: worn.swap(open_adapter(second))),
    )
    apart = float((theirs(x) - bare(x)).norm() / bare(x).norm())
    assert apart < 1e-5, f"the two differ by {apart}"
    worn.detach()
    adapter = open_adapter(second)
    times["merge"] = (
        seconds(theirs.merge_adapter),
        seconds(lambda: holder.update(merged=merge(bare, [(adapter, 1.0)]))),
    )
    times["unmerge"] = seconds(theirs.unmerge_adapter), seconds(holder["merged"].unmerge)
    return times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--kind", choices=("lora", "dora"), default="lora")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as at, torch.no_grad():
        first, second = (folder_of(Path(at) / str(n), options.kind, n) for n in (1, 2))
        runs = [measure(first, second) for _ in range(options.runs)]
    rows = {
        name: (median(run[name][0] for run in runs), median(run[name][1] for run in runs))
        for name in runs[0]
    }
    print(f"{options.kind}, peft {peft.__version__}, median of {options.runs}")
    print("| operation | PEFT | ours | ratio |\n|---|---|---|---|")
    for name, (theirs, ours) in rows.items():
        print(f"| {name} | {theirs * 1e3:.0f} ms | {ours * 1e3:.0f} ms | {theirs / ours:.1f} |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""Step time and peak memory of training LoRA and DoRA on a GPT of 98 million weights, beside PEFT.

Rank 8 on its 72 linear layers, AdamW, the same random tokens. All four models stand in one process
and take their steps in turn; the median of a step is printed, PEFT's over ours, and DoRA's over
LoRA's. Peak memory is taken by a process of its own for each (the most resident memory over what it
was before the first step; on a GPU the allocator's peak).

Needs peft (pip install '.[dev]').

    python -m benchmarks.adapters.training [--steps N] [--layers N] [--batch N] [--length N]
        [--threads N] [--compile] [--device cuda] [--dtype bfloat16] [--json FILE]
"""

import argparse
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import peft
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import nn

from benchmarks.adapters._network import NAMES, TOKENS, Clock, network, network_parser
from benchmarks.scaffold import report
from commonplace.adapters import attach, create

MODELS = ("PEFT lora", "ours lora", "PEFT dora", "ours dora")


def adapted_model(name: str, options: argparse.Namespace) -> tuple[nn.Module, list[nn.Parameter]]:
    """A model with a fresh adapter, and what trains."""
    program, kind = name.split()
    dtype = getattr(torch, options.dtype)
    model: Any = network(options.layers, options.device, dtype)
    if program == "PEFT":
        modules, dora = list(NAMES), kind == "dora"
        config = peft.LoraConfig(r=8, lora_alpha=8, target_modules=modules, use_dora=dora)
        model = peft.get_peft_model(model, config, autocast_adapter_dtype=False)
        return model, [parameter for parameter in model.parameters() if parameter.requires_grad]
    patterns = [f"*.{module}" for module in NAMES]
    fresh = create(model, patterns, kind=kind, rank=8)  # type: ignore[arg-type]
    of_dtype = fresh.map(lambda _, layer: layer.map(lambda tensor: tensor.to(dtype)))
    attached = attach(model, of_dtype, trainable=True)
    return model, list(attached.parameters())


def stepper(name: str, options: argparse.Namespace) -> Callable[[], float]:
    """Takes one step; returns the loss."""
    model, parameters = adapted_model(name, options)
    optimiser = torch.optim.AdamW(parameters, 1e-3)
    runs: Any = torch.compile(model) if options.compile else model
    random = torch.Generator().manual_seed(0)
    shape = options.batch, options.length + 1
    tokens = torch.randint(TOKENS, shape, generator=random).to(options.device)

    def step() -> float:
        scores = runs(tokens[:, :-1])
        loss = F.cross_entropy(scores.flatten(0, 1).float(), tokens[:, 1:].flatten())
        torch.autograd.backward(loss)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    return step


def peak(name: str, options: argparse.Namespace) -> float:
    """MB at the most over what the model took before its first step; in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.adapters.training", "--peak-of", name]
    for key in ("device", "dtype", "threads", "layers", "batch", "length"):
        command += [f"--{key}", str(getattr(options, key))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def own_peak(options: argparse.Namespace) -> float:
    """MB of this process."""
    step = stepper(options.peak_of, options)
    if options.device.startswith("cuda"):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step(), step()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    before = int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
    step(), step()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6


def main() -> None:
    """Print the table."""
    parser = network_parser(__doc__)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--peak-of", choices=MODELS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(options.threads)
    if options.peak_of:
        print(own_peak(options))
        return
    memory = {} if options.compile else {name: peak(name, options) for name in MODELS}
    clock, steps = Clock(options.device), {name: stepper(name, options) for name in MODELS}
    seconds: dict[str, list[float]] = {name: [] for name in MODELS}
    for _ in range(options.steps + 1):
        for name, step in steps.items():
            seconds[name].append(clock(step))
    seconds = {name: runs[1:] for name, runs in seconds.items()}  # the first warms
    times = {name: median(runs) for name, runs in seconds.items()}
    network = f"{options.layers} layers, {options.batch} x {options.length} tokens"
    compiled = ", compiled" if options.compile else ""
    lines = [
        f"peft {peft.__version__}, {options.device}, {options.dtype}, {network}{compiled}",
        "| training | PEFT | ours | ratio | PEFT, peak | ours, peak |",
        "|---|---|---|---|---|---|",
    ]
    for kind in ("lora", "dora"):
        peft_seconds, own_seconds = times[f"PEFT {kind}"], times[f"ours {kind}"]
        peaks = [memory.get(f"{program} {kind}") for program in ("PEFT", "ours")]
        row = f"| {kind} | {peft_seconds:.2f} s | {own_seconds:.2f} s "
        row += f"| {peft_seconds / own_seconds:.2f} |"
        lines.append(row + "".join(f" {peak:.0f} MB |" if peak else "  |" for peak in peaks))
    for program in ("PEFT", "ours"):
        ratio = times[f"{program} dora"] / times[f"{program} lora"]
        lines.append(f"{program}: dora / lora = {ratio:.2f}")
    report(options, {"seconds": seconds, "peak MB": memory}, lines)


if __name__ == "__main__":
    main()

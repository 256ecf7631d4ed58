"""How much memory composing, resizing and converting large adapter files takes.

Two LoRA files of random numbers (by default 500 MB each: rank 128 on weights of 4096 x 4096, 4.2 MB
a layer) in a temporary folder. Each operation runs from file to file in a process of its own; the
figure is the most resident memory over what it was once torch was loaded.

    python -m benchmarks.adapters.streaming [--megabytes N] [--json FILE]
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import torch

from benchmarks.scaffold import argument_parser, report
from commonplace.adapters import Adapter, Layer, compose, open_adapter, resize, save_adapter

SIZE, RANK = 4096, 128
LAYER = 2 * SIZE * RANK * 4  # bytes
OPERATIONS = ("compose", "compose to rank 128", "resize to rank 32", "convert to PEFT")


def write(path: Path, megabytes: int, seed: int) -> None:
    """A file of so many MB, written layer by layer."""
    random = torch.Generator().manual_seed(seed)
    names = [f"blocks.{n}.linear" for n in range(max(megabytes * 10**6 // LAYER, 1))]
    empty = Layer("lora", {"up": torch.zeros(1, 1), "down": torch.zeros(1, 1)}, 1.0, 1)

    def layer(_: str, __: Layer) -> Layer:
        up = torch.randn(SIZE, RANK, generator=random)
        down = torch.randn(RANK, SIZE, generator=random)
        return Layer("lora", {"up": up * 0.01, "down": down}, float(RANK), RANK)

    save_adapter(Adapter(dict.fromkeys(names, empty)).map(layer), path)


def run(operation: str, folder: Path) -> None:
    """One operation; prints MB at the most over what it began with, and seconds."""
    torch.set_num_threads(1)
    before = int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
    began = perf_counter()
    first, second = (open_adapter(folder / f"{n}.safetensors") for n in (1, 2))
    if operation == "convert to PEFT":
        save_adapter(first, folder / "peft", format="peft")
    elif operation == "resize to rank 32":
        save_adapter(resize(first, rank=32), folder / "resized.safetensors")
    else:
        ways = {"method": "svd", "rank": 128} if "rank" in operation else {}
        both = compose([(first, 0.5), (second, 0.5)], **ways)  # type: ignore[arg-type]
        save_adapter(both, folder / f"{len(ways)}.composed.safetensors")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print((most - before) * 1024 / 1e6, perf_counter() - began)


def main() -> None:
    """Print the table."""
    parser = argument_parser(__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--run", nargs=2, metavar=("OPERATION", "FOLDER"))
    options = parser.parse_args()
    if options.run:
        run(options.run[0], Path(options.run[1]))
        return
    rows: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in (1, 2):
            write(Path(folder) / f"{number}.safetensors", options.megabytes, number)
        for operation in OPERATIONS:
            command = [sys.executable, "-m", "benchmarks.adapters.streaming", "--run"]
            command += [operation, folder]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            most, seconds = map(float, printed.split())
            rows[operation] = most, seconds
    title = f"two files of {options.megabytes} MB, a layer is {LAYER / 1e6:.1f} MB"
    lines = [
        f"| {name} | {most:.0f} MB | {seconds:.0f} |" for name, (most, seconds) in rows.items()
    ]
    report(options, rows, [title, "| operation | most memory | seconds |", "|---|---|---|", *lines])


if __name__ == "__main__":
    main()

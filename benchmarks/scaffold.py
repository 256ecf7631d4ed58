"""What all benchmarks share: how they take arguments, and how they print a table or their JSON.

`--json` prints the figures in place of the table, `--json FILE` writes them beside it. Either has
the command, the date, the machine and the versions of the packages that were in use, so that a
figure can be judged later. Progress goes to standard error, where it does not mix with JSON.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

STANDARD_OUTPUT: Final = "-"
PACKAGES: Final = {  # the modules and their distributions
    "lightgbm": "lightgbm",
    "llama_cpp": "llama-cpp-python",
    "numba": "numba",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "peft": "peft",
    "sklearn": "scikit-learn",
    "torch": "torch",
}


def argument_parser(doc: str | None, *, has_json: bool = True) -> argparse.ArgumentParser:
    """A parser whose help is the module's docstring, with `--json` unless there are no figures."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if has_json:
        parser.add_argument(
            "--json",
            nargs="?",
            const=STANDARD_OUTPUT,
            metavar="FILE",
            help="print the figures as JSON in place of the table, or write them to FILE",
        )
    return parser


def report(options: argparse.Namespace, figures: Any, table: Iterable[str]) -> None:
    """Print the table, or the figures as JSON; with a file, the table is printed beside it."""
    if options.json == STANDARD_OUTPUT:
        print(json.dumps(record(figures), indent=1))
        return
    for line in table:
        print(line)
    if options.json:
        Path(options.json).write_text(json.dumps(record(figures), indent=1) + "\n", "utf-8")


def record(figures: Any) -> dict[str, Any]:
    """The figures with all that says how they came about."""
    return {
        "command": command(),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{machine()}; load {os.getloadavg()[0]:.1f}",
        "versions": versions(),
        "figures": figures,
    }


def command() -> str:
    """The command as it was given, by the module's name."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return " ".join(["python -m", spec.name if spec else sys.argv[0], *sys.argv[1:]])


def machine() -> str:
    """Cores, processor and memory."""
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {models[0] if models else 'unknown'}, {gigabytes:.0f} GiB"


def versions() -> dict[str, str]:
    """The versions of Python, of the program, and of each package that the benchmark loaded."""
    loaded = {name: version(name) for module, name in PACKAGES.items() if module in sys.modules}
    return {"python": platform.python_version(), "commonplace": version("commonplace"), **loaded}


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    with open(file, encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def seconds_of(action: Callable[[], object]) -> float:
    """How long a call takes, wall-clock."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def progress(text: str) -> None:
    """Say on standard error how far a long benchmark has come."""
    print(text, file=sys.stderr, flush=True)

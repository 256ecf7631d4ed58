"""Measures a result of the scoreboard again, and keeps it.

Needs DATA in the environment where a command names it: the folder with the evaluation sets.

    python -m benchmarks.results.keep [--to-file] NAME MODULE [ARGUMENT...]
    python -m benchmarks.results.keep encoding benchmarks.speed.encoding '$DATA/beir/scifact'

Runs `python -m MODULE ARGUMENT... --json` and keeps what it prints as NAME.json beside this file,
with the command, the date, the commit and the machine. `--to-file` is for a benchmark that takes a
file behind `--json`. `$DATA` stays unexpanded in the command that is kept, so that no path of a
machine enters the repository.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results.scoreboard import MEASURED, RESULTS

# Large, or a path of this machine; no goal needs them.
LEFT_OUT = {"values", "changes", "worst", "comparisons", "kept"}


def machine() -> str:
    """Cores, processor and memory; how busy the machine was belongs to each run."""
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {models[0] if models else 'unknown'}, {gigabytes:.0f} GiB"


def without_details(figures: Any) -> Any:
    if isinstance(figures, Mapping):
        retained = {name: each for name, each in figures.items() if name not in LEFT_OUT}
        return {name: without_details(each) for name, each in retained.items()}
    if isinstance(figures, list):
        return [without_details(each) for each in figures]
    return figures


def rounded(figures: Any) -> Any:
    """Six digits of each number: more are noise, and make every run a new line."""
    if isinstance(figures, float):
        return float(f"{figures:.6g}")
    if isinstance(figures, Mapping):
        return {name: rounded(each) for name, each in figures.items()}
    return [rounded(each) for each in figures] if isinstance(figures, list) else figures


def run(module: str, arguments: Sequence[str], *, to_file: bool) -> Any:
    """The JSON of the benchmark; an error where it prints none."""
    words = [sys.executable, "-m", module, *map(os.path.expandvars, arguments), "--json"]
    if not to_file:
        return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        subprocess.run([*words, str(file)], check=True)
        return json.loads(file.read_text(encoding="utf-8"))


def commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--to-file", action="store_true")
    parser.add_argument("name")
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    words = [".venv/bin/python -m", chosen.module, *chosen.arguments, "--json"]
    command = " ".join(words + ["FILE"] * chosen.to_file)
    load = os.getloadavg()[0]
    figures = run(chosen.module, chosen.arguments, to_file=chosen.to_file)
    record = {
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": f"{machine()}; load {load:.1f} to {os.getloadavg()[0]:.1f}",
        "source": MEASURED,
        "figures": rounded(without_details(figures)),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{chosen.name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Measures a result of the scoreboard again, and keeps it.

Needs DATA in the environment where a command names it: the folder with the evaluation sets.

    python -m benchmarks.results.keep NAME MODULE [ARGUMENT...]
    python -m benchmarks.results.keep encoding benchmarks.speed.encoding '$DATA/beir/scifact'

Runs `python -m MODULE ARGUMENT... --json` and keeps its figures as NAME.json beside this file, with
the command, the date, the commit and the machine. `$DATA` stays unexpanded in the command that is
kept, so that no path of a machine enters the repository.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.results.scoreboard import MEASURED, RESULTS
from benchmarks.scaffold import argument_parser, machine

# Large, or a path of this machine; no goal needs them.
LEFT_OUT = {"values", "changes", "worst", "comparisons", "kept"}


def condensed(figures: Any) -> Any:
    """Without details, and six digits of each number: more are noise, another in each run."""
    if isinstance(figures, float):
        return float(f"{figures:.6g}")
    if isinstance(figures, Mapping):
        return {name: condensed(each) for name, each in figures.items() if name not in LEFT_OUT}
    return [condensed(each) for each in figures] if isinstance(figures, list) else figures


def run(module: str, arguments: Sequence[str]) -> Any:
    """The figures of a benchmark, or what `commonplace evaluate` prints; raises where it fails."""
    words = [sys.executable, "-m", module, *map(os.path.expandvars, arguments), "--json"]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    record = json.loads(printed)
    return record["figures"] if module.startswith("benchmarks.") else record


def commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("name")
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    figures = run(options.module, options.arguments)
    record = {
        "command": " ".join([".venv/bin/python -m", options.module, *options.arguments, "--json"]),
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": f"{machine()}; load {load:.1f} to {os.getloadavg()[0]:.1f}",
        "source": MEASURED,
        "figures": condensed(figures),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{options.name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

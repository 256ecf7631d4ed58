"""How long do adding, searching and asking take on a real folder, warm and cold?

Needs a folder of notes and papers, any.

    python -m benchmarks.speed.verbs DIR [--json] [--library KEEP]

Prints: seconds until all text can be searched and until all vectors are there, by stage; the median
of warm searches by profile; the median of cold `commonplace search` runs from the shell's start to
their end, beside an empty Python as the floor; and of cold `commonplace ask` runs. Interleaved.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.scaffold import argument_parser, report, seconds_of
from commonplace import Library
from commonplace.retrieval import Profile

QUERIES = (
    "low-rank update of a weight matrix",
    "why does batch normalization speed up training",
    "attention between query and key",
    "learning rate schedule with warm-up",
    "how does a variational autoencoder sample",
    "object detection with region proposals",
    "prompt that makes a model reason step by step",
    "feature importance by permutation",
)
PROFILES: tuple[Profile, ...] = ("bm25", "fast", "best")
ROUNDS = 5


def cold(*arguments: str, library: Path) -> Callable[[], object]:
    command = [sys.executable, "-m", "commonplace", *arguments]
    environment = {**os.environ, "COMMONPLACE_LIBRARY": str(library)}
    return lambda: subprocess.run(command, env=environment, capture_output=True, check=False)


def measure(library: Library) -> dict[str, float]:
    """Median milliseconds, all measured in turn, round after round."""
    times: dict[str, list[float]] = {}
    for profile in PROFILES:
        library.search("warm up", profile=profile)
    for number in range(ROUNDS):
        for query in QUERIES:
            for profile in PROFILES:
                run = seconds_of(lambda q=query, p=profile: library.search(q, profile=p))  # type: ignore[misc]
                times.setdefault(f"warm search, {profile}", []).append(run)
        query = QUERIES[number % len(QUERIES)]
        for name, action in {
            "python that does nothing": lambda: subprocess.run(
                [sys.executable, "-c", ""], check=True
            ),
            "cold search, fast": cold("search", query, library=library.folder),
            "cold ask, extractive": cold("ask", f"What is {query}?", library=library.folder),
        }.items():
            times.setdefault(name, []).append(seconds_of(action))
    return {name: round(1000 * statistics.median(runs), 1) for name, runs in times.items()}


def table(figures: Mapping[str, Any]) -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, dict):
            for row, milliseconds in value.items():
                yield f"{row:<36}{milliseconds:>10.1f} ms"
        else:
            yield f"{name:<36}{value:>10}"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, help="keep the library here, and use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        library = Library.open(options.library or Path(temporary) / "library")
        text = seconds_of(lambda: library.add(options.folder, vectors=False))
        added = library.add(options.folder)
        figures: dict[str, Any] = {
            "files": len(added.files),
            "passages": library.status().totals["passages"],
            "seconds until text can be searched": round(text, 1),
            "seconds of encoding": round(added.seconds.get("encode", 0.0), 1),
            "vectors made": added.vectors,
            "p50_ms": measure(library),
        }
    report(options, figures, table(figures))


if __name__ == "__main__":
    main()

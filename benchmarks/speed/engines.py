"""How fast is the program's ranking beside other engines: same passages, queries and core?

Needs passages (`benchmarks.speed.make_passages` makes them) and queries: the queries.jsonl of BEIR
sets, and phrases out of the passages themselves. For the vectors, files of real ones (.npy, unit
rows); they are perturbed until there are enough, which is good for speed and for nothing else. The
peers are yours to install: `pip install bm25s numba tantivy lancedb faiss-cpu usearch`. One that is
missing is a row that says so.

    python -m benchmarks.speed.engines PASSAGES.jsonl --queries Q.jsonl...
        [--vectors V.npy...] [--json]

All on one core and one thread, in one process, every query asked of all engines in turn. Prints:
megabytes of terms indexed per second of processor time, milliseconds until 50 added passages are
found and until a deleted one is not, p50 and p95 of a query for the top 10 and the top 200, the
ratio of its p50 to that of bm25s (or numpy), and recall against the exact ranking.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scaffold import argument_parser, progress, read_lines, report, seconds_of
from benchmarks.speed._engines_text import TEXT_ENGINES, Bm25s
from benchmarks.speed._engines_vectors import VECTOR_ENGINES, Numpy
from commonplace.corpus import analyse
from commonplace.foundation.arrays import Float32s

DEPTHS = (10, 200)
PHRASES = 150  # two to five words as they stand in a passage
EACH = 75  # queries of each file
UPDATES = 10
ADDED = 50
ONE_THREAD = {
    f"{name}_THREADS": "1"
    for name in "OMP_NUM OPENBLAS_NUM MKL_NUM RAYON_NUM NUMBA_NUM LANCE_CPU TOKIO_WORKER".split()
} | {"LANCE_LOG": "error", "RUST_LOG": "error"}


def queries_from(files: Sequence[Path], texts: Sequence[str]) -> list[list[str]]:
    """Analysed queries: the first of each file, and phrases of the passages."""
    chance = random.Random(0)
    queries = [analyse(row["text"]) for file in files for row in list(read_lines(file))[:EACH]]
    for _ in range(PHRASES):
        words = texts[chance.randrange(len(texts))].split()
        start = chance.randrange(max(1, len(words) - 5))
        queries.append(words[start : start + chance.randint(2, 5)])
    return [terms for terms in queries if terms]


def perturbed(files: Sequence[Path], count: int) -> Float32s:
    """Real unit vectors, and copies of them moved by a third of their length in any direction."""
    real = np.concatenate([np.load(file).astype(np.float32) for file in files])
    chance = np.random.default_rng(0)
    moved: Float32s = np.empty((count, real.shape[1]), np.float32)
    for start in range(0, count, 10_000):
        rows = np.arange(start, min(start + 10_000, count))
        noise = chance.standard_normal((len(rows), real.shape[1]), np.float32)
        noise *= 0.33 / np.sqrt(real.shape[1]) * (rows >= len(real))[:, None]
        moved[rows] = real[rows % len(real)] + noise
        moved[rows] /= np.linalg.norm(moved[rows], axis=1, keepdims=True)
    return moved


def open_engines(
    kinds: Sequence[Any], rows: dict[str, dict[str, Any]], *arguments: Any
) -> list[Any]:
    """The engines that are installed; a row for each of the others."""
    engines = []
    for kind in kinds:
        try:
            engines.append(kind(*arguments))
        except ImportError as error:
            rows[kind.name] = {"missing": f"not installed ({error.name})"}
    return engines


def timed(
    engines: Sequence[Any], queries: Any, exact: str, baseline: str
) -> dict[str, dict[str, Any]]:
    """p50, p95, ratio and recall of each engine at each depth; engines in turn for each query."""
    rows: dict[str, dict[str, Any]] = {engine.name: {} for engine in engines}
    for k in DEPTHS:
        times: dict[str, list[float]] = {engine.name: [] for engine in engines}
        shares: dict[str, list[float]] = {engine.name: [] for engine in engines}
        for engine in engines:
            engine.search(queries[0], k)
        for query in queries:
            results = {}
            for engine in engines:
                start = time.perf_counter()
                results[engine.name] = engine.search(query, k)
                times[engine.name].append(1000 * (time.perf_counter() - start))
            truth = set(results[exact])
            for name, result in results.items():
                shares[name].append(len(truth & set(result)) / max(len(truth), 1))
        for name, row in rows.items():
            p50, p95 = np.percentile(times[name], [50, 95])
            row[f"p50_{k}"], row[f"p95_{k}"] = round(float(p50), 3), round(float(p95), 3)
            row[f"recall_{k}"] = round(float(np.mean(shares[name])), 4)
            if baseline in times:
                ratio = np.median(times[name]) / np.median(times[baseline])
                row[f"ratio_{k}"] = round(float(ratio), 2)
    return rows


def updated(engine: Any, fresh: Any, probe: Callable[[int], Any], first: int) -> dict[str, float]:
    """Median milliseconds until what was added is found, and what was deleted is not."""
    adding, deleting = [], []
    for number in range(UPDATES):
        new = fresh[number * ADDED : (number + 1) * ADDED]

        def add(new: Any = new, number: int = number) -> None:
            engine.add(new)
            expected = first + number * ADDED
            assert engine.search(probe(number), 1)[0] == expected, f"{engine.name}: not found"

        adding.append(1000 * seconds_of(add))
    for number in reversed(range(UPDATES)):  # where numbers shift, those still to go stay

        def delete(number: int = number) -> None:
            engine.delete(first + number * ADDED)
            results = engine.search(probe(number), 1)
            assert first + number * ADDED not in results, f"{engine.name}: still found"

        deleting.append(1000 * seconds_of(delete))
    return {
        "add_50": round(float(np.median(adding)), 2),
        "delete": round(float(np.median(deleting)), 2),
    }


def _unheard(number: int) -> list[str]:
    return [f"unheardof{number}"]


def measure_text(texts: Sequence[str], fresh: Sequence[str], queries: Sequence[list[str]]) -> Any:
    rows: dict[str, dict[str, Any]] = {}
    marked = [
        f"unheardof{n // ADDED} {text}" if n % ADDED == 0 else text for n, text in enumerate(fresh)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        engines = open_engines(TEXT_ENGINES, rows, Path(temporary))
        megabytes = sum(len(text.encode()) for text in texts) / 1e6
        for engine in engines:
            start = time.process_time()
            engine.build(texts)
            progress(f"built {engine.name}")
            rows[engine.name] = {"build_mb_s": round(megabytes / (time.process_time() - start), 2)}
        exact = engines[0].name
        for name, row in timed(engines, queries, exact, Bm25s.name).items():
            rows[name] |= row
            progress(f"{name}: {row}")
        for engine in engines:
            if engine.updates:
                rows[engine.name] |= updated(engine, marked, _unheard, len(texts))
                progress(f"{engine.name}: {rows[engine.name]}")
    return rows


def measure_vectors(vectors: Float32s, count: int, queries: Float32s) -> Any:
    rows: dict[str, dict[str, Any]] = {}
    engines = open_engines(VECTOR_ENGINES, rows)
    held, fresh = vectors[:count], vectors[count:]
    for engine in engines:
        start = time.process_time()
        engine.build(held)
        progress(f"built {engine.name}")
        seconds = max(time.process_time() - start, 1e-3)
        rows[engine.name] = {"build_mb_s": round(held.nbytes / 1e6 / seconds, 1)}
    for name, row in timed(engines, queries, engines[0].name, Numpy.name).items():
        rows[name] |= row
        progress(f"{name}: {row}")
    for engine in engines:
        rows[engine.name] |= updated(engine, fresh, lambda n: fresh[n * ADDED], count)
    return rows


def table(title: str, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    columns = ["build_mb_s", "add_50", "delete"]
    columns += [f"{name}_{k}" for k in DEPTHS for name in ("p50", "p95", "ratio", "recall")]
    yield f"\n{title:<32}" + "".join(f"{name:>12}" for name in columns)
    for name, row in rows.items():
        cells = "".join(f"{row.get(column, '-'):>12}" for column in columns)
        yield f"{name:<32}" + ("  " + row["missing"] if "missing" in row else cells)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("passages", type=Path)
    parser.add_argument("--queries", type=Path, nargs="*", default=[])
    parser.add_argument("--vectors", type=Path, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=300_000)
    parser.add_argument("--skip-text", action="store_true", help="only vectors")
    options = parser.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():  # libraries look when they are imported
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    lines = list(read_lines(options.passages))[: options.count + ADDED * UPDATES]
    texts = [" ".join(analyse(f"{row['title']}\n{row['text']}")) for row in lines]
    count = len(texts) - ADDED * UPDATES
    queries = queries_from(options.queries, texts)
    figures: dict[str, Any] = {"passages": count, "queries": len(queries)}
    if not options.skip_text:
        figures["text"] = measure_text(texts[:count], texts[count:], queries)
    if options.vectors:
        vectors = perturbed(options.vectors, len(texts))
        vector_queries = perturbed(options.vectors, 4 * len(queries))[-len(queries) :]
        figures["vectors"] = measure_vectors(vectors, count, vector_queries)
    parts = [
        line
        for part in ("text", "vectors")
        if part in figures
        for line in table(part, figures[part])
    ]
    title = f"{count:,} passages, {len(queries)} queries, milliseconds"
    report(options, figures, [title, *parts])


if __name__ == "__main__":
    main()

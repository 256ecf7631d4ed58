"""How long does a search take in a library of 300,000 passages, and where does the time go?

Needs passages (`benchmarks.speed.make_passages` makes them), queries (queries.jsonl of BEIR sets)
and files of real vectors of the encoder (.npy, unit rows). The passages are committed by the
library's own functions, a hundred of them to an item. To encode them all would take two hours and
change no time of a search: the vectors are real ones, perturbed until there are enough. What is
found by them means nothing.

    python -m benchmarks.speed.large PASSAGES.jsonl LIBRARY --queries Q.jsonl... --vectors V.npy...

LIBRARY is made once and used again. Prints for the store alone and with the accelerator: the median
and the 95th percentile of a warm search by profile and depth, the median of every stage, and the
memory that the process holds; and how long a cold `commonplace search` takes.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.scaffold import argument_parser, read_lines, report, seconds_of
from benchmarks.speed.engines import perturbed
from commonplace import Filter, corpus, retrieval
from commonplace.corpus.store.commit import add_vectors, commit
from commonplace.corpus.store.schema import Revision
from commonplace.corpus.store.upkeep import maintain
from commonplace.foundation import Stopwatch
from commonplace.library import ENCODER_SHA256, OpenModels

_VECTORS = corpus.vector_table(ENCODER_SHA256)
OF_AN_ITEM, AT_ONCE = 100, 200  # passages, items in one commit
CONFIGURATIONS: tuple[tuple[str, retrieval.Profile, int], ...] = (
    ("bm25", "bm25", 20),
    ("fast", "fast", 20),
    ("best, depth 10", "best", 10),
    ("best, depth 20", "best", 20),
    ("best, depth 30", "best", 30),
)
COLD = 7


def revisions(lines: Sequence[dict[str, str]]) -> Iterator[Revision]:
    """Items of a hundred passages; each passage stands under its own title."""
    for start in range(0, len(lines), OF_AN_ITEM):
        rows, at, drafts = lines[start : start + OF_AN_ITEM], 0, []
        name = f"/large/{start // OF_AN_ITEM}.txt"
        for row in rows:
            end = at + len(row["text"])
            drafts.append(corpus.Draft(row["text"], corpus.TextLocator(at, end), (row["title"],)))
            at = end + 2
        terms = [corpus.indexed_text(name, draft.heading, draft.text) for draft in drafts]
        document = corpus.Document("text", name, {}, tuple(drafts))
        analysed = tuple(" ".join(corpus.analyse(text)) for text in terms)
        result = corpus.ReadResult(at, start, content_hash=name, document=document, terms=analysed)
        yield Revision(name.encode(), result)


def make(folder: Path, lines: Sequence[dict[str, str]], vectors: Sequence[Path]) -> corpus.Store:
    """The library, made unless it is there."""
    store = corpus.Store(folder)
    if store.vector_tables():
        return store
    batch: list[Revision] = []
    for revision in revisions(lines):
        batch.append(revision)
        if len(batch) == AT_ONCE:
            commit(store, batch)
            batch = []
    commit(store, batch)
    maintain(store)
    keys = store.open("passages").to_table(columns=["key"])["key"].to_pylist()
    keys = list(dict.fromkeys(keys))
    matrix = perturbed(vectors, len(keys)).astype(np.float16)
    column = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    add_vectors(store, _VECTORS, keys, column)
    return store


def measured(
    store: corpus.Store,
    models: OpenModels,
    accelerator: retrieval.Accelerator | None,
    queries: Sequence[str],
) -> dict[str, Any]:
    """Milliseconds of each configuration and of its stages, all configurations in turn."""
    totals: dict[str, list[float]] = {}
    stages: dict[str, dict[str, list[float]]] = {}
    for number, query in enumerate([*queries[:3], *queries]):
        for name, profile, depth in CONFIGURATIONS:
            parameters = retrieval.RankingParameters(rerank=retrieval.RerankParameters(depth=depth))
            watch, start = Stopwatch(), time.perf_counter()
            with store.snapshot() as snapshot:
                with watch.stage("open"):
                    cache = store.folder / "cache"
                    view = retrieval.open_view(snapshot, Filter(), _VECTORS, cache, accelerator)
                encoder, reranker = models.encoder, models.reranker
                retrieval.search(
                    view, query, profile, 10, encoder, reranker, watch=watch, parameters=parameters
                )
            if number >= 3:  # the first warm up
                totals.setdefault(name, []).append(1000 * (time.perf_counter() - start))
                for stage, seconds in watch.seconds.items():
                    stages.setdefault(name, {}).setdefault(stage, []).append(1000 * seconds)
    return {
        name: {
            "p50": round(statistics.median(times), 1),
            "p95": round(float(np.percentile(times, 95)), 1),
            "stages": {s: round(statistics.median(t), 1) for s, t in stages[name].items()},
        }
        for name, times in totals.items()
    }


def memory() -> dict[str, int]:
    """Megabytes that the process holds: of its own, and of mapped files."""
    with open("/proc/self/status", encoding="ascii") as lines:
        status = dict(line.split(":", 1) for line in lines)
    own, mapped = (int(status[name].split()[0]) // 1024 for name in ("RssAnon", "RssFile"))
    return {"own_mb": own, "mapped_mb": mapped}


def cold(folder: Path, queries: Sequence[str]) -> float:
    """Median milliseconds of `commonplace search`, from the shell's start to its end."""
    times = []
    for query in queries[:COLD]:
        command = [sys.executable, "-m", "commonplace", "search", query]
        environment = {**os.environ, "COMMONPLACE_LIBRARY": str(folder)}
        run = partial(subprocess.run, command, env=environment, capture_output=True, check=True)
        times.append(1000 * seconds_of(run))
    return round(statistics.median(times))


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("passages", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--queries", type=Path, nargs="+", required=True)
    parser.add_argument("--vectors", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=300_000)
    parser.add_argument("--asked", type=int, default=40, help="queries")
    options = parser.parse_args()
    passages = list(read_lines(options.passages))[: options.count]
    store = make(options.library, passages, options.vectors)
    queries = [row["text"] for file in options.queries for row in read_lines(file)]
    queries = random.Random(0).sample(queries, options.asked)
    models = OpenModels(lambda _: None)
    figures: dict[str, Any] = {"passages": store.open("passages").count_rows()}
    figures["store"] = measured(store, models, None, queries) | {"memory": memory()}
    start = time.perf_counter()
    accelerator = retrieval.Accelerator()
    with store.snapshot() as snapshot:
        retrieval.open_view(snapshot, Filter(), _VECTORS, store.folder / "cache", accelerator)
    seconds = round(time.perf_counter() - start, 1)
    accelerated = measured(store, models, accelerator, queries)
    figures["accelerated"] = accelerated | {"memory": memory(), "seconds": seconds}
    figures["cold_search_ms"] = cold(options.library, queries)
    report(options, figures, [json.dumps(figures, indent=2)])


if __name__ == "__main__":
    main()

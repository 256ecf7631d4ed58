"""How well and how fast is each profile on a BEIR set, through the very path that users run?

Needs a folder in the BEIR layout (corpus.jsonl, queries.jsonl, qrels/*.tsv). Every document becomes
a file, the folder is added to a library, and each query is searched in it; a document's rank is
that of its best passage.

    python benchmarks/retrieval.py DIR [--json] [--library KEEP] [--only bm25,fast]
"""

import argparse
import csv
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import R, nDCG

from commonplace import Library
from commonplace.retrieval import Profile

CONFIGURATIONS: tuple[Profile, ...] = ("bm25", "dense", "fast", "best")
DEPTH = 100  # documents of a ranking that are judged
PASSAGES = 130  # searched for them: a long document may have several


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_documents(corpus: Path, folder: Path) -> dict[str, str]:
    """One file a document, a Markdown heading for its title; returns document ids by path."""
    folder.mkdir(parents=True, exist_ok=True)
    identities = {}
    for number, row in enumerate(read_lines(corpus)):
        title = " ".join(row.get("title", "").split())
        path = folder / f"{number}{'.md' if title else '.txt'}"
        text = f"# {title}\n\n{row['text']}" if title else row["text"]
        if not path.exists():
            path.write_text(text, encoding="utf-8")
        identities[str(path)] = row["_id"]
    return identities


def read_judgments(folder: Path) -> list[ir_measures.Qrel]:
    (file,) = sorted((folder / "qrels").glob("*.tsv"))
    with open(file, encoding="utf-8") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))[1:]
    return [ir_measures.Qrel(query, document, int(score)) for query, document, score in rows]


def rank(
    library: Library, query: str, profile: Profile, identities: Mapping[str, str]
) -> tuple[dict[str, float], float]:
    """Each document's score in one search, and the seconds that the search took."""
    start = time.perf_counter()
    hits = library.search(query, limit=PASSAGES, profile=profile)
    seconds = time.perf_counter() - start
    ranked = dict.fromkeys(identities[hit.passage.path] for hit in hits)
    return {name: 1.0 / place for place, name in enumerate(list(ranked)[:DEPTH], 1)}, seconds


def measure(
    library: Library,
    profile: Profile,
    queries: Mapping[str, str],
    judgments: Sequence[ir_measures.Qrel],
    identities: Mapping[str, str],
) -> dict[str, Any]:
    run, times = [], []
    library.search("warm up", profile=profile)
    for number, (name, text) in enumerate(queries.items()):
        scores, seconds = rank(library, text, profile, identities)
        times.append(seconds)
        run += [ir_measures.ScoredDoc(name, found, score) for found, score in scores.items()]
        if sys.stderr.isatty():
            print(f"\r{profile} {number + 1}/{len(queries)}", end="", file=sys.stderr)
    found = ir_measures.calc_aggregate([nDCG @ 10, R @ DEPTH], judgments, run)
    return {
        "configuration": profile,
        "ndcg@10": round(found[nDCG @ 10], 4),
        "recall@100": round(found[R @ DEPTH], 4),
        "p50_ms": round(1000 * statistics.median(times), 1),
    }


def worst_explanation(library: Library, queries: Mapping[str, str]) -> float:
    """How far a BM25 score is from the sum of its terms at most, in the top ten of all queries."""
    worst = 0.0
    for text in queries.values():
        for hit in library.search(text, profile="bm25", explain=True):
            assert hit.explanation is not None
            total = sum(term.weight for term in hit.explanation.terms)
            worst = max(worst, abs(total - hit.score))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--library", type=Path, help="keep the library here, and use it again")
    parser.add_argument("--only", default=",".join(CONFIGURATIONS))
    parser.add_argument("--explain", action="store_true", help="check that explanations add up")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = chosen.library or Path(temporary)
        identities = write_documents(chosen.folder / "corpus.jsonl", place / "documents")
        library = Library.open(place / "library")
        report = library.add(place / "documents")
        judgments = read_judgments(chosen.folder)
        judged = {judgment.query_id for judgment in judgments}
        texts = {row["_id"]: row["text"] for row in read_lines(chosen.folder / "queries.jsonl")}
        queries = {name: text for name, text in texts.items() if name in judged}
        rows = [
            measure(library, profile, queries, judgments, identities)
            for profile in CONFIGURATIONS
            if profile in chosen.only.split(",")
        ]
        worst = worst_explanation(library, queries) if chosen.explain else None
    if chosen.json:
        print(json.dumps({"set": chosen.folder.name, "rows": rows, "seconds": report.seconds}))
        return
    if worst is not None:
        print(f"largest |score - sum of its terms|: {worst:.2g}")
    print(f"{chosen.folder.name}: {len(identities)} documents, {len(queries)} queries")
    print(f"{'configuration':<15}{'nDCG@10':>9}{'R@100':>9}{'p50 ms':>9}")
    for row in rows:
        ndcg, recall = row["ndcg@10"], row["recall@100"]
        print(f"{row['configuration']:<15}{ndcg:>9.4f}{recall:>9.4f}{row['p50_ms']:>9.1f}")


if __name__ == "__main__":
    main()

"""Trains answers/support.json: boosted trees that say whether a passage supports a claim.

Needs a folder with passages.jsonl and questions.jsonl (SQuAD 2.0); the notes are the worlds' own.

    python -m benchmarks.answers.train_support DIR [--measure] [--out FILE]

The pairs are those of `benchmarks.answers.near_misses`; the trees are trained on the articles and
worlds of `TRAINING` and measured on the others. The file is the same byte for byte each time. Each
kind of pair weighs the same among those of its label (one of fewer than `LEAST` pairs less), so
precision and recall are of a mixture in equal parts, half of it supported. `--measure` writes
nothing and prints the rates by kind, of the trees and of the rules alone (numbers, names,
negations, roles, coverage .8).
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.near_misses import Pair, pairs
from benchmarks.answers.world_passages import world_passages
from benchmarks.scaffold import argument_parser
from commonplace.answers.claims import CLAIM_DOWN, CLAIM_SIGNALS, CLAIM_UP, claim_signals
from commonplace.answers.support import COVERED, SUPPORTED, UNSURE, fault
from commonplace.corpus import analyse
from commonplace.models import Trees, compact
from commonplace.retrieval.index.bm25 import idf

HELD_OUT_WORLDS = ("electronics", "datacentre", "farm", "hausverein", "homelab", "travel")
WORLDS = tuple(
    """astronomy bakery clinic consulting cycling gamestudio geology landlord opensource orchestra
    robotics teaching""".split()
)  # named one by one, so that a new world is kept apart
ARTICLES = ("Normans", "Steam engine", "European Union law", "Harvard University")
TRAINING = (*ARTICLES, *WORLDS)
SOURCE = "SQuAD 2.0 dev, 8 articles, from chrischute/squad @ 85623adeb9"
LICENCE = "MIT as chrischute/squad states; SQuAD 2.0 itself is CC BY-SA 4.0"
ROUNDS = 100
LEAST = 300  # pairs of a kind from which on it weighs as much as the others
RECIPE: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.1,
    "min_data_in_leaf": 60,
    "lambda_l2": 10.0,
    "feature_fraction": 0.7,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
Record = dict[str, Any]


def read_lines(file: Path) -> list[Record]:
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def digest(folder: Path) -> str:
    """SHA-256 of the two files, one after the other."""
    both = b"".join((folder / f"{name}.jsonl").read_bytes() for name in ("passages", "questions"))
    return hashlib.sha256(both).hexdigest()


def rarity(texts: Sequence[str]) -> Callable[[str], float]:
    """How rare a term is among the passages, as BM25 weighs it."""
    held = Counter(term for text in texts for term in set(analyse(text)))
    return lambda term: idf(held[term], len(texts))


@dataclass(frozen=True, slots=True)
class Example:
    """A pair with its passage's text and title, and how rare a term is among its like."""

    pair: Pair
    text: str
    title: str
    weigh: Callable[[str], float]


def articles(folder: Path) -> list[Example]:
    """The pairs of SQuAD 2.0."""
    passages = read_lines(folder / "passages.jsonl")
    return _examples(passages, pairs(passages, read_lines(folder / "questions.jsonl")))


def notes() -> list[Example]:
    """The pairs of the worlds' notes, each kind named as such."""
    passages = [
        passage
        for world in sorted((*WORLDS, *HELD_OUT_WORLDS))
        for passage in world_passages(world)
    ]
    return _examples(
        passages, [replace(pair, kind=f"notes: {pair.kind}") for pair in pairs(passages, [])]
    )


def _examples(passages: Sequence[Record], sample: Sequence[Pair]) -> list[Example]:
    text = {p["id"]: f"{p['title']}. {p['text']}" for p in passages}
    title = {p["id"]: p["title"] for p in passages}
    weigh = rarity(list(text.values()))
    return [Example(p, text[p.passage_id], title[p.passage_id], weigh) for p in sample]


def directions(names: Sequence[str], up: Sequence[str], down: Sequence[str]) -> list[int]:
    return [1 if name in up else -1 if name in down else 0 for name in names]


def weights(sample: Sequence[Pair]) -> NDArray[np.float64]:
    """Each label half of all; within its label a kind as much as any other of `LEAST` or more."""
    counts = Counter((pair.supported, pair.kind) for pair in sample)
    each = np.array([1 / max(counts[pair.supported, pair.kind], LEAST) for pair in sample])
    right = np.array([pair.supported for pair in sample])
    halves = np.where(right, each[right].sum(), each[~right].sum())
    balanced: NDArray[np.float64] = each * len(sample) / 2 / halves
    return balanced


def train(rows: NDArray[np.float64], sample: Sequence[Pair]) -> Record:
    """The trees as LightGBM gives them."""
    labels = np.array([pair.supported for pair in sample], float)
    data = lightgbm.Dataset(rows, labels, weight=weights(sample), feature_name=list(CLAIM_SIGNALS))
    monotone = directions(CLAIM_SIGNALS, CLAIM_UP, CLAIM_DOWN)
    model = lightgbm.train({**RECIPE, "monotone_constraints": monotone}, data, ROUNDS)
    dumped: Record = model.dump_model()
    return dumped


def measure(sample: Sequence[Pair], passed: dict[str, NDArray[np.bool_]]) -> None:
    """Print how much of each kind passes, and precision and recall of the mixture."""
    by_kind = defaultdict(list)
    for place, pair in enumerate(sample):
        by_kind[not pair.supported, pair.kind].append(place)
    print(f"{'pair':30s} {'should':6s} {'n':>5s} " + " ".join(f"{n:>6s}" for n in passed))
    for (wrong, kind), places in sorted(by_kind.items()):
        shares = " ".join(f"{np.mean([ok[i] for i in places]):6.3f}" for ok in passed.values())
        print(f"{kind:30s} {'fail' if wrong else 'pass':6s} {len(places):5d} {shares}")
    mass = weights(sample)
    right = np.array([pair.supported for pair in sample])
    for name, ok in passed.items():
        yes = mass * ok
        recall = yes[right].sum() / mass[right].sum()
        false = yes[~right].sum() / mass[~right].sum()
        precision = yes[right].sum() / yes.sum()
        print(f"{name}: precision {precision:.3f} recall {recall:.3f} false support {false:.3f}")


def decided(covered: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score that suffices, as `support` asks for it where there is no encoder."""
    return np.where(covered >= COVERED, UNSURE, SUPPORTED)


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("src/commonplace/answers/support.json"))
    options = parser.parse_args()
    read = [*articles(options.folder), *notes()]
    sample = [each for each in read if (each.title in TRAINING) != options.measure]
    signals = [claim_signals(each.pair.sentence, each.text, each.weigh) for each in sample]
    rows = np.array([[each[name] for name in CLAIM_SIGNALS] for each in signals])
    if options.measure:
        sound = np.array([not fault(each.pair.sentence, each.text) for each in sample])
        covered = rows[:, CLAIM_SIGNALS.index("covered")]
        scores = Trees.read(options.out).predict(rows)
        measure(
            [each.pair for each in sample],
            {
                "trees": sound & (scores >= decided(covered)),
                "rules": sound & (covered >= COVERED),
            },
        )
        return
    record = compact(
        train(rows, [each.pair for each in sample]),
        trained_on=f"{SOURCE}, and invented worlds of notes; only {', '.join(TRAINING)}",
        licence=LICENCE,
        sha256=digest(options.folder),
        recipe={**RECIPE, "rounds": ROUNDS, "pairs": len(sample), "threshold": SUPPORTED},
        made_by=f"benchmarks/answers/train_support.py, lightgbm {lightgbm.__version__}",
    )
    options.out.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(sample)} pairs, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
